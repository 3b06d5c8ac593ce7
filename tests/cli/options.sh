#!/bin/sh
# Options, arguments, usage errors, exit statuses.
. "$(dirname "$0")/lib/tap.sh"

a=$(at 2023-01-02T00:00:00Z a)
b=$(at 2023-01-03T00:00:00Z b)
c=$(at 2023-01-01T00:00:00Z c)
d='{"eventSource":"iam.amazonaws.com","eventName":"CreateUser","eventID":"d"}' # undated
e=$(at 2023-01-03T00:00:00Z e)
f=$(at 2023-01-02T00:00:00.5Z f)
printf '%s\n' "$a" "$d" "$b" "$c" "$e" "$f" >t.json
all=$(cat t.json)

# --- where options may stand ---
expect "options behind patterns" 0 's3:*' --trail t.json -n 1 <<E
$a
E
expect "an option between patterns" 0 iam:CreateUser --trail t.json s3:NoSuch <<E
$d
E
expect "-- ends the options" 0 --trail t.json -- s3:Put* iam:CreateUser <<E
$d
E
fails "behind -- an option is a pattern" 0 --trail t.json -- --limit
expect "behind -- a pattern may begin with a dash" 0 --trail t.json -- -x 'iam:*' <<E
$d
E
expect "one-letter options together" 0 -qn1 --trail t.json <<E
$a
E
expect "--option=argument" 0 --trail=t.json --limit=1 '--match=$.eventID == "b"' <<E
$b
E
expect "-m joined" 0 --trail t.json '-m$.eventID == "b"' <<E
$b
E
expect "the last of two limits counts" 0 --trail t.json -n 5 -n 1 <<E
$a
E
expect "two expressions must both hold" 0 --trail t.json -m '$.eventName == "GetObject"' \
	--match '$.eventID in ["d", "c"]' <<E
$c
E
expect "two trails, in their order" 0 -m '$.eventID == "c"' --trail t.json --trail ./t.json <<E
$c
$c
E
expect "two patterns, either holds" 0 --trail t.json -m '$.eventID in ["d", "c"]' 's3:*' 'iam:*' <<E
$d
$c
E

# --- abbreviations ---
expect "--mat and --tr" 0 --tr t.json --mat '$.eventID == "b"' <<E
$b
E
expect "--lim and --jo and --so" 0 --tra t.json --lim 1 --jo 2 --so read <<E
$a
E
expect "--last is --last, not short for --last-minute" 0 --trail t.json --last 999w iam:CreateUser <<E
$d
E
fails "--las is short for two" 2 --trail t.json --las 5h
err "--las" "--help"
fails "--l is short for three" 2 --trail t.json --l=5h
err "--l"
fails "--ver is short for two" 2 --ver

# --- bad options ---
fails "unknown long option" 2 --trail t.json --nonsense
err "aws-spitzel: " "--nonsense" "Try 'aws-spitzel --help'."
fails "unknown letter" 2 -x --trail t.json
err "-x"
fails "unknown letter in a group" 2 -qvx --trail t.json
err "-x"
fails "an argument that the option does not take" 2 --quiet=1 --trail t.json
err "quiet"
err_no "unknown option '-q'"
fails "an unknown option is shown harmlessly" 2 "$(printf -- '--\033[31m')"
err '\x1b[31m'
for o in --match -m --from --to --last --last-minute --trail --limit -n --jobs -j --sort; do
	fails "$o without its argument" 2 --trail t.json "$o"
	err "$o" "argument"
done
fails "-n at the end of a group without its argument" 2 --trail t.json -qn
err "argument"

# --- numbers ---
for n in -1 +1 1.5 x 0x10 '' ' 1' 99999999999999999999 1e3 '1 '; do
	fails "--limit '$n'" 2 --trail t.json --limit "$n"
	err "--limit" "'$n'"
done
for n in 0 -1 257 x ''; do
	fails "--jobs '$n'" 2 --trail t.json -j "$n"
	err "--jobs" "'$n'" "1 to 256"
done
expect "-n 0" 0 --trail t.json -n 0 </dev/null
silent
expect "-n 2" 0 --trail t.json -n 2 <<E
$a
$d
E
expect "-n beyond what there is" 0 --trail t.json -n 999999999999 <<E
$all
E
expect "-n counts what matches" 0 --trail t.json -n 2 -m '$.eventTime == "2023-01-03T00:00:00Z"' <<E
$b
$e
E
printf '%s\n' "$all" "$all" >two.json
for j in 1 2 8 256; do
	expect "-j $j -n 7" 0 --trail two.json -j "$j" -n 7 <<E
