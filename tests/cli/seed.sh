#!/bin/sh
# The original's examples, as its documentation has them, over a trail in place of an account.
. "$(dirname "$0")/lib/tap.sh"

# One log file; each event's eventID says what it is. Those with "now" in their name are a few minutes old.
python3 - >trail.json <<'E'
import json, time
def ago(minutes): return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 60 * minutes))
records = []
def add(id, source, name, when="2016-07-14T19:15:45Z", **more):
    r = {"eventVersion": "1.04", "eventTime": when, "eventSource": source + ".amazonaws.com", "eventName": name,
         "awsRegion": "us-east-2", "eventID": id, "eventType": "AwsApiCall"}
    r.update(more)
    records.append(r)
def user(name): return {"type": "IAMUser", "principalId": "EX_PRINCIPAL_ID", "userName": name,
    "arn": "arn:aws:iam::123456789012:user/Alice", "accountId": "123456789012", "accessKeyId": "EXAMPLE_KEY_ID"}
add("alice-update", "cloudtrail", "UpdateTrail", userIdentity=user("AliceIsNotBob"),
    errorCode="TrailNotFoundException", errorMessage="Unknown trail: myTrail2 for the user: 123456789012",
    requestParameters={"name": "myTrail2"}, responseElements=None)
add("alice-create", "cloudtrail", "CreateTrail", userIdentity=user("AliceIsNotBob"))
add("bob-update", "cloudtrail", "UpdateTrail", userIdentity=user("Bob"))
add("nobody-update", "cloudtrail", "UpdateTrail", userIdentity={"type": "AWSService"})
add("update-other", "iam", "UpdateUser", userIdentity=user("AliceIsNotBob"))
add("alice-like", "cloudtrail", "UpdateTrail", userIdentity=user("XAliceIsNotBobby"))
add("aliceisnot-lower", "cloudtrail", "UpdateTrail", userIdentity=user("aliceisnotbob"))
# 's3:Get*' 'dynamodb:...'
add("get-before", "s3", "GetObject", "2023-03-31T14:00:11Z")
add("get-first", "s3", "GetObject", "2023-03-31T14:00:12Z")
add("query-last", "dynamodb", "Query", "2023-04-01T00:00:00Z")
add("get-after", "s3", "GetObject", "2023-04-01T00:00:01Z")
add("put-between", "s3", "PutObject", "2023-03-31T20:00:00Z")
add("dynget-between", "dynamodb", "GetItem", "2023-03-31T20:00:00Z")
add("get-now", "s3", "GetObject", ago(2))
add("get-299", "s3", "GetBucketAcl", ago(299))
add("get-302", "s3", "GetBucketAcl", ago(302))
add("put-now", "s3", "PutObject", ago(3))
add("dynput-now", "dynamodb", "PutItem", ago(4))
# transfer:List*
def denied(**more):
    r = dict(errorCode="AccessDenied", sourceIPAddress="147.161.171.112", userIdentity={"type": "AssumedRole",
             "principalId": "AROAEXAMPLE:Bob", "accountId": "060862059283"})
    r["userIdentity"].update(more.pop("who", {}))
    r.update(more)
    return r
add("transfer-hit", "transfer", "ListServers", **denied())
add("transfer-alice", "transfer", "ListServers", **denied(who={"principalId": "AROAEXAMPLE:Alice"}))
add("transfer-account", "transfer", "ListServers", **denied(who={"accountId": "060862059284"}))
add("transfer-address", "transfer", "ListServers", **denied(sourceIPAddress="147.161.171.113"))
add("transfer-allowed", "transfer", "ListServers", **denied(errorCode=None))
add("transfer-create", "transfer", "CreateServer", **denied())
# MyRole/MyUser
def role(arn): return dict(errorCode="AccessDenied", userIdentity={"type": "AssumedRole", "accountId": "060862059283",
                           "arn": "arn:aws:sts::060862059283:assumed-role/" + arn})
