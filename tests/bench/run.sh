#!/bin/sh
# tests/bench/run.sh PROGRAM: how fast is it, beside what else is installed here? The same query over the same
# bytes, runs that alternate, the median of each; a figure means something beside the others of the same run.
set -eu
program=$1
copies=${BENCH_COPIES:-400} # of the sample: 400 are about 180 MB of JSON
rounds=${BENCH_ROUNDS:-5}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

"$program" --trail tests/sample >"$dir/one"
i=0
while [ "$i" -lt "$copies" ]; do cat "$dir/one"; i=$((i + 1)); done >"$dir/log.ndjson"
gzip -6 -c "$dir/log.ndjson" >"$dir/log.ndjson.gz"
bytes=$(($(wc -c <"$dir/log.ndjson")))

cat >"$dir/peer.py" <<'EOF'
import json, sys
for line in sys.stdin:
    e = json.loads(line)
    if e.get("errorCode") == "AccessDenied" and e.get("eventSource") == "s3.amazonaws.com":
        sys.stdout.write(line)
EOF
query() { "$program" -q "$@" 's3:*' -m '$.errorCode == "AccessDenied"'; }
ours_1() { query -j 1 --trail "$dir/log.ndjson"; }
ours() { query --trail "$dir/log.ndjson"; }
ours_gz() { query --trail "$dir/log.ndjson.gz"; }
with_jq() { jq -c 'select(.eventSource == "s3.amazonaws.com" and .errorCode == "AccessDenied")' "$dir/log.ndjson"; }
with_python() { python3 "$dir/peer.py" <"$dir/log.ndjson"; }
only_cat() { cat "$dir/log.ndjson"; }
only_gzip() { gzip -dc "$dir/log.ndjson.gz"; }

jobs="ours_1 ours ours_gz only_cat only_gzip"
for peer in jq python3; do
	if command -v "$peer" >/dev/null 2>&1; then jobs="$jobs with_${peer%3}"; fi
done
now() { date +%s%N; }
round=0
while [ "$round" -lt "$rounds" ]; do
	for job in $jobs; do
		start=$(now)
		"$job" >"$dir/out.$job"
		echo "$job $(($(now) - start))" >>"$dir/times"
	done
	round=$((round + 1))
done
for job in $jobs; do
	case $job in only_*) ;; *) cmp -s "$dir/out.ours_1" "$dir/out.$job" || [ "$job" = with_jq ] ||
		{ echo "$job gives another answer" >&2; exit 1; } ;; esac
done
echo "$bytes bytes, $(($(wc -l <"$dir/log.ndjson"))) events, $(($(wc -l <"$dir/out.ours"))) match; medians of $rounds"
sort -k1,1 -k2,2n "$dir/times" | awk -v bytes="$bytes" -v rounds="$rounds" '
	{ n[$1]++; if (n[$1] == int((rounds + 1) / 2)) median[$1] = $2 }
	END {
		for (j in median)
			printf "%-12s %8.3f s %8.0f MB/s %8.2f x ours\n", j, median[j] / 1e9, bytes / median[j] * 1e3,
			    median[j] / median["ours"]
	}' | sort -k2,2n
