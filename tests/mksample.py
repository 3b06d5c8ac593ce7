#!/usr/bin/env python3
"""Write the sample trail: two days of a made-up AWS account, in CloudTrail's layout.

usage: mksample.py OUTDIR

The output depends on nothing but this file: the random numbers come from a
generator of our own, and no clock, locale or environment is read.  Only the
compressed bytes may differ between zlib versions, never what they hold.

Everything is invented.  The account is 111122223333, addresses are from the
documentation networks (RFC 5737, RFC 3849), key ids end in EXAMPLE.

The story, 14 and 15 May 2024, all times UTC:

  The pipeline user deploy-site publishes a web site from 198.51.100.24.
  22:47  its access key is used from 203.0.113.77: who am I, what is here?
         Much is denied, but the user may assume the role legacy-backup.
  23:06  that role lists and reads the bucket example-customer-exports,
         removes its public access block and opens its bucket policy,
  23:38  and makes a user, support-sync, with an access key and full rights.
  00:04  support-sync, now from 203.0.113.142, stops the trail: silence.
  07:52  anna.weber starts the trail again, disables both keys, removes the
         user, revokes the role's sessions and closes the bucket.
  08:31  the old role session is tried once more, and denied.

Around it: console users, a CI role, a Lambda function, a monitoring user,
and AWS's own services.
"""
import base64
import datetime
import gzip
import hashlib
import json
import os
import sys

ACCOUNT = "111122223333"
HOME = "us-east-1"              # the trail's home region
TRAIL = "account-trail"
LOGS = "example-audit-logs"     # the bucket that the trail writes to
EXPORTS = "example-customer-exports"
REGIONS = ("us-east-1", "eu-central-1", "us-west-2")
DAYS = ((2024, 5, 14), (2024, 5, 15))
UTC = datetime.timezone.utc
STOPPED = "2024-05-15T00:04:41Z"
STARTED = "2024-05-15T07:52:09Z"

OFFICE = "198.51.100.10"
OFFICE6 = "2001:db8:40:12::1f"
PIPELINE = "198.51.100.24"
ATTACKER = "203.0.113.77"
ATTACKER2 = "203.0.113.142"

UA_CONSOLE = "AWS Internal"
UA_BROWSER = ("Mozilla/5.0 (X11; Linux x86_64; rv:125.0) Gecko/20100101 "
              "Firefox/125.0")
UA_PIPELINE = ("aws-cli/2.15.38 Python/3.11.8 Linux/6.5.0-1018 "
               "exe/x86_64.ubuntu.22 prompt/off command/s3.sync")
UA_ATTACKER = ("aws-cli/1.29.62 Python/3.11.8 Linux/6.6.9-amd64 "
               "botocore/1.31.62")
UA_CI = ("APN/1.0 HashiCorp/1.0 Terraform/1.7.5 (+https://www.terraform.io) "
         "terraform-provider-aws/5.46.0 aws-sdk-go-v2/1.26.1")
UA_MONITOR = "Boto3/1.34.84 md/Botocore#1.34.84 ua/2.0 os/linux lang/python#3.12.2"
UA_LAMBDA = ("aws-sdk-nodejs/2.1594.0 linux/v20.12.1 "
             "exec-env/AWS_Lambda_nodejs20.x promise")


class Rng:
    """splitmix64 (Steele, Lea, Flood 2014)."""

    def __init__(self, seed):
        self.x = seed

    def next(self):
        m = (1 << 64) - 1
        self.x = (self.x + 0x9E3779B97F4A7C15) & m
        z = self.x
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & m
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & m
        return z ^ (z >> 31)

    def below(self, n):
        return self.next() % n

    def between(self, a, b):
        return a + self.below(b - a + 1)

    def pick(self, seq):
        return seq[self.below(len(seq))]

    def chars(self, n, alphabet):
        return "".join(self.pick(alphabet) for _ in range(n))

    def hex(self, n):
        return self.chars(n, "0123456789abcdef")

    def uuid(self):
        h = self.hex(32)
        return "-".join((h[:8], h[8:12], "4" + h[13:16], "a" + h[17:20],
                         h[20:]))


UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
ALNUM = UPPER + "abcdefghijklmnopqrstuvwxyz"
rng = Rng(20240514)
events = []             # (time, region, record), in the order they were made


def ident(prefix, name, length):
    """An AWS id that always is the same for one name, ending in EXAMPLE."""
    digest = hashlib.sha256((prefix + name).encode()).digest()
    body = base64.b32encode(digest).decode().replace("=", "")
    return prefix + body[:length - len(prefix) - 7] + "EXAMPLE"


def key_id(name):
    return ident("AKIA", name, 20)


def session_key(name):
    return ident("ASIA", name, 20)


LEAKED = "AKIAIOSFODNN7EXAMPLE"         # deploy-site's key
PLANTED = "AKIAI44QH8DHBEXAMPLE"        # support-sync's key


# --- who calls -------------------------------------------------------------

def iam_user(name, key=None):
    return {
        "type": "IAMUser",
        "principalId": ident("AIDA", name, 21),
        "arn": "arn:aws:iam::%s:user/%s" % (ACCOUNT, name),
        "accountId": ACCOUNT,
        "accessKeyId": key or key_id(name),
        "userName": name,
    }


def console_user(name, since):
    who = iam_user(name, session_key(name + since))
    who["sessionContext"] = {"attributes": {
        "creationDate": since, "mfaAuthenticated": "true"}}
    return who


def role_session(role, session, since, path=""):
    role_id = ident("AROA", role, 21)
    return {
        "type": "AssumedRole",
        "principalId": role_id + ":" + session,
        "arn": "arn:aws:sts::%s:assumed-role/%s/%s" % (ACCOUNT, role, session),
        "accountId": ACCOUNT,
        "accessKeyId": session_key(role + session + since),
        "sessionContext": {
            "sessionIssuer": {
                "type": "Role",
                "principalId": role_id,
                "arn": "arn:aws:iam::%s:role/%s%s" % (ACCOUNT, path, role),
                "accountId": ACCOUNT,
                "userName": role,
            },
            "webIdFederationData": {},
            "attributes": {"creationDate": since, "mfaAuthenticated": "false"},
        },
    }


