#!/bin/sh
# What comes out: CloudTrail's own bytes, one event a line, in the order read; what goes to a terminal.
. "$(dirname "$0")/lib/tap.sh"

# --- compact input is copied byte for byte ---
cat >odd <<'E'
{"eventID":"1","n":[1.0,1.00,-0,1E400,1e-7,12345678901234567890.10],"s":"caf\u00e9 café \/ \u002f \ud800 x"}
{"b":1,"a":2,"b":3,"A":{},"":[],"\u0061":4}
{"eventID":"3","dup":1,"dup":2}
{ "eventID":"4",	"blanks" : [ ] }
{"eventID":"5","del":"","c1":"","bidi":"‮x‬","nul":"\u0000","nl":"\n","esc":"\u001b[31m"}
E
run --trail odd
same "numbers, escapes, doubled names, blanks stay" 0 <odd
silent
sed 's/.*/{"Records":[&]}/' odd >wrapped
run --trail wrapped
same "the same in Records" 0 <odd
python3 -c 'import json, sys
for l in open("odd", newline="\n"): print(json.dumps({"Events": [{"CloudTrailEvent": l[:-1]}]}))' >lookup
grep -v '\\ud800' odd >noto
run --trail lookup -m '$.eventID != "1"'
same "the same unescaped from lookup-events" 0 <noto
gzip -nc odd >odd.gz
run --trail odd.gz
same "the same from gzip" 0 <odd
printf '%s\r\n' '{"eventID":"1","s":"\r\n"}' '{"eventID":"2"}' >crlf
tr -d '\r' <crlf >want
run --trail crlf
same "no CR of CRLF line ends" 0 <want

# --- pretty input becomes one line, all else stays ---
python3 - <<'P'
record = '{"eventID":"a  b","s":"{ \\"x\\" : [ 1 ,\\n 2 ]\\t}","u":"\\u0020 \\\\","n":[1.0,-0,1E400,{},[],[[]]],"dup":1,"dup":2,"é":" \u00a0\u2028 x ","t":true}'
def pretty(s, blank, nl):
    out, depth, instr, i = "", 0, False, 0
    while i < len(s):
        c = s[i]
        if instr:
            out += c
            if c == "\\": i += 1; out += s[i]
            elif c == '"': instr = False
        elif c == '"': instr = True; out += c
        elif c in "{[": depth += 1; out += c + nl + blank * depth
        elif c in "}]": depth -= 1; out += nl + blank * depth + c
        elif c == ",": out += blank + c + nl + blank * depth
        elif c == ":": out += blank + ":" + blank
        else: out += c
        i += 1
    return out
open("want", "wb").write((record + "\n").encode())
for i, (blank, nl) in enumerate((("  ", "\n"), ("\t", "\n"), (" \t", "\r\n"), ("", "\n"), ("", "\r"), (" ", "\n\n \n"))):
    open("pretty%d" % i, "wb").write(pretty(record, blank, nl).encode())
P
for f in pretty?; do
	run --trail $f
	same "white space between tokens goes, nothing else: $f" 0 <want
	silent
done
run --trail pretty0 --trail pretty1 --sort oldest
cat want want >two
same "also when sorted" 0 <two

# --- the order read, with many files and threads ---
mkdir many
python3 - <<'P'
import gzip
for i in range(300):
    lines = "".join('{"eventTime":"2023-07-%02dT00:00:00Z","eventID":"%d-%d"}\n' % (28 - i % 28, i, k) for k in range(i % 7))
    name = "many/%04d.json" % i
    if i % 3 == 0: gzip.open(name + ".gz", "wt").write(lines)
    elif i % 3 == 1: open(name, "w").write(lines)
    else: open(name, "w").write('{"Records":[' + lines.rstrip("\n").replace("\n", ",") + "]}")
    if i % 50 == 3: open("many/%04d.json" % i, "a").write("damage\n")
P
python3 -c '
for i in range(300):
    for k in range(i % 7): print("{\"eventTime\":\"2023-07-%02dT00:00:00Z\",\"eventID\":\"%d-%d\"}" % (28 - i % 28, i, k))' >want
run -j 1 --trail many
same "300 files, -j 1" 3 <want
cp "$O/err" err1
for j in 2 3 8; do
	run -j $j --trail many
	same "300 files, -j $j" 3 <want
	err_is <err1
