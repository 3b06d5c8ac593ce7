#!/usr/bin/env python3
"""TAP: the program finds what oracle.py finds, in the same order and bytes.

SPITZEL         the program; without it nothing is tested
SPITZEL_TRAILS  a folder of real log files (.json), optional
SPITZEL_SETTINGS  "all": each run with each of the program's vectors and sizes of blocks, which
                takes a quarter of an hour; otherwise each run with one of them, in turn

Each query below is a command line without its --trail.  Each is run on the
sample or on the real files as a folder, with three settings of -j; a few are
run on every form that a source may have.  The oracle gets the same command
line.  EDGE is different: its expected ids are written by hand, so it checks
the oracle as well.

Where the documents leave the meaning open there is no query.  (So no pattern
here fits the names within the sample's insight records.)
"""
import concurrent.futures
import datetime
import gzip
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
import oracle                           # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
SAMPLE = os.path.join(HERE, "sample")
JOBS = ([], ["-j", "1"], ["-j", "4"])
TIMEOUT = 300           # seconds that one run of the program may take
SETTINGS = []           # of the program, by its environment: none changes an answer
turn = 0                # whose of them it is

# --- queries for any trail -------------------------------------------------

COMMON = [
    # action patterns
    ["s3:*"],
    ["s3:Get*"],
    ["S3:Get*"],
    ["s3:get*"],
    ["s3:GET*"],                                # as written: no such event
    ["*:Create*"],
    ["Create*"],
    ["*:*Policy*"],
    ["describe*"],
    ["*user*"],
    ["?3:*"],
    ["s3.amazonaws.com:Get*"],
    ["iam:*", "sts:*", "kms:*"],
    ["ec2:Describe*", "DeleteUser", "s3:List*"],
    ["kms:??crypt", "s3:???????????Acl"],
    ["cloudwatch:*"],                           # monitoring.amazonaws.com
    ["monitoring:*"],
    ["lambda:GetFunction"],                     # GetFunction20150331v2
    ["lambda:CreateFunction"],
    ["lambda:createfunction"],
    ["lambda:CreateFunction2015*"],
    ["lambda:List*"],
    ["UpdateFunctionCode"],
    # == and !=, on simple paths and on others
    ["-m", '$.errorCode != None'],
    ["-m", '$.errorCode == None'],
    ["-m", "$['errorCode'] != null"],
    ["-m", '$.errorCode == "AccessDenied"'],
    ["-m", '$.errorCode=="AccessDenied"'],
    ["-m", "$.errorCode == 'AccessDenied'"],
    ["-m", '$..errorCode == "AccessDenied"'],
    ["-m", '$[errorCode] == """AccessDenied"""'],
    ["-m", '$.errorCode == "Access\\x44enied"'],
    ["-m", '$.errorCode == "Access\\u0044enied"'],
    ["-m", '$.readOnly == True'],
    ["-m", '$.readOnly == true'],
    ["-m", '$.readOnly != true'],
    ["-m", '$.readOnly == 1'],                  # a bool is no number
    ["-m", '$.readOnly == "true"'],
    ["-m", '$.responseElements == null'],
    ["-m", '$.requestParameters != None'],
    ["-m", '$.noSuchMember == None'],
    ["-m", '$.noSuchMember != None'],
    ["-m", '$.noSuchMember == ""'],
    ["-m", '$.resources[*].type != "AWS::S3::Bucket"'],
    ["-m", 'not $.resources[*].type == "AWS::S3::Bucket"'],
    ["-m", '$..mfaAuthenticated == "true"'],
    ["-m", '$.userIdentity.sessionContext.webIdFederationData == {}'],
    ["-m", '$.tlsDetails.tlsVersion in ["TLSv1.2", "TLSv1.1"]'],
    # numbers and order
    ["-m", '$.additionalEventData.bytesTransferredIn > 0'],
    ["-m", '$.additionalEventData.bytesTransferredIn >= 500'],
    ["-m", '$.additionalEventData.bytesTransferredOut < 1e3'],
    ["-m", '$.additionalEventData.bytesTransferredOut <= 568.0'],
    ["-m", '$.additionalEventData.bytesTransferredOut == 0'],
    ["-m", '$.additionalEventData.bytesTransferredOut == 0.0'],
    ["-m", '$.additionalEventData.bytesTransferredOut == -0.0'],
    ["-m", '$.additionalEventData.bytesTransferredOut == False'],
    ["-m", '$.additionalEventData.bytesTransferredOut == "0"'],
    ["-m", '$..maxResults in [0x32, 25, 1_000]'],
    ["-m", '$.requestParameters.durationSeconds != 3600 '
           'and $.requestParameters.durationSeconds'],
    ["-m", '$.eventName < "D"'],
    ["-m", '$.eventVersion >= "1.09"'],
    ["-m", '$.readOnly >= 0'],
    # regex, glob, in, cidr
    ["-m", '$.eventName regex "^(Put|Delete|Create)"'],
    ["-m", '$.eventName regex "(?i)policy"'],
    ["-m", '$.eventName regex r"\\d{8}(v\\d)?$"'],
    ["-m", '$.userAgent regex r"^aws-cli/\\d+\\.\\d+"'],
    ["-m", '$.userIdentity.principalId regex ".*:^((?!Alice).)"'],
    ["-m", '$.userIdentity.arn regex ".*assumed-role/[^/]+/[a-z]"'],
    ["-m", '$.readOnly regex "rue"'],
    ["-m", '$.eventSource glob "s*.amazonaws.com"'],
    ["-m", '$.eventName glob "???????"'],
    ["-m", '$.eventName glob "get*"'],
    ["-m", '$.eventName glob "*Key*"'],
    ["-m", '$..ARN glob "*"'],
    ["-m", '$.sourceIPAddress glob "*.amazonaws.com"'],
    ["-m", '$.userIdentity.type in ["AssumedRole", "AWSService"]'],
    ["-m", '$.userIdentity.type in ("AssumedRole", "AWSService")'],
    ["-m", '$.userIdentity.userName in [None]'],
    ["-m", '$.readOnly in [1, 0, "true"]'],
    ["-m", '$.errorCode in []'],
    ["-m", '$.sourceIPAddress cidr "0.0.0.0/0"'],
    ["-m", 'not $.sourceIPAddress cidr "0.0.0.0/0"'],
    ["-m", '$.sourceIPAddress cidr "128.0.0.0/1"'],
    # bare paths, not, and, or, parentheses
    ["-m", '$.errorCode'],
    ["-m", 'not $.errorCode'],
    ["-m", 'not not $.errorCode'],
    ["-m", '$.responseElements'],               # null is selected too
    ["-m", '$.responseElements.*'],
    ["-m", '$'],
    ["-m", ''],
    ["-m", '$.errorCode', "-m", '', "-m", '$.readOnly == True'],
    ["-m", '$.readOnly == False or $.errorCode != None '
           'and $.eventSource == "iam.amazonaws.com"'],
    ["-m", '($.readOnly == False or $.errorCode != None) '
           'and $.eventSource == "iam.amazonaws.com"'],
    ["-m", 'not $.readOnly == True and $.eventName glob "*e*"'],
    ["-m", 'not ($.readOnly == True or $.eventName glob "*e*")'],
    ["-m", '$.readOnly==False and(not($.errorCode==None))'],
    ["-m", '((($.eventName == "AssumeRole"))) or (($.eventName=="Decrypt"))'],
    # JSONPath
    ["-m", '$.resources'],
    ["-m", '$.resources[0].type == "AWS::S3::Bucket"'],
    ["-m", '$.resources[-1].ARN regex "^arn:aws:iam"'],
    ["-m", '$.resources[(@.length-1)].ARN regex "^arn:aws:iam"'],
    ["-m", '$..items[(@.length-1)].value'],
    ["-m", '$..items[1:].value'],
    ["-m", '$..[0].resourceType'],
    ["-m", '$.*.invokedBy'],
    ["-m", '$.*.*.*.userName regex "."'],
    ["-m", '$..["userName","roleName"] regex "e.*e"'],
    ["-m", "$['eventName', 'errorCode'] regex 'Invalid|User'"],
    ["-m", '$.additionalEventData["x-amz-id-2"] regex "/.*/"'],
    ["-m", '$.resources[?@.type == "AWS::KMS::Key"]'],
    ["-m", '$.resources[?(@.type == "AWS::KMS::Key")].ARN glob "*:key/*a"'],
    ["-m", '$.resources[?@.accountId != $.recipientAccountId]'],
    ["-m", '$.resources[?!@.accountId]'],
    ["-m", '$.requestParameters[?length(@) > 30]'],
    ["-m", '$[?count(@.*) >= 7]'],
    ["-m", '$[?match(@.arn, ".*:(user|role)/.+")]'],
    ["-m", "$[?search(@.arn, 'assumed-role/[a-z]+')]"],
    ["-m", '$..[?value(@..key) == "team"]'],
    ["-m", '$..items[?@.name == "instance-state-name" '
           '|| @.imageId].*'],
    ["-m", '$.requestParameters[?@ === true || @ == 100]'],
    ["-m", '$.requestParameters[?@ > 9 && @ <= 3600]'],
    ["-m", '$[?@.type && !@.arn && (@.invokedBy || @.userName)]'],
    # everything at once, order, limit
    [],
    ["-n", "1"],
    ["-n", "17", "*:*e?"],
    ["s3:*", "iam:*", "-m", '$.errorCode != None', "-m",
     'not $.errorCode regex "^Client"'],
    ["Get*", "List*", "-m", '$.userIdentity.type == "IAMUser"', "-m",
     '$.errorCode == None', "-m", '$..userName glob "*-*"'],
]