$all
$a
E
done

# --- sort ---
newest=$(printf '%s\n' "$b" "$e" "$f" "$a" "$c" "$d")
oldest=$(printf '%s\n' "$c" "$a" "$f" "$b" "$e" "$d")
for j in 1 2; do
	expect "--sort newest, undated last, equal ones as read, -j $j" 0 -j $j --trail t.json --sort newest <<E
$newest
E
	expect "--sort oldest, undated last, equal ones as read, -j $j" 0 -j $j --trail t.json --sort oldest <<E
$oldest
E
	expect "--sort newest -n 3 are the three newest, -j $j" 0 -j $j --trail t.json -n 3 --sort newest <<E
$b
$e
$f
E
done
expect "--sort oldest over two files" 0 --trail t.json --trail t.json --sort oldest -n 3 <<E
$c
$c
$a
E
expect "--sort read" 0 --trail t.json --sort read <<E
$all
E
expect "--sort none, one file" 0 --trail t.json --sort none <<E
$all
E
expect "the last of two --sort counts" 0 --trail t.json --sort newest --sort none <<E
$all
E
fails "--sort with another word" 2 --trail t.json --sort new
err "--sort" "newest" "oldest" "read" "none"
fails "--sort ''" 2 --trail t.json --sort ''
fails "--sort newest -n 0" 0 --trail t.json --sort newest -n 0

# --- equal bytes with any number of threads ---
python3 - >many.json <<'E'
for i in range(30000):
    print('{"eventTime":"2023-01-%02dT00:00:%02dZ","eventSource":"s3.amazonaws.com","eventName":"GetObject","eventID":"%d","requestParameters":{"bucketName":"%s"}}'
          % (i % 28 + 1, i % 60, i, "x" * (i % 97)))
E
grep -E '"eventID":"[0-9]*7"' many.json >sevens
for j in 1 2 8; do
	run -j $j --trail many.json -m '$.eventID regex "7$"'
	same "5 MB, -j $j" 0 <sevens
done
run -j 1 --trail many.json --sort newest
cp "$O/out" newest1
run -j 8 --trail many.json --sort newest
same "5 MB sorted: -j 8 as -j 1" 0 <newest1
ok "... and all of them" sh -c "sort many.json >x; sort newest1 | cmp - x"
run -j 8 --trail many.json --sort none
sort "$O/out" >sorted
ok "--sort none -j 8 prints each event once" sh -c "sort many.json | cmp - sorted"

# --- quiet, verbose ---
expect "without -v nothing is said where stderr is no terminal" 0 --trail t.json iam:* <<E
$d
E
silent
expect "-v" 0 -v --trail t.json iam:* <<E
$d
E
sed -i 's/in [0-9.]* s:/in TIME s:/' "$O/err"
err_is <<E
aws-spitzel: searched 6 events in 1 file ($(wc -c <t.json) bytes), in TIME s: 1 matched
E
expect "-v with a window" 0 -v --trail t.json --from 2023-01-01 --to '2023-01-02 12:30' -n 1 s3:* <<E
$a
E
err "2023-01-01T00:00:00Z to 2023-01-02T12:30:00Z"
expect "-q with -v" 0 -q -v --trail t.json -n 1 <<E
$a
E
silent
expect "-q keeps errors" 3 -q --trail t.json --trail missing.json -n 9 <<E
$all
E
err "missing.json: cannot open: No such file or directory"

# --- an empty expression ---
expect "--match ''" 0 --trail t.json --match '' -n 1 <<E
$a
E
err_is <<'E'
aws-spitzel: --match: an empty expression holds for every event
E
expect "--match of blanks" 0 --trail t.json -m ' 	' -n 1 <<E
$a
E
err "empty expression"
expect "-q --match ''" 0 --trail t.json -q --match '' -n 1 <<E
$a
E
silent
expect "--match '' -q: the order of options does not matter" 0 --trail t.json --match '' -n 1 -q <<E
$a
E
silent

# --- help, version ---
run -h
ok "-h: exit status 0" [ "$status" = 0 ]
tap_name=-h
silent
cp "$O/out" help
for o in --match --from --to --last --last-minute --trail --limit --jobs --sort --quiet --verbose --help \
	--version 'Exit status' aws-spitzel; do
	ok "-h tells of $o" grep -qF -e "$o" help
