#!/bin/sh
# --from, --to, --last, --last-minute: every form, both ends, events without a time.
. "$(dirname "$0")/lib/tap.sh"

# An event every half second around 2023-03-31 14:00:12, one a day off, one far in the past and in the future.
for t in 1999-12-31T23:59:59Z 2023-03-30T14:00:12Z 2023-03-31T00:00:00Z 2023-03-31T14:00:11Z \
	2023-03-31T14:00:11.999999Z 2023-03-31T14:00:12Z 2023-03-31T14:00:12.5Z 2023-03-31T14:00:13Z \
	2023-04-01T00:00:00Z 2023-04-01T00:00:01Z 2123-01-01T00:00:00Z; do
	at $t $t
	echo
done >t.json

# window "TIME ..." NAME ARGUMENT...: just the events of these times come out.
window() {
	: >"$O/hits"
	[ -z "$1" ] || { printf '"eventID":"%s"\n' $1 >"$O/ids"; grep -F -f "$O/ids" t.json >"$O/hits"; }
	shift
	name=$1
	shift
	expect "$name" 0 --trail t.json "$@" <"$O/hits"
}
rest="2023-03-31T14:00:12Z 2023-03-31T14:00:12.5Z 2023-03-31T14:00:13Z 2023-04-01T00:00:00Z \
2023-04-01T00:00:01Z 2123-01-01T00:00:00Z"
day="2023-03-31T00:00:00Z 2023-03-31T14:00:11Z 2023-03-31T14:00:11.999999Z"

# --- each form of the same moment ---
for from in '2023-03-31 14:00:12' '2023-03-31T14:00:12' '2023-03-31T14:00:12Z' '2023-03-31t14:00:12z' \
	'2023-03-31 14:00:12Z' '2023-03-31T16:00:12+02:00' '2023-03-31T16:00:12+0200' '2023-03-31 08:30:12-05:30' \
	'2023-04-01T03:45:12+13:45' '2023-03-31T14:00:12.000000Z' '2023-03-31T14:00:12.0' @1680271212 @1680271212.0 \
	' 2023-03-31 14:00:12 '; do
	window "$rest" "--from '$from'" --from "$from"
	silent
done
window "2023-03-31T14:00:11.999999Z $rest" "--from: digits beyond microseconds are cut off" \
	--from '2023-03-31 14:00:11.9999995'
window "${rest#* }" "--from .4 later" --from '2023-03-31 14:00:12.4'
window "$day $rest" "--from DAY is its first moment" --from 2023-03-31
window "$day" "--from DAY --to HH:MM" --from 2023-03-31 --to '2023-03-31 14:00:11.999999'
window "2023-03-31T00:00:00Z" "--from and --to HH:MM" --from '2023-03-31 00:00' --to '2023-03-31 14:00'
window "2023-03-31T00:00:00Z" "--from DAY --to the same DAY is one moment" --from 2023-03-31 --to 2023-03-31
window "2023-03-31T14:00:12Z" "both ends are inclusive" --from @1680271212 --to @1680271212
window "2023-03-31T14:00:12Z 2023-03-31T14:00:12.5Z 2023-03-31T14:00:13Z 2023-04-01T00:00:00Z" \
	"the seed's window" --from '2023-03-31 14:00:12' --to '2023-04-01 00:00:00'
window "1999-12-31T23:59:59Z" "--to a leap second's day in the past" --to '1999-12-31 23:59:59'
window "1999-12-31T23:59:59Z" "--to a negative offset" --to '1999-12-31T18:59:59-05:00'
window "2123-01-01T00:00:00Z" "--from now" --from now
window "2123-01-01T00:00:00Z" "--from -3h" --from -3h
window "2123-01-01T00:00:00Z" "--from=-1h30m" --from=-1h30m
window "$(printf '%s ' 1999-12-31T23:59:59Z 2023-03-30T14:00:12Z $day ${rest% *})" "--to now" --to now
window "$(printf '%s ' 1999-12-31T23:59:59Z 2023-03-30T14:00:12Z $day ${rest% *})" "--to -1w" --to -1w
window "" "nothing in it" --from 2010-01-01 --to 2011-01-01
window "" "--last 5h" --last 5h
window "$(printf '%s ' 1999-12-31T23:59:59Z 2023-03-30T14:00:12Z $day ${rest% *})" "--last 9000w" --last 9000w
window "" "--from @0 --to @1" --from @0 --to @1
window "" "--to a time before 1970" --to @-1.5
silent

# --- the last minutes ---
python3 - >recent.json <<'E'
import time
now = time.time()
for name, ago in (("m89", 89), ("m91", 91), ("h4", 239), ("h6", 361), ("d6", 6 * 1440), ("d8", 8 * 1440), ("future", -60)):
    print('{"eventTime":"%s","eventID":"%s"}' % (time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now - ago * 60)), name))