# --- queries for the sample ------------------------------------------------

KEY = '$.userIdentity.accessKeyId == "AKIAIOSFODNN7EXAMPLE"'
ROLE = '$.userIdentity.arn regex ":assumed-role/legacy-backup/"'

SAMPLE_ONLY = [
    # the incident
    ["-m", KEY],
    ["-m", KEY, "-m", 'not $.sourceIPAddress cidr "198.51.100.0/24"'],
    ["-m", KEY, "-m", '$.errorCode regex "^AccessDenied|Unauthorized"'],
    ["-m", ROLE],
    ["s3:GetObject", "-m", ROLE, "-m", '$.errorCode == None'],
    ["iam:*", "-m", ROLE],
    ["cloudtrail:StopLogging", "cloudtrail:StartLogging"],
    ["cloudtrail:*logging"],
    ["s3:*Bucket*Policy*", "s3:*PublicAccess*"],
    ["-m", '$..accessKeyId == "AKIAI44QH8DHBEXAMPLE"'],
    ["-m", '$.sourceIPAddress cidr "203.0.113.0/24"'],
    ["-m", '$.sourceIPAddress cidr "203.0.113.128/25"'],
    ["-m", '$.sourceIPAddress cidr "203.0.113.77/32"'],
    ["-m", '$.sourceIPAddress cidr "2001:db8::/32"'],
    ["-m", '$.sourceIPAddress cidr "2001:db8:40::/48"'],
    ["-m", '$.sourceIPAddress cidr "::/0"'],
    ["-m", '$.requestParameters.bucketPolicy.Statement[*].Principal == "*"'],
    ["-m", '$.requestParameters.bucketPolicy.Statement[0].Action == '
           '("s3:GetObject", "s3:ListBucket")'],
    ["-m", '$..Action[1] == "s3:ListBucket"'],
    # windows
    ["--from", "2024-05-15"],
    ["--from", "2024-05-15 00:04:41", "--to", "2024-05-15 00:04:41"],
    ["--from", "2024-05-15T00:04:41Z", "--to", "2024-05-15T07:52:09Z"],
    ["--from", "2024-05-15T02:04:41+02:00", "--to",
     "2024-05-15T02:52:08-05:00"],
    ["--from", "2024-05-15T00:04:41.5Z", "--to", "2024-05-15 07:52:09"],
    ["--from", "@1715731481", "--to", "@1715759529"],
    ["--from", "2024-05-14 22:47", "--to", "2024-05-14T23:06:00Z", "iam:*",
     "sts:*"],
    ["--to", "2024-05-14T09:06:00Z", "-m", '$.eventCategory == "Data"'],
    ["--from", "2024-05-16"],
    # names, numbers, unicode
    ["tag:*"],                                  # tagging.amazonaws.com
    ["cloudwatch:describe*"],
    ["cloudfront:CreateInvalidation"],          # CreateInvalidation2020_05_31
    ["cloudfront:createinvalidation2020_05_31"],
    ["timestream:*", "-m",
     '$..records[*].time > 1715646000199999999'],
    ["-m", '$.requestParameters.records[0].time >= 1715718000000000000'],
    ["-m", '$..sampleRatio == 0.125'],
    ["-m", '$..sampleRatio == .125'],
    ["-m", '$..sampleRatio < 1.25e-1'],
    ["-m", '$.additionalEventData.bytesTransferredOut > 2147483648'],
    ["-m", '$.additionalEventData.bytesTransferredOut >= 2147483648'],
    ["-m", '$.additionalEventData.bytesTransferredOut == 568'],
    ["-m", '$.requestParameters.key regex "ü"'],
    ["-m", '$.requestParameters.key regex "^uploads/2024/....-"'],
    ["-m", '$.requestParameters.key glob "uploads/2024/??-*"'],
    ["-m", '$.requestParameters.key glob "*東京*"'],
    ["-m", '$..value == "検証 🧪"'],
    ["-m", '$..value == "\\u691c\\u8a3c \\U0001f9ea"'],
    ["-m", "$..[?@.key == '状態']"],
    ["-m", '$..[?@.value == "Jörg M\\u00fc\\u00dfig"]'],
    ["-m", '$..[?length(@.value) == 4]'],
    ["-m", '$..cause regex "\\"scale in\\""'],
    ["-m", '$.requestParameters.filterPattern == \'"ERROR" -"timeout"\''],
    ["-m", r"$.requestParameters.policyDocument regex 'Deny\",\n'"],
    ["-m", '$.requestParameters.code == {} and '
           '$.requestParameters.layers == []'],
    ["-m", '$.requestParameters.alarmTypes == ["MetricAlarm"]'],
    ["-m", '$.requestParameters.tagFilters == '
           '[{"values": ["web", "data"], "key": "team"}]'],
    ["-m", '$.requestParameters.includeLinkedAccounts == None '
           'and $.requestParameters.includeLinkedAccounts'],
    ["-m", '$.sharedEventID'],
    ["-m", '$.insightDetails.state == "End"'],
    ["-m", '$.eventCategory == "Insight"'],
    ["-m", '$..insight.average > 0.5'],
    ["-m", '$.serviceEventDetails.rotationType == "AUTOMATIC"'],
    ["-m", '$.errorMessage and not $.errorCode'],
    ["-m", '$.requestParameters.parameters[?@.usePreviousValue == true]'],
]

