#!/usr/bin/env python3
r"""A CloudTrail endpoint on loopback: LookupEvents, its rules, and every fault.

usage: fakeaws.py --dir DIR [--plain] [--events FILE.ndjson]... [--generate SPEC]...
                  [--set SETTINGS] [--faults RULES] [--cert KIND] [--tls VERSION]
                  [--proxy [USER:PASSWORD]]
       fakeaws.py --list

It listens on a port of 127.0.0.1 that the system chooses, prints a line
"READY {...}" (port, url, ca, credentials, ...) on stdout, and serves until its
stdin ends.  A line on stdin is a command (a JSON object, see CONTROL) whose
answer is a line on stdout; POST /_control takes the same over plain HTTP on the
same port, also where the endpoint itself speaks TLS.  DIR takes the CA and the
certificates, made by the openssl program; an existing CA there is used again.
SPEC, SETTINGS and RULES are JSON.  Tests use the classes: Pki, FakeAws, Proxy.

EVENTS are records, each answered with its exact bytes in CloudTrailEvent:
lines of NDJSON files (awsRegion says where), or made up by a SPEC:
  {"region", "count", "span": seconds, "end": epoch, "seed", "mix",
   "density": uniform | random | bursty | second | skewed}
They depend on the SPEC alone.  "mix" is a list [source, name, readOnly, weight].

SETTINGS (see DEFAULTS): credentials, the pace ("rate" requests a second with
"burst", of which another client takes "others"), "latency" seconds with
"jitter" (0.3: 30 %), "scale" (3: time passes three times as fast for rate and
latency), "clock" (seconds that the server's clock is ahead), "disabled" regions
or "enabled" ones, "history" (days), "strict" (a StartTime before it is refused,
otherwise cut), "live" (lookups become events themselves), "hosts" (what Host may
be; anything else is "odd" in the log).  "regions": {NAME: {...}} overrides rate,
burst, others, latency and jitter for one region.

FAULTS are rules {"fault": NAME, ...}; the first that fits a request is used up.
What has to fit: "region"; "request": the k-th LookupEvents request of the
region, from 1 (or [1, 3], "2-", "2-4"); "page" of a chain of tokens; "reused":
true for a connection that has served before; "connection": the k-th connection.
"times": how often; default 1, with a list or a range of requests as often as it
says; "all" for ever.  fakeaws.py --list prints the names.

CONTROL commands: {"do": "faults", "rules": [...]}, "set" with "settings",
"generate" with "spec", "load" with "file", "log", "connections", "reset" (log,
counters, faults, pace), "listen" with "on" (and "for" seconds), "drop" (reset
kept connections), "stop".

The log has an object for each LookupEvents request: region, k, at (seconds), conn
and nth (which connection, and its how many-th request), params, page, outcome
(ok, an error code, or fault), fault, status, events, requestid, odd (what is not
wrong, but not as it should be), and more.
"""
import argparse
import base64
import bisect
import copy
import datetime
import email.utils
import fcntl
import gc
import gzip
import hashlib
import hmac
import json
import os
import random
import re
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time
import urllib.parse
import uuid

TARGET = ("com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101"
          ".LookupEvents")
CONTENT_TYPE = "application/x-amz-json-1.1"
KEYS = ("EventId", "EventName", "ReadOnly", "Username", "ResourceType",
        "ResourceName", "EventSource", "AccessKeyId")
ACCESS_KEY, SECRET_KEY = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
TEMP_KEY, TEMP_SECRET = "ASIAIOSFODNN7EXAMPLE", "je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY"
TOKEN = "IQoJb3JpZ2luX2VjEXAMPLE//////////wEaDGV1LWNlbnRyYWwtMSJIMEYCIQ=="

DEFAULTS = {
    "credentials": [
        {"access_key": ACCESS_KEY, "secret_key": SECRET_KEY},
        {"access_key": TEMP_KEY, "secret_key": TEMP_SECRET, "token": TOKEN},
    ],      # "expires": epoch, "denied": true are possible, too
    "rate": 2.0, "burst": 2.0, "others": 0.0, "latency": 0.0, "jitter": 0.0,
    "scale": 1.0, "clock": 0, "window": 300, "disabled": [], "enabled": None,
    "history": 90, "strict": False, "live": False, "idle": 60, "hosts": None,
    "regions": {},
}
REGIONS = """
af-south-1 ap-east-1 ap-east-2 ap-northeast-1 ap-northeast-2 ap-northeast-3 ap-south-1 ap-south-2
ap-southeast-1 ap-southeast-2 ap-southeast-3 ap-southeast-4 ap-southeast-5 ap-southeast-6
ap-southeast-7 ca-central-1 ca-west-1 eu-central-1 eu-central-2 eu-north-1 eu-south-1 eu-south-2
eu-west-1 eu-west-2 eu-west-3 il-central-1 me-central-1 me-south-1 mx-central-1 sa-east-1 us-east-1
us-east-2 us-west-1 us-west-2""".split()
CHINA, GOV, EUSC = ["cn-north-1", "cn-northwest-1"], ["us-gov-east-1", "us-gov-west-1"], [
    "eusc-de-east-1"]
REASONS = {200: "OK", 204: "No Content", 302: "Found", 307: "Temporary Redirect",
           400: "Bad Request", 403: "Forbidden", 404: "Not Found", 413: "Too Large",
           500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Unavailable",
           504: "Gateway Timeout"}


def utc(t):
    return datetime.datetime.fromtimestamp(t, datetime.timezone.utc)


def amz_date(t):
    return utc(t).strftime("%Y%m%dT%H%M%SZ")


def iso(t):
    return utc(t).strftime("%Y-%m-%dT%H:%M:%SZ")


# --- certificates ------------------------------------------------------------

def host_names():
    """Every name that CloudTrail has in our partitions, plain, FIPS, dual stack."""
    names = ["localhost"]
    for regions, plain, dual in ((REGIONS + GOV, "amazonaws.com", "api.aws"),
                                 (CHINA, "amazonaws.com.cn", "api.amazonwebservices.com.cn"),
                                 (EUSC, "amazonaws.eu", "api.amazonwebservices.eu")):
        for r in regions:
            names += ["*.%s.%s" % (r, plain), "*.%s.%s" % (r, dual)]
    return names


