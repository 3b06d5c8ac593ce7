#!/usr/bin/env python3
"""Write a corpus to measure with: CloudTrail records in the shapes of a busy account.

usage: corpus.py DIR [RECORDS [SEED]]

The same RECORDS (default 1,000,000; a multiple of 50) in four forms:

  DIR/events.ndjson   one record a line, about 1.25 KB each
  DIR/records.json    one {"Records":[...]}
  DIR/tree            gzipped log files of 1,200 to 4,800 records, 339 for a million
  DIR/small           gzipped log files of 50 records, as quiet accounts get them

and DIR/tenth.ndjson, every tenth log file of the tree as lines, for programs that
would take too long.  DIR/corpus.json says what is there; if it says that this very
corpus is, nothing is done.

Everything depends on RECORDS, SEED and this file alone; only the compressed bytes
may differ between versions of zlib.  Everything is invented: accounts are those of
AWS's documentation, addresses from the network for benchmarks (RFC 2544), key ids
end in EXAMPLE.

How it is made: some 80 calls with up to 40 variants each become templates, with
places for what differs from record to record.  A log file has one account and
region, and in it sessions: runs of neighbouring records with one identity, address
and topic, some of them by somebody who lacks a right.  Of all records

  about 1 %     are s3:Get* with errorCode AccessDenied,
  about 5 %     have a userIdentity.arn that ARN matches,
  about 0.03 %  have a bucketName, at some depth, that is BUCKET,

and there are many near misses.  How many there are exactly is counted as they are
made, and told in corpus.json.
"""
import base64
import datetime
import gzip
import hashlib
import json
import os
import random
import re
import shutil
import sys

BUCKET = "prod-datalake-0417"
ARN = "^arn:aws:iam::[0-9]{12}:user/svc-(deploy|backup)-0[0-4]$"
SMALL = 50                      # records in a small file
SEED = 1

ACCOUNTS = ("111122223333", "444455556666", "777788889999", "123456789012")
REGIONS = ("us-east-1", "eu-central-1", "us-west-2", "ap-southeast-2", "eu-west-1")
START = datetime.datetime(2024, 5, 14, tzinfo=datetime.timezone.utc)
ALNUM = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789abcdefghijklmnopqrstuvwxyz"


class Rng(random.Random):
    """Only what is the same in every version of Python: random() and getrandbits()."""

    def below(self, n):
        return int(self.random() * n)

    def pick(self, seq):
        return seq[int(self.random() * len(seq))]

    def hex(self, n):
        return "%0*x" % (n, self.getrandbits(4 * n))

    def chars(self, n, alphabet=ALNUM):
        return "".join(self.pick(alphabet) for _ in range(n))


def ident(prefix, name, length):
    """An AWS id that always is the same for one name, ending in EXAMPLE."""
    body = base64.b32encode(hashlib.sha256((prefix + name).encode()).digest()).decode()
    return prefix + body[:length - len(prefix) - 7] + "EXAMPLE"