add("role-now", "dynamodb", "GetItem", ago(5), **role("MyRole/MyUser"))
add("role-old", "dynamodb", "GetItem", ago(6000), **role("MyRole/MyUser"))
add("role-other-now", "dynamodb", "GetItem", ago(5), **role("NotMyRole/MyUser"))
add("role-query-now", "dynamodb", "Query", ago(5), **role("MyRole/MyUser"))
# Acl, ssm
add("acl-now", "s3", "PutBucketAcl", ago(6))
add("acl-denied-now", "s3", "PutBucketAcl", ago(6), errorCode="AccessDenied")
add("acl-failed-now", "s3", "PutObjectAcl", ago(6), errorCode="NoSuchBucket")
add("ssm-now", "ssm", "ListCommands", ago(7), errorCode=None)
add("ssm-get-now", "ssm", "GetParameter", ago(7))
print(json.dumps({"Records": records}, separators=(",", ":")))
open("lines", "w").write("".join(json.dumps(r, separators=(",", ":")) + "\n" for r in records))
E

# hits "ID ..." NAME ARGUMENT...: these events come out, as they stand in the trail and in its order; no others.
hits() {
	printf '"eventID":"%s"\n' $1 >"$O/ids"
	shift
	grep -F -f "$O/ids" lines >"$O/hits"
	name=$1
	shift
	expect "$name" 0 --trail trail.json "$@" <"$O/hits"
}

hits "alice-update" "userName ==" \
	'cloudtrail:Update*' --match '$.userIdentity.userName == "AliceIsNotBob"'
silent
hits "bob-update nobody-update alice-like aliceisnot-lower" "userName !=" \
	'cloudtrail:Update*' --match '$.userIdentity.userName != "AliceIsNotBob"'
silent
hits "alice-update alice-like" "userName regex" \
	'cloudtrail:Update*' --match '$.userIdentity.userName regex "AliceIsNot.*"'
silent
hits "get-before get-first get-after dynget-between get-now get-299 get-302 role-now role-old role-other-now" \
	"two patterns" 's3:Get*' 'dynamodb:Get*'
silent
hits "get-now get-299 dynput-now role-now role-other-now role-query-now" "--last-minute" \
	's3:Get*' 'dynamodb:*' --last-minute 300
silent
hits "get-first query-last dynget-between" "--from and --to" \
	--from '2023-03-31 14:00:12' --to '2023-04-01 00:00:00' 's3:Get*' 'dynamodb:*'
silent

# As documented, the regex asks for the text's start behind a colon, which is nowhere; Python says so, too.
denied='AROAEXAMPLE:Bob'
ok "the documented regex matches nothing in Python" python3 -c "
import re, sys
sys.exit(re.search('.*:^((?!Alice).)', '$denied') is not None)"
fails "four expressions, as documented" 0 --trail trail.json \
	--match '$.errorCode == "AccessDenied"' --match '$.userIdentity.principalId regex ".*:^((?!Alice).)"' \
	--match '$.userIdentity.accountId == "060862059283"' --match '$.sourceIPAddress == "147.161.171.112"' \
	"transfer:List*"
silent
hits "transfer-hit" "four expressions, as meant" \
	--match '$.errorCode == "AccessDenied"' --match '$.userIdentity.principalId regex "^[^:]*:((?!Alice).)"' \
	--match '$.userIdentity.accountId == "060862059283"' --match '$.sourceIPAddress == "147.161.171.112"' \
	"transfer:List*"
silent
hits "role-now" "an empty --match" \
	--match '$.errorCode == "AccessDenied"' --match '$.userIdentity.arn regex ".*/MyRole/MyUser"' \
	--match '$.userIdentity.accountId == "060862059283"' --match '' --last-minute 300 's3:Get*' 'dynamodb:Get*'
err empty
hits "get-299 acl-now acl-failed-now ssm-now" "!= with two services" \
	--match '$.errorCode != "AccessDenied"' --last-minute 300 "s3:*Acl" "ssm:List*"
silent
if command -v jq >/dev/null; then
	ok "and jq reads it" sh -c "$SPITZEL"' --trail trail.json --match '\''$.errorCode != "AccessDenied"'\'' \
		--last-minute 300 "s3:*Acl" "ssm:List*" | jq "." | grep -c eventID | grep -qx 4'
else
	skip "and jq reads it" "no jq"
fi
done_testing
