#!/bin/sh
# Every form that a local trail may have, and finding its files.
. "$(dirname "$0")/lib/tap.sh"

# Three records with strings that only look like structure, escapes and UTF-8.
cat >lines <<'E'
{"eventVersion":"1.08","eventTime":"2023-07-10T11:42:36Z","eventSource":"s3.amazonaws.com","eventName":"GetObject","eventID":"a","userAgent":"[\"}{,]\\","Zoë":"caf\u00e9 \ud83d\ude00 日本"}
{"eventVersion":"1.08","eventTime":"2023-07-10T11:42:37Z","eventSource":"s3.amazonaws.com","eventName":"GetObject","eventID":"b","requestParameters":{"Records":[{"eventID":"no"}],"x":[[],{},"\r\n\t\/"]},"responseElements":null}
{"eventVersion":"1.08","eventTime":"2023-07-10T11:42:38Z","eventSource":"s3.amazonaws.com","eventName":"GetObject","eventID":"c","n":[1,-0.50,1E+2,12345678901234567890123],"bool":true,"empty":""}
E
# Each form into a file of its own; `of` says how many times the three are in it.
mkdir forms
python3 - <<'P'
import gzip, json
raw = open("lines", encoding="utf-8", newline="").read().splitlines()
a, b, c = raw
def pretty(s, ind="    ", nl="\n", level=0):
    """Break lines at structure, leave all other bytes as they are."""
    out, depth, instr, i = [], level, False, 0
    while i < len(s):
        ch = s[i]
        if instr:
            out.append(ch)
            if ch == "\\": i += 1; out.append(s[i])
            elif ch == '"': instr = False
        elif ch == '"': instr = True; out.append(ch)
        elif ch in "{[" and s[i + 1] in "}]": out.append(ch + s[i + 1]); i += 1
        elif ch in "{[": depth += 1; out.append(ch + nl + ind * depth)
        elif ch in "}]": depth -= 1; out.append(nl + ind * depth + ch)
        elif ch == ",": out.append("," + nl + ind * depth)
        elif ch == ":": out.append(": ")
        else: out.append(ch)
        i += 1
    return "".join(out)
def lookup(s):
    r = json.loads(s)
    return json.dumps({"EventId": r["eventID"], "EventName": r["eventName"], "ReadOnly": "true",
        "EventTime": 1688989356.0, "EventSource": "s3.amazonaws.com", "Username": "x", "Resources": [],
        "CloudTrailEvent": s}, separators=(",", ":"))
def records(*rs): return '{"Records":[' + ",".join(rs) + "]}"
F = {}
F["records"] = records(a, b, c)
F["records-newline"] = records(a, b, c) + "\n"
F["records-spaced"] = ' { "Records" : [ ' + " , ".join(raw) + " ] } "
F["records-pretty"] = pretty(records(a, b, c))
F["records-tabs-crlf"] = pretty(records(a, b, c), "\t", "\r\n") + "\r\n"
F["records-line-each"] = '{"Records":[\n' + ",\n".join(raw) + "\n]}\n"
F["records-among-members"] = '{"x":[{"Records":[1]},"{"],"Records":[' + ",".join(raw) + '],"y":{"z":[]},"w":null}'
F["records-twice-empty"] = '{"Records":[]}' + records(a, b, c) + '{ "Records" : [ ] }\n'
F["array"] = "[" + ",".join(raw) + "]"
F["array-pretty"] = pretty("[" + ",".join(raw) + "]", "  ") + "\n"
F["array-of-strings"] = json.dumps(raw)
F["array-of-strings-pretty"] = json.dumps(raw, indent=2, ensure_ascii=False)
F["array-of-lookup-events"] = "[" + ",".join(map(lookup, raw)) + "]"
F["ndjson"] = "\n".join(raw) + "\n"
F["ndjson-crlf"] = "\r\n".join(raw) + "\r\n"
F["ndjson-no-final-newline"] = "\n".join(raw)
F["ndjson-blank-lines"] = "\n\n  \n" + "\n\n \t\n".join(raw) + "\n\n"
F["ndjson-bom"] = "\ufeff" + "\n".join(raw) + "\n"
F["ndjson-indented"] = "  " + "\n  ".join(raw) + "  \n"
F["ndjson-pretty-after"] = a + "\n" + pretty(b) + "\n" + pretty(c) + "\n"
F["ndjson-of-strings.json"] = "\n".join(map(json.dumps, raw)) + "\n"
F["ndjson-of-lookup-events"] = "\n".join(map(lookup, raw)) + "\n"
F["ndjson-of-wrappers"] = "\n".join(map(records, raw)) + "\n"
F["ndjson-of-arrays"] = "[" + "]\n[".join(raw) + "]\n"
F["ndjson-of-lookup-pages"] = "".join('{"Events":[' + lookup(r) + '],"NextToken":"x"}\n' for r in raw)
F["ndjson-then-wrapper"] = a + "\n" + records(b, c) + "\n"
F["ndjson-then-array"] = a + "\n[" + b + ",\n" + c + "]\n"
F["wrapper-then-ndjson"] = records(a) + "\n" + b + "\n" + c + "\n"
F["bom-records"] = "\ufeff" + records(a, b, c)
F["joined"] = a + b + c
F["joined-two-and-one"] = a + b + "\n" + c + "\n"
F["joined-one-and-two"] = a + "\n" + b + c + "\n"
F["joined-wrappers"] = records(a) + records(b) + records(c)
F["joined-pretty"] = pretty(a) + pretty(b) + pretty(c)
F["pretty-newlines"] = pretty(a) + "\n" + pretty(b) + "\n\n" + pretty(c) + "\n"
F["joined-mixed"] = "[" + a + "]" + json.dumps(b) + "\n" + records(c)
F["lookup"] = '{"Events":[' + ",".join(map(lookup, raw)) + "]}"
F["lookup-pretty"] = json.dumps(json.loads('{"Events":[' + ",".join(map(lookup, raw)) + "]}"), indent=4)
F["lookup-next-token"] = '{"NextToken":"]}","Events":[' + ",".join(map(lookup, raw)) + "]}"
F["lookup-pretty-inside"] = json.dumps({"Events": [{"CloudTrailEvent": pretty(r)} for r in raw]})
for name, text in F.items():
    data = text.encode("utf-8")
    open("forms/" + name, "wb").write(data)