def service(name):
    return {"type": "AWSService", "invokedBy": name + ".amazonaws.com"}


# --- what is called --------------------------------------------------------

READ = ("Get", "List", "Describe", "Head", "Lookup", "Assume", "Decrypt",
        "BatchGet", "Search", "Filter")


def event(at, region, source, name, who, ip, agent, request=None,
          response=None, error=None, message=None, extra=None, resources=None,
          kind="AwsApiCall", read_only=None, data=False, shared=None,
          detail=None, tls="TLSv1.3", console=False, request_id=True):
    """Add one record, its members in the order in which CloudTrail has them."""
    r = {
        "eventVersion": "1.09",
        "userIdentity": who,
        "eventTime": at,
        "eventSource": source + ".amazonaws.com",
        "eventName": name,
        "awsRegion": region,
        "sourceIPAddress": ip,
        "userAgent": agent,
    }
    if error is not None:
        r["errorCode"] = error
    if message is not None:
        r["errorMessage"] = message
    r["requestParameters"] = request
    r["responseElements"] = response
    if extra is not None:
        r["additionalEventData"] = extra
    if request_id:
        r["requestID"] = (rng.chars(16, UPPER) if source == "s3"
                          else rng.uuid())
    r["eventID"] = rng.uuid()
    r["readOnly"] = name.startswith(READ) if read_only is None else read_only
    if resources is not None:
        r["resources"] = resources
    r["eventType"] = kind
    r["managementEvent"] = not data
    r["recipientAccountId"] = ACCOUNT
    if shared is not None:
        r["sharedEventID"] = shared
    if detail is not None:
        r["serviceEventDetails"] = detail
    r["eventCategory"] = "Data" if data else "Management"
    if tls is not None and "." not in agent.split("/")[0]:
        host = source + "." + region + ".amazonaws.com"
        if source == "iam":
            host = "iam.amazonaws.com"
        elif source == "s3" and request and "Host" in request:
            host = request["Host"]
        r["tlsDetails"] = {
            "tlsVersion": tls,
            "cipherSuite": ("TLS_AES_128_GCM_SHA256" if tls == "TLSv1.3"
                            else "ECDHE-RSA-AES128-GCM-SHA256"),
            "clientProvidedHostHeader": host,
        }
    if console:
        r["sessionCredentialFromConsole"] = "true"
    events.append((at, region, r))
    return r


def s3(at, region, name, who, ip, agent, bucket, key=None, sent=0, got=0,
       more=None, **kw):
    """An S3 call: data events have a key, bucket calls do not."""
    host = "%s.s3.%s.amazonaws.com" % (bucket, region)
    request = {"bucketName": bucket, "Host": host}
    if key is not None:
        request["key"] = key
    request.update(more or {})
    extra = {
        "SignatureVersion": "SigV4",
        "CipherSuite": "TLS_AES_128_GCM_SHA256",
        "bytesTransferredIn": got,
        "AuthenticationMethod": "AuthHeader",
        "x-amz-id-2": base64.b64encode(bytes.fromhex(rng.hex(96))).decode(),
        "bytesTransferredOut": sent,
    }
    arn = "arn:aws:s3:::" + bucket
    resources = [{"accountId": ACCOUNT, "type": "AWS::S3::Bucket",
                  "ARN": arn}]
    if key is not None:
        resources.insert(0, {"type": "AWS::S3::Object",
                             "ARN": arn + "/" + key})
    return event(at, region, "s3", name, who, ip, "[" + agent + "]", request,
                 extra=extra, resources=resources, data=key is not None, **kw)


def denied(who, action, resource, why="identity-based policy"):
    return ("User: %s is not authorized to perform: %s on resource: %s because "
            "no %s allows the %s action" % (who["arn"], action, resource, why,
                                            action))


def parse(at):
    return datetime.datetime.strptime(at, "%Y-%m-%dT%H:%M:%SZ").replace(
        tzinfo=UTC)


def form(when):
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


class Clock:
    """A burst of calls: each a few seconds after the one before."""

    def __init__(self, at):
        self.now = parse(at)

    def __call__(self, low=1, high=9):
        self.now += datetime.timedelta(seconds=rng.between(low, high))
        return form(self.now)


# --- the background --------------------------------------------------------

def login(at, name, ip, failed=False):
    who = iam_user(name)
    del who["accessKeyId"]
    event(at, HOME, "signin", "ConsoleLogin", who, ip, UA_BROWSER, None,
          {"ConsoleLogin": "Failure" if failed else "Success"},
          message="Failed authentication" if failed else None,
          extra={"LoginTo": "https://console.aws.amazon.com/console/home",
                 "MobileVersion": "No", "MFAUsed": "No" if failed else "Yes"},
          kind="AwsConsoleSignIn", read_only=False, request_id=False)