def compact(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


# --- what is called ------------------------------------------------------------------
# <<name>> in a string is a place for what differs from record to record.

PLACES = ("account", "region", "ip", "agent", "arn", "user", "time", "date", "identity",
          "event", "request", "s3request", "amzid", "bucket", "h17", "g17", "h12", "n")
PLACE = re.compile("<<([a-z0-9]+)>>")
calls = []                      # (topic, weight, [variants that succeed], [denied], [other])

SOURCES = {
    "ec2": "Client.UnauthorizedOperation", "dynamodb": "AccessDeniedException",
    "lambda": "AccessDeniedException", "ssm": "AccessDeniedException",
    "logs": "AccessDeniedException", "secretsmanager": "AccessDenied",
    "ecr": "AccessDeniedException", "cloudtrail": "AccessDenied",
}
READ = ("Get", "List", "Describe", "Head", "Lookup", "Assume", "Decrypt", "BatchGet",
        "Generate", "Encrypt", "Invoke", "Query")
TLS = (None, ("TLSv1.2", "ECDHE-RSA-AES128-GCM-SHA256"), ("TLSv1.3", "TLS_AES_128_GCM_SHA256"))
CONSOLE = 3                     # instead of a TLS version: called by the console


def shape(rng, source, name, request, response=None, resources=None, error=None, extra=None,
          data=False, kind="AwsApiCall"):
    """Formats of one record, one for each way to end it, with places for the rest."""
    s3 = source == "s3"
    ok = error is None
    r = {"eventVersion": rng.pick(("1.08", "1.09", "1.10")), "userIdentity": "<<identity>>",
         "eventTime": "<<time>>", "eventSource": source + ".amazonaws.com", "eventName": name,
         "awsRegion": "<<region>>", "sourceIPAddress": "<<ip>>",
         "userAgent": "[<<agent>>]" if s3 else "<<agent>>"}
    if not ok:
        r["errorCode"], r["errorMessage"] = error
    r["requestParameters"] = request
    r["responseElements"] = response if ok else None
    if s3:
        r["additionalEventData"] = {
            "SignatureVersion": "SigV4", "CipherSuite": "ECDHE-RSA-AES128-GCM-SHA256",
            "bytesTransferredIn": rng.below(100000) if name[:3] == "Put" else 0,
            "AuthenticationMethod": "AuthHeader", "x-amz-id-2": "<<amzid>>",
            "bytesTransferredOut": rng.below(900000) if data and ok else 200 + rng.below(400)}
    elif extra is not None:
        r["additionalEventData"] = extra
    if kind == "AwsApiCall":
        r["requestID"] = "<<s3request>>" if s3 else "<<request>>"
    r["eventID"] = "<<event>>"
    r["readOnly"] = name.startswith(READ)
    if resources is not None:
        r["resources"] = resources
    r["eventType"] = kind
    r["managementEvent"] = not data
    r["recipientAccountId"] = "<<account>>"
    if data and rng.below(3) == 0:
        r["vpcEndpointId"] = "vpce-" + rng.hex(17)
    r["eventCategory"] = "Data" if data else "Management"
    host = source + ".<<region>>.amazonaws.com"
    if source == "iam":
        host = "iam.amazonaws.com"
    elif s3 and request and "Host" in request:
        host = request["Host"]
    formats = []
    for tls in range(CONSOLE + 1):
        r.pop("tlsDetails", None)
        if tls == CONSOLE:
            r["sessionCredentialFromConsole"] = "true"
        elif TLS[tls] is not None:
            r["tlsDetails"] = {"tlsVersion": TLS[tls][0], "cipherSuite": TLS[tls][1],
                               "clientProvidedHostHeader": host}
        text = compact(r).replace('"<<identity>>"', "<<identity>>").replace("%", "%%")
        assert all(p in PLACES for p in PLACE.findall(text)), text
        formats.append(PLACE.sub(r"%(\1)s", text))
    return formats


def call(rng, topic, weight, source, name, make, variants=24, errors=(), **options):
    """Add a call; make(rng) gives (request, response, resources) of a variant."""
    def form(error=None):
        request, response, resources = make(rng)
        if callable(error):
            error = error(request)
        return shape(rng, source, name, request, response, resources, error, **options)

    def denied(request):
        code = SOURCES.get(source, "AccessDenied")
        what = source + ":" + name
        target = "arn:aws:%s:<<region>>:<<account>>:*" % source
        if source == "s3" and request and "bucketName" in request:
            target = '"arn:aws:s3:::' + request["bucketName"]
            target += "/" + request["key"] + '"' if "key" in request else '"'
        if source == "s3" and rng.below(3) == 0:
            return code, "Access Denied"
        if source == "ec2":
            return code, ("You are not authorized to perform this operation. User: <<arn>> is not "
                          "authorized to perform: %s because no identity-based policy allows the "
                          "%s action" % (what, what))
        why = rng.pick(("because no identity-based policy allows the %s action",
                        "with an explicit deny in a service control policy",
                        "because no resource-based policy allows the %s action"))
        return code, ("User: <<arn>> is not authorized to perform: %s on resource: %s %s"
                      % (what, target, why % what if "%" in why else why))

    calls.append((topic, weight, [form() for _ in range(variants)],
                  [form(denied) for _ in range(max(4, variants // 3))],
                  [form(e) for e in errors for _ in range(4)]))


def words(rng):
    return rng.pick(("orders", "billing", "search", "catalog", "frontend", "payments", "metrics",
                     "ingest", "reports", "auth", "mail", "media", "ledger", "stock"))


def stage(rng):
    return rng.pick(("prod", "staging", "dev", "qa"))


def function(rng):
    return "%s-%s-%s" % (stage(rng), words(rng), rng.pick(("api", "worker", "resize", "cron")))


def key_of(rng):
    return rng.pick((
        "raw/events/dt=2024-05-%02d/hour=%02d/part-<<n>>-<<h12>>.c000.snappy.parquet"
        % (1 + rng.below(28), rng.below(24)),
        "logs/%s/2024/05/%02d/<<h12>>.log.gz" % (words(rng), 1 + rng.below(28)),
        "%s/exports/customers-<<n>>.csv" % words(rng),
        "artifacts/%s/<<h17>>/bundle.zip" % function(rng),
        "thumbnails/<<h12>>/640x480 (%d).jpg" % rng.below(9),
        "berichte/Büro Köln/%s-%d.xlsx" % (words(rng), rng.below(99))))


def tags(rng):
    return [{"key": "Name", "value": function(rng)},
            {"key": "team", "value": words(rng)},
            {"key": "cost-center", "value": str(1000 + rng.below(900))}][:1 + rng.below(3)]


def policy(rng):
    return json.dumps({"Version": "2012-10-17", "Statement": [{
        "Sid": "", "Effect": rng.pick(("Allow", "Deny")), "Principal": {"Service": rng.pick(
            ("ec2.amazonaws.com", "lambda.amazonaws.com", "ecs-tasks.amazonaws.com"))},
        "Action": ["sts:AssumeRole", "s3:Get*"][:1 + rng.below(2)]}]},
        indent=rng.pick((None, 2)))


def s3_calls(rng):
    def bucket(more=None, name="<<bucket>>"):
        def make(rng):
            request = {"bucketName": name,
                       "Host": name + ".s3.<<region>>.amazonaws.com"}
            request.update(more(rng) if more else {})
            arn = "arn:aws:s3:::" + name
            resources = [{"accountId": "<<account>>", "type": "AWS::S3::Bucket", "ARN": arn}]
            if "key" in request:
                resources.insert(0, {"type": "AWS::S3::Object", "ARN": arn + "/" + request["key"]})
            return request, None, resources
        return make

    missing = "The specified %s does not exist."
    for name, weight in (("GetObject", 46), ("PutObject", 16), ("HeadObject", 10),
                         ("DeleteObject", 3), ("GetObjectTagging", 3)):
        call(rng, "s3", weight, "s3", name, bucket(lambda r: {"key": key_of(r)}), 40,
             [("NoSuchKey", missing % "key")] if name[0] == "G" else (), data=True)
    call(rng, "s3", 6, "s3", "ListObjects", bucket(lambda r: {
        "list-type": "2", "prefix": "raw/events/dt=2024-05-%02d/" % (1 + r.below(28)),
        "encoding-type": "url", "delimiter": "/"}), data=True)
    for name, sub, error in (
            ("GetBucketAcl", "acl", None), ("GetBucketLocation", "location", None),
            ("GetBucketPolicy", "policy", "NoSuchBucketPolicy"),
            ("GetBucketEncryption", "encryption", None), ("GetBucketTagging", "tagging", None),
            ("GetBucketVersioning", "versioning", None),
            ("GetBucketLifecycle", "lifecycle", "NoSuchLifecycleConfiguration"),
            ("GetBucketPublicAccessBlock", "publicAccessBlock",
             "NoSuchPublicAccessBlockConfiguration"),
            ("ListBucketVersions", "versions", None), ("PutBucketTagging", "tagging", None)):
        call(rng, "s3", 2, "s3", name, bucket(lambda r, sub=sub: {sub: ""}), 8,
             [(error, missing % (sub + " configuration"))] if error else ())
    call(rng, "s3", 2, "s3", "ListBuckets",
         lambda r: ({"Host": "s3.<<region>>.amazonaws.com"}, None, None), 4)


def ec2_calls(rng):
    def filtered(field, kinds):
        def make(rng):
            items = [{"name": k, "valueSet": {"items": [
                {"value": rng.pick(("vpc-", "subnet-", "sg-", "i-")) + "<<h17>>"}
                for _ in range(1 + rng.below(3))]}}
                for k in kinds[:1 + rng.below(len(kinds))]]
            return {field: {}, "filterSet": {"items": items}}, None, None
        return make

    for name, field in (
            ("DescribeInstances", "instancesSet"), ("DescribeVolumes", "volumeSet"),
            ("DescribeRouteTables", "routeTableIdSet"), ("DescribeSubnets", "subnetSet"),
            ("DescribeSecurityGroups", "securityGroupSet"), ("DescribeVpcs", "vpcSet"),
            ("DescribeNetworkInterfaces", "networkInterfaceIdSet"),
            ("DescribeSnapshots", "snapshotSet"), ("DescribeImages", "imagesSet"),
            ("DescribeNatGateways", "natGatewayIdSet"), ("DescribeAddresses", "publicIpsSet"),
            ("DescribeLaunchTemplates", "launchTemplateIdSet")):
        call(rng, "ec2", 6, "ec2", name, filtered(field, ("vpc-id", "tag:Name", "state")), 24,
             [("Client.RequestLimitExceeded", "Request limit exceeded.")])

    def run(rng):
        tag = [{"resourceType": "instance", "tags": tags(rng)}]
        nodes = [{
            "instanceId": "i-" + ("<<h17>>", "<<g17>>")[i], "imageId": "ami-" + rng.hex(17),
            "instanceState": {"code": 0, "name": "pending"},
            "privateDnsName": "ip-10-%d-%d-%d.ec2.internal" % (
                rng.below(255), rng.below(255), rng.below(255)),
            "amiLaunchIndex": i, "productCodes": {}, "instanceType": "m6i.large",
            "launchTime": 1715644800000 + rng.below(86400000),
            "placement": {"availabilityZone": "<<region>>a", "tenancy": "default"},
            "monitoring": {"state": "disabled"}, "subnetId": "subnet-" + rng.hex(17),
            "vpcId": "vpc-" + rng.hex(17), "privateIpAddress": "10.0.%d.%d" % (
                rng.below(255), rng.below(255)),
            "stateReason": {"code": "pending", "message": "pending"},
            "architecture": "x86_64", "rootDeviceType": "ebs", "rootDeviceName": "/dev/xvda",
            "virtualizationType": "hvm", "hypervisor": "xen", "tagSet": {"items": tags(rng)},
            "clientToken": "<<request>>", "groupSet": {"items": [
                {"groupId": "sg-" + rng.hex(17), "groupName": words(rng)}]},
            "sourceDestCheck": True, "networkInterfaceSet": {"items": [{
                "networkInterfaceId": "eni-" + rng.hex(17), "status": "in-use",
                "macAddress": "02:" + rng.hex(2) + ":7f:" + rng.hex(2) + ":00:11",
                "attachment": {"attachmentId": "eni-attach-" + rng.hex(17), "deviceIndex": 0,
                               "status": "attaching", "deleteOnTermination": True}}]},
            "ebsOptimized": False, "enaSupport": True,
            "metadataOptions": {"state": "pending", "httpTokens": "required",
                                "httpPutResponseHopLimit": 2, "httpEndpoint": "enabled"},
        } for i in range(1 + rng.below(2))]
        return ({"instancesSet": {"items": [{"imageId": nodes[0]["imageId"], "minCount": 1,
                                             "maxCount": len(nodes)}]},
                 "instanceType": "m6i.large", "blockDeviceMapping": {},
                 "userData": "<sensitiveDataRemoved>", "monitoring": {"enabled": False},
                 "disableApiTermination": False,
                 "tagSpecificationSet": {"items": tag}, "clientToken": "<<request>>"},
                {"requestId": "<<request>>", "reservationId": "r-" + rng.hex(17),
                 "ownerId": "<<account>>", "groupSet": {}, "instancesSet": {"items": nodes}}, None)

    call(rng, "ec2", 2, "ec2", "RunInstances", run, 24, [
        ("Client.InvalidAMIID.NotFound", "The image id '[ami-<<h17>>]' does not exist")])
    call(rng, "ec2", 4, "ec2", "CreateTags", lambda r: (
        {"resourcesSet": {"items": [{"resourceId": "i-<<h17>>"}, {"resourceId": "vol-<<g17>>"}]},
         "tagSet": {"items": tags(r)}},
        {"requestId": "<<request>>", "_return": True}, None))
    call(rng, "ec2", 3, "ec2", "TerminateInstances", lambda r: (
        {"instancesSet": {"items": [{"instanceId": "i-<<h17>>"}]}},
        {"requestId": "<<request>>", "instancesSet": {"items": [{
            "instanceId": "i-<<h17>>", "currentState": {"code": 32, "name": "shutting-down"},
            "previousState": {"code": 16, "name": "running"}}]}}, None), 4)
    call(rng, "ec2", 2, "ec2", "AuthorizeSecurityGroupIngress", lambda r: (
        {"groupId": "sg-<<h17>>", "ipPermissions": {"items": [{
            "ipProtocol": "tcp", "fromPort": p, "toPort": p, "groups": {}, "ipRanges": {"items": [
                {"cidrIp": "198.18.%d.0/24" % r.below(255), "description": words(r)}]},
            "ipv6Ranges": {}, "prefixListIds": {}} for p in (22, 443, 5432)[:1 + r.below(3)]]}},
        {"requestId": "<<request>>", "_return": True}, None))


def iam_calls(rng):
    def role(rng):
        return "%s-%s" % (function(rng), rng.pick(("role", "exec", "task")))

    for name, weight in (("GetRole", 8), ("ListAttachedRolePolicies", 8), ("ListRolePolicies", 6),
                         ("GetInstanceProfile", 3), ("ListInstanceProfilesForRole", 2)):
        call(rng, "iam", weight, "iam", name, lambda r: ({"roleName": role(r)}, None, None), 24,
             [("NoSuchEntityException", "The role with name legacy-<<n>> cannot be found.")])
    for name, weight in (("GetUser", 8), ("ListAccessKeys", 5), ("ListMFADevices", 3),
                         ("ListGroupsForUser", 2)):
        call(rng, "iam", weight, "iam", name, lambda r: (
            r.pick(({"userName": "svc-deploy-%02d" % r.below(20)}, None)), None, None), 16)
    call(rng, "iam", 2, "iam", "CreateRole", lambda r: (
        {"path": "/", "roleName": role(r), "assumeRolePolicyDocument": policy(r),
         "maxSessionDuration": 3600, "tags": tags(r)},
        {"role": {"path": "/", "roleName": "made-<<n>>", "roleId": ident("AROA", role(r), 21),
                  "arn": "arn:aws:iam::<<account>>:role/made-<<n>>", "createDate": "<<date>>",
                  "assumeRolePolicyDocument": "%7B%22Version%22%3A%222012-10-17%22%7D"}}, None), 24,
         [("EntityAlreadyExistsException", "Role with name made-<<n>> already exists.")])
    call(rng, "iam", 2, "iam", "PutRolePolicy", lambda r: (
        {"roleName": role(r), "policyName": "inline-<<n>>", "policyDocument": policy(r)},
        None, None))

    def assume(rng):
        name = role(rng)
        arn = "arn:aws:iam::<<account>>:role/" + name
        role_id = ident("AROA", name, 21)
        session = "run-<<n>>"
        return ({"roleArn": arn, "roleSessionName": session, "durationSeconds": 3600},
                {"credentials": {"accessKeyId": ident("ASIA", name + rng.hex(4), 20),
                                 "sessionToken": "IQoJb3JpZ2luX2VjE" + rng.chars(120) + "==",
                                 "expiration": "<<date>>"},
                 "assumedRoleUser": {"assumedRoleId": role_id + ":" + session,
                                     "arn": "arn:aws:sts::<<account>>:assumed-role/%s/%s"
                                            % (name, session)}},
                [{"accountId": "<<account>>", "type": "AWS::IAM::Role", "ARN": arn}])

    call(rng, "iam", 16, "sts", "AssumeRole", assume, 40)
    call(rng, "iam", 12, "sts", "GetCallerIdentity", lambda r: (None, None, None), 4)


def secret_calls(rng):
    def kms(rng):
        key = "arn:aws:kms:<<region>>:<<account>>:key/" + "-".join(
            (rng.hex(8), rng.hex(4), rng.hex(4), rng.hex(4), rng.hex(12)))
        context = rng.pick((
            {"aws:s3:arn": "arn:aws:s3:::<<bucket>>"},
            {"PARAMETER_ARN": "arn:aws:ssm:<<region>>:<<account>>:parameter/%s/%s" % (
                stage(rng), words(rng))},
            {"SecretARN": "arn:aws:secretsmanager:<<region>>:<<account>>:secret:" + words(rng),
             "SecretVersionId": "<<request>>"},
            {"aws:lambda:FunctionArn":
             "arn:aws:lambda:<<region>>:<<account>>:function:" + function(rng)}))
        return ({"encryptionContext": context, "encryptionAlgorithm": "SYMMETRIC_DEFAULT"}, None,
                [{"accountId": "<<account>>", "type": "AWS::KMS::Key", "ARN": key}])

    call(rng, "kms", 40, "kms", "Decrypt", kms, 40)
    call(rng, "kms", 14, "kms", "GenerateDataKey", kms, 32)
    call(rng, "kms", 4, "kms", "Encrypt", kms)
    for name, weight in (("GetParameter", 14), ("GetParametersByPath", 5), ("PutParameter", 2)):
        call(rng, "kms", weight, "ssm", name, lambda r: (
            {"name": "/%s/%s/%s" % (stage(r), words(r), r.pick(("db/password", "api-key", "dsn"))),
             "withDecryption": True}, None, None), 24,
             [("ThrottlingException", "Rate exceeded"), ("ParameterNotFound", "not there")])
    call(rng, "kms", 10, "secretsmanager", "GetSecretValue", lambda r: (
        {"secretId": "arn:aws:secretsmanager:<<region>>:<<account>>:secret:%s/%s-%s" % (
            stage(r), words(r), r.chars(6))}, None, None), 24,
        [("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")])


def compute_calls(rng):
    call(rng, "lambda", 12, "lambda", "Invoke", lambda r: (
        {"functionName": "arn:aws:lambda:<<region>>:<<account>>:function:" + function(r),
         "invocationType": "RequestResponse", "sourceArn": "arn:aws:s3:::<<bucket>>"}, None,
        [{"accountId": "<<account>>", "type": "AWS::Lambda::Function",
          "ARN": "arn:aws:lambda:<<region>>:<<account>>:function:" + function(r)}]), 32, data=True)
    for name, weight in (("GetFunction20150331v2", 5), ("ListFunctions20150331", 3),
                         ("GetFunctionConfiguration20150331v2", 4)):
        call(rng, "lambda", weight, "lambda", name,
             lambda r: ({"functionName": function(r)}, None, None), 24,
             [("ResourceNotFoundException", "Function not found: gone-<<n>>")])
    call(rng, "lambda", 2, "lambda", "UpdateFunctionCode20150331v2", lambda r: (
        {"functionName": function(r), "s3Bucket": "<<bucket>>", "s3Key": key_of(r),
         "publish": True, "dryRun": False},
        {"functionName": function(r), "runtime": "python3.12", "handler": "app.handler",
         "functionArn": "arn:aws:lambda:<<region>>:<<account>>:function:" + function(r),
         "role": "arn:aws:iam::<<account>>:role/" + function(r), "codeSize": r.below(9000000),
         "timeout": 30, "memorySize": 512, "lastModified": "<<time>>", "codeSha256": r.chars(43),
         "version": str(r.below(90)), "tracingConfig": {"mode": "Active"},
         "environment": {}, "state": "Active", "architectures": ["arm64"]}, None))
    for name, weight in (("CreateLogStream", 14), ("DescribeLogGroups", 4),
                         ("DescribeLogStreams", 4), ("FilterLogEvents", 2)):
        call(rng, "lambda", weight, "logs", name, lambda r: (
            {"logGroupName": "/aws/lambda/" + function(r),
             "logStreamName": "2024/05/%02d/[$LATEST]<<h17>><<h12>>" % (1 + r.below(28))},
            None, None), 24, [("ThrottlingException", "Rate exceeded")])
    for name, weight in (("BatchGetImage", 5), ("GetDownloadUrlForLayer", 5)):
        call(rng, "lambda", weight, "ecr", name, lambda r: (
            {"repositoryName": "%s/%s" % (stage(r), words(r)), "registryId": "<<account>>",
             "imageIds": [{"imageTag": "v%d.%d.<<n>>" % (r.below(9), r.below(30))}],
             "acceptedMediaTypes": ["application/vnd.oci.image.manifest.v1+json",
                                    "application/vnd.docker.distribution.manifest.v2+json"]},
            None, [{"accountId": "<<account>>",
                    "ARN": "arn:aws:ecr:<<region>>:<<account>>:repository/" + words(r)}]))


def data_calls(rng):
    def table(rng):
        name = stage(rng) + "-" + words(rng)
        return ({"tableName": name, "key": {"pk": "customer#<<n>>", "sk": "<<h12>>"},
                 "consistentRead": bool(rng.below(2))}, None,
                [{"accountId": "<<account>>", "type": "AWS::DynamoDB::Table",
                  "ARN": "arn:aws:dynamodb:<<region>>:<<account>>:table/" + name}])

    for name, weight in (("GetItem", 10), ("PutItem", 4), ("Query", 5), ("BatchGetItem", 2)):
        call(rng, "data", weight, "dynamodb", name, table, data=True)
    call(rng, "data", 5, "dynamodb", "DescribeTable", table)
    for name, field in (("DescribeDBInstances", "dBInstanceIdentifier"),
                        ("DescribeDBSnapshots", "dBSnapshotIdentifier"),
                        ("ListTagsForResource", "resourceName")):
        call(rng, "data", 5, "rds", name, lambda r, f=field: (
            {f: "%s-%s-%d" % (stage(r), words(r), r.below(9)), "maxRecords": 100}, None, None))
    call(rng, "data", 6, "glue", "GetPartitions", lambda r: (
        {"catalogId": "<<account>>", "databaseName": words(r), "tableName": "events",
         "expression": "dt >= '2024-05-%02d' AND hour < %d" % (1 + r.below(28), r.below(24)),
         "excludeColumnSchema": True, "segment": {"segmentNumber": r.below(8), "totalSegments": 8}},
        None, None))
    call(rng, "data", 5, "athena", "StartQueryExecution", lambda r: (
        {"queryString": "***OMITTED***", "clientRequestToken": "<<request>>",
         "resultConfiguration": {"outputLocation": "s3://<<bucket>>/athena/"},
         "workGroup": "primary"}, {"queryExecutionId": "<<event>>"}, None))


def other_calls(rng):
    for name in ("DescribeTrails", "GetTrailStatus", "LookupEvents", "ListTrails"):
        call(rng, "other", 4, "cloudtrail", name, lambda r: (
            r.pick(({"maxResults": 50}, {"name": "org-trail"})), None, None), 8)
    call(rng, "other", 1, "cloudtrail", "UpdateTrail", lambda r: (
        {"name": "org-trail", "s3BucketName": "<<bucket>>", "isMultiRegionTrail": True},
        {"name": "org-trail", "s3BucketName": "<<bucket>>", "logFileValidationEnabled": True,
         "trailARN": "arn:aws:cloudtrail:<<region>>:<<account>>:trail/org-trail"}, None), 4)
    call(rng, "other", 12, "monitoring", "DescribeAlarms", lambda r: (
        {"alarmNamePrefix": "%s-%s" % (stage(r), words(r)), "maxRecords": 100}, None, None))
    call(rng, "other", 10, "monitoring", "GetMetricData", lambda r: (
        {"startTime": "<<date>>", "endTime": "<<date>>", "maxDatapoints": 1440,
         "scanBy": "TimestampDescending"}, None, None), 8)
    call(rng, "other", 10, "health", "DescribeEventAggregates", lambda r: (
        {"aggregateField": "eventTypeCategory", "filter": {
            "eventStatusCodes": ["open", "upcoming"],
            "startTimes": [{"from": "<<date>>"}]}}, None, None), 4)
    call(rng, "other", 8, "elasticloadbalancing", "DescribeTargetHealth", lambda r: (
        {"targetGroupArn": "arn:aws:elasticloadbalancing:<<region>>:<<account>>:targetgroup/%s/%s"
                           % (words(r), r.hex(16))}, None, None))
    call(rng, "other", 8, "ecs", "DescribeServices", lambda r: (
        {"cluster": stage(r), "services": [function(r) for _ in range(1 + r.below(6))]},
        None, None))
    call(rng, "other", 6, "cloudformation", "DescribeStackEvents", lambda r: (
        {"stackName": "arn:aws:cloudformation:<<region>>:<<account>>:stack/%s/<<request>>"
                      % function(r)}, None, None), 24,
        [("ValidationException", "Stack [gone-<<n>>] does not exist")])
    call(rng, "other", 4, "inspector2", "CreateFindingsReport", lambda r: (
        {"reportFormat": "JSON", "filterCriteria": {"severity": [{
            "comparison": "EQUALS", "value": v} for v in ("HIGH", "CRITICAL")]},
         "s3Destination": {"bucketName": "<<bucket>>", "keyPrefix": "inspector/<<h12>>",
                           "kmsKeyArn": "arn:aws:kms:<<region>>:<<account>>:alias/findings"}},
        {"reportId": "<<event>>"}, None))
    call(rng, "other", 3, "ses", "CreateReceiptRule", lambda r: (
        {"ruleSetName": words(r), "rule": {
            "name": "store-<<n>>", "enabled": True, "recipients": ["%s@example.com" % words(r)],
            "actions": [{"addHeaderAction": {"headerName": "X-Rule", "headerValue": "bucketName"}},
                        {"s3Action": {"bucketName": "<<bucket>>", "objectKeyPrefix": "mail/"}}]}},
        None, None))
    call(rng, "other", 8, "signin", "ConsoleLogin", lambda r: (
        None, {"ConsoleLogin": r.pick(("Success", "Success", "Failure"))}, None), 8,
        extra={"LoginTo": "https://console.aws.amazon.com/console/home?hashArgs=%23&isauthcode"
                          "=true&nc2=h_ct&src=header-signin", "MobileVersion": "No",
               "MFAUsed": "Yes"}, kind="AwsConsoleSignIn")


TOPICS = (("s3", 21), ("ec2", 15), ("kms", 17), ("iam", 20), ("lambda", 10), ("data", 6),
          ("other", 11))


class Choice:
    """Things with weights, drawn by one random number."""

    def __init__(self, pairs):
        total = sum(w for _, w in pairs)
        self.table = [x for x, w in pairs for _ in range(max(1, round(1000 * w / total)))]

    def __call__(self, u):
        return self.table[int(u * len(self.table))]


def catalogue(seed):
    """TOPICS as a Choice of Choices of calls (successes, denials, other errors, is s3:Get*)."""
    rng = Rng(seed)
    del calls[:]
    for add in (s3_calls, ec2_calls, iam_calls, secret_calls, compute_calls, data_calls,
                other_calls):
        add(rng)
    return Choice([(Choice([((ok, denied, other, '"eventName":"Get' in ok[0][0] and name == "s3"),
                             weight)
                            for topic, weight, ok, denied, other in calls if topic == name]), w)
                   for name, w in TOPICS])


# --- who calls -----------------------------------------------------------------------

FIRST = ("anna", "tom", "mei", "jonas", "lucia", "omar", "priya", "erik", "nina", "paul")
LAST = ("weber", "okafor", "tanaka", "silva", "novak", "meyer", "khan", "larsen")
AGENTS = (
    "aws-cli/2.15.38 Python/3.11.8 Linux/6.5.0-1018-aws exe/x86_64.ubuntu.22 prompt/off",
    "Boto3/1.34.84 md/Botocore#1.34.84 ua/2.0 os/linux#5.10.214 lang/python#3.12.2",
    "APN/1.0 HashiCorp/1.0 Terraform/1.7.5 (+https://www.terraform.io) "
    "terraform-provider-aws/5.46.0 (+https://registry.terraform.io/providers/hashicorp/aws) "
    "aws-sdk-go-v2/1.26.1 os/linux lang/go#1.22.2 md/GOOS#linux md/GOARCH#amd64",
    "aws-sdk-nodejs/2.1594.0 linux/v20.12.1 exec-env/AWS_Lambda_nodejs20.x promise",
    "aws-sdk-java/2.25.27 Linux/5.10.213 OpenJDK_64-Bit_Server_VM/17.0.10+7-LTS Java/17.0.10",
    "aws-sdk-go/1.51.21 (go1.22.1; linux; amd64) amazon-ssm-agent/")
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:125.0) Gecko/20100101 Firefox/125.0"
WANTED = re.compile(ARN)


def session(rng, account, began):
    """(identity as JSON, arn, address, agent, tls): one of those who call."""
    address = "198.%d.%d.%d" % (18 + rng.below(2), rng.below(256), 1 + rng.below(254))
    agent = rng.pick(AGENTS)
    tls = 1 + rng.below(2)
    u = rng.random()
    if u < 0.12:
        name = rng.pick(("ec2", "lambda", "config", "autoscaling", "cloudtrail")) + ".amazonaws.com"
        return compact({"type": "AWSService", "invokedBy": name}), name, name, name, 0
    if u < 0.78:
        if u < 0.32:
            name = "svc-%s-%02d" % (rng.pick(("deploy", "backup")), rng.below(20))
        else:
            name = rng.pick(FIRST) + "." + rng.pick(LAST)
        arn = "arn:aws:iam::%s:user/%s" % (account, name)
        who = {"type": "IAMUser", "principalId": ident("AIDA", account + name, 21), "arn": arn,
               "accountId": account, "accessKeyId": ident("AKIA", account + name, 20),
               "userName": name}
        if u > 0.60:
            who["accessKeyId"] = ident("ASIA", name + rng.hex(4), 20)
            who["sessionContext"] = {"attributes": {"creationDate": began,
                                                    "mfaAuthenticated": "true"}}
            agent, tls = rng.pick((("AWS Internal", CONSOLE), (BROWSER, 2)))
        return compact(who), arn, address, agent, tls
    role = rng.pick(("%s-%s-role" % (stage(rng), words(rng)),
                     "github-actions", "svc-deploy-%02d" % rng.below(20),
                     "AWSReservedSSO_ReadOnlyAccess_1f7a2c9d04be5368"))
    name = rng.pick(("i-" + rng.hex(17), "GitHubActions-%d" % rng.below(10 ** 9),
                     rng.pick(FIRST) + "@example.com", function(rng)))
    role_id = ident("AROA", account + role, 21)
    arn = "arn:aws:sts::%s:assumed-role/%s/%s" % (account, role, name)
    who = {"type": "AssumedRole", "principalId": role_id + ":" + name, "arn": arn,
           "accountId": account, "accessKeyId": ident("ASIA", role + name, 20),
           "sessionContext": {
               "sessionIssuer": {"type": "Role", "principalId": role_id,
                                 "arn": "arn:aws:iam::%s:role/%s" % (account, role),
                                 "accountId": account, "userName": role},
               "webIdFederationData": {},
               "attributes": {"creationDate": began, "mfaAuthenticated": "false"}}}
    if name.startswith("i-"):
        who["sessionContext"]["ec2RoleDelivery"] = "2.0"
    return compact(who), arn, address, agent, tls


# --- log files -----------------------------------------------------------------------

def stamp(when):
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


def records_of(topics, rng, account, region, when, count):
    """The records of one log file as texts, and the counts of what is searched for."""
    times = [stamp(when + datetime.timedelta(seconds=s - 300)) for s in range(320)]
    v = {"account": account, "region": region,
         "date": (when - datetime.timedelta(hours=1)).strftime("%b %d, %Y %I:%M:%S %p")}
    hits = [0, 0, 0]
    texts = []
    left = 0
    random_, bits = rng.random, rng.getrandbits
    while len(texts) < count:
        if left == 0:
            left = 1 + int(random_() * 23)
            began = stamp(when - datetime.timedelta(seconds=300 + rng.below(3000)))
            v["identity"], v["arn"], v["ip"], v["agent"], tls = session(rng, account, began)
            lacks = 0.60 if random_() < 0.13 else 0.012
            named = WANTED.search(v["arn"]) is not None
            topic = topics(random_())
        left -= 1
        u = random_()
        ok, denied, other, get = (topics(u * 10) if u < 0.1 else topic)(random_())
        u = random_()
        if u < lacks:
            variants = denied
            hits[0] += get
        elif u > 0.96 and other:
            variants = other
        else:
            variants = ok
        text = variants[int(random_() * len(variants))][tls]
        h = "%0104x" % bits(416)
        v["event"] = "%s-%s-4%s-a%s-%s" % (h[:8], h[8:12], h[12:15], h[15:18], h[18:30])
        v["request"] = "%s-%s-4%s-b%s-%s" % (h[30:38], h[38:42], h[42:45], h[45:48], h[48:60])
        v["h17"], v["g17"], v["h12"] = h[60:77], h[77:94], h[92:104]
        v["n"] = str(int(random_() * 100000))
        v["bucket"] = "%s-datalake-%04d" % ("prod" if random_() < 0.5 else "dev",
                                            int(random_() * 500))
        v["time"] = times[len(texts) * 300 // count + int(random_() * 20)]
        if "%(amzid)s" in text:
            raw = base64.b64encode(bits(520).to_bytes(65, "little")).decode()
            v["amzid"] = raw[:76]
            v["s3request"] = base64.b32encode(bits(80).to_bytes(10, "little")).decode()
        hits[1] += named
        if v["bucket"] == BUCKET and '"bucketName":"%(bucket)s"' in text:
            hits[2] += 1
        texts.append(text % v)
    return texts, hits


def sizes_of(records, rng):
    """How many records each log file of the tree has; all in units of a small file."""
    files = max(1, round(records * 339 / 1e6))
    weights = [0.4 + 1.2 * rng.random() for _ in range(files)]
    scale = records / SMALL / sum(weights)
    done, total, sizes = 0, 0.0, []
    for w in weights:
        total += w * scale
        sizes.append((round(total) - done) * SMALL)
        done = round(total)
    sizes[-1] += records - sum(sizes)
    return sizes


def put(root, account, region, when, tail, texts):
    folder = os.path.join(root, "AWSLogs", account, "CloudTrail", region, when.strftime("%Y/%m/%d"))
    os.makedirs(folder, exist_ok=True)
    name = "%s_CloudTrail_%s_%s_%s.json.gz" % (account, region, when.strftime("%Y%m%dT%H%MZ"), tail)
    data = gzip.compress(('{"Records":[' + ",".join(texts) + "]}").encode(), 6, mtime=0)
    with open(os.path.join(folder, name), "wb") as f:
        f.write(data)
    return len(data)


def log_file(job):
    """Write a log file and the small ones with the same records; give the lines back."""
    folder, seed, number, count = job
    rng = Rng(seed * 1000003 + number + 1)
    spot = number % (len(ACCOUNTS) * len(REGIONS))
    account = ACCOUNTS[spot % len(ACCOUNTS)]
    region = REGIONS[spot // len(ACCOUNTS)]
    when = START + datetime.timedelta(
        hours=8 * (number // (len(ACCOUNTS) * len(REGIONS))), minutes=5)
    texts, hits = records_of(TEMPLATES, rng, account, region, when, count)
    big = put(os.path.join(folder, "tree"), account, region, when, rng.chars(16), texts)
    small = 0
    for i in range(0, count, SMALL):
        late = when + datetime.timedelta(minutes=i // SMALL * 5)
        small += put(os.path.join(folder, "small"), account, region, late, rng.chars(16),
                     texts[i:i + SMALL])
    return number, "\n".join(texts).encode(), count, hits, big, small


def prepare(folder):
    """Remove what an earlier run left; nothing that it did not make."""
    told = os.path.join(folder, "corpus.json")
    mine = ("events.ndjson", "records.json", "tenth.ndjson", "tree", "small")
    if not os.path.exists(told):
        there = [n for n in mine if os.path.lexists(os.path.join(folder, n))]
        if there:
            sys.exit("corpus.py: %s: there is a %s, but not from here; give another folder"
                     % (folder, there[0]))
    os.makedirs(folder, exist_ok=True)
    with open(told, "w") as f:
        f.write("{}\n")         # begun, not done
    for name in mine:
        path = os.path.join(folder, name)
        if os.path.isdir(path):
            shutil.rmtree(path)
        elif os.path.lexists(path):
            os.remove(path)


def description(folder):
    """What corpus.json says, or {}."""
    try:
        with open(os.path.join(folder, "corpus.json")) as f:
            return json.load(f)
    except (OSError, ValueError):
        return {}


def key_for(records, seed):
    with open(os.path.abspath(__file__), "rb") as f:
        return {"records": records, "seed": seed, "made_by": hashlib.sha256(f.read()).hexdigest()}


def make(folder, records=1000000, seed=SEED):
    """The corpus in a folder, made if it is not there; returns its description."""
    global TEMPLATES
    import multiprocessing      # here, since those who only want to know the corpus do without
    if records < SMALL or records % SMALL:
        sys.exit("corpus.py: RECORDS is a multiple of %d" % SMALL)
    key = key_for(records, seed)
    known = description(folder)
    if {k: known.get(k) for k in key} == key:
        return known
    prepare(folder)
    TEMPLATES = catalogue(seed)
    sizes = sizes_of(records, Rng(seed))
    jobs = [(folder, seed, i, n) for i, n in enumerate(sizes)]
    hits, gz, total, tenth = [0, 0, 0], [0, 0], 0, [0, 0]
    with open(os.path.join(folder, "events.ndjson"), "wb") as lines, \
            open(os.path.join(folder, "records.json"), "wb") as whole, \
            open(os.path.join(folder, "tenth.ndjson"), "wb") as part, \
            multiprocessing.get_context("fork").Pool(len(os.sched_getaffinity(0))) as pool:
        whole.write(b'{"Records":[')
        for number, text, count, found, big, small in pool.imap(log_file, jobs):
            lines.write(text)
            lines.write(b"\n")
            if number > 0:
                whole.write(b",")
            whole.write(text.replace(b"\n", b","))
            if number % 10 == 0:
                part.write(text)
                part.write(b"\n")
                tenth[0] += count
                tenth[1] += len(text) + 1
            total += len(text) + 1
            hits = [a + b for a, b in zip(hits, found)]
            gz = [gz[0] + big, gz[1] + small]
        whole.write(b"]}")
    known = dict(key, bytes=total, tenth={"records": tenth[0], "bytes": tenth[1]},
                 files={"tree": len(sizes), "small": records // SMALL},
                 gz={"tree": gz[0], "small": gz[1]},
                 matches=dict(zip(("s3", "arn", "bucket"), hits), all=records))
    with open(os.path.join(folder, "corpus.json"), "w") as f:
        json.dump(known, f, indent=1)
        f.write("\n")
    return known


def describe(known):
    m = known["matches"]
    return ("%d records, %d bytes (%.0f each), %d log files (gzip %.2f), %d small ones "
            "(gzip %.2f); matches: %d s3 (%.2f %%), %d arn (%.2f %%), %d bucket (%.3f %%)" % (
                known["records"], known["bytes"], known["bytes"] / known["records"],
                known["files"]["tree"], known["bytes"] / known["gz"]["tree"],
                known["files"]["small"], known["bytes"] / known["gz"]["small"],
                m["s3"], 100 * m["s3"] / m["all"], m["arn"], 100 * m["arn"] / m["all"],
                m["bucket"], 100 * m["bucket"] / m["all"]))


def main():
    args = sys.argv[1:]
    if not 1 <= len(args) <= 3 or args[0].startswith("-") or not all(a.isdigit() for a in args[1:]):
        sys.exit("usage: corpus.py DIR [RECORDS [SEED]]")
    print("corpus: " + describe(make(args[0], *(int(a) for a in args[1:]))))


if __name__ == "__main__":
    main()