# --- queries for the real trail --------------------------------------------

REAL_ONLY = [
    ["-m", '$.userIdentity.userName == "benjamin"'],
    ["-m", '$.userIdentity.userName != "bert-jan"'],
    ["-m", '$.sourceIPAddress cidr "10.0.0.0/8"'],
    ["-m", '$.sourceIPAddress cidr "192.168.0.0/16"'],
    ["-m", 'not $.sourceIPAddress cidr "192.168.10.20/32" '
           'and $.sourceIPAddress regex "^[0-9]"'],
    ["-m", '$.errorCode glob "Client.*"'],
    ["-m", '$.errorCode in ["ThrottlingException", "NoSuchTagSet"]'],
    ["-m", '$.errorCode regex r"^NoSuch\\w+Configuration$"'],
    ["-m", '$.userAgent regex "stratus-red-team_[0-9a-f]{8}-"'],
    ["-m", '$.userAgent glob "*Terraform/1.1.2*"'],
    ["-m", '$.userIdentity.sessionContext.sessionIssuer.userName glob '
           '"stratus-*"'],
    ["sts:AssumeRole", "-m", '$..sessionContext == None'],
    ["sts:assumerole", "-m", '$.responseElements.credentials'],
    ["ssm:*Parameter*", "-m", '$.requestParameters.withDecryption == true'],
    ["-m", '$.requestParameters.withDecryption == false'],
    ["ec2:*", "-m", '$.errorCode == "Client.UnauthorizedOperation"'],
    ["ec2:RunInstances", "-m",
     '$.requestParameters.instancesSet.items[*].minCount == 1'],
    ["-m", '$..tagSet.items[?@.key == "Name"].value regex "vpc"'],
    ["-m", '$..tags[*].key == "StratusRedTeam"'],
    ["-m", '$..tags[*] == {"value": "true", "key": "StratusRedTeam"}'],
    ["-m", '$.requestParameters.filterSet.items[0].valueSet.items[*].value '
           'regex "^vpc-"'],
    ["-m", '$..Statement[*].Action regex "^s3:"'],
    ["-m", '$.responseElements._return == True'],
    ["-m", '$.responseElements.subnet.availableIpAddressCount > 250'],
    ["-m", '$.requestParameters.maxResults == 25'],
    ["-m", '$.requestParameters.maxResults == "25"'],
    ["-m", '$.requestParameters.*.*.tag == 1'],
    ["-m", '$..networkInterfaceSet.items[?@.deviceIndex == 0]'],
    ["-m", '$.additionalEventData.bytesTransferredOut > 0x200 '
           'and $.additionalEventData.bytesTransferredOut < 0o4000'],
    ["-m", '$.vpcEndpointId', "kms:*"],
    ["--from", "2023-07-10 12:00:00"],
    ["--from", "2023-07-10 12:00:00", "--to", "2023-07-10 12:10:00"],
    ["--from", "2023-07-10T14:00:00+02:00", "--to", "2023-07-10T12:10:00Z"],
    ["--from", "2023-07-10T11:42:18Z", "--to", "2023-07-10T11:42:18Z"],
    ["--to", "2023-07-10T12:00:00.25Z", "s3:*", "iam:*"],
    ["--from", "@1688991000", "-m", '$.readOnly == False'],
]

# --- hand-made records -----------------------------------------------------

S3 = '"eventSource":"s3.amazonaws.com","eventName":"GetObject"'
AT = '"eventTime":"2024-05-14T10:00:00Z"'


def plain(ident, rest):
    return '{%s,"eventID":"%s",%s%s}' % (AT, ident, S3,
                                         "," + rest if rest else "")