def console_session(at, name, ip, region, count):
    """A person looks around in the console, and now and then changes a tag."""
    t = Clock(at)
    if rng.below(4) == 0:
        login(t(), name, ip, failed=True)
    login(t(), name, ip)
    who = console_user(name, form(t.now))
    looks = [
        ("ec2", "DescribeInstances", {"instancesSet": {}, "filterSet": {
            "items": [{"name": "instance-state-name", "valueSet": {
                "items": [{"value": "running"}, {"value": "stopped"}]}}]}}),
        ("ec2", "DescribeVolumes", {"maxResults": 100, "volumeSet": {},
                                    "filterSet": {}}),
        ("ec2", "DescribeSecurityGroups", {"maxResults": 1000,
                                           "securityGroupSet": {},
                                           "filterSet": {}}),
        ("rds", "DescribeDBInstances", {"maxRecords": 100,
                                        "includeShared": False}),
        ("cloudtrail", "LookupEvents", {"maxResults": 50}),
        ("cloudtrail", "DescribeTrails", None),
        ("health", "DescribeEventAggregates", {
            "aggregateField": "eventTypeCategory",
            "filter": {"eventStatusCodes": ["open", "upcoming"]}}),
        ("monitoring", "DescribeAlarms", {"maxRecords": 100,
                                          "stateValue": "ALARM"}),
        ("logs", "DescribeLogGroups", {"limit": 50,
                                       "includeLinkedAccounts": None}),
        ("lambda", "ListFunctions20150331", {"maxItems": 50}),
        ("dynamodb", "DescribeTable", {"tableName": "orders"}),
        ("iam", "ListUsers", None),
    ]
    for _ in range(count):
        source, call, request = rng.pick(looks)
        place = HOME if source in ("iam", "health") else region
        event(t(), place, source, call, who, ip, UA_CONSOLE, request,
              console=True)
    if rng.below(2) == 0:
        event(t(), region, "ec2", "CreateTags", who, ip, UA_CONSOLE,
              {"resourcesSet": {"items": [
                  {"resourceId": "i-0" + rng.hex(16)}]},
               "tagSet": {"items": [
                  {"key": "Ansprechpartner", "value": "Jörg Müßig"},
                  {"key": "状態", "value": "検証 🧪"}]}},
              {"requestId": rng.uuid(), "_return": True}, console=True)


def deploy(at, count):
    """The pipeline publishes the site with the key that will be leaked."""
    t = Clock(at)
    who = iam_user("deploy-site", LEAKED)
    region = "eu-central-1"
    for name in ("index.html", "impressum.html", "css/site.css", "js/app.js",
                 "img/straße.webp", "feed.xml", "404.html")[:count]:
        s3(t(0, 2), region, "PutObject", who, PIPELINE, UA_PIPELINE,
           "example-web-site", name, got=rng.between(400, 90000),
           more={"x-amz-acl": "bucket-owner-full-control"})
    event(t(), HOME, "cloudfront", "CreateInvalidation2020_05_31", who,
          PIPELINE, UA_PIPELINE.replace("s3.sync", "cloudfront."
                                        "create-invalidation"),
          {"distributionId": "EDFDVBD6EXAMPLE", "invalidationBatch": {
              "paths": {"quantity": 2, "items": ["/*", "/feed.xml"]},
              "callerReference": "cli-%d" % rng.between(10**9, 2 * 10**9)}},
          {"invalidation": {"id": "I" + rng.chars(13, UPPER),
                            "status": "InProgress"}})


def ci_run(at, region, new_function=False):
    """A CI job gets a role by its OIDC token and rolls out a stack."""
    t = Clock(at)
    session = "run-%d" % rng.between(4000, 4999)
    ip = "192.0.2.%d" % rng.between(40, 47)
    since = t()
    role = "arn:aws:iam::%s:role/ci-runner" % ACCOUNT
    event(since, region, "sts", "AssumeRoleWithWebIdentity", {
        "type": "WebIdentityUser",
        "principalId": "arn:aws:iam::%s:oidc-provider/ci.example.com:"
                       "sts.amazonaws.com:repo:example/shop" % ACCOUNT,
        "userName": "repo:example/shop:ref:refs/heads/main",
        "identityProvider": "arn:aws:iam::%s:oidc-provider/ci.example.com"
                            % ACCOUNT},
        ip, UA_CI, {"roleArn": role, "roleSessionName": session,
                    "durationSeconds": 3600},
        {"credentials": {
            "accessKeyId": session_key("ci-runner" + session + since),
            "sessionToken": "FwoGZXIvYXdzEXAMPLETOKEN",
            "expiration": form(parse(since) + datetime.timedelta(hours=1))},
         "subjectFromWebIdentityToken": "repo:example/shop:ref:refs/heads/main",
         "assumedRoleUser": {
             "assumedRoleId": ident("AROA", "ci-runner", 21) + ":" + session,
             "arn": "arn:aws:sts::%s:assumed-role/ci-runner/%s"
                    % (ACCOUNT, session)},
         "provider": "arn:aws:iam::%s:oidc-provider/ci.example.com" % ACCOUNT,
         "audience": "sts.amazonaws.com"},
        resources=[{"accountId": ACCOUNT, "type": "AWS::IAM::Role",
                    "ARN": role}])
    who = role_session("ci-runner", session, since)
    function = "shop-checkout"
    event(t(), region, "sts", "GetCallerIdentity", who, ip, UA_CI)
    event(t(), region, "cloudformation", "DescribeStacks", who, ip, UA_CI,
          {"stackName": "shop"})
    event(t(), region, "ecr", "GetAuthorizationToken", who, ip, UA_CI)
    event(t(), region, "lambda", "GetFunction20150331v2", who, ip, UA_CI,
          {"functionName": function},
          error="ResourceNotFoundException" if new_function else None,
          message="Function not found: arn:aws:lambda:%s:%s:function:%s"
                  % (region, ACCOUNT, function) if new_function else None)
    common = {"functionName": function, "runtime": "nodejs20.x",
              "role": "arn:aws:iam::%s:role/shop-checkout" % ACCOUNT,
              "handler": "index.handler"}
    if new_function:
        event(t(), region, "lambda", "CreateFunction20150331", who, ip, UA_CI,
              dict(common, code={}, description="", timeout=10, memorySize=512,
                   publish=False, packageType="Zip", environment={},
                   layers=[], tags={"team": "Webshop & Kasse"}),
              dict(common, codeSize=48213, timeout=10, memorySize=512,
                   version="$LATEST", tracingConfig={"mode": "PassThrough"},
                   architectures=["arm64"], ephemeralStorage={"size": 512},
                   snapStart={"applyOn": "None",
                              "optimizationStatus": "Off"}))
    else:
        event(t(), region, "lambda", "UpdateFunctionCode20150331v2", who, ip,
              UA_CI, {"functionName": function, "publish": True,
                      "dryRun": False, "s3Bucket": "example-artifacts",
                      "s3Key": "shop/%s.zip" % session},
              dict(common, codeSize=rng.between(48000, 49000),
                   version=str(rng.between(11, 60))))
    event(t(), region, "cloudformation", "UpdateStack", who, ip, UA_CI,
          {"stackName": "shop", "capabilities": ["CAPABILITY_NAMED_IAM"],
           "parameters": [
               {"parameterKey": "Desired", "usePreviousValue": True},
               {"parameterKey": "Image", "parameterValue": session}]},
          {"stackId": "arn:aws:cloudformation:%s:%s:stack/shop/%s"
                      % (region, ACCOUNT, rng.uuid())})
    if rng.below(2) == 0:
        event(t(), HOME, "iam", "GetRole", who, ip, UA_CI,
              {"roleName": "shop-checkout"})
        event(t(), region, "ec2", "ModifyVpcAttribute", who, ip, UA_CI,
              {"vpcId": "vpc-0" + rng.hex(16),
               "enableDnsHostnames": {"value": True}},
              error="Client.UnauthorizedOperation",
              message="You are not authorized to perform this operation. "
                      "Encoded authorization failure message: "
                      + rng.chars(48, ALNUM))