done
head -n 100 want >first
for j in 1 8; do
	run -j $j -n 100 --trail many
	ok "the first 100 with -j $j" cmp first "$O/out"
done
run -j 8 --trail many --sort none
sort "$O/out" >sorted
ok "--sort none: each once" sh -c "sort want | cmp - sorted"

# --- the closing line ---
strip() { sed 's/in [0-9.]* s:/in TIME s:/' "$O/err" >"$O/line" && cp "$O/line" "$O/err"; }
run -v --trail many -n 100
strip
ok "-v counts what was printed" grep -q '100 printed\|: 100 matched' "$O/err"
run -v --trail many/0001.json --trail many/0002.json
strip
tap_name="-v"
err_is <<E
aws-spitzel: searched 3 events in 2 files ($(cat many/0001.json many/0002.json | wc -c) bytes), in TIME s: 3 matched
E
run -v --trail many/0000.json.gz --trail many/0003.json.gz --trail missing
strip
err_is <<E
aws-spitzel: missing: cannot open: No such file or directory
aws-spitzel: searched 3 events in 2 files ($(gzip -dc many/0003.json.gz | wc -c) bytes), in TIME s: 3 matched; INCOMPLETE: 1 problem
E

# --- a terminal ---
cat >onpty.py <<'P'
"""Run a command with stdout and stderr on terminals of their own; their bytes go to files."""
import os, pty, subprocess, sys, threading, tty
def drain(fd, name):
    with open(name, "wb") as f:
        while True:
            try: b = os.read(fd, 65536)
            except OSError: break
            if not b: break
            f.write(b)
fds = []
for k in range(2):
    m, s = pty.openpty()
    tty.setraw(s)
    fds.append((m, s))
p = subprocess.Popen(sys.argv[3:], stdout=fds[0][1], stderr=fds[1][1], stdin=subprocess.DEVNULL)
threads = [threading.Thread(target=drain, args=(fds[k][0], sys.argv[k + 1])) for k in range(2)]
for m, s in fds: os.close(s)
for t in threads: t.start()
p.wait()
for t in threads: t.join()
sys.exit(p.returncode)
P
terminal() {
	status=0
	timeout 300 python3 onpty.py "$O/out" "$O/err" "$SPITZEL" "$@" || status=$?
	sed 's/in [0-9.]* s:/in TIME s:/' "$O/err" >"$O/err1"
	cp "$O/err1" "$O/err"
}
python3 - <<'P'
steer = "\x7f|\x80|\x85|\x9b31m|\x9f|\u202a|\u202e|\u2066|\u2069"
plain = "\u00a0|é|日本|😀|\\u001b[31m|~"
open("steer", "w", encoding="utf-8").write('{"eventID":"1","s":"%s","p":"%s"}\n' % (steer, plain))
esc = "".join(c if c == "|" or c in "31m" else "\\u%04x" % ord(c) for c in steer)
open("shown", "w", encoding="utf-8").write('{"eventID":"1","s":"%s","p":"%s"}\n' % (esc, plain))
P
# A container may have no terminals to give (no /dev/pts).
if ! python3 -c 'import pty; pty.openpty()' 2>/dev/null; then
	skip "output to a terminal" "this machine has no pseudo terminals"
	done_testing
	exit
fi
terminal --trail steer
same "to a terminal: DEL, C1 and bidirectional controls as JSON escapes" 0 <shown
err "aws-spitzel: searched 1 event in 1 file ($(wc -c <steer) bytes), in TIME s: 1 matched"
terminal --trail steer --sort newest
same "to a terminal, sorted" 0 <shown
terminal --trail steer -q
same "to a terminal with -q" 0 <shown
silent
run --trail steer
same "to a file: its own bytes" 0 <steer
ok "both are the same JSON" python3 -c '
import json
assert json.load(open("steer")) == json.load(open("shown"))'
terminal --trail odd
ok "no control character reaches a terminal" python3 - "$O/out" <<'P'
import sys, unicodedata
text = open(sys.argv[1], encoding="utf-8", newline="\n").read()
bad = [hex(ord(c)) for c in text if unicodedata.category(c) == "Cc" and c not in "\n\t" or c in "\u202e\u202c"]
sys.exit(str(bad) if bad else 0)
P
printf 'damage \033[31m\n' >"$(printf 'x\033[2J')"
terminal --trail "$(printf 'x\033[2J')"
ok "nor in messages" sh -c "! grep -q '$(printf '\033')' '$O/err'"
done_testing