E
recent() { # IDS ARGUMENT...
	ids=$1
	shift
	run --trail recent.json "$@"
	sed 's/.*"eventID":"//; s/".*//' "$O/out" | tr '\n' ' ' >"$O/ids"
	ok "$*: $ids" [ "$(cat "$O/ids")" = "$ids " ]
}
recent "m89" --last 90m
recent "m89" --last-minute 90
recent "m89" --last-minute 90 --match '$'
recent "m89 m91 h4" --last 5h
recent "m89 m91 h4 h6 d6" --last 7d
recent "m89 m91 h4 h6 d6" --last 1w
recent "m89" --last 1h30m
recent "m89" --last 5400s
recent "m89 m91 h4 future" --from -5h
recent "m89 m91 h4" --from -5h --to now
recent "h6 d6" --from -7d --to -5h
recent "m91 h4" --from -4h --to -90m
recent "future" --from now

# --- events without a time of their own are kept, and counted ---
cat >undated.json <<'E'
{"eventID":"none","eventCategory":"Aggregated","timeWindow":{"windowStart":"2023-03-31T14:00:00Z"}}
{"eventID":"number","eventTime":1680271212}
{"eventID":"null","eventTime":null}
{"eventID":"nonsense","eventTime":"yesterday"}
{"eventID":"other-day","eventTime":"2023-02-30T00:00:00Z"}
{"eventID":"old","eventTime":"2001-01-01T00:00:00Z"}
{"eventID":"within","eventTime":"2023-03-31T14:00:12Z"}
E
grep -v '"old"' undated.json >kept
run --trail undated.json --from 2023-03-31 --to 2023-04-01
same "events without a time are kept" 0 <kept
err 5 eventTime
run --trail undated.json --from 2023-03-31 -q
same "-q: kept" 0 <kept
silent
expect "only those that match are counted" 0 --trail undated.json --last 5h -m '$.eventID in ["null", "old"]' <<'E'
{"eventID":"null","eventTime":null}
E
err 1 eventTime
run --trail undated.json
same "without a window all is printed" 0 <undated.json
silent

# --- odd but valid times of events ---
cat >odd.json <<'E'
{"eventID":"offset","eventTime":"2023-03-31T16:00:12+02:00"}
{"eventID":"fraction","eventTime":"2023-03-31T14:00:12.123456789Z"}
{"eventID":"lower","eventTime":"2023-03-31t14:00:12z"}
{"eventID":"escaped","eventTime":"2023\u002d03-31T14:00:12Z"}
{"eventID":"twice","eventTime":"2001-01-01T00:00:00Z","eventTime":"2023-03-31T14:00:12Z"}
{"eventID":"twice-out","eventTime":"2023-03-31T14:00:12Z","eventTime":"2001-01-01T00:00:00Z"}
E
grep -v twice-out odd.json >within
run --trail odd.json --from @1680271212 --to '2023-03-31 14:00:12.2'
same "times with offset, fraction, escapes; the last of two counts" 0 <within
silent

# --- nonsense ---
for t in '' ' ' yesterday 2023 2023-13-01 2023-00-10 2023-02-29 2023-04-31 '2023-3-1' '2023-03-31 25:00' \
	'2023-03-31 14:60' '2023-03-31 14:00:61' '2023-03-31 14' '2023-03-31 14:00:12 +02:00' '2023-03-31T14:00:12+25:00' \
	'2023-03-31 14:00:12x' '2023-03-31Z' 3h -3 -h -3y '-3h-' '- 3h' @ @x @1e9 @99999999999999999999 20230331 \
	'31.03.2023' '0000-01-01' '2023-03-31T14:00:12.Z' 'now-3h' '2023-06-15T12:00:60Z' '２０２３-01-01'; do
	for o in --from --to; do
		fails "$o='$t'" 2 --trail t.json "$o=$t"
	done
	err "aws-spitzel: --to: '" "2023-07-10" "now" "@EPOCH"
done
for t in '' 5 h -5h 5y 0h 5.5h '5 h' 5h5d 99999999999999999999h; do
	fails "--last '$t'" 2 --trail t.json "--last=$t"
	err "--last" "90m"
done
for t in '' 0 -5 5m 1.5 x 99999999999999999999; do
	fails "--last-minute '$t'" 2 --trail t.json "--last-minute=$t"
	err "--last-minute"
done
fails "the text is shown harmlessly" 2 --trail t.json --from "$(printf '\033[2J\377')"
err '\x1b[2J\xff'

# --- windows that contradict themselves ---
fails "--from after --to" 2 --trail t.json --from 2023-04-01 --to 2023-03-31
fails "--from now --to -3h" 2 --trail t.json --from now --to -3h
fails "--from in the future and no --to is no mistake" 0 --trail t.json --from 2200-01-01
for w in '--from=2023-01-01 --last=5h' '--last=5h --from=2023-01-01' '--last=5h --to=now' '--to=now --last-minute=5' \
	'--last=5h --last-minute=5'; do
	fails "$w" 2 --trail t.json $w
	err "window"
done
done_testing