def thumbnails(at, count):
    """A Lambda function turns uploads into small pictures."""
    t = Clock(at)
    region = "us-west-2"
    since = t()
    role = "thumbnailer"
    issued = {
        "credentials": {
            "accessKeyId": session_key(role + role + since),
            "sessionToken": "IQoJb3JpZ2luX2VjEXAMPLETOKEN",
            "expiration": form(parse(since) + datetime.timedelta(hours=12))}}
    event(since, region, "sts", "AssumeRole", service("lambda"),
          "lambda.amazonaws.com", "lambda.amazonaws.com",
          {"roleArn": "arn:aws:iam::%s:role/service-role/%s" % (ACCOUNT, role),
           "roleSessionName": role, "durationSeconds": 43200}, issued,
          resources=[{"accountId": ACCOUNT, "type": "AWS::IAM::Role",
                      "ARN": "arn:aws:iam::%s:role/service-role/%s"
                             % (ACCOUNT, role)}],
          shared=rng.uuid(), tls=None)
    who = role_session(role, role, since, "service-role/")
    for n in range(count):
        key = "uploads/2024/%s-%d.jpg" % (rng.pick(
            ("katze", "größe", "café", "東京")), rng.between(100, 999))
        if rng.below(7) == 0:
            s3(t(1, 4), region, "GetObject", who, "192.0.2.120", UA_LAMBDA,
               "example-media", key, error="NoSuchKey",
               message="The specified key does not exist.")
            continue
        size = rng.between(10**5, 4 * 10**6)
        s3(t(1, 4), region, "GetObject", who, "192.0.2.120", UA_LAMBDA,
           "example-media", key, sent=size)
        s3(t(0, 2), region, "PutObject", who, "192.0.2.120", UA_LAMBDA,
           "example-media", key.replace("uploads", "thumbs"),
           got=rng.between(3000, 20000))
    key = "arn:aws:kms:%s:%s:key/%s" % (
        region, ACCOUNT, "1234abcd-12ab-34cd-56ef-1234567890ab")
    event(t(), region, "kms", "Decrypt", dict(who, invokedBy="AWS Internal"),
          "AWS Internal", "AWS Internal",
          {"encryptionAlgorithm": "SYMMETRIC_DEFAULT",
           "encryptionContext": {"aws:lambda:FunctionArn":
                                 "arn:aws:lambda:%s:%s:function:%s"
                                 % (region, ACCOUNT, role)}},
          resources=[{"accountId": ACCOUNT, "type": "AWS::KMS::Key",
                      "ARN": key}])


def monitoring(at, region, count):
    """A monitoring user polls; it is throttled now and then."""
    t = Clock(at)
    who = iam_user("metrics-reader")
    start = parse(at)
    for n in range(count):
        limit = {}
        if rng.below(5) == 0:
            limit = {"error": "ThrottlingException",
                     "message": "Rate exceeded"}
        what = rng.below(4)
        if what == 0:
            event(t(), region, "monitoring", "DescribeAlarms", who,
                  "192.0.2.77", UA_MONITOR,
                  {"maxRecords": 100, "alarmTypes": ["MetricAlarm"]}, **limit)
        elif what == 1:
            event(t(), region, "tagging", "GetResources", who, "192.0.2.77",
                  UA_MONITOR, {"resourcesPerPage": 100, "tagFilters": [
                      {"key": "team", "values": ["web", "data"]}]}, **limit)
        elif what == 2:
            event(t(), region, "logs", "FilterLogEvents", who, "192.0.2.77",
                  UA_MONITOR,
                  {"logGroupName": "/aws/lambda/shop-checkout",
                   "startTime": int(start.timestamp()) * 1000,
                   "filterPattern": "\"ERROR\" -\"timeout\"",
                   "interleaved": True}, **limit)
        else:
            event(t(), region, "timestream", "WriteRecords", who,
                  "192.0.2.77", UA_MONITOR,
                  {"databaseName": "fleet", "tableName": "latency",
                   "records": [{"measureName": "p99", "measureValueType":
                                "DOUBLE", "time": int(start.timestamp())
                                * 10**9 + rng.between(1, 10**9 - 1)}],
                   "commonAttributes": None, "sampleRatio": 0.125},
                  data=True, read_only=False, **limit)


