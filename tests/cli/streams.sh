#!/bin/sh
# Pipes, fifos, closed and full outputs, signals.
. "$(dirname "$0")/lib/tap.sh"

one() { event "$1"; echo; }
one a >one.json
case $flavour in asan | tsan) jobs=2 lines=10000 ;; *) jobs="1 2 8" lines=40000 ;; esac
i=0
while [ $i -lt $lines ]; do echo; i=$((i + 1)); done | sed "s/.*/$(event x)/" >big.json # more than a pipe holds

# --- what lib/streams.py does from both ends ---
stream() { ok "$1, -j $3" timeout 300 python3 "$here/lib/streams.py" "$SPITZEL" "$2" "$3"; }
for j in $jobs; do
	stream "NDJSON that comes slowly is printed as it comes" slow $j
	stream "the same, lines of a few bytes" slow-short $j
	stream "the same, pretty-printed" slow-pretty $j
	stream "the same, a list of records" slow-list $j
	stream "-n 3 ends an endless pipe" limit $j
	stream "-n 2 ends though the pipe stays open" limit-waiting $j
	stream "the reader goes away: a quiet end" gone $j
	stream "the same with --sort" gone-sorted $j
	stream "SIGINT while waiting: 130 and a summary" int $j
	stream "SIGTERM while waiting" term $j
	stream "SIGHUP while waiting" hup $j
	stream "SIGINT while a fifo has no writer" int-open $j
	stream "SIGINT while busy: whole lines, a true summary" int-busy $j
	stream "SIGINT while nobody takes the output" int-blocked $j
	stream "SIGINT while events are held back to be sorted" int-sorted $j
	stream "nohup: SIGHUP stays ignored" nohup $j
	stream "stdin read-write and stdout closed: the log is not written to" read-write-stdin $j
	stream "gzip in pieces" gzip-members $j
done

# --- head ---
for j in 1 8; do
	for sort in read newest none; do
		{ status=0; timeout 300 "$SPITZEL" -j $j --sort $sort --trail big.json 2>"$O/err" || status=$?
			echo $status >"$O/status"; } | head -n 1 >"$O/out"
		status=$(cat "$O/status")
		one x >want
		same "| head -n 1, -j $j, --sort $sort" 0 <want
		silent
	done
done

# --- stdout that cannot be written to ---
for j in 1 8; do
	for sort in read newest; do
		for o in full closed; do
			[ $o = closed ] || [ -c /dev/full ] || continue
			status=0
			if [ $o = full ]; then
				timeout 300 "$SPITZEL" -j $j --sort $sort --trail big.json >/dev/full 2>"$O/err" || status=$?
			else
				timeout 300 "$SPITZEL" -j $j --sort $sort --trail big.json >&- 2>"$O/err" || status=$?
			fi
			: >"$O/out"
			same "stdout is $o, -j $j, --sort $sort" 1 </dev/null
			err "aws-spitzel: cannot write"
			ok "... said once" [ "$(wc -l <"$O/err")" = 1 ]
		done
	done
done
status=0
timeout 300 "$SPITZEL" --trail one.json 'iam:*' >&- 2>"$O/err" || status=$?
: >"$O/out"
same "stdout is closed, nothing to print" 0 </dev/null
silent
status=0
timeout 300 "$SPITZEL" -v --trail one.json 2>&- >"$O/out" || status=$?
: >"$O/err"
same "stderr is closed" 0 <one.json
status=0
timeout 300 "$SPITZEL" -v --trail one.json >"$O/out" 2>/dev/full || status=$?
same "stderr is full" 0 <one.json

# --- stdin that is not there ---
one "not stdin" >./-
status=0
timeout 300 "$SPITZEL" --trail - <&- >"$O/out" 2>"$O/err" || status=$?
same "stdin is closed: an error, and no file named - is read for it" 1 </dev/null
err "standard input: cannot"
status=0
timeout 300 "$SPITZEL" --trail one.json <&- >"$O/out" 2>"$O/err" || status=$?
same "stdin is closed and not needed" 0 <one.json
silent
status=0
timeout 300 "$SPITZEL" --trail one.json --trail - <&- >"$O/out" 2>"$O/err" || status=$?
same "stdin is closed behind a file" 3 <one.json
mkdir folder
one f >folder/x.json
one f >want
status=0
timeout 300 "$SPITZEL" --trail - <folder >"$O/out" 2>"$O/err" || status=$?
if [ "$status" = 0 ]; then same "stdin is a folder: searched" 0 <want; else
	same "stdin is a folder: an error" 1 </dev/null
	err "standard input: "
	err_no "-/x.json"
fi

# --- the limit is reached while the reader is busy ---
yes -- "--trail /dev/null" | head -n 20000 >args
n=1
while [ $n -le 5 ]; do
	run -j 2 -n 1 --trail one.json $(cat args)
	same "-n 1 with 20,000 more files to open, round $n" 0 <one.json
	silent
	n=$((n + 1))
done
run -j 2 -n 1 --trail big.json --trail big.json --trail big.json
one x >want
same "-n 1 with much more to read" 0 <want
silent
done_testing
