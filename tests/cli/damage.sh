#!/bin/sh
# Damaged input: what is wrong is named with its place, all else is searched, the exit status is 3.
. "$(dirname "$0")/lib/tap.sh"

a=$(event a) b=$(event b) c=$(event c)
one() { event "$1"; echo; }
one a >a; one b >b; one c >c
cat a b >ab; cat a c >ac; cat b c >bc; cat a b c >abc

# place LOW HIGH: the first problem on stderr names a byte from LOW to HIGH.
place() {
	got=$(sed -n 's/.*: at byte \([0-9]*\): .*/\1/p' "$O/err" | head -n 1)
	[ -n "$got" ] && [ "$got" -ge "$1" ] && [ "$got" -le "$2" ] &&
		{ line 0 "$tap_name: place"; return; }
	line 1 "$tap_name: place"
	echo "#   byte ${got:-(none)}, not in $1 to $2"
	comment <"$O/err"
}
# damaged NAME WANT: search the file `x`, which holds damage.
damaged() { run --trail x; same "$1" 3 <"$2"; }
lines_on_stderr() { ok "$tap_name: $1 lines on stderr" [ "$(wc -l <"$O/err")" = "$1" ]; }

case $flavour in asan | tsan) quick=true jobs=2 ;; *) quick=false jobs="1 2" ;; esac