def services(at, region, count):
    """Calls and events that come from AWS itself."""
    t = Clock(at)
    for n in range(count):
        what = rng.below(4)
        if what == 0:
            event(t(), region, "s3", "GetBucketAcl", service("cloudtrail"),
                  "cloudtrail.amazonaws.com", "cloudtrail.amazonaws.com",
                  {"bucketName": LOGS, "acl": "",
                   "Host": "%s.s3.%s.amazonaws.com" % (LOGS, region)},
                  extra={"SignatureVersion": "SigV4",
                         "bytesTransferredIn": 0.0,
                         "AuthenticationMethod": "AuthHeader",
                         "bytesTransferredOut": 568.0},
                  resources=[{"accountId": ACCOUNT, "type": "AWS::S3::Bucket",
                              "ARN": "arn:aws:s3:::" + LOGS}],
                  shared=rng.uuid(), tls=None)
        elif what == 1:
            event(t(), region, "sts", "AssumeRole", service("ec2"),
                  "ec2.amazonaws.com", "ec2.amazonaws.com",
                  {"roleArn": "arn:aws:iam::%s:role/shop-node" % ACCOUNT,
                   "roleSessionName": "i-0" + rng.hex(16)},
                  {"credentials": {
                      "accessKeyId": session_key("node%d" % n + at),
                      "sessionToken": "IQoJb3JpZ2luX2VjEXAMPLETOKEN",
                      "expiration": form(parse(at)
                                         + datetime.timedelta(hours=6))}},
                  resources=[{"accountId": ACCOUNT, "type": "AWS::IAM::Role",
                              "ARN": "arn:aws:iam::%s:role/shop-node"
                                     % ACCOUNT}],
                  shared=rng.uuid(), tls=None)
        elif what == 2:
            event(t(), region, "kms", "RotateKey",
                  {"accountId": ACCOUNT, "invokedBy": "AWS Internal"},
                  "AWS Internal", "AWS Internal", None, None,
                  resources=[{"accountId": ACCOUNT, "type": "AWS::KMS::Key",
                              "ARN": "arn:aws:kms:%s:%s:key/%s"
                                     % (region, ACCOUNT, rng.uuid())}],
                  kind="AwsServiceEvent", read_only=False, tls=None,
                  detail={"rotationType": "AUTOMATIC",
                          "keyOrigin": "AWS_KMS"})
        else:
            event(t(), region, "autoscaling", "TerminateInstanceInAuto"
                  "ScalingGroup", service("autoscaling"),
                  "autoscaling.amazonaws.com", "autoscaling.amazonaws.com",
                  {"instanceId": "i-0" + rng.hex(16),
                   "shouldDecrementDesiredCapacity": False},
                  {"activity": {"progress": 0, "statusCode": "InProgress",
                                "cause": "At %s an instance was taken out of "
                                         "service in response to a \"scale "
                                         "in\" alarm." % at}},
                  read_only=False, tls=None)


# --- the incident ----------------------------------------------------------

def discovery():
    """22:47: the leaked key looks around."""
    who = iam_user("deploy-site", LEAKED)
    me = (who, ATTACKER, UA_ATTACKER)
    t = Clock("2024-05-14T22:47:11Z")

    def call(region, source, name, request=None, deny=None, on="*", **kw):
        ip, agent = me[1:]
        if deny:
            code = ("Client.UnauthorizedOperation" if source == "ec2"
                    else "AccessDenied" if source in ("iam", "s3", "sts")
                    else "AccessDeniedException")
            message = denied(who, deny, on)
            if source == "ec2":
                message = ("You are not authorized to perform this operation. "
                           + message)
            kw.update(error=code, message=message)
        event(t(3, 21), region, source, name, who, ip, agent, request,
              tls="TLSv1.2", **kw)

    call(HOME, "sts", "GetCallerIdentity")
    call(HOME, "iam", "GetUser", {"userName": "deploy-site"})
    call(HOME, "iam", "ListAttachedUserPolicies", {"userName": "deploy-site"})
    call(HOME, "iam", "ListUsers", None, "iam:ListUsers",
         "arn:aws:iam::%s:user/" % ACCOUNT)
    call(HOME, "iam", "ListRoles", {"maxItems": 1000})
    call(HOME, "iam", "GetAccountAuthorizationDetails", None,
         "iam:GetAccountAuthorizationDetails")
    call(HOME, "s3", "ListBuckets", {"Host": "s3.amazonaws.com"},
         extra={"SignatureVersion": "SigV4", "bytesTransferredIn": 0,
                "AuthenticationMethod": "AuthHeader",
                "bytesTransferredOut": 1187})
    for region in REGIONS:
        call(region, "ec2", "DescribeInstances",
             {"instancesSet": {}, "filterSet": {}}, "ec2:DescribeInstances")
        call(region, "lambda", "ListFunctions20150331", None)
        call(region, "secretsmanager", "ListSecrets", None,
             "secretsmanager:ListSecrets")
        call(region, "ssm", "GetParametersByPath",
             {"path": "/", "recursive": True, "withDecryption": True},
             "ssm:GetParametersByPath",
             "arn:aws:ssm:%s:%s:parameter/" % (region, ACCOUNT))
    call(HOME, "rds", "DescribeDBInstances", None, "rds:DescribeDBInstances",
         "arn:aws:rds:%s:%s:db:*" % (HOME, ACCOUNT))
    call(HOME, "dynamodb", "ListTables", None, "dynamodb:ListTables")
    call("eu-central-1", "secretsmanager", "GetSecretValue",
         {"secretId": "prod/shop/db"}, "secretsmanager:GetSecretValue",
         "prod/shop/db")
    call(HOME, "ses", "GetSendQuota", None, "ses:GetSendQuota")
    t.now = parse("2024-05-14T23:01:30Z")
    for role in ("ops-admin", "OrganizationAccountAccessRole"):
        call(HOME, "sts", "AssumeRole", None, "sts:AssumeRole",
             "arn:aws:iam::%s:role/%s" % (ACCOUNT, role))