class Pki:
    """A CA made by the openssl program, and certificates of it, each made once."""

    KINDS = {
        "good": "EC P-256",
        "rsa": "RSA 2048 behind an intermediate CA, as Amazon's are",
        "chain": "EC behind an intermediate CA",
        "expired": "ended yesterday", "not-yet": "begins tomorrow",
        "wrong-name": "for another.example", "cn-only": "the name in the subject only",
        "unknown-ca": "of a CA that is not in the bundle", "self-signed": "its own issuer",
        "sha1": "signed with SHA-1", "rsa1024": "RSA 1024",
        "critical-eku": "extended key usage marked critical",
        "ed25519": "Ed25519", "rsa-pss": "an RSA-PSS key",
    }

    def __init__(self, folder, names=()):
        self.dir = os.path.abspath(folder)
        self.names = host_names() + list(names)
        os.makedirs(self.dir, exist_ok=True)
        self.ca = self.path("ca.pem")
        if not os.path.exists(self.ca):
            self.root("ca", "Fake Amazon Root CA")

    def path(self, name):
        return os.path.join(self.dir, name)

    def openssl(self, *args):
        p = subprocess.run(("openssl",) + args, cwd=self.dir, stdin=subprocess.DEVNULL,
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if p.returncode:
            raise RuntimeError("openssl %s: %s" % (" ".join(args), p.stdout.decode()))

    def key(self, name, algorithm="ec"):
        options = {"ec": ["EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
                   "rsa": ["RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
                   "rsa1024": ["RSA", "-pkeyopt", "rsa_keygen_bits:1024"],
                   "rsa-pss": ["RSA-PSS", "-pkeyopt", "rsa_keygen_bits:2048"],
                   "ed25519": ["ED25519"]}[algorithm]
        self.openssl("genpkey", "-algorithm", *options, "-out", name + ".key")

    def root(self, name, subject):
        self.key(name)
        self.openssl("req", "-new", "-x509", "-key", name + ".key", "-days", "3650",
                     "-subj", "/O=Fake/CN=" + subject, "-out", name + ".part",
                     "-addext", "keyUsage=critical,keyCertSign,cRLSign")
        os.rename(self.path(name + ".part"), self.path(name + ".pem"))

    def sign(self, name, issuer, extensions, days=(-1, 30), digest="sha256", subject="localhost"):
        self.openssl("req", "-new", "-key", name + ".key", "-subj", "/O=Fake/CN=" + subject,
                     "-out", name + ".csr")
        text = ("[ca]\ndefault_ca = d\n[d]\ndatabase = %s.db\nnew_certs_dir = .\npolicy = p\n"
                "rand_serial = yes\ndefault_md = %s\nunique_subject = no\nemail_in_dn = no\n"
                "[p]\norganizationName = optional\ncommonName = supplied\n[x]\n%s\n"
                % (name, digest, "\n".join(extensions)))
        with open(self.path(name + ".cnf"), "w") as f:
            f.write(text)
        open(self.path(name + ".db"), "w").close()
        start, end = (utc(time.time() + 86400 * d).strftime("%Y%m%d%H%M%SZ") for d in days)
        self.openssl("ca", "-batch", "-notext", "-config", name + ".cnf", "-extensions", "x",
                     "-cert", issuer + ".pem", "-keyfile", issuer + ".key", "-startdate", start,
                     "-enddate", end, "-in", name + ".csr", "-out", name + ".pem")

    def leaf(self, kind="good"):
        """(certificates, key), the names of two files."""
        if kind not in self.KINDS:
            raise ValueError("no kind of certificate: " + kind)
        chain, key = self.path(kind + ".chain"), self.path(kind + ".key")
        with open(self.path("lock"), "w") as lock:  # of threads and processes
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not os.path.exists(chain):
                self.make(kind)
        return chain, key

    def make(self, kind):
        self.key(kind, {"chain": "ec", "sha1": "rsa"}.get(kind, kind) if kind in (
            "rsa", "rsa1024", "ed25519", "rsa-pss", "sha1") else "ec")
        names = self.names if kind != "wrong-name" else ["another.example"]
        san = ["DNS:" + n for n in names]
        if kind != "wrong-name":
            san.append("IP:127.0.0.1")
        extensions = ["basicConstraints = critical,CA:false",
                      "keyUsage = critical,digitalSignature",
                      "extendedKeyUsage = %sserverAuth" % ("critical," * (kind == "critical-eku"))]
        if kind != "cn-only":
            extensions.append("subjectAltName = " + ",".join(san))
        issuer, intermediates = "ca", []
        if kind in ("rsa", "chain"):
            issuer = kind + "-ca"
            self.key(issuer, "rsa" if kind == "rsa" else "ec")
            self.sign(issuer, "ca", ["basicConstraints = critical,CA:true,pathlen:0",
                                     "keyUsage = critical,keyCertSign"], (-1, 300),
                      subject="Fake Amazon " + kind)
            intermediates = [issuer]
        elif kind == "unknown-ca":
            issuer = "other"
            self.root("other", "Unknown Root CA")
        if kind == "self-signed":
            self.openssl("req", "-new", "-x509", "-key", kind + ".key", "-days", "30",
                         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
                         "-out", kind + ".pem")
        else:
            days = {"expired": (-30, -1), "not-yet": (1, 30)}.get(kind, (-1, 30))
            self.sign(kind, issuer, extensions, days, "sha1" if kind == "sha1" else "sha256")
        parts = []
        for name in [kind] + intermediates:
            with open(self.path(name + ".pem")) as f:
                parts.append(f.read())
        with open(self.path(kind + ".part"), "w") as f:
            f.write("".join(parts))
        os.rename(self.path(kind + ".part"), self.path(kind + ".chain"))

    def context(self, kind="good", tls=None, ciphers=None, alpn=("http/1.1",)):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_ciphers((ciphers or "ECDHE+AESGCM:ECDHE+CHACHA20") + ":@SECLEVEL=0")
        context.load_cert_chain(*self.leaf(kind))
        version = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}.get(tls)
        context.minimum_version = version or ssl.TLSVersion.TLSv1_2
        if version:
            context.maximum_version = version
        if alpn:
            context.set_alpn_protocols(list(alpn))
        return context


# --- events ------------------------------------------------------------------

class Event:
    """One event: what can be asked for, and its record's text."""

    __slots__ = ("time", "seq", "fields", "resources", "record", "category")

    def text(self):
        return self.record() if callable(self.record) else self.record

    def value(self, key):
        return self.fields.get(key)

    def matches(self, key, value):
        if key in ("ResourceType", "ResourceName"):
            return any(r.get(key) == value for r in self.resources)
        return self.fields.get(key) == value


def username(identity):
    if identity.get("type") == "Root":
        return identity.get("userName", "root")
    if identity.get("userName"):
        return identity["userName"]
    if ":" in str(identity.get("principalId", "")):
        return identity["principalId"].split(":", 1)[1]
    return None


NAMED = (("bucketName", "AWS::S3::Bucket"), ("userName", "AWS::IAM::User"),
         ("roleName", "AWS::IAM::Role"), ("policyArn", "AWS::IAM::Policy"),
         ("tableName", "AWS::DynamoDB::Table"), ("functionName", "AWS::Lambda::Function"))


def event_of(text):
    """An event and its region from a record's text; None for what history has not."""
    r = json.loads(text)
    category = r.get("eventCategory", "Management")
    if category not in ("Management", "Insight") or "eventTime" not in r:
        return None, None
    e = Event()
    e.time = int(datetime.datetime.strptime(r["eventTime"], "%Y-%m-%dT%H:%M:%SZ").replace(
        tzinfo=datetime.timezone.utc).timestamp())
    e.category = category
    identity = r.get("userIdentity") or {}
    e.fields = {"EventId": r.get("eventID"), "EventName": r.get("eventName"),
                "EventSource": r.get("eventSource"), "Username": username(identity),
                "AccessKeyId": identity.get("accessKeyId")}
    if "readOnly" in r:
        e.fields["ReadOnly"] = "true" if r["readOnly"] else "false"
    e.resources = [{"ResourceType": x.get("type"), "ResourceName": x.get("ARN")}
                   for x in r.get("resources") or ()]
    parameters = r.get("requestParameters") or {}
    e.resources += [{"ResourceType": kind, "ResourceName": parameters[name]}
                    for name, kind in NAMED if isinstance(parameters.get(name), str)]
    e.record = text
    return e, r.get("awsRegion")


MIX = [
    ["ec2.amazonaws.com", "DescribeInstances", True, 30],
    ["sts.amazonaws.com", "AssumeRole", True, 15],
    ["kms.amazonaws.com", "Decrypt", True, 12],
    ["s3.amazonaws.com", "GetBucketAcl", True, 6],
    ["s3.amazonaws.com", "GetBucketLocation", True, 4],
    ["s3.amazonaws.com", "ListBuckets", True, 3],
    ["s3.amazonaws.com", "PutBucketPolicy", False, 1],
    ["dynamodb.amazonaws.com", "DescribeTable", True, 5],
    ["dynamodb.amazonaws.com", "GetResourcePolicy", True, 1],
    ["ssm.amazonaws.com", "ListDocuments", True, 3],
    ["transfer.amazonaws.com", "ListUsers", True, 2],
    ["lambda.amazonaws.com", "CreateFunction20150331", False, 1],
    ["cloudtrail.amazonaws.com", "UpdateTrail", False, 1],
    ["monitoring.amazonaws.com", "DescribeAlarms", True, 4],
]
USERS = ["Alice", "Bob", "AliceIsNotBob", "ci-deploy", "Zo\u00eb", "\u5c71\u7530"]
# What a record may hold and a careless program breaks: each is put into requestParameters.
ODD = [
    r'"bucketName":"example-bucket-%(i)d"',
    r'"name":"myTrail%(i)d","size":12345678901234567890123456789',
    r'"text":"Gr\u00fc\u00dfe \ud83d\ude00 \"quoted\" back\\slash \/ tab\t","n":1.50E+3',
    '"text":"Gr\u00fc\u00dfe \U0001f600 \u2028 raw","e":1e-400,"z":-0.0',
    r'"bucketName":"b-%(i)d","empty":{},"list":[],"nested":[[{"a":[null,true,false]}]]',
    r'"key":"a\u0000b\u001b[31m","dup":1,"dup":2',
    r'"path":"C:\\u0041\\new","html":"<b>&amp;</b>"',
]


class Made:
    """The text of a made-up record, when somebody asks for it."""

    __slots__ = ("values",)

    def __init__(self, values):
        self.values = values

    def __call__(self):
        v = dict(self.values)
        v["odd"] = ODD[v["i"] % len(ODD)] % v
        v["ro"] = "true" if v["ro"] else "false"
        v["error"] = ('"errorCode":"AccessDenied","errorMessage":"User: %(user)s is not '
                      'authorized",' % v if v["i"] % 9 == 4 else "")
        v["pad"] = "x" * (v["i"] * 7 % 300)
        return (
            '{"eventVersion":"1.11","userIdentity":{"type":"IAMUser","principalId":"AIDA%(u)04d",'
            '"arn":"arn:aws:iam::123456789012:user/%(user)s","accountId":"123456789012",'
            '"accessKeyId":"%(key)s","userName":"%(user)s"},"eventTime":"%(iso)s",'
            '"eventSource":"%(source)s","eventName":"%(name)s","awsRegion":"%(region)s",'
            '"sourceIPAddress":"203.0.113.%(u)d","userAgent":"made-up/%(i)d","%(pad)s":null,'
            '%(error)s"requestParameters":{%(odd)s},"responseElements":null,'
            '"requestID":"%(i)08d-0000","eventID":"%(id)s","readOnly":%(ro)s,'
            '"eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"123456789012",'
            '"eventCategory":"Management"}' % v)


def make_times(rng, count, end, span, density):
    if density == "uniform":
        return [end - int((i + 0.5) * span / count) for i in range(count)]
    if density == "random":
        return [end - int(rng.random() * span) for _ in range(count)]
    if density == "second":
        return [end - span // 2] * count
    if density == "skewed":
        return [end - int(rng.random() ** 3 * span) for _ in range(count)]
    if density == "bursty":     # four of five events in a few dozen bursts of seconds
        centres = [end - int(rng.random() * span) for _ in range(max(1, min(count // 200, 40)))]
        return [min(end, max(end - span, rng.choice(centres) + int(rng.gauss(0, 10))))
                if rng.random() < 0.8 else end - int(rng.random() * span) for _ in range(count)]
    raise ValueError("no such density: %s" % density)


def make_events(spec):
    """The events of a SPEC, in any order; the same for the same SPEC."""
    unknown = set(spec) - {"region", "count", "span", "end", "seed", "mix", "density"}
    if unknown:
        raise ValueError("SPEC: %s" % unknown)
    region, count = spec["region"], spec["count"]
    name = "%s:%s:%d" % (spec.get("seed", 1), region, count)
    rng = random.Random(hashlib.sha256(name.encode()).digest())
    span = int(spec.get("span", 3600))
    end = int(spec.get("end", time.time() - 60))
    mix = spec.get("mix", MIX)
    kinds = rng.choices(mix, [m[3] for m in mix], k=count)
    events = []
    for i, (t, m) in enumerate(zip(make_times(rng, count, end, span,
                                              spec.get("density", "uniform")), kinds)):
        u = rng.randrange(len(USERS))
        digest = hashlib.md5(("%s:%d" % (name, i)).encode()).hexdigest()
        v = {"i": i, "u": u, "user": USERS[u], "key": "AKIA%012dDEMO" % (u + 1), "iso": iso(t),
             "source": m[0], "name": m[1], "ro": m[2], "region": region,
             "id": str(uuid.UUID(digest))}
        e = Event()
        e.time, e.record, e.category = t, Made(v), "Management"
        e.fields = {"EventId": v["id"], "EventName": m[1], "EventSource": m[0],
                    "Username": v["user"], "AccessKeyId": v["key"],
                    "ReadOnly": "true" if m[2] else "false"}
        e.resources = ([{"ResourceType": "AWS::S3::Bucket", "ResourceName": "b-%d" % i}]
                       if i % len(ODD) == 4 else [])
        events.append(e)
    return events


plainly = json.JSONEncoder(ensure_ascii=False).encode


def quote(text, style):
    """A JSON string; four ways to say the same."""
    if style == 0:
        return plainly(text)
    if style == 1:
        return json.dumps(text)
    if style == 2:
        return plainly(text).replace("/", "\\/")
    return re.sub(r"\\\\|\\u[0-9a-f]{4}", lambda m: m[0] if m[0] == "\\\\" else
                  "\\u" + m[0][2:].upper(), json.dumps(text))


def java_double(n):
    """1704164645 as 1.704164645E9: this is how the service writes EventTime."""
    s, _, fraction = str(n).partition(".")
    return "%s.%sE%d" % (s[0], (s[1:] + fraction).rstrip("0") or "0", len(s) - 1)


def event_json(e):
    members = ['"%s":%s' % (k, plainly(v)) for k, v in e.fields.items() if v is not None]
    members.append('"EventTime":' + java_double(e.time))
    members.append('"Resources":' + plainly(e.resources))
    members.append('"CloudTrailEvent":' + quote(e.text(), e.seq % 4))
    return "{%s}" % ",".join(members)


class Region:
    """What a region holds: its events, newest first, its pace, its counters."""

    def __init__(self, name):
        self.name = name
        self.lock = threading.Lock()
        self.events, self.keys, self.views = [], [], {}
        self.sequence = 0
        self.requests = 0
        self.level = self.at = None     # of the bucket
        self.stolen_at = 0.0

    def add(self, events):
        with self.lock:
            for e in events:
                e.seq = self.sequence
                self.sequence += 1
            self.events += events
            self.events.sort(key=lambda e: (-e.time, e.seq))
            self.keys = [(-e.time, e.seq) for e in self.events]
            self.views = {}

    def view(self, category, attribute):
        """(events, keys) of those that the attribute selects."""
        with self.lock:
            view = self.views.get((category, attribute))
            if view is None:
                found = [e for e in self.events if e.category == category and (
                    attribute is None or e.matches(*attribute))]
                view = found, (self.keys if len(found) == len(self.events) else
                               [(-e.time, e.seq) for e in found])
                if len(self.views) > 200:
                    self.views.clear()
                self.views[category, attribute] = view
            return view

    def take(self, now, rate, burst, others):
        """One token, if there is one.  Another client takes its own, at its times."""
        with self.lock:
            if self.level is None:
                self.level, self.at, self.stolen_at = burst, now, now
            while others > 0 and self.stolen_at + 1 / others <= now:
                self.stolen_at += 1 / others
                self.refill(self.stolen_at, rate, burst)
                self.level = max(0.0, self.level - 1)
            self.refill(now, rate, burst)
            if self.level < 1 - 1e-6:
                return False
            self.level -= 1
            return True

    def refill(self, now, rate, burst):
        self.level = min(burst, self.level + max(0.0, now - self.at) * rate)
        self.at = max(self.at, now)


# --- requests, and whether they are signed rightly ---------------------------

class AwsError(Exception):
    def __init__(self, code, message, status=400):
        Exception.__init__(self, message)
        self.code, self.message, self.status = code, message, status


class Request:
    """A request as it came in.  odd: what the service may put up with, and we do not."""

    def __init__(self, head):
        self.odd = []
        self.headers = []
        self.body = b""
        lines = head.decode("latin-1").split("\r\n")
        m = re.fullmatch(r"([A-Z]+) ([!-~]+) HTTP/(1\.[01])", lines[0])
        if not m:
            raise AwsError("BadRequest", "bad request line")
        self.method, self.target, self.version = m.groups()
        for line in lines[1:]:
            m = re.fullmatch(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*", line)
            if not m or re.search(r"[\0-\x08\x0a-\x1f\x7f]", m[2]):
                raise AwsError("BadRequest", "bad header: %r" % line[:80])
            self.headers.append((m[1].lower(), m[2]))
        names = [n for n, _ in self.headers]
        self.odd += ["header twice: " + n for n in sorted(set(names)) if names.count(n) > 1]
        if self.version != "1.1":
            self.odd.append("HTTP/" + self.version)
        if self.get("content-length") is None and self.method == "POST":
            self.odd.append("no Content-Length")
        for n in ("transfer-encoding", "expect", "upgrade", "te", "trailer", "proxy-authorization",
                  "proxy-connection"):
            if self.get(n) is not None:
                self.odd.append("header " + n)
        if not self.get("user-agent"):
            self.odd.append("no User-Agent")
        if "gzip" in (self.get("accept-encoding") or ""):
            self.odd.append("Accept-Encoding: gzip")

    def get(self, name):
        values = [v for n, v in self.headers if n == name]
        return ",".join(values) if values else None


def find_scope(request):
    """The region that the request is for: of the credential scope, else of the host."""
    m = re.search(r"Credential=[^/\s]*/\d*/([a-z0-9-]+)/", request.get("authorization") or "")
    if m:
        return m[1]
    m = re.match(r"cloudtrail(?:-fips)?\.([a-z0-9-]+)\.", request.get("host") or "")
    return m[1] if m else "?"


def canonical_request(request, signed):
    """SigV4, step 1, for every service but S3."""
    path, _, query = request.target.partition("?")
    parts = []
    for part in path.split("/"):
        if part == "..":
            del parts[-1:]
        elif part not in ("", "."):
            parts.append(part)
    path = "/" + "/".join(parts) + ("/" if parts and path.endswith("/") else "")
    pairs = sorted(tuple((p + "=").split("=")[:2]) for p in query.split("&") if p)
    lines = [request.method, urllib.parse.quote(path, safe="/-_.~"),
             "&".join("%s=%s" % p for p in pairs)]
    for name in signed:
        value = request.get(name)
        lines.append("%s:%s" % (name, re.sub("[ \t]+", " ", (value or "").strip(" \t"))))
    lines += ["", ";".join(signed),
              request.get("x-amz-content-sha256") or hashlib.sha256(request.body).hexdigest()]
    return "\n".join(lines)


def signature(secret, date, scope, canonical):
    key = ("AWS4" + secret).encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    text = "AWS4-HMAC-SHA256\n%s\n%s\n%s" % (
        date, scope, hashlib.sha256(canonical.encode("latin-1")).hexdigest())
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def read_authorization(text):
    if text is None:
        raise AwsError("MissingAuthenticationTokenException", "Missing Authentication Token")
    kind, _, rest = text.partition(" ")
    if kind != "AWS4-HMAC-SHA256":
        raise AwsError("IncompleteSignatureException", "Unsupported AWS 'algorithm': '%s'." % kind)
    fields = dict((p.strip() + "=").split("=")[:2] for p in rest.split(","))
    for name in ("Credential", "SignedHeaders", "Signature"):
        if not fields.get(name):
            raise AwsError("IncompleteSignatureException", "Authorization header requires '%s' "
                           "parameter. Authorization=%s" % (name, kind))
    return fields


def verify(request, credentials, now, window=300):
    """Raise the AwsError that the service would answer, or return the credential."""
    fields = read_authorization(request.get("authorization"))
    wrong = "InvalidSignatureException"
    scope = fields["Credential"].split("/")
    signed = fields["SignedHeaders"].split(";")
    if len(scope) != 5 or not re.fullmatch(r"[0-9a-f]{64}", fields["Signature"]) or (
            signed != sorted(set(s.lower() for s in signed))):
        raise AwsError("IncompleteSignatureException", "Authorization header is malformed")
    date = request.get("x-amz-date") or ""
    if not re.fullmatch(r"\d{8}T\d{6}Z", date):
        raise AwsError("IncompleteSignatureException", "Date must be in ISO-8601 'basic format'. "
                       "Got '%s'. See http://en.wikipedia.org/wiki/ISO_8601" % date)
    m = re.match(r"cloudtrail(?:-fips)?\.([a-z0-9-]+)\.", request.get("host") or "")
    if m and m[1] != scope[2] or not re.fullmatch(r"[a-z]+(-[a-z]+)+-\d+", scope[2]):
        raise AwsError(wrong, "Credential should be scoped to a valid region. ")
    if scope[3] != "cloudtrail":
        raise AwsError(wrong, "Credential should be scoped to correct service: 'cloudtrail'. ")
    if scope[4] != "aws4_request":
        raise AwsError(wrong, "Credential should be scoped with a valid terminator: "
                       "'aws4_request', not '%s'. " % scope[4])
    if scope[1] != date[:8]:
        raise AwsError(wrong, "Date in Credential scope does not match YYYYMMDD from ISO-8601 "
                       "version of date from HTTP: '%s' != '%s'" % (scope[1], date[:8]))
    at = datetime.datetime.strptime(date, "%Y%m%dT%H%M%SZ").replace(
        tzinfo=datetime.timezone.utc).timestamp()
    if at < now - window:
        raise AwsError(wrong, "Signature expired: %s is now earlier than %s (%s - %d min.)" % (
            date, amz_date(now - window), amz_date(now), window // 60))
    if at > now + window:
        raise AwsError(wrong, "Signature not yet current: %s is still later than %s (%s + %d min.)"
                       % (date, amz_date(now + window), amz_date(now), window // 60))
    known = [c for c in credentials if c["access_key"] == scope[0]]
    token = request.get("x-amz-security-token")
    if not known or token != known[0].get("token"):
        raise AwsError("UnrecognizedClientException",
                       "The security token included in the request is invalid.")
    for name in sorted(set(n for n, _ in request.headers)):
        if (name in ("host", "content-type") or name.startswith("x-amz-")) and name not in signed:
            raise AwsError(wrong, "'%s' must be a 'SignedHeader' in the AWS Authorization." % name)
    if [s for s in ("host", "x-amz-date") + tuple(signed) if request.get(s) is None]:
        raise AwsError(wrong, "a signed header is missing")
    claimed = request.get("x-amz-content-sha256")
    if claimed and claimed != hashlib.sha256(request.body).hexdigest():
        raise AwsError(wrong, "The value passed in for x-amz-content-sha256 does not match")
    expected = signature(known[0]["secret_key"], date, "/".join(scope[1:]),
                         canonical_request(request, signed))
    if not hmac.compare_digest(expected, fields["Signature"]):
        raise AwsError(wrong, "The request signature we calculated does not match the signature "
                       "you provided. Check your AWS Secret Access Key and signing method. Consult "
                       "the service documentation for details.")
    if known[0].get("expires") is not None and known[0]["expires"] < now:
        raise AwsError("ExpiredTokenException",
                       "The security token included in the request is expired")
    return known[0]


# --- LookupEvents ------------------------------------------------------------

MEMBERS = {"LookupAttributes": list, "StartTime": (int, float), "EndTime": (int, float),
           "EventCategory": str, "MaxResults": int, "NextToken": str}
TOKEN_KEY = b"not a secret, only a sum"


def read_parameters(body):
    def no_twins(pairs):
        if len(dict(pairs)) != len(pairs):
            raise ValueError("member twice")
        return dict(pairs)
    try:
        p = json.loads(body.decode(), object_pairs_hook=no_twins)
    except ValueError as e:
        raise AwsError("SerializationException", "cannot be read: %s" % e)
    if not isinstance(p, dict):
        raise AwsError("SerializationException", "Start of structure or map found where not "
                       "expected.")
    for k, v in p.items():
        if k not in MEMBERS or not isinstance(v, MEMBERS[k]) or isinstance(v, bool):
            raise AwsError("SerializationException", "unknown or of the wrong type: " + k)
    return p


def read_attribute(p):
    attributes = p.get("LookupAttributes", [])
    bad = "InvalidLookupAttributesException"
    if len(attributes) > 1:
        raise AwsError(bad, "You can only specify one lookup attribute.")
    for a in attributes:
        if not isinstance(a, dict) or set(a) != {"AttributeKey", "AttributeValue"} or not all(
                isinstance(v, str) for v in a.values()):
            raise AwsError("SerializationException", "LookupAttributes")
        if a["AttributeKey"] not in KEYS:
            raise AwsError(bad, "The lookup attribute key is not valid: " + a["AttributeKey"])
        value = a["AttributeValue"]
        if not 1 <= len(value) + len(re.findall("[_ ,\n]", value)) <= 2000:
            raise AwsError(bad, "The length of the lookup attribute value is not valid.")
        return a["AttributeKey"], value
    return None


def check_parameters(p, now, history, strict):
    """(attribute, first second, last second, category, how many)"""
    attribute = read_attribute(p)
    category = "Management"
    if "EventCategory" in p:
        if p["EventCategory"] != "insight":
            raise AwsError("InvalidEventCategoryException", "The event category is not valid.")
        category = "Insight"
        if attribute and attribute[0] not in ("EventId", "EventName", "EventSource"):
            raise AwsError("InvalidLookupAttributesException",
                           "The lookup attribute is not valid for Insights events.")
    count = p.get("MaxResults", 50)
    if not 1 <= count <= 50:
        raise AwsError("InvalidMaxResultsException", "A value of max results less than 1 or "
                       "greater than 50 is not valid.")
    oldest = now - history * 86400
    start, end = p.get("StartTime", oldest), p.get("EndTime", now)
    if not 0 <= start <= 253402300799 or not 0 <= end <= 253402300799 or start > end or (
            end < oldest - 60) or strict and start < oldest - 60:
        raise AwsError("InvalidTimeRangeException",
                       "The time range is not valid: the start time is after the end time, or "
                       "outside of the last %d days." % history)
    return attribute, max(start, oldest), end, category, count


def make_token(p, region, page, key):
    bound = {k: v for k, v in p.items() if k != "NextToken"}
    body = json.dumps({"v": 1, "region": region, "page": page, "key": key, "of":
                       hashlib.sha256(json.dumps(bound, sort_keys=True).encode()).hexdigest()})
    mac = hmac.new(TOKEN_KEY, body.encode(), hashlib.sha256).digest()
    return base64.b64encode(mac + body.encode()).decode()       # with + and / in it, and =


def read_token(p, region):
    """(number of the page, key of the last event before it)"""
    if "NextToken" not in p:
        return 1, None
    try:
        raw = base64.b64decode(p["NextToken"], validate=True)
        body = json.loads(raw[32:])
        page, key = body["page"], body["key"]
        if make_token(p, region, page, key) == p["NextToken"]:
            return page, tuple(key) if key else None
    except (ValueError, KeyError, TypeError):
        pass
    raise AwsError("InvalidNextTokenException", "The specified token is not valid: it was not "
                   "given by this region, or for other parameters.")


def lookup(region, p, now, history, strict, rule):
    """The answer as (list of events as JSON, token or None, number of the page)."""
    attribute, start, end, category, count = check_parameters(p, now, history, strict)
    page, key = read_token(p, region.name)
    events, keys = region.view(category, attribute)
    newest = bisect.bisect_left(keys, (-end, -1))
    stop = bisect.bisect_right(keys, (-start, 1 << 62))
    at = newest if key is None else max(newest, bisect.bisect_right(keys, key))
    fault = rule["fault"] if rule else None
    if fault == "empty-page":
        count = 0
    elif fault == "short-page":
        count = min(count, rule.get("events", 1))
    elif fault == "duplicate":
        at = max(newest, at - rule.get("events", 7))
    last = min(at + count, stop)
    found = [event_json(e) for e in events[at:last]]
    token = None
    if last < stop or fault == "empty-page" or fault == "trailing-token" and events[at:last]:
        token = make_token(p, region.name, page + 1, keys[last - 1] if last > newest else key)
    if fault == "same-token" and "NextToken" in p:
        token = p["NextToken"]
    return found, token, page


LOOKUPS = {
    "empty-page": "no events, and a token that goes on where this page stood",
    "short-page": "only \"events\" (1) of them, and a token",
    "duplicate": "begins with the last \"events\" (7) of the page before",
    "trailing-token": "a token although nothing follows; the next page is empty",
    "same-token": "hands back the token that came in",
    "skew": "for this request the server's clock is \"offset\" (3600) seconds ahead",
}


# --- faults in answers -------------------------------------------------------

class Answer:
    def __init__(self, status, headers, body, reason=None):
        self.status, self.headers, self.body = status, headers, body
        self.reason = REASONS.get(status, "Reason") if reason is None else reason

    def set(self, name, value):
        self.drop(name)
        self.headers.append((name, value))
        return self

    def drop(self, name):
        self.headers = [h for h in self.headers if h[0].lower() != name.lower()]
        return self

    def head(self):
        lines = ["HTTP/1.1 %d %s" % (self.status, self.reason)]
        lines += ["%s: %s" % h for h in self.headers]
        return "\r\n".join(lines + ["", ""]).encode("latin-1")

    def replace(self, status, body, content_type=CONTENT_TYPE):
        """Another answer with the same request id and date."""
        if isinstance(body, str):
            body = body.encode()
        self.status, self.reason, self.body = status, REASONS.get(status, "Reason"), body
        return self.set("Content-Type", content_type).set("Content-Length", str(len(body)))


def error_body(code, message, form="plain"):
    if form == "namespace":
        return json.dumps({"__type": "com.amazonaws.cloudtrail.v20131101#" + code,
                           "Message": message})
    if form == "uri":
        return json.dumps({"__type": code + ":http://amazon.example/coral/", "message": message})
    if form == "header":
        return json.dumps({"message": message})
    return json.dumps({"__type": code, "message": message})


HTML = ("<html>\r\n<head><title>503 Service Temporarily Unavailable</title></head>\r\n<body>\r\n"
        "<center><h1>503 Service Temporarily Unavailable</h1></center>\r\n</body>\r\n</html>\r\n")
ANSWERS, WIRES, CONNECTIONS = {}, {}, {}
# The service never got these: they cost no quota.
UNSEEN = {"stale", "stale-notify", "stale-reset", "reset", "close", "close-notify", "stall",
          "tls-alert"}


def register(table, function):
    table[function.__name__.strip("_").replace("_", "-")] = function
    return function


def answers(function):
    return register(ANSWERS, function)


def wires(function):
    return register(WIRES, function)


def connections(function):
    return register(CONNECTIONS, function)


def refuse(a, rule, code, message, status=400):
    form = rule.get("form", "plain")
    a.replace(rule.get("status", status), error_body(rule.get("code", code),
                                                     rule.get("message", message), form))
    if form == "header":
        a.set("x-amzn-errortype", rule.get("code", code) + ":http://amazon.example/coral/")
    if "retry_after" in rule:
        a.set("x-amz-retry-after", str(rule["retry_after"]))
    if "date_offset" in rule:
        a.set("Date", email.utils.formatdate(time.time() + rule["date_offset"], usegmt=True))
    return a


@answers
def throttle(a, rule):
    'ThrottlingException, 400; with "retry_after" ms'
    return refuse(a, rule, "ThrottlingException", "Rate exceeded")


@answers
def error(a, rule):
    'an error: "status", "code", "message", "form": plain namespace uri header'
    return refuse(a, rule, "InternalFailure", "made to order")


@answers
def error_500(a, rule):
    "InternalFailure, 500"
    return refuse(a, rule, "InternalFailure", "An internal error occurred", 500)


@answers
def error_503(a, rule):
    "ServiceUnavailable, 503"
    return refuse(a, rule, "ServiceUnavailable", "The service is unavailable", 503)


@answers
def html_500(a, rule):
    "500 with HTML"
    return a.replace(500, HTML, "text/html")


@answers
def html_503(a, rule):
    "503 with HTML and no request id, as a load balancer answers"
    return a.replace(503, HTML, "text/html").drop("x-amzn-RequestId")


@answers
def empty_500(a, rule):
    "500 without a body"
    return a.replace(500, "")


@answers
def html_502(a, rule):
    "502 with HTML"
    return a.replace(502, HTML, "text/html")


@answers
def html_504(a, rule):
    "504 with HTML"
    return a.replace(504, HTML, "text/html")


@answers
def expired_token(a, rule):
    "ExpiredTokenException"
    return refuse(a, rule, "ExpiredTokenException",
                  "The security token included in the request is expired")


@answers
def access_denied(a, rule):
    "AccessDeniedException"
    return refuse(a, rule, "AccessDeniedException",
                  "User: arn:aws:iam::123456789012:user/Alice is not authorized to perform: "
                  "cloudtrail:LookupEvents because no identity-based policy allows the "
                  "cloudtrail:LookupEvents action")


@answers
def unrecognized(a, rule):
    "UnrecognizedClientException"
    return refuse(a, rule, "UnrecognizedClientException",
                  "The security token included in the request is invalid.")


@answers
def invalid_signature(a, rule):
    'InvalidSignatureException; with "date_offset" seconds in the Date header'
    return refuse(a, rule, "InvalidSignatureException", "The request signature we calculated does "
                  "not match the signature you provided.")


@answers
def request_expired(a, rule):
    'RequestExpired; Date "date_offset" (3600) seconds off'
    return refuse(a, dict({"date_offset": 3600}, **rule), "RequestExpired",
                  "Request has expired.")


@answers
def invalid_token(a, rule):
    "InvalidNextTokenException"
    return refuse(a, rule, "InvalidNextTokenException", "The specified token is not valid.")


@answers
def cut_json(a, rule):
    'JSON that stops at "at" (0.6) of it; the length is right'
    return a.replace(200, a.body[:int(len(a.body) * rule.get("at", 0.6))])


@answers
def bad_json(a, rule):
    "JSON with a stray comma in front of the last bracket"
    return a.replace(200, a.body[:-1] + b",}")


@answers
def body(a, rule):
    '"text" (or "hex") with "status" (200)'
    data = bytes.fromhex(rule["hex"]) if "hex" in rule else rule["text"].encode()
    return a.replace(rule.get("status", 200), data)


@answers
def trailing_json(a, rule):
    "something behind the JSON"
    return a.replace(200, a.body + b"{}")


@answers
def html_200(a, rule):
    "200 with HTML"
    return a.replace(200, HTML, "text/html")


@answers
def empty_200(a, rule):
    "200 without a body"
    return a.replace(200, "")


@answers
def bad_utf8(a, rule):
    "an invalid byte in the first record's text"
    return a.replace(200, a.body.replace(b"made-up", b"made\xff\xfeup", 1))


@answers
def no_record(a, rule):
    "the first event has no CloudTrailEvent"
    return a.replace(200, a.body.replace(b'"CloudTrailEvent"', b'"CloudTrailEventX"', 1))


@answers
def bad_record(a, rule):
    "the first event's CloudTrailEvent is no JSON"
    return a.replace(200, a.body.replace(b'"CloudTrailEvent":"{', b'"CloudTrailEvent":"{{', 1))


@answers
def deep(a, rule):
    "100000 brackets"
    return a.replace(200, b'{"Events":' + b"[" * 100000)


@answers
def odd_json(a, rule):
    "right, but: white space, unknown members, escaped names, the token first, nulls"
    d = json.loads(a.body)
    events = re.search(rb'"Events":(\[.*\])', a.body, re.S)[1]
    token = d.get("NextToken")
    events = events.replace(b'{"EventId"', b'\r\n\t{ "Extra" : {"a":[1,{"b":null}]},"EventId"')
    events = events.replace(b'"CloudTrailEvent"', b'"Cloud\\u0054railEvent"')
    return a.replace(200, b' {\n"New": "x", "NextToken" : ' + json.dumps(token).encode() +
                     b',\n "\\u0045vents" :\t' + events + b' , "Last":-1.5e3 }\n')


@answers
def token_null(a, rule):
    'the last page says "NextToken": null'
    return a if b'"NextToken"' in a.body else a.replace(200, a.body[:-1] + b',"NextToken":null}')


@answers
def gzip_body(a, rule):
    "the right body, compressed without being asked"
    return a.replace(200, gzip.compress(a.body)).set("Content-Encoding", "gzip")


@answers
def gzip_garbage(a, rule):
    "Content-Encoding: gzip over noise"
    return a.replace(200, random.Random(1).randbytes(5000)).set("Content-Encoding", "gzip")


@answers
def gzip_cut(a, rule):
    "half of the right body, compressed"
    data = gzip.compress(a.body)
    return a.replace(200, data[:len(data) // 2]).set("Content-Encoding", "gzip")


@answers
def no_type(a, rule):
    "right, without a Content-Type and without a Date"
    return a.drop("Content-Type").drop("Date")


@answers
def redirect(a, rule):
    "307 to another host; following it would hand over the credentials"
    return a.replace(307, "").set("Location", rule.get("to", "https://localhost:1/"))


@answers
def no_content(a, rule):
    "204"
    a.replace(204, "")
    return a.drop("Content-Length")


# --- faults on the wire ------------------------------------------------------
# Each takes an Exchange x and returns true if the connection stays.

@wires
def delay(x):
    'waits "seconds" (1; divided by the scale), then answers'
    x.sleep(x.rule.get("seconds", 1) / x.server.get("scale"))
    return x.answer_all()


@wires
def stall(x):
    'says nothing for "seconds" (60; not scaled), then closes'
    x.sleep(x.rule.get("seconds", 60))
    return x.cut()


@wires
def stall_body(x):
    'stops in the middle of the body for "seconds" (60), then closes'
    x.send(x.head() + x.half())
    x.sleep(x.rule.get("seconds", 60))
    return x.cut()


@wires
def drip(x):
    'a byte every "every" (0.5) seconds until "seconds" (600) are over: never idle'
    end = time.monotonic() + x.rule.get("seconds", 600)
    for b in x.head() + x.body():
        x.send(bytes([b]))
        x.sleep(x.rule.get("every", 0.5))
        if time.monotonic() > end:
            break
    return x.cut()


@wires
def trickle(x):
    "the head and the ends of the body byte by byte, each byte a TLS record"
    data = x.head() + x.body()
    n = len(x.head()) + 600
    for b in data[:n]:
        x.send(bytes([b]))
    for i in range(n, max(n, len(data) - 300), 1021):
        x.send(data[i:min(i + 1021, len(data) - 300)])
    for b in data[max(n, len(data) - 300):]:
        x.send(bytes([b]))
    return True


@wires
def trickle_tcp(x):
    "as usual, but what goes over TCP goes byte by byte at first"
    wire = x.conn.encrypt(x.head() + x.body())
    for i in range(min(2000, len(wire))):
        x.conn.raw(wire[i:i + 1])
    for i in range(2000, len(wire), 1021):
        x.conn.raw(wire[i:i + 1021])
    return True


@wires
def reset(x):
    "resets before the head"
    return x.reset()


@wires
def reset_head(x):
    "resets in the head"
    x.send(x.head()[:40])
    return x.reset()


@wires
def reset_body(x):
    "resets in the body"
    x.send(x.head() + x.half())
    return x.reset()


@wires
def reset_after(x):
    "the whole answer, then resets"
    x.send(x.head() + x.body())
    return x.reset(0.05)


@wires
def close(x):
    "closes before the head, without close_notify"
    return x.cut()


@wires
def close_notify(x):
    "closes before the head, with close_notify"
    return x.close()


@wires
def close_head(x):
    "closes in the head"
    x.send(x.head()[:40])
    return x.cut()


@wires
def close_body(x):
    "closes in the body, without close_notify"
    x.send(x.head() + x.half())
    return x.cut()


@wires
def close_body_notify(x):
    "closes in the body, with close_notify: the Content-Length is too large"
    x.send(x.head() + x.half())
    return x.close()


@wires
def close_after(x):
    "the whole answer, then closes without close_notify; nothing announced it"
    x.send(x.head() + x.body())
    return x.cut()


@wires
def close_after_notify(x):
    "the whole answer, then closes with close_notify; nothing announced it"
    x.send(x.head() + x.body())
    return x.close()


@wires
def connection_close(x):
    "Connection: close, and does so with close_notify"
    x.answer.set("Connection", "close")
    x.send(x.head() + x.body())
    return x.close()


@wires
def connection_close_cut(x):
    "Connection: close, and does so without close_notify"
    x.answer.set("Connection", "close")
    x.send(x.head() + x.body())
    return x.cut()


@wires
def until_close(x):
    "no length: the body ends with the connection, with close_notify"
    x.answer.drop("Content-Length").set("Connection", "close")
    x.send(x.head() + x.body())
    return x.close()


@wires
def until_close_cut(x):
    "no length, and no close_notify: nobody can know that the body is whole"
    x.answer.drop("Content-Length").set("Connection", "close")
    x.send(x.head() + x.body())
    return x.cut()


@wires
def until_close_half(x):
    "no length, half of the body, no close_notify"
    x.answer.drop("Content-Length").set("Connection", "close")
    x.send(x.head() + x.half())
    return x.cut()


@wires
def long_length(x):
    "Content-Length is 10 more than the body has; closes with close_notify"
    x.answer.set("Content-Length", str(len(x.body()) + 10))
    x.send(x.head() + x.body())
    return x.close()


@wires
def short_length(x):
    "Content-Length is 10 less than the body has"
    x.answer.set("Content-Length", str(max(0, len(x.body()) - 10)))
    x.send(x.head() + x.body())
    return True


@wires
def extra(x):
    "the answer, and more behind it that nobody asked for"
    x.send(x.head() + x.body() + b"HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n{\"Events\":[]}")
    return True


@wires
def stale(x):
    "a kept connection: closes when the next request is there, before a byte"
    return x.cut()


@wires
def stale_notify(x):
    "the same with close_notify"
    return x.close()


@wires
def stale_reset(x):
    "the same with a reset"
    return x.reset()


def send_chunked(x, size=1000, extension=b"", trailer=b"", last=b"0"):
    x.answer.drop("Content-Length").set("Transfer-Encoding", "chunked")
    data = x.body()
    wire = [b"%x%s\r\n%s\r\n" % (len(data[i:i + size]), extension, data[i:i + size])
            for i in range(0, len(data), size)]
    x.send(x.head() + b"".join(wire) + last + extension + b"\r\n" + trailer + b"\r\n")
    return True


@wires
def chunked(x):
    'chunks of "size" (1000)'
    return send_chunked(x, x.rule.get("size", 1000))


@wires
def chunked_trailers(x):
    "chunks with extensions and trailers"
    return send_chunked(x, 777, b' ; a=b;c="d;\\"e"', b"X-Sum: 1\r\nX-B: 2\r\n", b"000")


@wires
def chunked_bytes(x):
    "chunks of one byte"
    return send_chunked(x, 1)


@wires
def chunked_bad(x):
    'a chunk size that is "size" (zz)'
    x.answer.drop("Content-Length").set("Transfer-Encoding", "chunked")
    data = x.body()
    x.send(x.head() + b"%x\r\n%s\r\n" % (len(data) // 2, data[:len(data) // 2]) +
           x.rule.get("size", "zz").encode() + b"\r\n" + data[len(data) // 2:] + b"\r\n0\r\n\r\n")
    return True


@wires
def chunked_cut(x):
    "chunked, closed with close_notify before the last chunk"
    x.answer.drop("Content-Length").set("Transfer-Encoding", "chunked")
    x.send(x.head() + b"%x\r\n%s\r\n" % (len(x.body()), x.body()))
    return x.close()


@wires
def chunked_cut_trailer(x):
    "chunked, closed with close_notify in the trailer"
    x.answer.drop("Content-Length").set("Transfer-Encoding", "chunked")
    x.send(x.head() + b"%x\r\n%s\r\n0\r\nX-T: " % (len(x.body()), x.body()))
    return x.close()


@wires
def chunked_no_crlf(x):
    "a chunk without its line end"
    x.answer.drop("Content-Length").set("Transfer-Encoding", "chunked")
    x.send(x.head() + b"%x\r\n%sXX0\r\n\r\n" % (len(x.body()), x.body()))
    return True


@wires
def continue_100(x):
    "100 Continue before the answer"
    x.send(b"HTTP/1.1 100 Continue\r\n\r\n")
    return x.answer_all()


@wires
def hints_103(x):
    "103 Early Hints with headers, twice, in front of the answer"
    x.send(b"HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n" * 2)
    return x.answer_all()


@wires
def endless_1xx(x):
    "100 Continue again and again"
    for _ in range(x.rule.get("count", 100000)):
        x.send(b"HTTP/1.1 100 Continue\r\n\r\n" * 10)
    return x.cut()


@wires
def switching(x):
    "101 Switching Protocols, which nobody asked for"
    x.send(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n")
    return x.cut()


@wires
def cl_te(x):
    "Content-Length and Transfer-Encoding: chunked, both right"
    data = x.body()
    wire = b"%x\r\n%s\r\n0\r\n\r\n" % (len(data), data)
    x.answer.set("Content-Length", str(len(wire))).set("Transfer-Encoding", "chunked")
    x.send(x.head() + wire)
    return True


@wires
def two_cl(x):
    "two different Content-Lengths"
    x.answer.headers.append(("Content-Length", "13"))
    x.send(x.head() + x.body())
    return True


@wires
def two_cl_same(x):
    "the same Content-Length twice (RFC 9112 6.3 lets a client choose)"
    x.answer.headers.append(("Content-Length", str(len(x.body()))))
    x.send(x.head() + x.body())
    return True


@wires
def bad_cl(x):
    'Content-Length: "value" (+7)'
    x.answer.set("Content-Length", x.rule.get("value", "+7"))
    x.send(x.head() + x.body())
    return x.close()


@wires
def te_unknown(x):
    'Transfer-Encoding: "value" (gzip, chunked)'
    x.answer.drop("Content-Length").set("Transfer-Encoding", x.rule.get("value", "gzip, chunked"))
    data = gzip.compress(x.body())
    x.send(x.head() + b"%x\r\n%s\r\n0\r\n\r\n" % (len(data), data))
    return True


def send_head(x, change):
    x.send(change(x.head()) + x.body())
    return True


@wires
def bad_status(x):
    'the status line is "line" (HTTP/1.1 2OO OK)'
    line = x.rule.get("line", "HTTP/1.1 2OO OK").encode("latin-1")
    return send_head(x, lambda h: line + h[h.index(b"\r\n"):])


@wires
def no_status(x):
    "no head at all, as in HTTP/0.9"
    x.send(x.body())
    return x.close()


@wires
def garbage(x):
    "noise instead of an answer"
    x.send(random.Random(2).randbytes(3000))
    return x.cut()


@wires
def http_10(x):
    "HTTP/1.0 with a length; the connection is closed"
    x.send(x.head().replace(b"HTTP/1.1", b"HTTP/1.0", 1) + x.body())
    return x.close()


@wires
def fold(x):
    "a header that goes on in the next line"
    return send_head(x, lambda h: h.replace(b"\r\n\r\n", b"\r\nX-Fold: a\r\n b\r\n\r\n", 1))


@wires
def blank_colon(x):
    "a blank in front of Content-Length's colon"
    return send_head(x, lambda h: h.replace(b"Content-Length:", b"Content-Length :", 1))


@wires
def nul_header(x):
    "a NUL in a header"
    return send_head(x, lambda h: h.replace(b"\r\n\r\n", b"\r\nX-Nul: a\0b\r\n\r\n", 1))


@wires
def bare_lf(x):
    "lines of the head end in LF alone"
    return send_head(x, lambda h: h.replace(b"\r\n", b"\n"))


@wires
def many_headers(x):
    'more headers, "count" (20000) of them'
    more = b"".join(b"X-%d: y\r\n" % i for i in range(x.rule.get("count", 20000)))
    return send_head(x, lambda h: h[:-2] + more + b"\r\n")


@wires
def long_header(x):
    'a header of "size" (1000000) bytes'
    more = b"X-Long: " + b"y" * x.rule.get("size", 1000000) + b"\r\n"
    return send_head(x, lambda h: h[:-2] + more + b"\r\n")


@wires
def endless_head(x):
    "a head of 300 MB"
    x.send(x.head()[:-2])
    for i in range(4700):
        x.send(b"X-Header-%05d: " % i + b"y" * 65000 + b"\r\n")
    return x.cut()


@wires
def huge(x):
    '"size" (300 MB) of blanks around the right JSON, with its Content-Length'
    size = x.rule.get("size", 300 << 20)
    x.answer.set("Content-Length", str(size))
    x.send(x.head())
    left, block = size - len(x.body()), b" " * (256 << 10)
    while left > 0:
        x.send(block[:left])
        left -= len(block)
    x.send(x.body())
    return True


@wires
def huge_string(x):
    '"size" (300 MB) of one string, chunked'
    x.answer.drop("Content-Length").set("Transfer-Encoding", "chunked")
    x.send(x.head() + b'29\r\n{"Events":[{"EventId":"1","EventName":"a\r\n')
    for _ in range(x.rule.get("size", 300 << 20) >> 18):
        x.send(b"40000\r\n" + b"A" * (256 << 10) + b"\r\n")
    return x.cut()


@wires
def tls_garbage(x):
    "half of the answer, then noise instead of TLS records"
    x.send(x.head() + x.half())
    x.conn.raw(random.Random(3).randbytes(2000))
    return x.cut(0.05)


@wires
def tls_flip(x):
    "one bit of the ciphertext is wrong"
    wire = bytearray(x.conn.encrypt(x.head() + x.body()))
    wire[len(wire) // 2] ^= 4
    x.conn.raw(bytes(wire))
    return x.cut(0.05)


@wires
def tls_cut(x):
    "closes in the middle of a TLS record"
    wire = x.conn.encrypt(x.head() + x.body())
    x.conn.raw(wire[:len(wire) // 2])
    return x.cut()


@wires
def tls_alert(x):
    "a fatal alert in clear text"
    x.conn.raw(b"\x15\x03\x03\x00\x02\x02\x50")
    return x.cut(0.05)


# --- faults of connections, before anything was read -------------------------
# Each takes the socket and the rule; true: go on with it.

@connections
def accept_slow(sock, rule):
    'waits "seconds" (1) before the handshake'
    time.sleep(rule.get("seconds", 1))
    return True


@connections
def handshake_close(sock, rule):
    "closes after the ClientHello"
    sock.recv(4096)


@connections
def handshake_reset(sock, rule):
    "resets after the ClientHello"
    abort(sock)


@connections
def handshake_stall(sock, rule):
    'says nothing for "seconds" (60), then closes'
    sock.recv(4096)
    time.sleep(rule.get("seconds", 60))


@connections
def handshake_garbage(sock, rule):
    "answers the ClientHello with noise"
    sock.recv(4096)
    sock.sendall(random.Random(4).randbytes(200))


@connections
def handshake_alert(sock, rule):
    'answers the ClientHello with alert "alert" (40, handshake_failure)'
    sock.recv(4096)
    sock.sendall(b"\x15\x03\x03\x00\x02\x02" + bytes([rule.get("alert", 40)]))


@connections
def plain_http(sock, rule):
    "answers the ClientHello as a web server without TLS does"
    sock.recv(4096)
    sock.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")


def abort(sock):
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    except OSError:
        pass
    sock.close()


# --- connections -------------------------------------------------------------

class Plain:
    """A connection without TLS.  eof says how the peer ended it."""

    info = {}
    eof = None

    def __init__(self, sock):
        self.sock = sock

    def recv(self):
        try:
            data = self.sock.recv(65536)
        except OSError as e:
            self.eof = "idle" if isinstance(e, socket.timeout) else "reset"
            return b""
        if not data:
            self.eof = "eof"
        return data

    def raw(self, data):
        self.sock.sendall(data)

    def encrypt(self, data):
        return data

    def send(self, data):
        self.sock.sendall(data)

    def notify(self):
        pass

    def done(self):
        pass


class Tls(Plain):
    """A TLS connection of which every byte on the wire is in our hands."""

    def __init__(self, sock, context):
        self.sock = sock
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_side=True)
        while True:
            try:
                self.tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                self.flush()
                self.feed()
            except ssl.SSLError:
                self.flush()            # the alert
                raise
        self.flush()
        cipher = self.tls.cipher()
        self.info = {"sni": getattr(self.tls, "sni", None), "tls": self.tls.version(),
                     "cipher": cipher[0] if cipher else None,
                     "alpn": self.tls.selected_alpn_protocol(),
                     "resumed": self.tls.session_reused}

    def flush(self):
        data = self.outgoing.read()
        if data:
            self.sock.sendall(data)

    def feed(self):
        data = self.sock.recv(65536)
        if not data:        # not told to OpenSSL, which would forget the session
            raise EOFError
        self.incoming.write(data)

    def recv(self):
        try:
            while True:
                try:
                    data = self.tls.read(65536)
                    if data:
                        return data
                    break
                except ssl.SSLWantReadError:
                    self.flush()
                    self.feed()
            self.eof = "notify"
        except ssl.SSLZeroReturnError:
            self.eof = "notify"
        except EOFError:
            self.eof = "eof"
        except ssl.SSLError as e:
            self.eof = "TLS: %s" % e.reason
        except OSError as e:
            self.eof = "idle" if isinstance(e, socket.timeout) else "reset"
        return b""

    def encrypt(self, data):
        for i in range(0, len(data), 16384):
            self.tls.write(data[i:i + 16384])
        return self.outgoing.read()

    def send(self, data):
        self.sock.sendall(self.encrypt(data))

    def notify(self):
        try:
            self.tls.unwrap()
        except ssl.SSLError:
            pass
        self.flush()

    def done(self):
        """However it ended, its session stays good: OpenSSL forgets those not closed duly."""
        try:
            self.tls.unwrap()
        except (ssl.SSLError, OSError):
            pass


class Exchange:
    """A request, its answer, and the rule that says what is to go wrong with it."""

    def __init__(self, server, conn, answer, rule, entry):
        self.server, self.conn, self.answer = server, conn, answer
        self.rule, self.entry = rule, entry

    def head(self):
        return self.answer.head()

    def body(self):
        return self.answer.body

    def half(self):
        return self.answer.body[:len(self.answer.body) // 2]

    def send(self, data):
        self.conn.send(data)
        self.entry["sent"] += len(data)

    def answer_all(self):
        self.send(self.head() + self.body())
        return True

    def sleep(self, seconds):
        self.server.stopping.wait(seconds)

    def reset(self, wait=0):
        time.sleep(wait)
        abort(self.conn.sock)

    def cut(self, wait=0):
        """Close for TCP alone.  What the peer sent was read: no reset."""
        time.sleep(wait)
        self.finish()

    def close(self):
        self.conn.notify()
        self.finish()

    def finish(self):
        try:
            self.conn.sock.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        self.entry["closed"] = True


# --- the server --------------------------------------------------------------

class FakeAws:
    """The endpoint.  pki None: plain HTTP.  Settings as DEFAULTS has them."""

    def __init__(self, pki=None, cert="good", tls=None, context=None, **settings):
        self.lock = threading.Lock()
        self.settings = copy.deepcopy(DEFAULTS)
        self.pki = pki
        self.context = context or (pki.context(cert, tls) if pki else None)
        if self.context:
            self.context.sni_callback = lambda tls, name, _: setattr(tls, "sni", name)
        self.regions = {}
        self.rules = []
        self.entries, self.connection_log = [], []
        self.started = time.monotonic()
        self.stopping = threading.Event()
        self.kept = set()
        self.port = self.listener = None
        self.rng = random.Random(7)
        self.configure(settings)
        self.listen()

    # what tests call

    @property
    def url(self):
        return "%s://localhost:%d" % ("https" if self.context else "http", self.port)

    def configure(self, settings):
        unknown = set(settings) - set(DEFAULTS)
        if unknown:
            raise ValueError("settings: %s" % unknown)
        self.settings.update(settings)

    def get(self, name, region=None):
        return self.settings["regions"].get(region, {}).get(name, self.settings[name])

    def now(self):
        return time.time() + self.get("clock")

    def region(self, name):
        with self.lock:
            if name not in self.regions:
                self.regions[name] = Region(name)
            return self.regions[name]

    def generate(self, **spec):
        """Make events; their texts, oldest first within the second, are expected()."""
        events = make_events(spec)
        self.region(spec["region"]).add(events)
        return events

    def load(self, path):
        """The lines of a file are records."""
        with open(path, "rb") as f:
            self.add_records(line.decode() for line in f.read().split(b"\n") if line.strip())

    def add_records(self, texts):
        by_region = {}
        for text in texts:
            e, region = event_of(text)
            if e is not None:
                by_region.setdefault(region, []).append(e)
        for region, events in by_region.items():
            self.region(region).add(events)

    def expected(self, *regions):
        """Records of the regions (default: all) as bytes, newest first."""
        with self.lock:
            chosen = [self.regions[r] for r in regions or sorted(self.regions)
                      if r in self.regions]
        events = [e for r in chosen for e in r.events if e.category == "Management"]
        events.sort(key=lambda e: -e.time)
        return [e.text().encode() for e in events]

    def faults(self, *rules):
        for rule in rules:
            name = rule.get("fault")
            if name not in set(LOOKUPS) | set(ANSWERS) | set(WIRES) | set(CONNECTIONS):
                raise ValueError("no such fault: %s" % name)
        self.rules = [dict(r) for r in rules]

    def log(self, region=None):
        with self.lock:
            return [dict(e) for e in self.entries if region in (None, e["region"])]

    def connections(self):
        with self.lock:
            return [dict(c) for c in self.connection_log]

    def reset(self):
        with self.lock:
            self.entries, self.connection_log, self.rules = [], [], []
            for r in self.regions.values():
                r.requests, r.level = 0, None

    def listen(self, on=True):
        """Stop and go on listening; connections that are there stay."""
        if not on:
            if self.listener:
                self.listener.shutdown(socket.SHUT_RDWR)
                self.listener.close()
                self.listener = None
            return
        s = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind(("127.0.0.1", self.port or 0))
        s.listen(256)
        self.port, self.listener = s.getsockname()[1], s
        threading.Thread(target=self.accept, args=(s,), daemon=True).start()

    def drop(self):
        """Reset the connections that are kept."""
        with self.lock:
            kept = list(self.kept)
        for sock in kept:
            try:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def stop(self):
        self.stopping.set()
        self.listen(False)
        self.drop()

    def control(self, command):
        """A command as CONTROL above; the answer as a dict."""
        do = command.get("do")
        if do == "faults":
            self.faults(*command["rules"])
        elif do == "set":
            self.configure(command["settings"])
        elif do == "generate":
            return {"ok": True, "events": len(self.generate(**command["spec"]))}
        elif do == "load":
            self.load(command["file"])
        elif do == "log":
            return {"ok": True, "log": self.log(command.get("region"))}
        elif do == "connections":
            return {"ok": True, "connections": self.connections()}
        elif do == "reset":
            self.reset()
        elif do == "listen":
            self.listen(bool(command.get("on", True)))
            if "for" in command:
                threading.Timer(command["for"], self.listen, (not command.get("on", True),)).start()
        elif do == "drop":
            self.drop()
        elif do == "stop":
            self.stop()
        else:
            return {"ok": False, "error": "no such command: %s" % do}
        return {"ok": True}

    # connections

    def accept(self, listener):
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve_safely, args=(sock,), daemon=True).start()

    def serve_safely(self, sock):
        sock.settimeout(self.get("idle"))
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        entry = {"opened": self.elapsed(), "requests": 0, "end": None}
        with self.lock:
            self.kept.add(sock)
        try:
            self.serve(sock, entry)
        except ssl.SSLError as e:
            entry["end"] = "TLS: %s" % e.reason
        except (OSError, EOFError) as e:
            entry["end"] = "error: %s" % e.__class__.__name__
        finally:
            with self.lock:
                self.kept.discard(sock)
            sock.close()

    def elapsed(self):
        return round(time.monotonic() - self.started, 4)

    def serve(self, sock, entry):
        first = sock.recv(1, socket.MSG_PEEK)
        conn = Plain(sock)
        if self.context and first != b"\x16" or first == b"":
            return self.serve_control(conn) if first else None
        if self.context:
            with self.lock:
                self.connection_log.append(entry)
                entry["conn"] = len(self.connection_log)
            rule = self.find_rule(None, entry, CONNECTIONS)
            if rule:
                entry["fault"] = rule["fault"]
                if not CONNECTIONS[rule["fault"]](sock, rule):
                    return None
            conn = Tls(sock, self.context)
            entry.update(conn.info)
        try:
            return self.serve_requests(conn, entry)
        finally:
            conn.done()

    def read_request(self, conn, rest):
        """(request or None, bytes behind it)"""
        data = rest
        while b"\r\n\r\n" not in data:
            more = conn.recv()
            if not more:
                return None, data
            data += more
            if len(data) > 65536:
                raise AwsError("BadRequest", "request head too large")
        head, _, data = data.partition(b"\r\n\r\n")
        request = Request(head)
        if (request.get("expect") or "").lower() == "100-continue":
            conn.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        length = request.get("content-length") or "0"
        if not re.fullmatch(r"\d{1,7}", length) or request.get("transfer-encoding"):
            raise AwsError("BadRequest", "bad length")
        while len(data) < int(length):
            more = conn.recv()
            if not more:
                return None, b""
            data += more
        request.body = data[:int(length)]
        return request, data[int(length):]

    def serve_requests(self, conn, entry):
        rest = b""
        while not self.stopping.is_set():
            try:
                request, rest = self.read_request(conn, rest)
            except AwsError as e:
                entry["end"] = e.message
                conn.send(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n"
                          b"Connection: close\r\n\r\n")
                return
            if request is None:
                entry["end"] = conn.eof
                return
            if request.target == "/_control":
                self.answer_control(conn, request)
                continue
            if "conn" not in entry:             # plain HTTP
                with self.lock:
                    self.connection_log.append(entry)
                    entry["conn"] = len(self.connection_log)
            if rest:
                request.odd.append("more bytes behind the request")
            entry["requests"] += 1
            if not self.exchange(conn, entry, request) or (
                    request.get("connection") or "").lower() == "close":
                entry["end"] = entry["end"] or "server"
                return

    def exchange(self, conn, entry, request):
        region = self.region(find_scope(request))
        with self.lock:
            region.requests += 1
            k = region.requests
        log = {"region": region.name, "k": k, "at": self.elapsed(), "conn": entry["conn"],
               "nth": entry["requests"], "outcome": None, "fault": None, "sent": 0, "page": None,
               "params": None, "events": None, "status": None, "odd": request.odd,
               "host": request.get("host"), "user_agent": request.get("user-agent"),
               "signed_at": request.get("x-amz-date"), "requestid": str(uuid.uuid4()),
               "tls": entry.get("tls"), "resumed": entry.get("resumed"), "sni": entry.get("sni"),
               "attempt": request.get("amz-sdk-request")}
        self.inspect(log, request)
        rule = self.find_rule(log, entry)
        answer = self.evaluate(log, request, region, rule)
        with self.lock:
            self.entries.append(log)
        name = rule["fault"] if rule else None
        log["fault"] = name
        if name in ANSWERS:
            answer = ANSWERS[name](answer, rule)
            log["outcome"] = "fault"
        log["status"] = answer.status
        self.wait(region.name, log)
        x = Exchange(self, conn, answer, rule, log)
        try:
            return WIRES[name](x) if name in WIRES else x.answer_all()
        finally:
            log["answered"] = self.elapsed()

    def inspect(self, log, request):
        """Whatever can be known of a request before it is judged."""
        try:
            log["params"] = json.loads(request.body)
            log["page"] = 1
            if "NextToken" in log["params"]:
                log["page"] = json.loads(base64.b64decode(log["params"]["NextToken"])[32:])["page"]
        except (ValueError, TypeError, KeyError):
            pass
        sni, host = log["sni"], (request.get("host") or "").rsplit(":", 1)
        hosts = self.get("hosts")
        if sni and sni != host[0]:
            request.odd.append("SNI %s, Host %s" % (sni, host[0]))
        if hosts and request.get("host") not in hosts:
            request.odd.append("Host " + str(request.get("host")))

    def wait(self, region, log):
        latency = self.get("latency", region) / self.get("scale")
        if log["outcome"] == "ThrottlingException":
            latency = min(latency, 0.02)
        if latency > 0:
            jitter = self.get("jitter", region)
            with self.lock:
                latency *= 1 + jitter * (2 * self.rng.random() - 1)
            self.stopping.wait(max(0.0, latency - (self.elapsed() - log["at"])))

    def evaluate(self, log, request, region, rule):
        """The answer that the service would give."""
        fault = rule["fault"] if rule else None
        now = self.now() + (rule.get("offset", 3600) if fault == "skew" else 0)
        headers = [("x-amzn-RequestId", log["requestid"]), ("Content-Type", CONTENT_TYPE),
                   ("Content-Length", ""), ("Date", email.utils.formatdate(now, usegmt=True))]
        try:
            body = self.judge(log, request, region, rule, now)
            log["outcome"], status = "ok", 200
        except AwsError as e:
            body, status = error_body(e.code, e.message).encode(), e.status
            log["outcome"], log["message"] = e.code, e.message
        return Answer(status, headers, b"").replace(status, body)

    def judge(self, log, request, region, rule, now):
        if request.method != "POST" or request.target != "/":
            raise AwsError("UnknownOperationException", "no such operation", 404)
        enabled = self.get("enabled")
        if region.name in self.get("disabled") or enabled is not None and (
                region.name not in enabled):
            raise AwsError("UnrecognizedClientException",
                           "The security token included in the request is invalid.")
        credential = verify(request, self.get("credentials"), now, self.get("window"))
        if request.get("content-type") != CONTENT_TYPE or request.get("x-amz-target") != TARGET:
            raise AwsError("UnknownOperationException", "no such operation", 404)
        r, scale = region.name, self.get("scale")
        unseen = rule is not None and rule["fault"] in UNSEEN
        if not unseen and not region.take(
                time.monotonic(), self.get("rate", r) * scale, self.get("burst", r),
                self.get("others", r) * scale):
            raise AwsError("ThrottlingException", "Rate exceeded")
        if credential.get("denied"):
            raise AwsError("AccessDeniedException", "User: arn:aws:iam::123456789012:user/Alice is "
                           "not authorized to perform: cloudtrail:LookupEvents")
        p = read_parameters(request.body)
        events, token, log["page"] = lookup(region, p, now, self.get("history"),
                                            self.get("strict"), rule)
        log["events"] = len(events)
        if self.get("live"):
            self.add_own(region, log, now)
        # Encoded one by one: a single wide character makes the whole of a joined text wide.
        body = b'{"Events":[%s]' % b",".join([e.encode() for e in events])
        return body + (b',"NextToken":"%s"' % token.encode() if token else b"") + b"}"

    def add_own(self, region, log, now):
        """The lookup is an event itself."""
        region.add(make_events({"region": region.name, "count": 1, "span": 0, "end": int(now),
                                "seed": log["requestid"], "mix": [
                                    ["cloudtrail.amazonaws.com", "LookupEvents", True, 1]]}))

    def find_rule(self, log, entry, table=None):
        """The first rule that fits, one less of it."""
        with self.lock:
            for rule in self.rules:
                if (rule["fault"] in CONNECTIONS) != (table is CONNECTIONS) or not fits(
                        rule, log, entry):
                    continue
                times = rule.get("times", None)
                if times is None:
                    many = isinstance(rule.get("request"), (list, str))
                    times = rule["times"] = "all" if many else 1
                if times == "all":
                    return rule
                if times > 0:
                    rule["times"] = times - 1
                    return rule
        return None

    # control over plain HTTP

    def serve_control(self, conn):
        request, _ = self.read_request(conn, b"")
        if request is not None and request.target == "/_control":
            self.answer_control(conn, request)
        elif request is not None:
            conn.send(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    def answer_control(self, conn, request):
        try:
            answer = self.control(json.loads(request.body))
        except (ValueError, KeyError, TypeError, OSError) as e:
            answer = {"ok": False, "error": str(e)}
        data = json.dumps(answer).encode()
        conn.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(data) + data)


def fits(rule, log, entry):
    if "connection" in rule and rule["connection"] != entry.get("conn"):
        return False
    if log is None:
        return True
    if rule.get("region", "*") not in ("*", log["region"]):
        return False
    want = rule.get("request")
    if isinstance(want, int) and want != log["k"] or isinstance(want, list) and (
            log["k"] not in want):
        return False
    if isinstance(want, str):
        low, _, high = want.partition("-")
        if not int(low) <= log["k"] <= (int(high) if high else 1 << 60):
            return False
    if "page" in rule and rule["page"] != log["page"]:
        return False
    return entry["requests"] > 1 or not (rule.get("reused") or rule["fault"].startswith("stale"))


# --- a proxy -----------------------------------------------------------------

class Proxy:
    """An HTTP proxy for CONNECT.  Whatever name is asked for, the server answers.

    auth: "user:password" to ask for.  fault: None, "407", "502", "close",
    "garbage", "slow", "early" (bytes behind the head), "204".  log: a list of
    what was asked for.
    """

    def __init__(self, target, auth=None, fault=None):
        self.target, self.auth, self.fault = target, auth, fault
        self.log = []
        self.listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(64)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def stop(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve_safely, args=(sock,), daemon=True).start()

    def serve_safely(self, sock):
        try:
            sock.settimeout(60)
            self.serve(sock)
        except OSError:
            pass
        finally:
            sock.close()

    def serve(self, sock):
        data = b""
        while b"\r\n\r\n" not in data:
            more = sock.recv(4096)
            if not more:
                return
            data += more
        head, _, rest = data.partition(b"\r\n\r\n")
        request = Request(head)
        entry = {"method": request.method, "target": request.target, "version": request.version,
                 "host": request.get("host"), "headers": [n for n, _ in request.headers],
                 "early": len(rest), "authorized": self.authorized(request)}
        self.log.append(entry)
        answer = self.judge(request, entry)
        if self.fault == "close":
            return
        if self.fault == "slow":
            time.sleep(1)
        sock.sendall(answer)
        if b" 200 " not in answer[:20] and b" 204 " not in answer[:20] or self.fault == "garbage":
            return
        with socket.create_connection(("127.0.0.1", self.target.port), 10) as up:
            up.settimeout(None)
            sock.settimeout(None)
            back = threading.Thread(target=relay, args=(up, sock), daemon=True)
            back.start()
            up.sendall(rest)
            relay(sock, up)
            back.join(60)

    def authorized(self, request):
        if self.auth is None:
            return request.get("proxy-authorization") is None
        want = "Basic " + base64.b64encode(self.auth.encode()).decode()
        return request.get("proxy-authorization") == want

    def judge(self, request, entry):
        if self.fault == "garbage":
            return b"\x15\x03\x01\x00\x02\x02\x46 no proxy at all\r\n\r\n"
        if self.fault == "502":
            return b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 4\r\n\r\nno.\n"
        if self.fault == "407" or self.auth is not None and not entry["authorized"]:
            return (b"HTTP/1.1 407 Proxy Authentication Required\r\n"
                    b"Proxy-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\n\r\n")
        if request.method != "CONNECT" or not re.fullmatch(r"[a-z0-9.\[\]:-]+:\d+", request.target):
            return b"HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\n\r\n"
        if self.fault == "204":
            return b"HTTP/1.1 204 Fine\r\n\r\n"
        early = b"too early" if self.fault == "early" else b""
        return b"HTTP/1.1 200 Connection established\r\nVia: 1.1 fake\r\n\r\n" + early


def relay(source, sink):
    try:
        while True:
            data = source.recv(65536)
            if not data:
                break
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        for sock in (source, sink):
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


# --- the command -------------------------------------------------------------

def print_list():
    print("Settings: " + ", ".join(sorted(DEFAULTS)))
    print("Certificates:")
    for kind, text in Pki.KINDS.items():
        print("  %-18s %s" % (kind, text))
    for title, table in (("Pages", LOOKUPS), ("Answers", ANSWERS), ("On the wire", WIRES),
                         ("Connections", CONNECTIONS)):
        print(title + ":")
        for name, what in table.items():
            print("  %-18s %s" % (name, what if isinstance(what, str) else what.__doc__))


def main():
    parser = argparse.ArgumentParser(usage=__doc__[__doc__.index("usage:") + 7:].split("\n\n")[0])
    parser.add_argument("--dir")
    parser.add_argument("--plain", action="store_true")
    parser.add_argument("--events", action="append", default=[])
    parser.add_argument("--generate", action="append", default=[], type=json.loads)
    parser.add_argument("--set", default={}, type=json.loads)
    parser.add_argument("--faults", default=[], type=json.loads)
    parser.add_argument("--cert", default="good", choices=sorted(Pki.KINDS))
    parser.add_argument("--tls", choices=("1.2", "1.3"))
    parser.add_argument("--proxy", nargs="?", const="")
    parser.add_argument("--list", action="store_true")
    args = parser.parse_args()
    if args.list:
        return print_list()
    if not args.dir:
        parser.error("--dir is missing")
    server = FakeAws(None if args.plain else Pki(args.dir), args.cert, args.tls, **args.set)
    for path in args.events:
        server.load(path)
    for spec in args.generate:
        server.generate(**spec)
    server.faults(*args.faults)
    gc.collect()
    gc.freeze()         # so that no collection goes through all events while a request waits
    ready = {"port": server.port, "url": server.url, "pid": os.getpid(),
             "ca": server.pki.ca if server.pki else None,
             "control": "http://127.0.0.1:%d/_control" % server.port,
             "credentials": server.get("credentials")}
    if args.proxy is not None:
        ready["proxy"] = Proxy(server, args.proxy or None).port
    print("READY " + json.dumps(ready), flush=True)
    for line in sys.stdin:
        if not line.strip():
            continue
        try:
            answer = server.control(json.loads(line))
        except (ValueError, KeyError, TypeError, OSError) as e:
            answer = {"ok": False, "error": str(e)}
        print(json.dumps(answer), flush=True)
        if server.stopping.is_set():
            break
    server.stop()
    return None


if __name__ == "__main__":
    try:
        main()
    except (KeyboardInterrupt, BrokenPipeError):
        pass
