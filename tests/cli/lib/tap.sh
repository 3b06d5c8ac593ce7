# tap.sh: what the scripts in tests/cli need; to be sourced. Every check prints one line of TAP.
#
#     expect NAME STATUS [ARGUMENT...] <<'E'    run the program; its stdout must be the here-doc, byte for byte
#     err 'text' ...                            its stderr has each of these (fixed strings)
#     err_no 'text' ...                         and none of these
#     err_is <<'E'                              its stderr is the here-doc
#     done_testing                              at the end
#
# The program's stdin is the file $IN. $T is a folder for inputs, and the working directory, so that file
# names in messages are short. $flavour: musl, dev, asan, tsan.
set -u
export LC_ALL=C TZ=Pacific/Chatham # a zone far from UTC, which must not matter
unset POSIXLY_CORRECT
here=$(cd "$(dirname "$0")" && pwd)
SPITZEL=${SPITZEL:-$(cd "$here/../.." && pwd)/build/dev/aws-spitzel}
flavour=${SPITZEL_FLAVOUR:-dev}
T=$(mktemp -d "${TMPDIR:-/tmp}/spitzel-cli.XXXXXX") || exit 1
O=$T.out # what runs leave behind; out of the way of those that search $T
mkdir "$O" || exit 1
trap 'chmod -R u+rwx "$T" 2>/dev/null; rm -rf "$T" "$O"' EXIT
trap 'exit 1' HUP INT TERM
cd "$T" || exit 1
IN=/dev/null
tap_n=0
tap_bad=0
tap_name=

# line GOOD NAME: one line of TAP. A '#' would start a directive.
line() {
	tap_n=$((tap_n + 1))
	[ "$1" = 0 ] && set -- '' "$2" || { tap_bad=$((tap_bad + 1)); set -- 'not ' "$2"; }
	printf '%sok %d - %s\n' "$1" "$tap_n" "$(printf %s "$2" | tr '#\n' '..')"
	[ -z "$1" ]
}

# comment: stdin as comments, harmless for a terminal.
comment() { head -n 40 | cut -c 1-300 | cat -v | sed 's/^/#   /'; }

skip() { tap_n=$((tap_n + 1)); echo "ok $tap_n - $1 # SKIP $2"; }

# run ARGUMENT...: leaves $status, $O/out and $O/err.
run() {
	status=0
	timeout 60 "$SPITZEL" "$@" <"$IN" >"$O/out" 2>"$O/err" || status=$?
}

# same NAME STATUS: compare what the last run left with stdin and the status.
same() {
	tap_name=$1
	cat >"$O/want"
	if [ "$status" = "$2" ] && cmp -s "$O/want" "$O/out"; then line 0 "$1"; return; fi
	line 1 "$1"
	[ "$status" = "$2" ] || echo "#   exit status $status, not $2"
	cmp -s "$O/want" "$O/out" || diff -u --label want --label got "$O/want" "$O/out" | comment
	echo "#   stderr:"
	comment <"$O/err"
}

expect() {
	expect_name=$1 expect_status=$2
	shift 2
	run "$@" || :
	same "$expect_name" "$expect_status"
}

# fails NAME STATUS ARGUMENT...: the same with nothing on stdout.
fails() { expect "$@" </dev/null; }

err() {
	for want; do
		grep -qF -e "$want" "$O/err" && { line 0 "$tap_name: stderr has: $want"; continue; }
		line 1 "$tap_name: stderr has: $want"
		comment <"$O/err"
	done
}

err_no() {
	for want; do
		grep -qF -e "$want" "$O/err" || { line 0 "$tap_name: stderr has not: $want"; continue; }
		line 1 "$tap_name: stderr has not: $want"
		comment <"$O/err"
	done
}

err_is() {
	cat >"$O/want"
	cmp -s "$O/want" "$O/err" && { line 0 "$tap_name: stderr"; return; }
	line 1 "$tap_name: stderr"
	diff -u --label want --label got "$O/want" "$O/err" | comment
}

silent() { err_is </dev/null; }

# ok NAME COMMAND...: the command succeeds; what it prints is shown when it does not.
ok() {
	tap_name=$1
	shift
	if "$@" >"$O/said" 2>&1; then line 0 "$tap_name"; return; fi
	line 1 "$tap_name"
	comment <"$O/said"
}

# event ID [MEMBERS]: one record of CloudTrail's, compact, without a line feed. at TIME ID: with that eventTime.
event() {
	printf '{"eventVersion":"1.08","eventTime":"2023-07-10T11:42:36Z",'
	printf '"eventSource":"s3.amazonaws.com","eventName":"GetObject","eventID":"%s"%s}' "$1" "${2:-}"
}
at() {
	printf '{"eventVersion":"1.08","eventTime":"%s",' "$1"
	printf '"eventSource":"s3.amazonaws.com","eventName":"GetObject","eventID":"%s"}' "$2"
}

# offset FILE TEXT: where the text begins in the file, in bytes (its first occurrence).
offset() { grep -obF -e "$2" "$1" | head -n 1 | cut -d: -f1; }

done_testing() {
	echo "1..$tap_n"
	[ "$tap_bad" = 0 ]
	exit
}