BACKUP_SINCE = "2024-05-14T23:04:52Z"
BACKUP_SESSION = "botocore-session-1715727892"


def backup_session():
    return role_session("legacy-backup", BACKUP_SESSION, BACKUP_SINCE)


def role_assumed():
    """23:04: one role lets the user in."""
    role = "arn:aws:iam::%s:role/legacy-backup" % ACCOUNT
    event(BACKUP_SINCE, HOME, "sts", "AssumeRole",
          iam_user("deploy-site", LEAKED), ATTACKER, UA_ATTACKER,
          {"roleArn": role, "roleSessionName": BACKUP_SESSION,
           "durationSeconds": 43200},
          {"credentials": {
              "accessKeyId": backup_session()["accessKeyId"],
              "sessionToken": "FwoGZXIvYXdzEXAMPLETOKEN",
              "expiration": "2024-05-15T11:04:52Z"},
           "assumedRoleUser": {
               "assumedRoleId": ident("AROA", "legacy-backup", 21) + ":"
               + BACKUP_SESSION,
               "arn": backup_session()["arn"]}},
          resources=[{"accountId": ACCOUNT, "type": "AWS::IAM::Role",
                      "ARN": role}],
          shared=rng.uuid(), tls="TLSv1.2")


def theft():
    """23:06: the role reads the exports and opens the bucket."""
    who = backup_session()
    region = "eu-central-1"
    t = Clock("2024-05-14T23:05:58Z")

    def call(name, key=None, **kw):
        s3(t(4, 30), region, name, who, ATTACKER, UA_ATTACKER, EXPORTS, key,
           tls="TLSv1.2", **kw)

    event(t(), HOME, "sts", "GetCallerIdentity", who, ATTACKER, UA_ATTACKER,
          tls="TLSv1.2")
    call("GetBucketLocation", more={"location": ""})
    call("GetBucketPolicy", more={"policy": ""}, error="NoSuchBucketPolicy",
         message="The bucket policy does not exist")
    call("ListObjects", sent=4096, read_only=True,
         more={"list-type": "2", "prefix": "", "max-keys": "1000"})
    for key, size in (("customers/2024-05-01.csv.gz", 48120331),
                      ("customers/2024-05-08.csv.gz", 48711902),
                      ("invoices/2024/Müller & Söhne – März.pdf", 88213),
                      ("invoices/2024/株式会社サンプル.pdf", 90417),
                      ("payments/2024-04.parquet", 5368709120),
                      ("payments/2024-05.parquet", 2147483648),
                      ("README.txt", 412)):
        call("GetObject", key, sent=size)
    call("GetObject", "hr/salaries.xlsx", error="AccessDenied",
         message=denied(who, "s3:GetObject",
                        "arn:aws:s3:::%s/hr/salaries.xlsx" % EXPORTS))
    event(t(), region, "kms", "Decrypt", who, ATTACKER, UA_ATTACKER,
          {"encryptionAlgorithm": "SYMMETRIC_DEFAULT"}, tls="TLSv1.2",
          error="AccessDenied",
          message=denied(who, "kms:Decrypt", "this ciphertext"))
    call("DeleteBucketPublicAccessBlock", more={"publicAccessBlock": ""},
         read_only=False)
    call("PutBucketPolicy", got=301, more={"policy": "", "bucketPolicy": {
        "Version": "2012-10-17",
        "Statement": [{"Sid": "Sync", "Effect": "Allow", "Principal": "*",
                       "Action": ["s3:GetObject", "s3:ListBucket"],
                       "Resource": ["arn:aws:s3:::" + EXPORTS,
                                    "arn:aws:s3:::" + EXPORTS + "/*"]}]}})


def foothold():
    """23:38: a user with a key and all rights."""
    who = backup_session()
    t = Clock("2024-05-14T23:37:48Z")

    def call(source, name, request=None, response=None, **kw):
        event(t(5, 25), HOME, source, name, who, ATTACKER, UA_ATTACKER,
              request, response, tls="TLSv1.2", **kw)

    made = "May 14, 2024 11:38:02 PM"
    name = "support-sync"
    call("iam", "CreateUser", {"path": "/", "userName": name,
                               "tags": [{"key": "owner",
                                         "value": "IT-Support"}]},
         {"user": {"path": "/", "userName": name,
                   "userId": ident("AIDA", name, 21),
                   "arn": "arn:aws:iam::%s:user/%s" % (ACCOUNT, name),
                   "createDate": made}})
    call("iam", "CreateAccessKey", {"userName": name},
         {"accessKey": {"accessKeyId": PLANTED, "status": "Active",
                        "userName": name, "createDate": made}})
    call("iam", "AttachUserPolicy",
         {"userName": name,
          "policyArn": "arn:aws:iam::aws:policy/AdministratorAccess"})
    call("iam", "CreateLoginProfile", {"userName": "anna.weber"},
         error="EntityAlreadyExistsException",
         message="Login Profile for user anna.weber already exists.")
    call("cloudtrail", "DescribeTrails", None)
    call("cloudtrail", "GetTrailStatus", {"name": TRAIL})


def trail_stopped():
    """00:04: the new user stops the trail.  Nothing is logged after it."""
    who = iam_user("support-sync", PLANTED)
    t = Clock("2024-05-15T00:03:40Z")
    trail = "arn:aws:cloudtrail:%s:%s:trail/%s" % (HOME, ACCOUNT, TRAIL)

    def call(at, source, name, request=None, **kw):
        event(at, HOME, source, name, who, ATTACKER2, UA_ATTACKER, request,
              tls="TLSv1.2", **kw)

    call(t(2, 9), "sts", "GetCallerIdentity")
    call(t(2, 9), "cloudtrail", "ListTrails", None)
    call(t(2, 9), "cloudtrail", "DeleteTrail", {"name": TRAIL + "-org"},
         error="TrailNotFoundException",
         message="Unknown trail: %s-org for the user: %s" % (trail, ACCOUNT))
    call(STOPPED, "cloudtrail", "StopLogging", {"name": trail})