def call(ident, source, name):
    return '{%s,"eventID":"%s","eventSource":"%s","eventName":"%s"}' % (
        AT, ident, source, name)


EDGE_RECORDS = [
    plain("n1", '"n":1'),
    plain("n1.0", '"n":1.0'),
    plain("ntrue", '"n":true'),
    plain("nstr", '"n":"1"'),
    plain("n53", '"n":9007199254740992'),
    plain("n53+1", '"n":9007199254740993'),
    plain("n64", '"n":18446744073709551616'),
    plain("n64+1", '"n":18446744073709551617'),
    plain("n1e2", '"n":1e2'),
    plain("n100", '"n":100'),
    plain("n0.1", '"n":0.1'),
    plain("n-0", '"n":-0'),
    plain("n-7", '"n":-7'),
    plain("n1e400", '"n":1E+400'),
    plain("nlong", '"n":123456789012345678901234567890.5'),
    plain("nnull", '"n":null'),
    plain("nlist", '"n":[1,2,[3]]'),
    plain("nobject", '"n":{"a":1,"b":[true,null],"\\u0063":{}}'),
    plain("nempty", '"n":[]'),
    # escaped member names, and a value with an escape
    '{"event\\u0049D":"escaped","event\\u0054ime":"2024-05-14T10:00:00Z",'
    '"event\\u004eame":"Stop\\u004cogging",'
    '"eventSource":"cloudtrail\\u002eamazonaws.com"}',
    # the names that count, elsewhere first
    '{"requestParameters":{"eventName":"StopLogging","eventSource":'
    '"cloudtrail.amazonaws.com","eventTime":"2020-01-01T00:00:00Z",'
    '"errorCode":"AccessDenied"},"note":"\\"eventName\\":\\"StopLogging\\",",'
    '"eventSource":"ec2.amazonaws.com","eventName":"RunInstances",'
    '"eventTime":"2024-05-14T11:00:00Z","eventID":"decoy"}',
    # an aggregated record has no eventTime
    '{"eventCategory":"Aggregated","eventType":"AwsAggregatedEvent",'
    '"eventId":"x","eventID":"aggregated","accountId":"111122223333",'
    '"timeWindow":{"windowStart":"2024-05-14T10:00:00Z"},'
    '"summary":{"primaryDimension":{"dimension":"eventName"}}}',
    # sources that IAM names otherwise
    call("streams", "streams.dynamodb.amazonaws.com", "GetRecords"),
    call("dynamodb", "dynamodb.amazonaws.com", "GetItem"),
    call("lex1", "models.lex.amazonaws.com", "PutBot"),
    call("lex2", "runtime.lex.amazonaws.com", "PostText"),
    call("mturk", "mturk-requester.amazonaws.com", "CreateHIT"),
    call("appstream", "appstream2.amazonaws.com", "CreateFleet"),
    call("tag", "tagging.amazonaws.com", "GetResources"),
    call("watch", "monitoring.amazonaws.com", "PutDashboard"),
    call("china", "ec2.amazonaws.com.cn", "StartInstances"),
    call("lower", "example.amazonaws.com", "startinstances"),
    call("upper", "example.amazonaws.com", "StartInstances"),
    call("version", "lambda.amazonaws.com", "AddPermission20150331v2"),
    call("version2", "cloudfront.amazonaws.com", "GetDistribution2020_05_31"),
    # strings
    plain("glob", '"s":"a.b*c?d"'),
    plain("lines", '"s":"line1\\nline2"'),
    plain("uni", '"s":"Ünïcödé 🧪"'),
    plain("pair", '"s":"\\ud83e\\uddea"'),
    plain("blank", '"s":""'),
    plain("quote", '"s":"it\'s \\"so\\" \\\\ \\/"'),
    plain("nul", '"s":"a\\u0000b"'),
    # names of members
    plain("names", '"k":{"a.b":1,"":2,"it\'s":3,"q\\"q":4,"ключ":5,'
                   '"x-amz-id-2":6,"length":7,"in":8,"not":9,"true":10}'),
    # addresses
    plain("ip4", '"ip":"203.0.113.9"'),
    plain("ip6", '"ip":"2001:db8::ff"'),
    plain("ip6long", '"ip":"2001:0DB8:0:0:0:0:0:FF"'),
    plain("ipname", '"ip":"AWS Internal"'),
    plain("ipbad", '"ip":"203.0.113.256"'),
    plain("ips", '"ip":["198.51.100.1","2001:db8:1::1"]'),
    # many levels
    plain("deep", '"d":' + "[" * 60 + '{"bottom":true}' + "]" * 60),
    # lists
    plain("list", '"l":[{"t":"a","v":1},{"t":"b","v":2},{"t":"c"}]'),
    plain("list1", '"l":[{"t":"b","v":3}]'),
]

NUMBERS = ("n1 n1.0 n53 n53+1 n64 n64+1 n1e2 n100 n0.1 n-0 n-7 n1e400 nlong")

