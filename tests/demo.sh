#!/bin/sh
# Ask three questions of the sample trail.
# usage: demo.sh BINARY
# Exit status 1 when a command fails or finds nothing.

set -u

if [ $# -ne 1 ]; then
	echo "usage: demo.sh BINARY" >&2
	exit 2
fi
case $1 in
/*)	spitzel=$1 ;;
*/*)	spitzel=$(pwd)/$1 ;;
*)	spitzel=$1 ;;
esac
cd "$(dirname "$0")/.." || exit 1

# The command as a person would type it.
show() {
	line='$ aws-spitzel'
	for a in "$@"; do
		case $a in
		*[!A-Za-z0-9_./:=@%+,-]* | '') line="$line '$a'" ;;
		*) line="$line $a" ;;
		esac
	done
	printf '%s\n' "$line"
}

ask() {
	show "$@"
	if ! found=$("$spitzel" "$@"); then
		echo "demo.sh: the command failed" >&2
		exit 1
	fi
	if [ -z "$found" ]; then
		echo "demo.sh: the command found nothing" >&2
		exit 1
	fi
	printf '%s\n\n' "$found"
}

cat <<'END'
The sample is two days of a made-up AWS account, three regions, gzipped log
files as CloudTrail leaves them in a bucket.  On the evening of 14 May 2024 a
deploy user's access key was used by somebody else.

1. The key belongs in the pipeline, 198.51.100.0/24.  Who used it from another
   address, and what were they denied?  (The first three.)

END
ask --trail tests/sample -n 3 \
	--match '$.userIdentity.accessKeyId == "AKIAIOSFODNN7EXAMPLE"' \
	--match 'not $.sourceIPAddress cidr "198.51.100.0/24"' \
	--match '$.errorCode in ["AccessDenied", "AccessDeniedException"]'

cat <<'END'
2. They got hold of the role legacy-backup.  Which objects did it read?  (The
   first three that were not refused: see requestParameters.key.)

END
ask --trail tests/sample -n 3 's3:GetObject' \
	--match '$.userIdentity.sessionContext.sessionIssuer.userName == "legacy-backup"' \
	--match '$.errorCode == None'

cat <<'END'
3. The trail is silent after midnight.  Who stopped it, from where, and who
   started it again?

END
ask --trail tests/sample --from '2024-05-15' --to '2024-05-15 12:00:00' \
	'cloudtrail:StopLogging' 'cloudtrail:StartLogging'