def response():
    """07:52: the administrator starts the trail and shuts the doors."""
    ip = OFFICE6
    who = console_user("anna.weber", "2024-05-15T07:49:30Z")
    t = Clock(STARTED)

    def call(at, source, name, request=None, answer=None, region=HOME, **kw):
        event(at, region, source, name, who, ip, UA_CONSOLE, request, answer,
              console=True, **kw)

    call(STARTED, "cloudtrail", "StartLogging", {
        "name": "arn:aws:cloudtrail:%s:%s:trail/%s" % (HOME, ACCOUNT, TRAIL)})
    call(t(20, 60), "cloudtrail", "LookupEvents", {
        "maxResults": 50, "lookupAttributes": [
            {"attributeKey": "AccessKeyId", "attributeValue": LEAKED}]})
    call(t(20, 60), "iam", "UpdateAccessKey", {
        "userName": "deploy-site", "accessKeyId": LEAKED,
        "status": "Inactive"})
    call(t(20, 60), "iam", "UpdateAccessKey", {
        "userName": "support-sync", "accessKeyId": PLANTED,
        "status": "Inactive"})
    call(t(20, 60), "iam", "DetachUserPolicy", {
        "userName": "support-sync",
        "policyArn": "arn:aws:iam::aws:policy/AdministratorAccess"})
    call(t(20, 60), "iam", "DeleteUser", {"userName": "support-sync"},
         error="DeleteConflictException",
         message="Cannot delete entity, must delete access keys first.")
    call(t(20, 60), "iam", "DeleteAccessKey", {
        "userName": "support-sync", "accessKeyId": PLANTED})
    call(t(5, 20), "iam", "DeleteUser", {"userName": "support-sync"})
    call(t(20, 60), "iam", "PutRolePolicy", {
        "roleName": "legacy-backup", "policyName": "AWSRevokeOlderSessions",
        "policyDocument": json.dumps({
            "Version": "2012-10-17", "Statement": [{
                "Effect": "Deny", "Action": ["*"], "Resource": ["*"],
                "Condition": {"DateLessThan": {
                    "aws:TokenIssueTime": "2024-05-15T08:00:00.000Z"}}}]},
            indent=2)})
    for name, more in (("DeleteBucketPolicy", {"policy": ""}),
                       ("PutBucketPublicAccessBlock", {
                           "publicAccessBlock": "",
                           "PublicAccessBlockConfiguration": {
                               "BlockPublicAcls": True,
                               "IgnorePublicAcls": True,
                               "BlockPublicPolicy": True,
                               "RestrictPublicBuckets": True}})):
        s3(t(20, 60), "eu-central-1", name, who, ip, UA_CONSOLE, EXPORTS,
           more=more, console=True)


def last_try():
    """08:31: the stolen session has lost its rights."""
    who = backup_session()
    t = Clock("2024-05-15T08:31:02Z")
    for key in ("payments/2024-05.parquet", "customers/2024-05-15.csv.gz"):
        arn = "arn:aws:s3:::%s/%s" % (EXPORTS, key)
        s3(t(), "eu-central-1", "GetObject", who, ATTACKER2, UA_ATTACKER,
           EXPORTS, key, error="AccessDenied", tls="TLSv1.2",
           message="User: %s is not authorized to perform: s3:GetObject on "
                   "resource: \"%s\" with an explicit deny in an "
                   "identity-based policy" % (who["arn"], arn))


def whole_story():
    one, two = "2024-05-14T", "2024-05-15T"
    monitoring(one + "00:20:00Z", "us-east-1", 11)
    services(one + "02:10:00Z", "eu-central-1", 8)
    thumbnails(one + "04:41:00Z", 6)
    console_session(one + "07:35:00Z", "anna.weber", OFFICE, "eu-central-1",
                    11)
    deploy(one + "09:05:00Z", 7)
    ci_run(one + "10:20:00Z", "eu-central-1", new_function=True)
    console_session(one + "12:02:00Z", "tom.okafor", "198.51.100.31",
                    "us-east-1", 10)
    monitoring(one + "13:30:00Z", "eu-central-1", 12)
    deploy(one + "14:45:00Z", 5)
    services(one + "15:10:00Z", "us-east-1", 9)
    thumbnails(one + "16:33:00Z", 7)
    console_session(one + "17:20:00Z", "mei.tanaka", "2001:db8:77::2c8",
                    "us-west-2", 12)
    ci_run(one + "18:06:00Z", "us-west-2")
    services(one + "20:15:00Z", "us-west-2", 8)
    monitoring(one + "22:51:00Z", "us-east-1", 8)
    discovery()
    role_assumed()
    theft()
    services(one + "23:22:00Z", "eu-central-1", 5)
    foothold()
    trail_stopped()
    response()
    last_try()
    ci_run(two + "09:24:00Z", "eu-central-1")
    console_session(two + "09:51:00Z", "anna.weber", OFFICE6, "eu-central-1",
                    12)
    monitoring(two + "11:40:00Z", "us-west-2", 11)
    thumbnails(two + "13:05:00Z", 7)
    console_session(two + "14:15:00Z", "tom.okafor", "198.51.100.31",
                    "us-east-1", 12)
    ci_run(two + "16:02:00Z", "us-west-2")
    services(two + "17:30:00Z", "us-east-1", 9)
    console_session(two + "18:44:00Z", "mei.tanaka", "2001:db8:77::2c8",
                    "us-west-2", 11)
    monitoring(two + "20:20:00Z", "eu-central-1", 10)
    thumbnails(two + "21:58:00Z", 6)
    services(two + "23:12:00Z", "us-east-1", 7)


# --- files -----------------------------------------------------------------