EDGE = [
    # (command line, the ids that it finds)
    (["-m", "$.n == 1"], "n1 n1.0"),
    (["-m", "$.n == 1.0"], "n1 n1.0"),
    (["-m", "$['n'] == 1"], "n1 n1.0"),
    (["-m", "$.n == True"], "ntrue"),
    (["-m", "$.n == '1'"], "nstr"),
    (["-m", "$.n == 9007199254740993"], "n53+1"),
    (["-m", "$.n == 9007199254740992"], "n53"),
    (["-m", "$.n > 9007199254740992 and $.n < 9007199254740994"], "n53+1"),
    (["-m", "$.n == 18446744073709551616"], "n64"),
    (["-m", "$.n in [18446744073709551617, 9007199254740993]"],
     "n53+1 n64+1"),
    (["-m", "$.n >= 18446744073709551617"], "n64+1 n1e400 nlong"),
    (["-m", "$.n == 100"], "n1e2 n100"),
    (["-m", "$.n == 1e2"], "n1e2 n100"),
    (["-m", "$.n == 0.1"], "n0.1"),
    (["-m", "$.n == 1e-1"], "n0.1"),
    (["-m", "$.n == 0"], "n-0"),
    (["-m", "$.n == -7"], "n-7"),
    (["-m", "$.n < 0"], "n-7"),
    (["-m", "$.n <= -0.0"], "n-0 n-7"),
    (["-m", "$.n > 123456789012345678901234567890"], "n1e400 nlong"),
    (["-m", "$.n > 123456789012345678901234567890 and "
            "$.n < 123456789012345678901234567891"], "nlong"),
    (["-m", "$.n >= -7 "], NUMBERS),
    (["-m", "$.n == None and $.n"], "nnull"),
    (["-m", "$.n == [1, 2, [3]]"], "nlist"),
    (["-m", "$.n == (1.0, 2, (3,))"], "nlist"),
    (["-m", "$.n == [1, 2, 3]"], ""),
    (["-m", "$.n == []"], "nempty"),
    (["-m", "$.n == ()"], "nempty"),
    (["-m", "$.n == {'c': {}, 'b': [True, None], 'a': 1}"], "nobject"),
    (["-m", "$.n == {'c': {}, 'b': [1, None], 'a': 1}"], ""),
    (["-m", "$.n == {'a': 1, 'b': [true, null]}"], ""),
    (["-m", "$.n.c == {}"], "nobject"),
    (["-m", "$.n[*] == 2"], "nlist"),
    (["-m", "$.n[*]"], "nlist nobject"),
    (["-m", "$.n.*"], "nlist nobject"),
    (["-m", "$.n[-1] == [3]"], "nlist"),
    (["-m", "$.n[(@.length-1)][0] == 3"], "nlist"),
    (["-m", "$[?@ == 1]"], "n1 n1.0"),
    (["-m", "$[?@ == 9007199254740993]"], "n53+1"),
    # names that are escaped, and names in the wrong place
    (["cloudtrail:*"], "escaped"),
    (["StopLogging"], "escaped"),
    (["-m", "$.eventName == 'StopLogging'"], "escaped"),
    (["-m", "$..eventName == 'StopLogging'"], "escaped decoy"),
    (["-m", "$.errorCode"], ""),
    (["-m", "$.*.errorCode"], "decoy"),
    (["ec2:RunInstances"], "decoy"),
    (["--from", "2024-05-14T10:59:59Z"], "decoy aggregated"),
    (["--to", "2020-01-01T00:00:00Z"], "aggregated"),
    (["-m", "$.eventCategory == 'Aggregated'", "--from", "2030-01-01"],
     "aggregated"),
    # patterns
    (["dynamodb:*"], "streams dynamodb"),
    (["DynamoDB:Get*"], "streams dynamodb"),
    (["streams.dynamodb:*"], "streams"),
    (["lex:*"], "lex1 lex2"),
    (["models.lex:*"], "lex1"),
    (["mechanicalturk:CreateHIT"], "mturk"),
    (["appstream:*"], "appstream"),
    (["tag:GetResources"], "tag"),
    (["cloudwatch:PutDashboard"], "watch"),
    (["CloudWatch:*"], "watch"),
    (["monitoring.amazonaws.com:*"], "watch"),
    (["ec2:*"], "decoy china"),
    (["ec2.amazonaws.com.cn:StartInstances"], "china"),
    (["example:StartInstances"], "upper"),
    (["example:startinstances"], "lower upper"),
    (["example:start*"], "lower upper"),
    (["example:Start*"], "upper"),
    (["EXAMPLE:startInstances"], ""),
    (["StartInstances"], "china upper"),
    (["lambda:AddPermission"], "version"),
    (["lambda:addpermission"], "version"),
    (["lambda:AddPermission20150331v2"], "version"),
    (["lambda:AddPermissio"], ""),
    (["cloudfront:GetDistribution", "tag:*"], "tag version2"),
    # strings
    (["-m", "$.s glob 'a.b*d'"], "glob"),
    (["-m", "$.s glob 'a?b*'"], "glob nul"),
    (["-m", "$.s glob 'A.B*'"], ""),
    (["-m", "$.s glob ''"], "blank"),
    (["-m", "$.s glob '?'"], "pair"),
    (["-m", "$.s glob '*line2'"], "lines"),
    (["-m", "$.s glob 'line1?line2'"], "lines"),
    (["-m", "$.s regex '^line2'"], ""),
    (["-m", "$.s regex '(?m)^line2'"], "lines"),
    (["-m", "$.s regex '1.l'"], ""),
    (["-m", "$.s regex '(?s)1.l'"], "lines"),
    (["-m", "$.s regex '^.$'"], "pair"),
    (["-m", "$.s regex '\\\\?'"], "glob"),
    (["-m", "$.s regex r'\\?'"], "glob"),
    (["-m", "$.s regex '(?i)üNÏ'"], "uni"),
    (["-m", "$.s regex '🧪'"], "uni pair"),
    (["-m", "$.s == '🧪'"], "pair"),
    (["-m", "$.s == '\\U0001f9ea'"], "pair"),
    (["-m", "$.s == 'line1\\nline2'"], "lines"),
    (["-m", "$.s == r'line1\\nline2'"], ""),
    (["-m", "$.s == '''line1\nline2'''"], "lines"),
    (["-m", "$.s == 'it\\'s \"so\" \\\\ /'"], "quote"),
    (["-m", '$.s == "it\'s \\"so\\" \\\\ /"'], "quote"),
    (["-m", '$.s == """it\'s "so" \\\\ /"""'], "quote"),
    (["-m", "$.s == 'a\\0b'"], "nul"),
    (["-m", "$.s == 'a\\x00b'"], "nul"),
    (["-m", "$.s regex 'a.b$'"], "nul"),
    (["-m", "$.s == ''"], "blank"),
    (["-m", "$.s < 'a'"], "blank"),
    (["-m", "$.s >= 'Ü'"], "uni pair"),
    (["-m", "$[?length(@) == 1 && @ != '1']"], "aggregated pair deep list1"),
    # names
    (["-m", "$.k['a.b'] == 1"], "names"),
    (["-m", "$.k.a"], ""),
    (["-m", "$.k[''] == 2"], "names"),
    (["-m", "$.k['it\\'s'] == 3"], "names"),
    (["-m", '$.k["it\'s"] == 3'], "names"),
    (["-m", "$.k['q\"q'] == 4"], "names"),
    (["-m", "$.k.ключ == 5"], "names"),
    (["-m", "$.k['\\u043a\\u043b\\u044e\\u0447'] == 5"], "names"),
    (["-m", "$.k['x-amz-id-2'] == 6"], "names"),
    (["-m", "$.k.length == 7"], "names"),
    (["-m", "$.k.in in [8]"], "names"),
    (["-m", "not $.k.not and $.k or $.k.not == 9"], "names"),
    (["-m", "$.k.true == 10"], "names"),
    (["-m", "$.k[length] == 7"], "names"),
    (["-m", "$[k][in] == 8"], "names"),
    # addresses
    (["-m", "$.ip cidr '203.0.113.0/24'"], "ip4"),
    (["-m", "$.ip cidr '203.0.113.9/32'"], "ip4"),
    (["-m", "$.ip cidr '203.0.113.8/32'"], ""),
    (["-m", "$.ip cidr '0.0.0.0/0'"], "ip4"),
    (["-m", "$.ip cidr '2001:db8::/32'"], "ip6 ip6long"),
    (["-m", "$.ip cidr '2001:db8::ff/128'"], "ip6 ip6long"),
    (["-m", "$.ip[*] cidr '2001:db8::/32'"], "ips"),
    (["-m", "$.ip[*] cidr '198.51.100.0/30'"], "ips"),
    (["-m", "not $.ip cidr '::/0' and not $.ip cidr '0.0.0.0/0' and $.ip"],
     "ipname ipbad ips"),
    # levels and lists
    (["-m", "$..bottom == true"], "deep"),
    (["-m", "$.d" + "[0]" * 60 + ".bottom == true"], "deep"),
    (["-m", "$.d" + "[0]" * 59 + ".bottom"], ""),
    (["-m", "$.l[*].v != 2 and $.l"], "list list1"),
    (["-m", "$.l and not $.l[*].v != 3"], "list1"),
    (["-m", "not $.l[*].v == 2 and $.l"], "list1"),
    (["-m", "$.l[?@.t == 'b'].v == 2"], "list"),
    (["-m", "$.l[?@.v == 3 || @.t == 'c']"], "list list1"),
    (["-m", "$.l[?!@.v]"], "list"),
    (["-m", "$.l[?!(@.v == 3)]"], "list"),
    (["-m", "$.l[?@.v >= 2 && @.v < 3]"], "list"),
    (["-m", "$.l[2]"], "list"),
    (["-m", "$.l[1:].t in ['b']"], "list"),
    (["-m", "$.l[::-1].t == 'a'"], "list"),
    (["-m", "$.l[::2].t == 'b'"], "list1"),
    (["-m", "$.l[-3].t == 'a'"], "list"),
    (["-m", "$.l[0,2].t == 'c'"], "list"),
    (["-m", "$.l[(@.length-1)].t == 'b'"], "list1"),
    (["-m", "$..[?@.t == $.l[0].t].v == 3"], "list1"),
    (["-m", "$.l[?count(@.*) == 1]"], "list"),
    (["-m", "$.l[?match(@.t, '[bc]')].t == 'c'"], "list"),
    (["-m", "$[?length(@) == 3 && @[0].t]"], "list"),
]