# --- one bad record among good ones ---
nth=0
for bad in '{"eventID":"bad" "x":1}' '{"eventID":"bad",}' '{"eventID":"bad","x":01}' '{"eventID":"bad","x":nul}' \
	'{eventID:"bad"}' "{'eventID':'bad'}" '{"eventID":"bad","x":[1,2}}' '{"eventID":"bad","x":"\q"}' '{"eventID"}' \
	'{"eventID":"bad","x":NaN}' '{"eventID":"bad","x":+1}' '{"eventID":"bad","x":"\ud8"}' 'nonsense' '-'; do
	nth=$((nth + 1))
	$quick && [ $((nth % 3)) != 1 ] && continue
	[ "$bad" = '{"eventID":"bad","x":[1,2}}' ] || {
		printf '{"Records":[%s,%s,%s]}' "$a" "$bad" "$c" >x
		damaged "in Records: $bad" ac
		start=$(( $(printf '{"Records":[%s,' "$a" | wc -c) ))
		place $start $((start + ${#bad}))
		err "aws-spitzel: x: at byte "
		lines_on_stderr 1
	}
	printf '%s\n%s\n%s\n' "$a" "$bad" "$c" >x
	damaged "NDJSON, in the middle: $bad" ac
	start=$(( ${#a} + 1 ))
	place $start $((start + ${#bad}))
	printf '%s\n%s\n%s\n' "$bad" "$b" "$c" >x
	damaged "NDJSON, the first: $bad" bc
	place 0 ${#bad}
	printf '%s\n%s\n%s' "$a" "$b" "$bad" >x
	damaged "NDJSON, the last: $bad" ab
	start=$(( ${#a} + ${#b} + 2 ))
	place $start $((start + ${#bad}))
done

# --- the exact byte ---
exactly() { # NAME TEXT-BEFORE-THE-BAD-BYTE: it is the first byte behind this
	at=$(printf '%s' "$2" | wc -c)
	tap_name=$1
	place "$at" "$at"
}
printf '{"Records":[%s,{"eventID":"x" "y":1},%s]}' "$a" "$c" >x
damaged "a comma is missing in a record" ac
exactly "a comma is missing in a record" "{\"Records\":[$a,{\"eventID\":\"x\" "
printf '{"Records":[%s,{"eventID":"x\001y"},%s]}' "$a" "$c" >x
damaged "a control character in a string" ac
exactly "a control character in a string" "{\"Records\":[$a,{\"eventID\":\"x"
printf '{"Records":[%s,{"eventID":"Zo\303\253\377y"},%s]}' "$a" "$c" >x
damaged "invalid UTF-8" ac
exactly "invalid UTF-8" "{\"Records\":[$a,{\"eventID\":\"Zoë"
printf '%s\n{"eventID":"\355\240\200"}\n%s\n' "$a" "$c" >x
damaged "a surrogate in UTF-8" ac
exactly "a surrogate in UTF-8" "$a
{\"eventID\":\""
printf '%s\n{"eventID":"a\000b"}\n%s\n' "$a" "$c" >x
damaged "a NUL in a string" ac
exactly "a NUL in a string" "$a
{\"eventID\":\"a"
printf '{"Records":[%s %s]}' "$a" "$b" >x
damaged "a comma is missing between records" ab
exactly "a comma is missing between records" "{\"Records\":[$a "
printf '{"Records":[%s%s,%s]}' "$a" "$b" "$c" >x
damaged "nothing is between records" abc
exactly "nothing is between records" "{\"Records\":[$a"
printf '{"Records":[%s,,%s]}' "$a" "$b" >x
damaged "two commas" ab
exactly "two commas" "{\"Records\":[$a,"
printf '{"Records":[,%s]}' "$a" >x
damaged "a comma first" a
exactly "a comma first" "{\"Records\":["
printf '{"Records":[%s,]}' "$a" >x
damaged "a comma last" a
exactly "a comma last" "{\"Records\":[$a,"
printf '{"Records":[%s;%s,%s]}' "$a" "$b" "$c" >x
damaged "a semicolon for a comma" abc
exactly "a semicolon for a comma" "{\"Records\":[$a"
printf '{"Records":[%s}}' "$a" >x
damaged "the wrong bracket" a
exactly "the wrong bracket" "{\"Records\":[$a"
printf '{"Records":[%s]]' "$a" >x
damaged "the wrong bracket at the end" a
exactly "the wrong bracket at the end" "{\"Records\":[$a]"
printf '{"Records":[%s]}}' "$a" >x
damaged "a bracket too much" a
exactly "a bracket too much" "{\"Records\":[$a]}"
printf '{"Records":[%s]} and more' "$a" >x
damaged "text behind the end" a
exactly "text behind the end" "{\"Records\":[$a]} "
printf '{"Records":[%s],"x" 1,"y":2}' "$a" >x
damaged "damage in the wrapper, behind the list" a
exactly "damage in the wrapper, behind the list" "{\"Records\":[$a],\"x\" "
printf '[%s,1,"x",null,[],%s]' "$a" "$b" >x
damaged "elements that are no objects" ab
exactly "elements that are no objects" "[$a,"
lines_on_stderr 4
printf '{"Records":[%s,{"eventID":"x" 1},%s,{"eventID":"y" 2}]}' "$a" "$c" | gzip -n >x
damaged "in gzip the byte is of the inflated file" ac
exactly "in gzip the byte is of the inflated file" "{\"Records\":[$a,{\"eventID\":\"x\" "
printf '\357\273\277{"Records":[%s,{"eventID":"x" 1}]}' "$a" >x
damaged "behind a byte order mark" a
exactly "behind a byte order mark" "{\"Records\":[$a,{\"eventID\":\"x\" ___"

# Far into a file: over many pages of input.
python3 - <<'P'
event = b'{"eventTime":"2023-07-10T11:42:36Z","eventSource":"s3.amazonaws.com","eventName":"GetObject","eventID":"%d"}'
def write(name, head, sep, tail, n, bad):
    with open(name, "wb") as f:
        f.write(head)
        for i in range(n):
            if i in bad:
                f.write(b'{"eventID":"bad",')
                open(name + ".at", "a").write("%d\n" % f.tell())
                f.write(b"?}")
            else:
                f.write(event % i)
            if i < n - 1: f.write(sep)
        f.write(tail)
write("far.records", b'{"Records":[', b",", b"]}", 40000, (0, 9000, 20001, 39999))
write("far.ndjson", b"", b"\n", b"\n", 40000, (0, 9000, 20001, 39999))
P
for f in far.records far.ndjson; do
	for j in 1 8; do
		run -j $j --strict --trail $f -m '$.eventID in ["8999", "9001", "20000", "20002", "39998", "1"]' -v
		ok "$f, -j $j: found around the damage" [ "$status/$(wc -l <"$O/out")" = 3/6 ]
		sed -n 's/.*at byte \([0-9]*\):.*/\1/p' "$O/err" >"$O/places"
		ok "$f, -j $j: four places" diff -u $f.at "$O/places"
		tap_name="$f, -j $j"
		err "INCOMPLETE: 4 problems" "searched 39,996 events"
	done
done

# Without --strict what cannot match is passed over, as long as its brackets and strings are whole.
printf '%s\n%s\n{"eventName":"GetObject","eventSource":"x","requestParameters":{"a":tru}}\n%s\n' "$a" "$b" "$c" >x
run --trail x 's3:NoSuch*'
ok "what cannot match is not parsed" [ "$status/$(wc -c <"$O/err")" = 0/0 ]
run --strict --trail x 's3:NoSuch*'
ok "but it is with --strict" [ "$status" = 3 ]
run --trail x
ok "and what would match" [ "$status/$(wc -l <"$O/out")" = 3/3 ]
printf '%s\n%s\n{"eventName":"GetObject","eventSource":"x"\n%s\n' "$a" "$b" "$c" >x
run --trail x 's3:NoSuch*'
ok "an open bracket is told in any case" [ "$status" = 3 ]

# --- NDJSON: only the damaged line is lost ---
ndjson() { # NAME WANT: `x` holds it
	damaged "NDJSON: $1" "$2"
}
printf '{"eventID":"x\n%s\n%s\n' "$a" "$c" >x
ndjson "a quote without end, first" ac
place 0 14
printf '%s\n{"eventID":"x\n%s\n' "$a" "$c" >x
ndjson "a quote without end, in the middle" ac
printf '%s\n%s\n{"eventID":"x\n' "$a" "$c" >x
ndjson "a quote without end, last" ac
printf '{"eventID":{\n%s\n%s\n' "$a" "$c" >x
ndjson "a bracket without end, first" ac
printf '%s\n{"eventID":{"x":[{\n%s\n' "$a" "$c" >x
ndjson "brackets without end, in the middle" ac
printf '%s\n}}}]\n%s\n' "$a" "$c" >x
ndjson "brackets without begin" ac
printf '%s\n%s' "$a" "$(printf '%s' "$c" | cut -c 1-50)" >x
ndjson "the last line is cut off" a
printf '%s}\n%s\n%s\n' "$a" "$b" "$c" >x
run --trail x -m '$.eventID in ["b", "c"]' # whether a is still an event may be argued
same "NDJSON: a bracket too much behind the first" 3 <bc
place ${#a} ${#a}
printf '%s\r\n{"eventID"\r\n%s\r\n' "$a" "$c" >x
ndjson "CRLF" ac
printf 'some log text\n%s\n%s\n' "$a" "$c" >x
ndjson "text first" ac
printf 'some log text\n\n%s\n%s\n' "$a" "$c" >x
ndjson "text first, then a blank line" ac
printf 'some log text\nand more\n%s\n%s\n' "$a" "$c" >x
ndjson "two lines of text first" ac
printf '{"eventID":"x\n{"eventID":"y\n%s\n%s\n' "$a" "$c" >x
ndjson "two quotes without end first" ac
printf '%s\ntext\n\ntext [\n%s\n' "$a" "$c" >x
ndjson "lines of text in the middle" ac
printf '%s\n\0\0\0\0\n%s\n' "$a" "$c" >x
ndjson "NULs in the middle, as a crash leaves them" ac
printf '{"Records":[%s]}\n{"Records":[{"eventID":"x\n{"Records":[%s]}\n' "$a" "$c" >x
ndjson "a wrapper a line, one cut off in a string" ac
printf '{"Records":[%s]}\n{"Records":[{"eventID":"x"\n{"Records":[%s]}\n' "$a" "$c" >x
ndjson "a wrapper a line, one cut off" ac
printf '{"Records":[%s]}\n{"Records":\n{"Records":[%s]}\n' "$a" "$c" >x
ndjson "a wrapper a line, one cut off before its list" ac

# --- strings with records in them ---
python3 - "$a" "$c" <<'P'
import json, sys
a, c = sys.argv[1:]
bad = '{"eventID":"bad",}'
events = [{"EventId": "1", "CloudTrailEvent": s} for s in (a, bad, c)]
json.dump({"Events": events}, open("lookup", "w"))
json.dump([a, bad, "", "5", "[]", c], open("strings", "w"))
P
run --trail lookup
same "a bad record in lookup-events output" 3 <ac
err "malformed event in a string, at byte 17 of its text"
start=$(offset lookup '{"EventId"')
place $(( start + 1 )) "$(wc -c <lookup)"
run --trail strings
same "bad records in strings" 3 <ac
lines_on_stderr 4

# --- cut off: every form at many places ---
cat >sweep.py <<'P'
import json, os, subprocess, sys
from concurrent.futures import ThreadPoolExecutor
program, stride = sys.argv[1], int(sys.argv[2])
r = ['{"eventID":"%s","x":[{"y":"]}"}]}' % i for i in "abc"]
p = ['{\n  "eventID": "%s",\n  "x": [\n    {\n      "y": "]}"\n    }\n  ]\n}' % i for i in "abc"]
s = [json.dumps(x) for x in r]
l = ['{"EventId":"1","CloudTrailEvent":%s,"Z":{}}' % x for x in s]
forms = {"records": ('{"Records":[', r, ",", "]}"), "records-pretty": ('{\n"Records": [\n', p, ",\n", "\n]\n}\n"),
         "array": ("[", r, ",", "]"), "ndjson": ("", r, "\n", "\n"), "joined": ("", r, "", ""),
         "pretty": ("", p, "\n", "\n"), "strings": ("[", s, ", ", "]"), "lookup": ('{"Events":[', l, ",", "]}")}
jobs = []
for name, (head, items, sep, tail) in forms.items():
    text, ends, starts = head, [], []
    for i, x in enumerate(items):
        text += (sep if i else "")
        starts.append(len(text))
        text += x
        ends.append(len(text))
    text += tail
    listed = head != ""
    for cut in range(0, len(text) + 1, stride):
        found = sum(e <= cut for e in ends)
        inside = any(b < cut < e for b, e in zip(starts, ends)) # cut within an event
        whole = not inside if not listed else cut == 0 or text[cut:].strip() == ""
        jobs.append((name, text[:cut], found, whole))
def one(job):
    name, text, found, whole = job
    p = subprocess.run([program, "-j", "1", "--trail", "-"], input=text.encode(), capture_output=True)
    want = "".join(x + "\n" for x in r[:found]).encode()
    said = b"standard input: at byte " in p.stderr
    if p.stdout != want or p.returncode != (0 if whole else 3) or said == whole:
        return "%s cut at %d: exit status %d, %d events; should be %d\n%s" % (
            name, len(text), p.returncode, p.stdout.count(b"\n"), found, p.stderr.decode())
with ThreadPoolExecutor(2) as pool:
    bad = [x for x in pool.map(one, jobs) if x]
print("\n".join(bad[:8]), len(bad), "of", len(jobs))
sys.exit(bool(bad))
P
case $flavour in musl|dev) stride=1 ;; asan) stride=11 ;; *) stride=41 ;; esac
ok "cut off at every place (by $stride)" timeout 300 python3 sweep.py "$SPITZEL" $stride

# --- gzip ---
python3 - <<'P'
import gzip, json, random, zlib
random.seed(5)
lines = []
for i in range(4000):
    lines.append('{"eventTime":"2023-07-10T11:42:36Z","eventID":"%d","r":"%032x"}\n' % (i, random.getrandbits(128)))
text = "".join(lines).encode()
data = gzip.compress(text, mtime=0)
open("whole.ndjson", "wb").write(text)
open("whole.gz", "wb").write(data)
def upto(n): # the lines that are wholly in the first n compressed bytes
    out = zlib.decompressobj(31).decompress(data[:n])
    return out[:out.rfind(b"\n") + 1]
half = len(data) // 2
for name, n in (("cut-half", half), ("cut-crc", len(data) - 8), ("cut-size", len(data) - 1), ("cut-header", 5), ("cut-magic", 2)):
    open(name, "wb").write(data[:n])
    open(name + ".want", "wb").write(upto(n))
flip = bytearray(data)
flip[half:half + 64] = b"\xff" * 64
open("middle", "wb").write(flip)
open("middle.want", "wb").write(upto(half))
for name, i in (("bad-crc", -6), ("bad-size", -2)):
    flip = bytearray(data)
    flip[i] ^= 0x55
    open(name, "wb").write(flip)
garbage = data + b"garbage"
open("garbage", "wb").write(garbage)
open("second-cut", "wb").write(data + data[:half])
open("second-cut.want", "wb").write(text + upto(half))
open("second-header", "wb").write(data + b"\x1f\x8b\x07")
open("size", "w").write(str(len(data)))
P
size=$(cat size)
for f in cut-half cut-crc cut-size cut-header cut-magic second-cut; do
	run --trail $f
	same "gzip, $f: what lies before the cut is found" 3 <$f.want
	err "aws-spitzel: $f: " "of the compressed file"
done
run --trail cut-half
err "cut off, at byte $((size / 2)) of the compressed file"
run --trail middle
tap_name="gzip damaged in the middle"
n=$(wc -c <middle.want)
ok "gzip damaged in the middle: what lies before is found" sh -c "head -c $n '$O/out' | cmp - middle.want"
ok "gzip damaged in the middle: exit status" [ "$status" = 3 ]
err "aws-spitzel: middle: " "of the compressed file; nothing behind it was searched"
for f in bad-crc bad-size; do
	run --trail $f
	same "gzip, $f: its events are found" 3 <whole.ndjson
	err "aws-spitzel: $f: damaged gzip data"
done
run --trail garbage
same "garbage behind gzip: all is found" 3 <whole.ndjson
err "no gzip, at byte $size of the compressed file"
run --trail second-header
same "a broken second member: the first is found" 3 <whole.ndjson
mkdir many
cp cut-header many/1.json.gz
cp whole.gz many/2.json.gz
cp garbage many/3.json.gz
run --trail many -v
cat whole.ndjson whole.ndjson >twice
same "damaged files beside good ones" 3 <twice
err "many/1.json.gz: " "many/3.json.gz: " "in 3 files" "INCOMPLETE: 2 problems"
err_no "many/2.json.gz"

# --- too deep, too large ---
python3 - "$a" "$c" <<'P'
import sys
a, c = sys.argv[1:]
def deep(n): return '{"eventID":"deep","x":' + "[" * n + "]" * n + "}"
open("deep-ndjson", "w").write("\n".join((a, deep(2000), c)) + "\n")
open("deep-records", "w").write('{"Records":[' + ",".join((a, deep(2000), c)) + "]}")
open("deep-objects", "w").write(a + "\n" + '{"x":' * 2000 + "1" + "}" * 2000 + "\n" + c + "\n")
open("deep-ok", "w").write(deep(900) + "\n")
open("deep-open", "w").write("[" * 3000000)
open("deep-open2", "w").write('{"a":' * 1000000)
large = '{"eventID":"large","x":"' + "y" * (17 << 20) + '"}'
open("large-ndjson", "w").write("\n".join((a, large, c)) + "\n")
open("large-first", "w").write("\n".join((large, a, c)) + "\n")
open("large-last", "w").write("\n".join((a, c, large)) + "\n")
open("large-records", "w").write('{"Records":[' + ",".join((a, large, c)) + "]}")
open("large-array", "w").write("[" + ",\n".join((large, a, c)) + "]\n")
open("large-pretty", "w").write('{\n"Records": [\n' + ",\n".join((a, large.replace(",", ",\n"), c)) + "\n]\n}\n")
fits = '{"eventID":"fits","x":"' + "y" * (15 << 20) + '"}'
open("fits", "w").write("\n".join((a, fits, c)) + "\n")
P
for f in ndjson records objects; do
	run --trail deep-$f
	same "nested too deeply, $f: the others are found" 3 <ac
	err "aws-spitzel: deep-$f: at byte "
done
run --trail deep-ok
same "900 brackets deep" 0 <deep-ok
for f in deep-open deep-open2; do
	fails "millions of open brackets, $f" 3 --trail $f
	err "$f: at byte "
done
for f in ndjson first last records array pretty; do
	for j in $jobs; do
		run -j $j --trail large-$f
		same "an event of 17 MiB, $f, -j $j: the others are found" 3 <ac
		at=$(offset large-$f '{"eventID":"large"' || :)
		[ -n "$at" ] || at=$(python3 -c 'import sys; print(open(sys.argv[1]).read().index("{\"eventID\":\"large\""))' large-$f)
		place "$at" "$at"
		lines_on_stderr 1
	done
done
run --trail fits
same "an event of 15 MiB" 0 <fits

# --- bombs ---
python3 - <<'P'
import zlib
def bomb(name, head, block, n):
    """head, then the block n times, where the block's compressed form is made only once."""
    z = zlib.compressobj(9, zlib.DEFLATED, -15)
    out, crc = z.compress(head) + z.flush(zlib.Z_FULL_FLUSH), zlib.crc32(head)
    z = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = z.compress(block) + z.flush(zlib.Z_FULL_FLUSH)
    with open(name, "wb") as f:
        f.write(b"\x1f\x8b\x08\0\0\0\0\0\0\x03" + out)
        for i in range(n): f.write(packed)
        # the sum is wrong: nobody may come that far
        f.write(b"\x03\0" + b"\0" * 8)
M = 1 << 20
a = b'{"eventID":"a"}\n'
bomb("bomb-zeros", b"", b"\0" * M, 1024)
bomb("bomb-blanks", b"", b" " * M, 1024)
bomb("bomb-list", a + b'{"Records":[', b"\n" * M, 1024)
bomb("bomb-string", a + b'{"eventID":"', b"x" * M, 1024)
bomb("bomb-events", a, (b'{"eventID":"b"}' + b" " * 4000) * 250, 1024)
bomb("bomb-brackets", a + b"[", b"[" * M, 1024)
P
for f in zeros blanks list string events brackets; do
	run -m '$.eventID == "a"' --trail bomb-$f
	ok "bomb of $f: exit status $status" [ "$status" = 3 ]
	tap_name="bomb of $f"
	err "aws-spitzel: bomb-$f: "
	case $f in zeros | blanks) ;; *) ok "bomb of $f: what comes before it is found" grep -qx '{"eventID":"a"}' "$O/out" ;; esac
done

# --- memory ---
if [ "$flavour" = musl ] || [ "$flavour" = dev ]; then
	most=150
	for f in zeros blanks list string events brackets; do
		timeout 300 python3 "$here/lib/rss.py" $most "$SPITZEL" -j 2 -m '$.eventID == "a"' --trail bomb-$f >"$O/out" 2>"$O/err"
		status=$?
		ok "bomb of $f: at most $most MiB" [ $status = 3 ] || comment <"$O/err"
	done
	timeout 300 python3 "$here/lib/rss.py" $most "$SPITZEL" -j 2 --trail large-records >"$O/out" 2>"$O/err"
	status=$?
	ok "an event of 17 MiB: at most $most MiB" [ $status = 3 ] || comment <"$O/err"
	# 300 MB in one list: 150 blocks of 2 MB, with one event to be found at the end
	export GENERATE='(x for k in (b"{\"Records\":[", ) for x in
		[k] + [b",".join([b"{\"eventID\":\"no\",\"x\":\"" + b"y" * 977 + b"\"}"] * 2000) + b","] * 150 + [b"{\"eventID\":\"a\"}]}"])'
	timeout 300 python3 "$here/lib/rss.py" 64 "$SPITZEL" -j 2 -m '$.eventID == "a"' --trail - >"$O/out" 2>"$O/err"
	status=$?
	echo '{"eventID":"a"}' | same "300 MB in one list through a pipe: at most 64 MiB" 0
	tap_n=$((tap_n + 1)) # `same` ran in a subshell
	unset GENERATE
	python3 -c 'print("[" + ",".join(["1"] * 5000000) + "]")' >flood
	timeout 300 python3 "$here/lib/rss.py" $most "$SPITZEL" -j 2 --trail flood >"$O/out" 2>"$O/err"
	status=$?
	ok "5 million problems: at most $most MiB" [ $status = 3 ] || comment <"$O/err"
else
	skip "memory" "heavy: in flavour musl only"
fi

# --- a flood of problems ---
python3 - <<'P'
good = '{"eventID":"a"}\n'
open("flood1", "w").write(good + '{"eventID":bad}\n' * 25 + good)
open("flood2", "w").write(good + '{"eventID":bad}\n' * 10 + good)
open("flood3", "w").write(good + '{"eventID":bad}\n' * 11 + good)
P
cat flood1 | grep -v bad >two
run --trail flood1
same "25 problems" 3 <two
lines_on_stderr 11
err "flood1: 15 more of these"
run --trail flood2
same "10 problems" 3 <two
lines_on_stderr 10
run --trail flood3
same "11 problems" 3 <two
lines_on_stderr 11
err "flood3: 1 more of these"
for j in 1 8; do
	run -v -j $j --trail flood1 --trail flood2 --trail flood3
	cat two two two >six
	same "problems are counted for each file, -j $j" 3 <six
	lines_on_stderr 33
	err "INCOMPLETE: 46 problems"
done
run -q --trail flood1
same "-q shows them, too" 3 <two
lines_on_stderr 11

python3 - <<'P'
import gzip
data = gzip.compress(b'{"eventID":"a"}\n' + b'{"eventID":bad}\n' * 30 + b'{"eventID":"a"}\n', mtime=0)
open("flood-cut", "wb").write(data[:-4])
P
run --trail flood-cut
same "many problems, then the end of a file that is cut off" 3 <two
err "more of these" "flood-cut: the gzip data is cut off"

# --- a regular expression that gives up ---
python3 - >regex <<'P'
def e(id, s): print('{"eventSource":"s3.amazonaws.com","eventID":"%s","s":"%s"}' % (id, s))
e("1", "aaaa")
e("2-slow", "a" * 60 + "b")
e("3", "aaaaaaaa")
e("4", "ab")
e("5\\u001b[31m-slow", "a" * 60 + "b")
print('{"eventId":"6-slow","s":"%s"}' % ("a" * 60 + "b"))
print('{"s":"%s"}' % ("a" * 60 + "b"))
e("8", "a")
P
sed -n '1p;3p;8p' regex >want
for re in '^(a|aa)+$' '^(a+)+$'; do
	for j in 1 8; do
		run -j $j --trail regex -m "\$.s regex \"$re\""
		same "$re gives up, the others are searched, -j $j" 3 <want
		lines_on_stderr 4
		err "event 2-slow not searched" 'event 5\x1b[31m-slow not searched' "event 6-slow not searched" "limit"
		place "$(offset regex '{"eventSource":"s3.amazonaws.com","eventID":"2-slow"')" \
			"$(offset regex '{"eventSource":"s3.amazonaws.com","eventID":"2-slow"')"
	done
done
expect "it is not asked where another test says no already" 0 --trail regex -m '$.eventID == "3"' -m '$.s regex "^(a+)+$"' <<'E'
{"eventSource":"s3.amazonaws.com","eventID":"3","s":"aaaaaaaa"}
E
expect "nor where the action differs" 0 --trail regex 'iam:*' -m '$.s regex "^(a+)+$"' </dev/null
done_testing