def compact(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def put(root, path, text):
    full = os.path.join(root, *path.split("/"))
    os.makedirs(os.path.dirname(full), exist_ok=True)
    with open(full, "wb") as f:
        f.write(gzip.compress(text.encode(), 9, mtime=0))
    return os.path.getsize(full)


def folder(kind, region, when):
    return "AWSLogs/%s/%s/%s/%s" % (ACCOUNT, kind, region,
                                    when.strftime("%Y/%m/%d"))


def log_files():
    """Group the records as CloudTrail delivers them: five minute batches,
    each some minutes late, and in no order within a file."""
    batches = {}
    for at, region, record in events:
        late = parse(at) + datetime.timedelta(minutes=8)
        slot = late - datetime.timedelta(minutes=late.minute % 5,
                                         seconds=late.second)
        batches.setdefault((slot, region), []).append(record)
    for (slot, region), records in sorted(batches.items()):
        for i in range(len(records) - 1):
            if rng.below(4) == 0:
                records[i], records[i + 1] = records[i + 1], records[i]
        name = "%s_CloudTrail_%s_%s_%s.json.gz" % (
            ACCOUNT, region, slot.strftime("%Y%m%dT%H%MZ"),
            rng.chars(16, ALNUM))
        yield (region, slot, folder("CloudTrail", region, slot) + "/" + name,
               records)


def digest(region, day, previous, files):
    """A day's digest (really there is one an hour)."""
    end = datetime.datetime(*day, 23, 59, 7, tzinfo=UTC)
    name = "%s_CloudTrail-Digest_%s_%s_%s_%s.json.gz" % (
        ACCOUNT, region, TRAIL, HOME, end.strftime("%Y%m%dT%H%M%SZ"))
    path = folder("CloudTrail-Digest", region, end) + "/" + name
    times = sorted(r["eventTime"] for f in files for r in f[3])
    body = {
        "awsAccountId": ACCOUNT,
        "digestStartTime": form(end - datetime.timedelta(days=1)),
        "digestEndTime": form(end),
        "digestS3Bucket": LOGS,
        "digestS3Object": path,
        "digestPublicKeyFingerprint": "31e8b5433410dfb61a9dc45cc65b22ff",
        "digestSignatureAlgorithm": "SHA256withRSA",
        "newestEventTime": times[-1] if times else None,
        "oldestEventTime": times[0] if times else None,
        "previousDigestS3Bucket": LOGS if previous else None,
        "previousDigestS3Object": previous[0] if previous else None,
        "previousDigestHashValue": previous[1] if previous else None,
        "previousDigestHashAlgorithm": "SHA-256" if previous else None,
        "previousDigestSignature": rng.hex(512) if previous else None,
        "logFiles": [{
            "s3Bucket": LOGS,
            "s3Object": f[2],
            "hashValue": hashlib.sha256(
                compact({"Records": f[3]}).encode()).hexdigest(),
            "hashAlgorithm": "SHA-256",
            "newestEventTime": max(r["eventTime"] for r in f[3]),
            "oldestEventTime": min(r["eventTime"] for r in f[3]),
        } for f in files],
    }
    text = compact(body)
    return path, text, hashlib.sha256(text.encode()).hexdigest()


def insights():
    """The start and the end of one unusual rate of errors."""
    shared = rng.uuid()

    def record(at, state):
        context = {"statistics": {
            "baseline": {"average": 0.0012}, "insight": {"average": 0.6},
            "insightDuration": 5, "baselineDuration": 10080}}
        if state == "End":
            context["attributions"] = [{
                "attribute": "userIdentityArn",
                "insight": [{"value": "arn:aws:iam::%s:user/deploy-site"
                                      % ACCOUNT, "average": 0.6}],
                "baseline": []}]
        return {
            "eventVersion": "1.09", "eventTime": at, "awsRegion": HOME,
            "eventID": rng.uuid(), "eventType": "AwsCloudTrailInsight",
            "recipientAccountId": ACCOUNT, "sharedEventID": shared,
            "insightDetails": {
                "state": state, "eventSource": "ssm.amazonaws.com",
                "eventName": "GetParametersByPath",
                "insightType": "ApiErrorRateInsight",
                "errorCode": "AccessDeniedException",
                "insightContext": context},
            "eventCategory": "Insight",
        }

    when = datetime.datetime(2024, 5, 14, 23, 25, tzinfo=UTC)
    name = "%s_CloudTrail-Insight_%s_%s_%s.json.gz" % (
        ACCOUNT, HOME, when.strftime("%Y%m%dT%H%MZ"), rng.chars(16, ALNUM))
    return (folder("CloudTrail-Insight", HOME, when) + "/" + name,
            [record("2024-05-14T22:49:00Z", "Start"),
             record("2024-05-14T22:54:00Z", "End")])


def main():
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        sys.exit("usage: mksample.py OUTDIR")
    root = sys.argv[1]
    whole_story()
    for at, region, r in events:
        if STOPPED < at < STARTED:
            sys.exit("mksample.py: a record while the trail was stopped: "
                     + compact(r))
    sizes = []
    files = list(log_files())
    for region, slot, path, records in files:
        sizes.append(put(root, path, compact({"Records": records})))
    count, size = len(files), sum(sizes)
    digests = 0
    for region in REGIONS:
        previous = None
        for day in DAYS:
            mine = [f for f in files if f[0] == region
                    and (f[1].year, f[1].month, f[1].day) == day]
            path, text, value = digest(region, day, previous, mine)
            size += put(root, path, text)
            previous = (path, value)
            digests += 1
    path, records = insights()
    size += put(root, path, compact({"Records": records}))
    print("%d records in %d log files (%d to %d bytes), %d insight records "
          "in 1 file, %d digests; %d bytes"
          % (len(events), count, min(sizes), max(sizes), len(records),
             digests, size))


if __name__ == "__main__":
    main()