P
for f in forms/*; do
	run -j 1 --trail "$f"
	same "${f#forms/}" 0 <lines
	silent
done
for f in forms/*; do gzip -nk "$f"; done
ok "a BOM as it is meant" sh -c 'head -c 3 forms/ndjson-bom | od -An -tx1 | grep -q "ef bb bf"'
for f in records-pretty ndjson lookup joined; do
	IN=forms/$f.gz
	run --trail -
	same "$f.gz on stdin" 0 <lines
	IN=/dev/null
done
# All of them as one folder: each file's three, in the order of the files' names.
n=$(ls forms | wc -l)
run --trail forms -j 8 -v
i=0
while [ $i -lt "$n" ]; do cat lines; i=$((i + 1)); done >many
same "all forms, plain and gzip, as one folder" 0 <many
err "searched $((n * 3)) events in $n files"

# Byte by byte through a pipe, as the slowest writer would.
cat >drip.py <<'P'
import fcntl, os, signal, struct, subprocess, sys, termios, time
bad = 0
for name in sys.argv[2:]:
    data = open(name, "rb").read()
    r, w = os.pipe()
    p = subprocess.Popen([sys.argv[1], "-j", "1", "--trail", "-"], stdin=r, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    os.close(r)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    for i in range(len(data)):
        try:
            os.write(w, data[i:i + 1])
        except BrokenPipeError: # it has given up
            break
        # go on when the program has read it
        while p.poll() is None and struct.unpack("i", fcntl.ioctl(w, termios.FIONREAD, b"\0\0\0\0"))[0]:
            time.sleep(0)
    os.close(w)
    out = p.communicate()[0]
    if out != open("lines", "rb").read() or p.returncode != 0:
        print(name, "exit status", p.returncode)
        sys.stdout.flush()
        sys.stdout.buffer.write(out[:600] + b"\n")
        bad = 1
sys.exit(bad)
P
some="records ndjson-crlf ndjson-bom bom-records joined ndjson-of-wrappers lookup-pretty ndjson-pretty-after"
[ "$flavour" = tsan ] && some="records ndjson-bom"
for f in $some; do
	ok "byte by byte: $f" timeout 300 python3 drip.py "$SPITZEL" "forms/$f"
done

# --- the oddest JSON that is still a record ---
expect "a record of nothing" 0 --trail forms/records --trail - -m '$.nosuch' </dev/null
printf '{}' >empty-record
expect "{} is an event" 0 --trail empty-record <<'E'
{}
E
printf '{"Records":[{},{}]}' >empty-record
expect "two of {}" 0 --trail empty-record <<'E'
{}
{}
E
printf '\n{ "eventID" :\n "a b" , "l" : [ 1 , "x  \\n y" ] }' >spaced
expect "white space in strings stays, else it goes" 0 --trail spaced <<'E'
{"eventID":"a b","l":[1,"x  \n y"]}
E
printf '{ "eventID" : "a b" }\n' >spaced
expect "what is one line already is printed as it is" 0 --trail spaced <<'E'
{ "eventID" : "a b" }
E
printf '{"Records":[{"eventID":"1"}],"Records":[{"eventID":"2"}]}' >spaced
expect "two lists in one wrapper" 0 --trail spaced <<'E'
{"eventID":"1"}
{"eventID":"2"}
E
printf '{"eventID":"x","requestParameters":{"CloudTrailEvent":"{}","Records":[]},"note":"\\"Records\\":["}' >spaced
expect "names of wrappers deeper in a record mean nothing" 0 --trail spaced <<'E'
{"eventID":"x","requestParameters":{"CloudTrailEvent":"{}","Records":[]},"note":"\"Records\":["}
E

# --- gzip ---
mkdir gz
head -n 1 lines | gzip -n >gz/1
sed -n 2p lines | gzip -n >gz/2
sed -n 3p lines | gzip -n >gz/3
cat gz/1 gz/2 gz/3 >members.json
expect "gzip by content, several members, named .json" 0 --trail members.json <lines
silent
cp forms/ndjson plain.json.gz
expect "no gzip, though named .gz" 0 --trail plain.json.gz <lines
silent
printf '' | gzip -n >nothing
cat gz/1 nothing gz/2 nothing gz/3 nothing >members
expect "empty members between them" 0 --trail members <lines
silent
{ cat members; head -c 1000 /dev/zero; } >padded
expect "zero padding behind the members" 0 --trail padded <lines
silent
{ head -c 40 forms/ndjson | gzip -n; tail -c +41 forms/ndjson | gzip -n; } >cut
expect "a record over two members" 0 --trail cut <lines
silent
python3 - <<'P'
import gzip, zlib, os
data = open("forms/records-pretty", "rb").read()
with gzip.GzipFile("lines.json", "wb", mtime=1) as f: # with a name and a time in its header
    f.write(data)
os.rename("lines.json", "named-member")
out = b""
for i in range(0, len(data), 7): # as streaming writers make them: hundreds of members
    out += gzip.compress(data[i:i + 7], mtime=0)
open("hundreds", "wb").write(out)
c = zlib.compressobj(9, zlib.DEFLATED, 31)
open("flushed", "wb").write(b"".join(c.compress(data[i:i + 50]) + c.flush(zlib.Z_FULL_FLUSH) for i in range(0, len(data), 50)) + c.flush())
extra = b"\x1f\x8b\x08\x1e\0\0\0\0\0\x03" + b"\x05\0hello" + b"name\0" + b"comment\0"
extra += (zlib.crc32(extra) & 0xffff).to_bytes(2, "little")
z = zlib.compressobj(6, zlib.DEFLATED, -15)
open("all-fields", "wb").write(extra + z.compress(data) + z.flush() + zlib.crc32(data).to_bytes(4, "little") + len(data).to_bytes(4, "little"))
P
for f in named-member hundreds flushed all-fields; do
	expect "gzip: $f" 0 --trail $f <lines
	silent
done

# --- other kinds of records ---
mkdir kinds
cat >kinds/digest.json <<'E'
{"awsAccountId":"123456789012","digestStartTime":"2023-07-10T10:00:00Z","digestEndTime":"2023-07-10T11:00:00Z","digestS3Bucket":"b","logFiles":[{"s3Bucket":"b","hashValue":"00","oldestEventTime":"2023-07-10T10:00:00Z"}]}
E
gzip -nk kinds/digest.json
cat >kinds/insight.json <<'E'
{"Records":[{"eventVersion":"1.07","eventTime":"2020-09-09T16:57:00Z","awsRegion":"us-east-1","eventID":"i1","eventType":"AwsCloudTrailInsight","insightDetails":{"state":"Start","eventSource":"ssm.amazonaws.com","eventName":"UpdateInstanceInformation"},"eventCategory":"Insight"}]}
E
cat >kinds/network.json <<'E'
{"Records":[{"eventVersion":"1.09","eventCategory":"NetworkActivity","eventType":"AwsVpceEvent","eventTime":"2024-06-04T23:15:38Z","eventSource":"kms.amazonaws.com","eventName":"CreateKey","errorCode":"VpceAccessDenied","eventID":"n1"}]}
E
cat >kinds/aggregated.json <<'E'
{"Records":[{"eventVersion":"1.0","accountId":"123456789012","eventId":"g1","eventCategory":"Aggregated","eventType":"AwsAggregatedEvent","awsRegion":"us-east-1","timeWindow":{"windowStart":"2025-11-20T10:00:00Z","windowEnd":"2025-11-20T10:05:00Z","windowSize":"PT5M"},"summary":{"primaryDimension":{"dimension":"eventName"}}}]}
E
record() { sed 's/^{"Records":\[//; s/]}$//' kinds/$1.json; }
{ record aggregated; record insight; record network; } >want
run -v --trail kinds
same "Insight, NetworkActivity and Aggregated records are events, digest files are not" 0 <want
err "searched 3 events in 5 files" "2 digest files passed over"
run --trail kinds/digest.json
same "a digest file by itself is no error" 0 </dev/null
silent
record network >want
run --trail kinds 'kms:CreateKey'
same "a NetworkActivity record by its action" 0 <want
record insight >want
run --trail kinds -m '$.insightDetails.eventName == "UpdateInstanceInformation"'
same "an Insight record by its details" 0 <want
{ record aggregated; record insight; } >want
run --trail kinds --to 2021-01-01
same "an Aggregated record has no eventTime: kept" 0 <want
err 1 eventTime
{ printf '{"Records":['; cat kinds/digest.json; event a; echo ']}'; } | sed 's/^{"awsAcc/&/' >mixed.json
sed -i 'N;s/\n/,/' mixed.json
event a >want
echo >>want
run --trail mixed.json
same "a digest among records" 0 <want
printf '{"eventID":"e","eventName":"X","digestStartTime":"2023"}\n' >named-so.json
run --trail named-so.json
same "an event with a member digestStartTime is an event" 0 <named-so.json

# --- folders ---
mkdir -p walk/b/2023/07 walk/B walk/a.d walk/empty walk/.hidden
one() { event "$1"; echo; }
one 1 >walk/B/z.json
one 2 >walk/a
one 3 >walk/a.d/x.json
one 4 >walk/a.json
one 5 >walk/b/1.json
one 6 >walk/b/2023/07/1.json.gz.tmp
one 7 | gzip -n >walk/b/2023/07/2.json.gz
one 8 >walk/b/3.json
: >walk/c.json
: | gzip -n >walk/d.json.gz
one 0 >walk/.hidden/x.json
for i in 0 1 2 3 4 5 6 7 8; do one $i; done >want
for j in 1 2 8; do
	run -v -j $j --trail walk
	same "files in the byte order of their names, depth first, -j $j" 0 <want
	err "searched 9 events in 11 files"
done
run --trail walk/
same "a slash behind the folder" 0 <want
one 5 >want
one 8 >>want
run --trail walk/b/1.json --trail walk/b/3.json
same "files named, in the order named" 0 <want
{ one 8; one 5; } >want
run --trail walk/b/3.json --trail walk/b/1.json
same "files named the other way round" 0 <want
run --trail walk/empty
same "an empty folder" 0 </dev/null
silent
run --trail walk/c.json --trail walk/d.json.gz
same "empty files" 0 </dev/null
silent
printf ' \n\n' >blank.json
run --trail blank.json
same "a file of blanks" 0 </dev/null
silent

# --- symbolic links ---
mkdir -p links/in elsewhere
one e1 >elsewhere/x.json
one e2 >elsewhere/file
ln -s ../../elsewhere links/in/dir
ln -s ../elsewhere/file links/file.json
ln -s . links/in/self
ln -s ../.. links/in/up
ln -s ../../links links/in/loop
one r >links/in/real.json
# links/in/up leads to this folder, which has all other tests' files: leave that one out here
rm links/in/up
{ one e2; one e2; one e1; one r; } >want
run -v --trail links
same "links to files and folders are followed, loops are not" 0 <want
err "links/in/self: a link back" "links/in/loop: a link back"
run --trail links
silent
ln -s nowhere links/dangling
run --trail links
same "a dangling link is told" 3 <want
err "links/dangling: cannot open"
rm links/dangling
ln -s b-link links/a-link
ln -s a-link links/b-link
run --trail links
same "a link to a link to itself is told" 3 <want
err "links/a-link: cannot open" "links/b-link: cannot open"
run --trail links/a-link
same "the same, named" 1 </dev/null
rm links/a-link links/b-link
ln -s links toplink
run --trail toplink
same "a link to a folder, named" 0 <want
mkdir -p deep
(cd deep && i=0 && while [ $i -lt 80 ]; do mkdir d && cd d && i=$((i + 1)); done; one deep >x.json)
one top >deep/z.json
one top >want
run --trail deep
same "folders too deep are told" 3 <want
err "not searched"

# --- fifos, devices, unreadable ---
mkdir special
mkfifo special/fifo special/fifo.json
one s >special/x.json
one s >want
run --trail special
same "fifos in a folder are passed over" 0 <want
silent
run -v --trail special
err "special/fifo: neither a file nor a folder" "2 other files passed over"
gzip -nc want >want.gz
mkfifo named
cat want >named &
run --trail named
same "a fifo that is named is read" 0 <want
wait
cat want.gz >named &
run --trail named
same "with gzip in it" 0 <want
wait
run --trail /dev/null
same "/dev/null" 0 </dev/null
silent
if [ "$(id -u)" = 0 ]; then
	skip "an unreadable file" "we are root"
	skip "an unreadable folder" "we are root"
else
	mkdir closed closed/folder
	one s >closed/x.json
	one t >closed/a.json
	chmod 0 closed/folder closed/a.json
	run --trail closed
	same "unreadable file and folder" 3 <want
	err "closed/a.json: cannot open: Permission denied" "closed/folder: cannot"
fi
IN=want
run --trail - --trail want
{ cat want want; } >twice
same "stdin, then a file" 0 <twice
run --trail - --trail -
same "stdin twice is read once" 0 <want
IN=/dev/null

# --- what lies beside the logs ---
mkdir beside
one s >beside/x.json
echo "see CloudTrail's manual" >beside/README.txt
printf '\177ELF\002\001\001\000' >beside/tool
printf 'PK\003\004' >beside/logs.zip
echo "notes" | gzip -n >beside/compressed-notes
one s >want
run --trail beside
same "other files in a folder are passed over" 0 <want
silent
run -v --trail beside
err "beside/README.txt: this is no JSON" "beside/tool: this is no JSON" "beside/logs.zip: this is no JSON" \
	"beside/compressed-notes: this is no JSON" "searched 1 event in 1 file" "4 other files passed over"
run --trail beside/README.txt
same "a file that is no JSON, named" 3 </dev/null
err "beside/README.txt: at byte 0: "
cp beside/README.txt beside/y.json
run --trail beside
same "no JSON in a file named .json is told" 3 <want
err "beside/y.json: at byte 0: "
rm beside/y.json
printf '\n  [ "not escaped records" ]' >beside/config
run --trail beside
same "JSON that is no trail is told" 3 <want
err "beside/config: at byte 5: "

# --- names ---
mkdir names
one s >"names/$(printf 'esc\033[31m.json')"
one s >"names/$(printf 'new\nline.json')"
one s >"names/$(printf 'latin\351.json')"
one s >"names/$(printf 'c1\302\233x.json')"
one s >"names/$(printf 'bidi\342\200\256x.json')"
one s >"names/-"
one s >"names/ blank .json"
one s >"names/utf-8 Zoë.json"
for f in names/*; do cat "$f"; done >want
run --trail names
same "files with odd names are read" 0 <want
silent
for f in names/*; do echo 'x' >>"$f"; done
run --trail names
same "and their damage is told" 3 <want
err 'names/esc\x1b[31m.json: at byte' 'names/new\x0aline.json: at byte' 'names/latin\xe9.json: at byte' \
	'names/c1\u{009b}x.json: at byte' 'names/bidi\u{202e}x.json: at byte' 'names/-: at byte' \
	'names/ blank .json: at byte' 'names/utf-8 Zoë.json: at byte'
ok "with no byte that steers a terminal" sh -c "! LC_ALL=C tr -d '\n -~\303\253' <'$O/err' | grep -q ."
ok "a line for each" [ "$(wc -l <"$O/err")" = 8 ]
run --trail "$(printf 'missing\033]0;x\007')"
same "a missing file with an escape sequence in its name" 1 </dev/null
err 'missing\x1b]0;x\x07: cannot open'
cd names && run --trail ./- && cd ..
one s >want
same "./- is a file, not stdin" 3 <want
err './-: at byte'
done_testing