done
ok "-h fits in 80 columns" sh -c '! grep -E "^.{81}" help'
run --help --trail t.json
same "--help" 0 <help
run -V
ok "-V: one line with the version" sh -c "printf 'aws-spitzel %s\n' '$(cat "$here/../../VERSION")' | cmp - '$O/out'"
run -V -v
ok "-V -v: exit status 0" [ "$status" = 0 ]
cp "$O/out" versions
for lib in PCRE2 libdeflate zlib BSD MIT; do ok "-V -v names $lib" grep -qF $lib versions; done
run -v -V
same "-v -V is the same" 0 <versions
if [ -c /dev/full ]; then
	for o in -h -V '-V -v'; do
		status=0
		timeout 300 "$SPITZEL" $o >/dev/full 2>"$O/err" </dev/null || status=$?
		ok "$o with a full stdout fails (exit status $status)" [ "$status" = 1 ]
		ok "$o with a full stdout says so" [ -s "$O/err" ]
		status=0
		timeout 300 "$SPITZEL" $o >&- 2>"$O/err" </dev/null || status=$?
		ok "$o with a closed stdout fails (exit status $status)" [ "$status" = 1 ]
	done
else
	skip "full stdout" "no /dev/full"
fi

# --- bad expressions: the text, a caret under the byte ---
# caret EXPRESSION SHOWN CARET-LINE TEXT...
caret() {
	fails "$1" 2 --trail t.json --match "$1"
	printf '    %s\n    %s\n' "$2" "$3" >"$O/want-caret"
	sed -n 2,3p "$O/err" >"$O/caret"
	tap_name=$2
	shift 3
	ok "$tap_name: caret" diff -u --label want --label got "$O/want-caret" "$O/caret"
	err "$@"
}
caret '$.errorCode = "x"' '$.errorCode = "x"' \
      '            ^' 'operator' "aws-spitzel: --match: " "--help"
caret '$.userName == "Zoë" nonsense' '$.userName == "Zoë" nonsense' \
      '                    ^'
caret '$.ärger ~ 1' '$.ärger ~ 1' \
      '        ^' 'operator'
caret '$.a ==' '$.a ==' \
      '      ^'
caret '($.a == 1' '($.a == 1' \
      '         ^' "')'"
caret '$.a == 1)' '$.a == 1)' \
      '        ^'
caret 'errorCode == 1' 'errorCode == 1' \
      '^'
caret '$.a == b"x"' '$.a == b"x"' \
      '       ^'
caret '$.a == 1 and' '$.a == 1 and' \
      '            ^'
caret '$.a[' '$.a[' \
      '    ^'
caret '$.a cidr "10.0.0.0/33"' '$.a cidr "10.0.0.0/33"' \
      '         ^' 'cidr'
caret '$.a in "x"' '$.a in "x"' \
      '       ^' 'list'
caret '$.a regex 5' '$.a regex 5' \
      '          ^' 'regex'
caret '$.a == "x" && $.b' '$.a == "x" && $.b' \
      '           ^'
caret "$(printf '$.a\n= 1')" '$.a\x0a= 1' \
      '       ^'
caret "$(printf '$.a == "\033[31mred" ; 1')" '$.a == "\x1b[31mred" ; 1' \
      '                     ^'
fails "a bad regular expression" 2 --trail t.json -m '$.a regex "x(y"'
err 'regex "x(y"' 'parenthesis'
fails "the second of two expressions" 2 --trail t.json -m '$.a' -m '$.b >'
err '    $.b >'
fails "a bad expression comes before what else is wrong" 2 --match '$$' --trail missing.json
fails "deep parentheses" 2 --trail t.json -m "$(printf '%0100000d' 0 | tr 0 '(')"

# --- bad patterns ---
fails "pattern: empty" 2 --trail t.json ''
err "aws-spitzel: pattern: "
fails "pattern without an action" 2 --trail t.json s3:
err '    s3:' '       ^'
fails "pattern without a service" 2 --trail t.json :GetObject
err '    :GetObject'
fails "pattern with two colons" 2 --trail t.json a:b:c
fails "pattern with a blank" 2 --trail t.json 's3:Get* iam:*'
err "    s3:Get* iam:*" "           ^"

# --- exit status ---
fails "no --trail" 1 's3:*'
err "--trail"
fails "nothing at all" 1
err "--trail"
expect "0: a complete search with a match" 0 --trail t.json 'iam:*' <<E
$d
E
fails "0: a complete search without one" 0 --trail t.json 'nosuch:*'
silent
fails "1: nothing could be searched" 1 --trail missing.json
err "aws-spitzel: missing.json: cannot open: No such file or directory"
fails "1: --trail ''" 1 --trail ''
err "cannot open"
fails "2: usage" 2 --sort
expect "3: one of two could be searched" 3 --trail missing.json --trail t.json 'iam:*' <<E
$d
E
err "missing.json"
done_testing