# --- sources ---------------------------------------------------------------

def pretty(text):
    """The same tokens on many lines, as a formatter would write them."""
    out, depth = [], 0
    for t in re.findall(r'"(?:[^"\\]|\\.)*"|[^\s"{}\[\],:]+|[{}\[\],:]',
                        text):
        if t in "}]":
            depth -= 1
            out.append("\n" + "  " * depth)
        out.append(t)
        if t in "{[":
            depth += 1
        if t in "{[,":
            out.append("\n" + "  " * depth)
        if t == ":":
            out.append(" ")
    return "".join(out)


def lookup_event(r):
    """One element of what the AWS CLI's lookup-events prints."""
    e = r.value
    return {
        "EventId": e.get("eventID"),
        "EventName": e.get("eventName"),
        "ReadOnly": str(e.get("readOnly")).lower(),
        "EventTime": e["eventTime"].replace("Z", "+00:00"),
        "EventSource": e.get("eventSource"),
        "Username": e.get("userIdentity", {}).get("userName"),
        "Resources": [{"ResourceType": x.get("type"),
                       "ResourceName": x.get("ARN")}
                      for x in e.get("resources") or []],
        "CloudTrailEvent": r.raw,
    }


def write(path, data):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as f:
        f.write(data if isinstance(data, bytes) else data.encode())
    return path


