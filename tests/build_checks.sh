#!/bin/sh
# tests/build_checks.sh PROGRAM: is it the static, hardened, small file that is promised? Prints TAP.
set -u
program=$1
n=0
ok() { n=$((n + 1)); echo "ok $n - $1"; }
not_ok() { n=$((n + 1)); echo "not ok $n - $1"; status=1; }
expect() { # expect NAME COMMAND...: the command succeeds
	name=$1; shift
	if "$@" >/dev/null 2>&1; then ok "$name"; else not_ok "$name"; fi
}
has() { printf '%s\n' "$headers" | grep -Eq -e "$1"; }
hasnt() { ! has "$1"; }
status=0

headers=$(LC_ALL=C readelf -hldW "$program") || { echo "Bail out! no readelf, or no $program"; exit 1; }
size=$(($(wc -c <"$program")))
echo "# $(file -b "$program" 2>/dev/null)"
echo "# $size bytes"

expect "static: no program interpreter" hasnt 'INTERP'
expect "static: needs no shared library" hasnt '\(NEEDED\)'
if grep -q 'rcrt1.o\|-pie' build/flags; then # this toolchain can: see the Makefile
	expect "position independent" has 'Type: +DYN'
	expect "no relocations in the text" hasnt 'TEXTREL'
	expect "bound at start (full RELRO)" has 'BIND_NOW|Flags:.* NOW'
fi
expect "RELRO segment" has 'GNU_RELRO'
expect "stack is not executable" has 'GNU_STACK.* RW '
expect "no segment both writable and executable" hasnt 'LOAD .* RWE '
expect "stripped" sh -c '! LC_ALL=C readelf -SW "$1" | grep -q "\.symtab"' sh "$program"
expect "stack protector" grep -q 'stack-protector-strong' build/flags
expect "under 1 MiB" test "$size" -lt 1048576

if [ "$(id -u)" -eq 0 ] && command -v chroot >/dev/null; then
	root=$(mktemp -d) && cp "$program" "$root/aws-spitzel"
	expect "runs in an empty chroot" chroot "$root" /aws-spitzel -V
	rm -rf "$root"
else
	n=$((n + 1))
	echo "ok $n - runs in an empty chroot # SKIP needs root"
fi
# musl leaves a static program's RELRO pages writable: we see to it ourselves. The reader's end of the fifo is
# opened after that, and the writer's waits for it.
dir=$(mktemp -d) && mkfifo "$dir/fifo"
"$program" --trail "$dir/fifo" >/dev/null 2>&1 &
pid=$!
exec 3>"$dir/fifo"
relro=$(printf '%s\n' "$headers" | awk '$1 == "GNU_RELRO" { print $3 }')
expect "RELRO pages are read-only at run time" awk -v relro="$relro" '
	function hex(s, i, v) {
		v = 0
		for (i = 1; i <= length(s); i++) v = v * 16 + index("0123456789abcdef", substr(tolower(s), i, 1)) - 1
		return v
	}
	{ split($1, range, "-") }
	!base && /\/aws-spitzel$/ { base = hex(range[1]) }
	{
		sub(/^0x/, "", relro)
		from = base + hex(relro)
		if (hex(range[1]) <= from && from < hex(range[2]) && $2 ~ /^r-/) found = 1
	}
	END { exit !found }' "/proc/$pid/maps"
exec 3>&-
wait "$pid"
rm -rf "$dir"

echo "1..$n"
exit $status