def forms(folder, records, tmp):
    """(name, --trail arguments, stdin, records) for each form of a source.

    folder holds the trail's files, records is what the oracle read there."""
    lines = "".join(r.raw + "\n" for r in records)
    body = ",".join(r.raw for r in records)
    spread = [json.loads(r.raw) for r in records]
    half = len(records) // 2
    first, second = records[:half], records[half:]

    def at(name):
        return os.path.join(tmp, name)

    flat, packed = at("flat"), at("packed")
    for path in oracle.files_of(folder):
        name = os.path.relpath(os.fsdecode(path), folder)
        with open(path, "rb") as f:
            data = f.read()
        if data[:2] == b"\x1f\x8b":
            data = gzip.decompress(data)
        name = name[:-3] if name.endswith(".gz") else name
        write(os.path.join(flat, name), data)
        write(os.path.join(packed, name + ".gz"), gzip.compress(data, 1))
    yield "folder of .json", ["--trail", flat], None, records
    yield "folder of .json.gz", ["--trail", packed], None, records
    yield "folder with a slash", ["--trail", packed + "/"], None, records

    yield "NDJSON", ["--trail", write(at("lines.ndjson"), lines)], None, \
        records
    yield "NDJSON, no last newline", \
        ["--trail", write(at("cut.ndjson"), lines[:-1])], None, records
    yield "NDJSON with spaces", ["--trail", write(at("spaces.ndjson"), "".join(
        json.dumps(x, ensure_ascii=False) + "\n" for x in spread))], \
        None, records
    step = max(1, len(records) // 7)
    members = b"".join(
        gzip.compress("".join(r.raw + "\n" for r in records[i:i + step])
                      .encode(), 1) for i in range(0, len(records), step))
    yield "NDJSON gz, several members", \
        ["--trail", write(at("members.ndjson.gz"), members)], None, records
    raw = lines.encode()
    torn = gzip.compress(raw[:1000], 1) + gzip.compress(b"", 1) \
        + gzip.compress(raw[1000:], 1)
    yield "NDJSON gz, members that end within a line", \
        ["--trail", write(at("torn.ndjson.gz"), torn)], None, records
    yield "gz, named .json", \
        ["--trail", write(at("misnamed.json"), gzip.compress(raw, 1))], \
        None, records
    yield "not gz, named .gz", \
        ["--trail", write(at("misnamed.json.gz"), raw)], None, records

    yield "JSON array", \
        ["--trail", write(at("array.json"), "[" + body + "]")], None, records
    yield "one Records object", \
        ["--trail", write(at("records.json"), '{"Records":[%s]}' % body)], \
        None, records
    yield "Records, pretty-printed", ["--trail", write(
        at("pretty.json"), pretty('{"Records":[%s]}' % body) + "\n")], \
        None, records
    yield "array, pretty-printed", ["--trail", write(
        at("parray.json"), pretty("[%s]" % body).replace("\n", "\r\n"))], \
        None, records
    events = {"Events": [lookup_event(r) for r in records]}
    yield "lookup-events output", ["--trail", write(
        at("lookup.json"), json.dumps(events, indent=4, ensure_ascii=False)
        + "\n")], None, records
    yield "lookup-events output, ASCII, compact", ["--trail", write(
        at("lookup2.json"), json.dumps(events, separators=(",", ":")))], \
        None, records

    yield "stdin, NDJSON", ["--trail", "-"], raw, records
    yield "stdin, NDJSON gz, several members", ["--trail", "-"], members, \
        records
    yield "stdin, Records", ["--trail", "-"], \
        ('{"Records":[%s]}' % body).encode(), records
    yield "stdin, Records gz, pretty-printed", ["--trail", "-"], \
        gzip.compress(pretty('{"Records":[%s]}' % body).encode(), 1), records

    a = write(at("two/a.json"), '{"Records":[%s]}' % ",".join(
        r.raw for r in first))
    b = write(at("two/b.json"), "[%s]" % ",".join(r.raw for r in second))
    yield "two files", ["--trail", a, "--trail", b], None, records
    yield "two files, the second first", ["--trail", b, "--trail", a], None, \
        second + first
    yield "a file and stdin", ["--trail", b, "--trail", "-"], \
        "".join(r.raw + "\n" for r in first).encode(), second + first
    yield "empty Records", ["--trail", write(at("none.json"),
                                             '{"Records":[]}')], None, []

    one = records[len(records) // 3]
    yield "bare record", ["--trail", write(at("bare.json"), one.raw)], None, \
        [one]
    yield "bare record, pretty-printed", \
        ["--trail", write(at("bare2.json"), pretty(one.raw))], None, [one]
    yield "stdin, bare record", ["--trail", "-"], one.raw.encode(), [one]

    # an entry's order is that of its name, whatever it is
    third = len(records) // 3
    tree = at("tree")
    for name, part in (("a-b/x.json", records[:third]),
                       ("a.json", records[third:third + 5]),
                       ("a/b.json", records[-1:]),
                       ("a/Z.json", records[-2:-1]),
                       ("B.json", records[third + 5:2 * third])):
        write(os.path.join(tree, name), "".join(r.raw + "\n" for r in part))
    yield "folder in byte order", ["--trail", tree], None, (
        records[third + 5:2 * third] + [records[-2], records[-1]]
        + records[:third] + records[third:third + 5])


FORM_QUERIES = [
    [],
    ["s3:*", "*:Describe*"],
    ["-m", '$.errorCode != None'],
    ["-m", '$..userName regex "e" and not $.readOnly == True'],
    ["-m", '$.resources[?@.type].ARN', "-m", '$.userAgent glob "*a*"'],
]


# --- running ---------------------------------------------------------------

number = failed = 0


def ok(good, name, why=()):
    global number, failed
    number += 1
    failed += not good
    print("%s %d - %s" % ("ok" if good else "not ok", number,
                          name.replace("#", "\\#")))
    for line in () if good else why:
        print("# " + line)
    sys.stdout.flush()


def short(text):
    text = text if isinstance(text, str) else text.decode("utf-8", "replace")
    text = text.replace("\n", "\\n")
    return text if len(text) < 300 else text[:300] + "..."


def run_once(program, args, stdin, env):
    try:
        p = subprocess.run([program] + args, input=stdin or b"",
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                           timeout=TIMEOUT, env=dict(os.environ, **env))
    except subprocess.TimeoutExpired:
        return "timeout", b"", b""
    return p.returncode, p.stdout, p.stderr


def settings(program):
    """The vectors that the program has here, and sizes of blocks."""
    for name in ("none", "swar", "sse2", "avx2", "avx512", "neon"):
        env = {"SPITZEL_SCAN": name}
        if run_once(program, ["--trail", os.devnull], b"", env)[0] == 0:
            yield env
    for size in (1, 7, 64, 1000, 4096, 100000):
        yield {"SPITZEL_BLOCK": str(size)}


def run(program, args, stdin=None):
    """Exit status, stdout and stderr of one run; others of the settings must give the same."""
    global turn
    if not SETTINGS:
        SETTINGS.extend(settings(program))
    result = run_once(program, args, stdin, {})
    every = os.environ.get("SPITZEL_SETTINGS") == "all"
    for env in SETTINGS if every else [SETTINGS[turn % len(SETTINGS)]]:
        other = run_once(program, args, stdin, env)
        if other[:2] != result[:2]:
            return "another answer with %s" % env, other[1], other[2]
    turn += 1
    return result


def compare(result, want, exact=True, status=(0,)):
    """What is wrong with a result, as lines; want is a list of records."""
    code, out, err = result
    why = []
    if code not in status:
        why.append("exit status %s" % code)
    lines = out.split(b"\n")
    if lines.pop() != b"":
        why.append("the last line has no newline")
    for i, line in enumerate(lines[:len(want)]):
        raw = want[i].raw.encode()
        if line == raw:
            continue
        try:
            got = oracle.DECODER.decode(line.decode("utf-8"))
        except ValueError:
            why.append("line %d is no JSON: %s" % (i + 1, short(line)))
            break
        if not oracle.same(got, want[i].value):
            why += ["line %d: %s" % (i + 1, short(line)),
                    "expected: " + short(raw)]
            break
        if exact:
            why += ["line %d, other bytes: %s" % (i + 1, short(line)),
                    "expected: " + short(raw)]
            break
    if len(lines) != len(want):
        why.append("%d lines, %d expected" % (len(lines), len(want)))
    if why and err:
        why.append("stderr: " + short(err))
    return why


def shown(args):
    return " ".join(a if re.fullmatch(r"[\w.,:/=@%+-]+", a)
                    else "'" + a.replace("\n", "\\n") + "'" for a in args)


def queries(program, name, folder, records, table):
    """Each query on a folder, with each -j."""
    def work(args):
        want = oracle.query(args)[0].run(records)
        why = []
        for jobs in JOBS:
            line = jobs + args + ["--trail", folder]
            wrong = compare(run(program, line), want)
            if wrong:
                why += ["aws-spitzel " + shown(line)] + wrong
        return want, why

    telling = 0
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for args, (want, why) in zip(table, pool.map(work, table)):
            telling += 0 < len(want) < len(records)
            ok(not why, "%s: %s (%d)" % (name, shown(args), len(want)), why)
    ok(telling >= 0.7 * len(table) and telling >= 50,
       "%s: %d of %d queries find some events, but not all"
       % (name, telling, len(table)))


def sources(program, name, folder, records, tmp):
    """A few queries on each form of source."""
    for form, trail, stdin, have in forms(folder, records, tmp):
        why = []
        for args in FORM_QUERIES:
            want = oracle.query(args)[0].run(have)
            wrong = compare(run(program, args + trail, stdin), want,
                            exact="spaces" not in form)
            if wrong:
                why += ["aws-spitzel " + shown(args + trail)] + wrong
        ok(not why, "%s as %s" % (name, form), why)


def edges(program, tmp):
    path = write(os.path.join(tmp, "edge.ndjson"),
                 "".join(r + "\n" for r in EDGE_RECORDS))
    records = oracle.read(path)
    by_id = {r.value["eventID"]: r for r in records}
    for args, ids in EDGE:
        ids = ids.split()
        want = [by_id[i] for i in ids]
        got = [r.value["eventID"] for r in oracle.query(args)[0].run(records)]
        why = []
        if got != ids:
            why.append("the oracle finds " + " ".join(got))
        wrong = compare(run(program, args + ["--trail", path]), want)
        if wrong:
            why += ["aws-spitzel " + shown(args)] + wrong
        ok(not why, "edge: %s (%s)" % (shown(args), " ".join(ids)), why)


def relative(program, tmp):
    """Windows that end now."""
    now = datetime.datetime.now(datetime.timezone.utc)
    records = []
    for name, minutes in (("m10", 10), ("m80", 80), ("h4", 240), ("h6", 360),
                          ("d1", 1440), ("d6", 6 * 1440), ("d8", 8 * 1440)):
        at = now - datetime.timedelta(minutes=minutes)
        records.append(
            '{"eventTime":"%s","eventID":"%s","eventSource":"s3.amazonaws.com"'
            ',"eventName":"GetObject"}'
            % (at.strftime("%Y-%m-%dT%H:%M:%SZ"), name))
    path = write(os.path.join(tmp, "now.ndjson"), "\n".join(records) + "\n")
    have = oracle.read(path)
    for args, ids in ((["--last", "90m"], "m10 m80"),
                      (["--last", "5h"], "m10 m80 h4"),
                      (["--last", "7d"], "m10 m80 h4 h6 d1 d6"),
                      (["--last-minute", "300"], "m10 m80 h4"),
                      (["--last-minute", "12", "s3:*"], "m10"),
                      (["--from=-5h"], "m10 m80 h4"),
                      (["--to=-5h"], "h6 d1 d6 d8"),
                      (["--from=-7d", "--to=-3h"], "h4 h6 d1 d6"),
                      (["--to", "now"], "m10 m80 h4 h6 d1 d6 d8"),
                      ([], "m10 m80 h4 h6 d1 d6 d8")):
        want = [r for r in have if r.value["eventID"] in ids.split()]
        why = compare(run(program, args + ["--trail", path]), want)
        ok(not why, "now: %s (%s)" % (shown(args), ids), why)


def real_trail(program, where, tmp):
    bad = []
    everything = oracle.read(where, bad)
    folder = os.path.join(tmp, "real")
    os.mkdir(folder)
    for path in oracle.files_of(where):
        name = os.fsdecode(path)
        if name not in bad:
            copy = os.path.join(folder, os.path.relpath(name, where))
            os.makedirs(os.path.dirname(copy), exist_ok=True)
            shutil.copyfile(name, copy)
    records = oracle.read(folder)
    # The sample had these: of a larger trail, a system call for each byte takes too long.
    for size in ("1", "7"):
        SETTINGS.remove({"SPITZEL_BLOCK": size})
    queries(program, "real", folder, records, COMMON + REAL_ONLY)
    sources(program, "real", folder, records, os.path.join(tmp, "forms"))
    # Files that are not JSON may be passed over, or be named.
    code, out, err = run(program, ["--trail", where])
    why = compare((code, out, err), everything, status=(0, 3))
    if code == 3:
        why += [b + " is not named" for b in bad
                if os.path.basename(b).encode() not in err]
    ok(not why, "real: the folder as it is", why)


def main():
    program = os.environ.get("SPITZEL")
    if not program:
        print("1..0 # SKIP SPITZEL is not set")
        return 0
    if "/" in program:
        program = os.path.abspath(program)
    with tempfile.TemporaryDirectory() as tmp:
        records = oracle.read(SAMPLE)
        queries(program, "sample", SAMPLE, records, COMMON + SAMPLE_ONLY)
        sources(program, "sample", SAMPLE, records,
                os.path.join(tmp, "sample"))
        edges(program, tmp)
        relative(program, tmp)
        where = os.environ.get("SPITZEL_TRAILS")
        if where:
            real_trail(program, where, tmp)
    print("1..%d" % number)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
