#!/usr/bin/env python3
"""TAP: fakeaws.py is what a client of CloudTrail meets.

A small client of our own asks it, and the aws program where it is installed: the
endpoint that the program is tested against is no straw man.
"""
import collections
import hashlib
import hmac
import http.client
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time

sys.dont_write_bytecode = True
import fakeaws                          # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
R1, R2 = "eu-central-1", "us-east-1"
END = int(time.time()) - 600
number = failed = 0


def ok(good, name, why=""):
    global number, failed
    number += 1
    failed += not good
    print("%s %d - %s" % ("ok" if good else "not ok", number, name))
    for line in str(why).splitlines()[:20] if not good else ():
        print("# " + line[:300])
    sys.stdout.flush()
    return good


def skip(name, why):
    global number
    number += 1
    print("ok %d - %s # SKIP %s" % (number, name, why))


# --- a client ----------------------------------------------------------------

def sign(secret, date, region, text, service="cloudtrail"):
    """SigV4 once more, as its documentation tells it."""
    def mac(key, data):
        return hmac.new(key, data.encode("utf-8"), hashlib.sha256)
    k = mac(mac(mac(mac(b"AWS4" + secret.encode(), date[0:8]).digest(), region).digest(),
                service).digest(), "aws4_request").digest()
    scope = date[0:8] + "/" + region + "/" + service + "/aws4_request"
    return mac(k, "AWS4-HMAC-SHA256\n" + date + "\n" + scope + "\n" +
               hashlib.sha256(text.encode("utf-8")).hexdigest()).hexdigest(), scope


class Client:
    def __init__(self, server, region=R1, key=fakeaws.ACCESS_KEY, secret=fakeaws.SECRET_KEY,
                 token=None):
        self.server, self.region = server, region
        self.key, self.secret, self.token = key, secret, token
        self.connection = None
        self.skew = 0

    def connect(self):
        if self.server.context:
            context = ssl.create_default_context(cafile=self.server.pki.ca)
            self.connection = http.client.HTTPSConnection("localhost", self.server.port, timeout=60,
                                                          context=context)
        else:
            self.connection = http.client.HTTPConnection("localhost", self.server.port, timeout=60)

    def headers(self, body, change=None):
        date = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(time.time() + self.skew))
        h = {"content-type": fakeaws.CONTENT_TYPE, "host": "localhost:%d" % self.server.port,
             "x-amz-date": date, "x-amz-target": fakeaws.TARGET}
        if self.token:
            h["x-amz-security-token"] = self.token
        h.update(change or {})
        h = {k: v for k, v in h.items() if v is not None}
        names = ";".join(sorted(h))
        text = "POST\n/\n\n%s\n%s\n%s" % ("".join("%s:%s\n" % (k, h[k]) for k in sorted(h)), names,
                                         hashlib.sha256(body).hexdigest())
        mac, scope = sign(self.secret, h.get("x-amz-date", date), self.region, text)
        h["authorization"] = "AWS4-HMAC-SHA256 Credential=%s/%s, SignedHeaders=%s, Signature=%s" % (
            self.key, scope, names, mac)
        h["user-agent"] = "fakeaws_test"
        return h

    def call(self, parameters, change=None, after=None, path="/"):
        """(status, headers, body as an object); after changes headers once signed."""
        body = parameters if isinstance(parameters, bytes) else json.dumps(parameters).encode()
        h = self.headers(body, change)
        h.update(after or {})
        if self.connection is None:
            self.connect()
        try:
            self.connection.request("POST", path, body, {k: v for k, v in h.items()
                                                         if v is not None})
            answer = self.connection.getresponse()
            data = answer.read()
            if answer.will_close:
                self.connection.close()
        except (OSError, http.client.HTTPException):
            self.connection.close()
            self.connection = None
            raise
        return answer.status, answer.headers, json.loads(data) if data[:1] == b"{" else data

    def code(self, parameters, **more):
        status, _, answer = self.call(parameters, **more)
        return answer.get("__type", "ok %d" % status)

    def pages(self, **parameters):
        """Every page's events."""
        found, p = [], dict(parameters)
        while True:
            status, _, answer = self.call(p)
            if status != 200:
                raise RuntimeError("%d %s" % (status, answer))
            found.append(answer["Events"])
            if "NextToken" not in answer:
                return found
            p["NextToken"] = answer["NextToken"]

    def records(self, **parameters):
        return [e["CloudTrailEvent"].encode() for page in self.pages(**parameters) for e in page]


# --- tests -------------------------------------------------------------------

def test_vectors():
    """Published signatures (AWS's suite), and one made with botocore."""
    class Vector(fakeaws.Request):
        def __init__(self, method, target, headers, body=b""):
            self.method, self.target, self.headers, self.body = method, target, headers, body
    secret, date = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "20150830T123600Z"
    common = [("host", "example.amazonaws.com"), ("x-amz-date", date)]
    bad = []
    for method, target, more, expected in (
            ("GET", "/", [], "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
            ("GET", "/example1/example2/../..", [],
             "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
            ("GET", "//example//", [],
             "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84"),
            ("GET", "/?Param2=value2&Param1=value1", [],
             "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"),
            ("GET", "/a%20b/%E1%88%B4/c%2Fd", [],
             "ff120b8b6cfb29bd1c3a3f3c7b089e868db895d115a33bd44109da9081d54be3"),
            ("GET", "/x?b&a=2&a=1&a-b=3&A=z", [],
             "4a22ff2a12603c0ac79271b803645b20ad50363a163814c1a0e9da9971beeffe"),
            ("GET", "/", [("my-header1", "value2"), ("my-header1", "value2"),
                          ("my-header1", "value1")],
             "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea"),
            ("GET", "/", [("my-header1", " value1"), ("my-header2", ' "a   b   c"')],
             "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"),
            ("POST", "/", [], "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b")):
        r = Vector(method, target, common + more)
        text = fakeaws.canonical_request(r, sorted(set(n for n, _ in r.headers)))
        scope = "20150830/us-east-1/service/aws4_request"
        got = (fakeaws.signature(secret, date, scope, text),
               sign(secret, date, "us-east-1", text, "service")[0])
        if got != (expected, expected):
            bad.append((target, got))
    ok(not bad, "SigV4: AWS's vectors", bad)
    body = (b'{"LookupAttributes": [{"AttributeKey": "EventName", "AttributeValue": '
            b'"ConsoleLogin"}], "MaxResults": 50}')
    r = Vector("POST", "/", [("content-type", fakeaws.CONTENT_TYPE),
                             ("host", "cloudtrail.us-east-1.amazonaws.com"),
                             ("x-amz-date", "20260102T030405Z"),
                             ("x-amz-security-token", "TOKEN=="),
                             ("x-amz-target", fakeaws.TARGET)], body)
    text = fakeaws.canonical_request(r, [n for n, _ in r.headers])
    got = fakeaws.signature(secret, "20260102T030405Z",
                            "20260102/us-east-1/cloudtrail/aws4_request", text)
    ok(got == "ca0be91d012c8bb18cf21668cac57fe38036bf8caa2824413bfa3ac1db625d5c",
       "SigV4: a LookupEvents request that botocore signed", got)


def test_pages(pki):
    server = fakeaws.FakeAws(pki, rate=1000, burst=1000)
    events = server.generate(region=R1, count=230, end=END, density="bursty")
    server.generate(region=R2, count=60, end=END)
    c = Client(server)
    pages = c.pages()
    ok([len(p) for p in pages] == [50, 50, 50, 50, 30], "pages of 50", [len(p) for p in pages])
    flat = [e for p in pages for e in p]
    ok([e["CloudTrailEvent"].encode() for e in flat] == server.expected(R1),
       "the records' own bytes, newest first")
    times = [e["EventTime"] for e in flat]
    ok(times == sorted(times, reverse=True) and all(isinstance(t, float) for t in times),
       "EventTime: newest first, epoch seconds with a fraction")
    ok(all(json.loads(e["CloudTrailEvent"])["eventID"] == e["EventId"] and isinstance(
        e["ReadOnly"], str) for e in flat), "EventId and ReadOnly are the record's")
    text = b"".join(server.expected(R1)).decode()
    ok(all(s in text for s in ("\\u00fc", "\U0001f600", "\\/", "\\u0000", "1.50E+3",
                               "12345678901234567890123456789", "\u5c71")), "odd records are in it")
    ok(Client(server, R2).records() == server.expected(R2),
       "another region of the same endpoint, by the credential scope")
    ok(Client(server, "eu-west-3").pages() == [[]], "a region without events")
    ok([len(p) for p in c.pages(MaxResults=7, EndTime=END + 9)] == [7] * 32 + [6], "MaxResults 7")
    bad = []
    for key in fakeaws.KEYS:
        value = next((e.fields.get(key) for e in events if e.fields.get(key)), None) or next(
            (r[key] for e in events for r in e.resources), None)
        want = sorted(e.text().encode() for e in events if e.matches(key, value))
        got = sorted(c.records(LookupAttributes=[{"AttributeKey": key, "AttributeValue": value}]))
        if got != want or not want:
            bad.append((key, value, len(got), len(want)))
        if key != "ReadOnly" and c.records(LookupAttributes=[
                {"AttributeKey": key, "AttributeValue": value.swapcase() + "x"}]):
            bad.append(key + ": not exact")
    ok(not bad, "every attribute, exactly", bad)
    t = sorted(e.time for e in events)[100]
    want = sum(e.time == t for e in events)
    ok(len(c.records(StartTime=t, EndTime=t)) == want > 0, "both ends of the window are included")
    ok(len(c.records(StartTime=t + 0.5, EndTime=t + 0.9)) == 0, "fractions of seconds")
    log = server.log(R1)
    ok(log[0]["requestid"] and log[0]["outcome"] == "ok" and log[1]["page"] == 2 and
       not [e for e in log if e["odd"]] and len({e["conn"] for e in log}) == 1, "the log", log[:2])
    server.stop()


def test_rules(pki):
    server = fakeaws.FakeAws(pki, rate=1000, burst=1000)
    server.generate(region=R1, count=120, end=END)
    c = Client(server)
    _, _, first = c.call({"EndTime": END})
    token = first["NextToken"]
    name = {"AttributeKey": "EventName", "AttributeValue": "Decrypt"}
    many = "InvalidLookupAttributesException"
    bad = []
    for parameters, code in (
            ({}, "ok 200"), (b"", "SerializationException"), (b"{", "SerializationException"),
            (b"[]", "SerializationException"), (b'{"MaxResults":1,"MaxResults":1}',
                                                "SerializationException"),
            ({"maxResults": 5}, "SerializationException"),
            ({"MaxResults": "5"}, "SerializationException"),
            ({"MaxResults": 50.0}, "SerializationException"),
            ({"StartTime": "2024-01-01"}, "SerializationException"),
            ({"MaxResults": 0}, "InvalidMaxResultsException"),
            ({"MaxResults": 51}, "InvalidMaxResultsException"),
            ({"LookupAttributes": [name]}, "ok 200"), ({"LookupAttributes": []}, "ok 200"),
            ({"LookupAttributes": [name, name]}, many),
            ({"LookupAttributes": [dict(name, AttributeKey="eventName")]}, many),
            ({"LookupAttributes": [dict(name, AttributeValue="")]}, many),
            ({"LookupAttributes": [dict(name, AttributeValue="a" * 2000)]}, "ok 200"),
            ({"LookupAttributes": [dict(name, AttributeValue="a" * 1999 + "_")]}, many),
            ({"LookupAttributes": [dict(name, AttributeValue="\u00fc" * 2000)]}, "ok 200"),
            ({"EventCategory": "insight"}, "ok 200"),
            ({"EventCategory": "Insight"}, "InvalidEventCategoryException"),
            ({"EventCategory": "insight", "LookupAttributes": [dict(
                name, AttributeKey="Username")]}, many),
            ({"StartTime": 2, "EndTime": 1}, "InvalidTimeRangeException"),
            ({"StartTime": 1, "EndTime": 2}, "InvalidTimeRangeException"),
            ({"StartTime": 1}, "ok 200"), ({"EndTime": END + 86400}, "ok 200"),
            ({"EndTime": END, "NextToken": token}, "ok 200"),
            ({"EndTime": END + 1, "NextToken": token}, "InvalidNextTokenException"),
            ({"NextToken": token}, "InvalidNextTokenException"),
            ({"EndTime": END, "MaxResults": 50, "NextToken": token}, "InvalidNextTokenException"),
            ({"EndTime": END, "NextToken": token[:-4] + "AAA="}, "InvalidNextTokenException"),
            ({"EndTime": END, "NextToken": "x"}, "InvalidNextTokenException")):
        got = c.code(parameters)
        if got != code:
            bad.append((parameters, got))
    ok(not bad, "the rules for parameters", bad)
    ok(Client(server, R2).code({"EndTime": END, "NextToken": token}) ==
       "InvalidNextTokenException", "a token of another region")
    bad = []
    for change in ({"content-type": "application/json"}, {"x-amz-target": None},
                   {"content-type": fakeaws.CONTENT_TYPE + "; charset=utf-8"},
                   {"x-amz-target": fakeaws.TARGET.replace("Events", "events")}):
        if c.code({}, change=change) != "UnknownOperationException":
            bad.append(change)
    ok(not bad, "the headers have to be exact", bad)
    ok(c.code({}, path="/x") == "UnknownOperationException", "POST / and nothing else")
    server.configure({"strict": True})
    ok(c.code({"StartTime": 1}) == "InvalidTimeRangeException", "strict: a window before 90 days")
    server.configure({"strict": False})
    old = int(time.time()) - 91 * 86400
    server.generate(region=R1, count=60, end=old, span=10)
    ok(len(c.records(StartTime=1)) == 120, "events older than 90 days are gone")
    record = json.dumps({"eventTime": fakeaws.iso(END), "awsRegion": R1, "eventID": "i-1",
                         "eventCategory": "Insight", "eventName": "x"})
    data = record.replace("Insight", "Data").replace("i-1", "d-1")
    server.add_records([record, data])
    ok(c.records(EventCategory="insight") == [record.encode()] and len(c.records()) == 120,
       "Insights events when asked for, data events never")
    server.configure({"live": True, "latency": 0})
    c.call({})
    ok(len(c.records(LookupAttributes=[{"AttributeKey": "EventName",
                                        "AttributeValue": "LookupEvents"}])) == 1,
       "live: lookups are events")
    server.stop()


def test_signatures(pki):
    server = fakeaws.FakeAws(pki, rate=1000, burst=1000, disabled=["ap-east-1"])
    server.configure({"credentials": server.get("credentials") + [
        {"access_key": "ASIAEXPIRED", "secret_key": "s", "token": "t", "expires": END},
        {"access_key": "AKIADENIED", "secret_key": "s", "denied": True}]})
    temp = (fakeaws.TEMP_KEY, fakeaws.TEMP_SECRET)
    wrong, unknown = "InvalidSignatureException", "UnrecognizedClientException"
    c = Client(server)
    bad = []

    def expect(code, what, client, **more):
        got = client.code({}, **more)
        if got != code:
            bad.append((what, got))
    good = c.headers(b"{}")["authorization"]
    expect("ok 200", "good", c)
    expect("ok 200", "temporary", Client(server, R1, *temp, token=fakeaws.TOKEN))
    expect(unknown, "no token", Client(server, R1, *temp))
    expect(unknown, "other token", Client(server, R1, *temp, token="x"))
    expect(unknown, "token too many", Client(server, token="x"))
    expect(unknown, "unknown key", Client(server, key="AKIAUNKNOWN"))
    expect(wrong, "other secret", Client(server, secret="x"))
    expect("ExpiredTokenException", "expired", Client(server, R1, "ASIAEXPIRED", "s", "t"))
    expect("AccessDeniedException", "denied", Client(server, R1, "AKIADENIED", "s"))
    expect(unknown, "a region that is off", Client(server, "ap-east-1"))
    expect("MissingAuthenticationTokenException", "none", c, after={"authorization": None})
    expect("IncompleteSignatureException", "Bearer", c, after={"authorization": "Bearer x"})
    expect("IncompleteSignatureException", "no signature", c,
           after={"authorization": good.split(", Sig")[0]})
    expect("IncompleteSignatureException", "upper case", c, after={
        "authorization": good.replace("host;", "Host;")})
    expect(wrong, "another service", c, after={
        "authorization": good.replace("/cloudtrail/", "/s3/")})
    expect(wrong, "another region", c, after={"authorization": good.replace(R1, R2)})
    expect(wrong, "another day", c, after={"authorization": re.sub(r"/\d{8}/", "/20200101/", good)})
    expect(wrong, "body changed", c, change={"x-amz-content-sha256": "0" * 64})
    expect(wrong, "unsigned header", c, after={"x-amz-new": "1"})
    expect(wrong, "header changed", c, after={"x-amz-target": fakeaws.TARGET + "2"})
    expect("ok 200", "user agent is not signed", c, after={"user-agent": "other"})
    expect(wrong, "host of another region", c, change={
        "host": "cloudtrail.us-east-1.amazonaws.com"})
    expect("ok 200", "its own host", c, change={"host": "cloudtrail.eu-central-1.amazonaws.com"})
    ok(not bad, "signatures, tokens, scopes", bad)
    log = server.log()[-1]
    ok(log["odd"] == ["SNI localhost, Host cloudtrail.eu-central-1.amazonaws.com"],
       "the log shows what is odd", log)
    server.configure({"clock": 3600})
    status, headers, answer = c.call({})
    ok(status == 400 and answer["__type"] == wrong and "Signature expired" in answer["message"] and
       headers["x-amzn-requestid"], "a slow client clock", answer)
    date = fakeaws.email.utils.parsedate_to_datetime(headers["Date"]).timestamp()
    ok(abs(date - time.time() - 3600) < 5, "Date is the server's", headers["Date"])
    c.skew = 3600
    ok(c.code({}) == "ok 200", "signed with the server's time")
    c.skew = 3600 + 299
    ok(c.code({}) == "ok 200", "within five minutes")
    c.skew = 3600 + 310
    answer = c.call({})[2]
    ok("not yet current" in answer.get("message", ""), "a fast client clock", answer)
    server.stop()


def test_pace(pki):
    def burst(c, n):
        return [c.code({}) == "ok 200" for _ in range(n)]
    server = fakeaws.FakeAws(pki)
    c, d = Client(server), Client(server, R2)
    c.connect()
    ok(burst(c, 4) == [True, True, False, False] and burst(d, 3) == [True, True, False],
       "two requests a second, region by region")
    status, _, answer = c.call({})
    ok(status == 400 and answer == {"__type": "ThrottlingException", "message": "Rate exceeded"},
       "ThrottlingException", answer)
    time.sleep(0.55)
    ok(burst(c, 2) == [True, False], "half a second later there is one more")
    server.configure({"scale": 20, "burst": 3})
    time.sleep(0.15)
    ok(burst(c, 4) == [True, True, True, False], "time scale and burst")
    server.stop()
    region = fakeaws.Region("x")
    got = sum(region.take(t / 100, 2, 2, 1) for t in range(0, 1000))
    ok(9 <= got <= 13, "another client takes half of it", got)
    region = fakeaws.Region("x")
    ok(all(region.take(t / 2, 2, 2, 0) for t in range(100)),
       "one every half second is never refused")
    server = fakeaws.FakeAws(pki, rate=1000, burst=1000, latency=1.0, scale=10,
                             regions={R2: {"latency": 0}})
    t0 = time.monotonic()
    Client(server).call({})
    t1 = time.monotonic()
    Client(server, R2).call({})
    t2 = time.monotonic()
    ok(0.1 <= t1 - t0 < 0.6 and t2 - t1 < 0.1, "latency, scaled, by region", (t1 - t0, t2 - t1))
    server.stop()


def test_events(pki, folder):
    texts = ['{"eventTime":"%s","awsRegion":"%s","eventID":"%d","eventName":"N",'
             '"userIdentity":null,"x":%s}' % (fakeaws.iso(END - i), R1, i, x) for i, x in enumerate(
                 (r'"\u00E9\/\\u0041\"\b"', '"\u00e9\u2028\U0001f600\x7f"', "1e400",
                  "123456789012345678901234567890.10", '{"a":1,"a":2}', r'"\ud800"', "[[ ], { }]",
                  "-0", r'"\u000a\n"'))]
    path = os.path.join(folder, "events.ndjson")
    with open(path, "wb") as f:
        f.write("\n".join(texts).encode())
    server = fakeaws.FakeAws(pki, rate=1000, burst=1000)
    server.load(path)
    got = Client(server).records()
    ok(got == [t.encode() for t in texts], "NDJSON: exact bytes in any of four spellings",
       [g for g, t in zip(got, texts) if g != t.encode()])
    a = fakeaws.make_events({"region": R1, "count": 500, "end": END, "density": "bursty"})
    b = fakeaws.make_events({"region": R1, "count": 500, "end": END, "density": "bursty"})
    ok([e.text() for e in a] == [e.text() for e in b], "made-up events are always the same")
    ok(len({e.fields["EventId"] for e in a}) == 500, "every id once")
    for e in a:
        json.loads(e.text())
    busiest = collections.Counter(e.time // 60 for e in a).most_common(1)[0][1]
    ok(busiest > 50, "bursty", busiest)
    server.reset()
    server.generate(region=R2, count=10000, end=END, span=100, density="second", seed=3)
    t = time.monotonic()
    got = Client(server, R2).records(StartTime=END - 100, EndTime=END)
    ok(sorted(got) == sorted(server.expected(R2)) and len(set(got)) == 10000,
       "10,000 events in one second: 200 pages in %.1f s" % (time.monotonic() - t))
    server.stop()


def raw_request(c):
    h = c.headers(b"{}")
    return ("POST / HTTP/1.1\r\n%s\r\nContent-Length: 2\r\n\r\n{}" % "\r\n".join(
        "%s: %s" % x for x in h.items())).encode()


def ask_raw(server, c, limit=5000000, timeout=3):
    """(bytes of the answer, how it ended, seconds)"""
    context = ssl.create_default_context(cafile=server.pki.ca)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(incoming, outgoing, server_hostname="localhost")
    started, data, end = time.monotonic(), b"", None
    request = raw_request(c)
    try:
        with socket.create_connection(("localhost", server.port), timeout) as s:
            while end is None:
                try:
                    if request:
                        tls.do_handshake()
                        tls.write(request)
                        request = b""
                    more = tls.read(65536)
                    data += more
                    end = "notify" if not more else "limit" if len(data) >= limit else None
                except ssl.SSLWantReadError:
                    s.sendall(outgoing.read())
                    if b"\r\n\r\n" in data or b"\n\n" in data:
                        s.settimeout(0.15)
                    more = s.recv(65536)
                    if more:
                        incoming.write(more)
                    else:
                        end = "eof"
    except ssl.SSLError:
        end = "TLS"
    except socket.timeout:
        end = "open"
    except ConnectionError:
        end = "reset"
    return data, end, time.monotonic() - started


# What a client sees of a fault: a part of the answer, and how the connection ends.
SEEN = {
    "throttle": (b'"ThrottlingException"', "open"), "error-500": (b"HTTP/1.1 500", "open"),
    "html-503": (b"<center>", "open"), "expired-token": (b"ExpiredTokenException", "open"),
    "access-denied": (b"LookupEvents action", "open"), "gzip-body": (b"\x1f\x8b", "open"),
    "redirect": (b"Location: https", "open"), "token-null": (b'"NextToken":"', "open"),
    "odd-json": (b'\\u0045vents', "open"), "skew": (b"Signature expired", "open"),
    "reset": (None, "reset"), "reset-head": (b"HTTP", "reset"), "reset-body": (b"{", "reset"),
    "close": (None, "eof"), "close-notify": (None, "notify"), "close-head": (b"HTTP", "eof"),
    "close-body": (b"{", "eof"), "close-body-notify": (b"{", "notify"),
    "close-after": (b"}", "eof"), "close-after-notify": (b"}", "notify"),
    "until-close": (b"}", "notify"), "until-close-cut": (b"}", "eof"),
    "connection-close": (b"Connection: close", "notify"), "trickle": (b"}", "open"),
    "trickle-tcp": (b"}", "open"), "chunked": (b"\r\n0\r\n\r\n", "open"),
    "chunked-trailers": (b"X-B: 2\r\n\r\n", "open"), "chunked-cut": (b"}\r\n", "notify"),
    "continue-100": (b"HTTP/1.1 100", "open"), "hints-103": (b"Link:", "open"),
    "cl-te": (b"\r\n0\r\n\r\n", "open"), "two-cl": (b"Content-Length: 13", "open"),
    "huge": (b"     ", "limit"), "huge-string": (b"AAAA", "limit"),
    "endless-head": (b"yyyy", "limit"), "endless-1xx": (b"100 Continue", "limit"),
    "tls-garbage": (b"{", "TLS"), "tls-flip": (b"", "TLS"), "tls-cut": (b"", "eof"),
    "handshake-close": (None, "eof"), "handshake-reset": (None, "reset"),
    "handshake-garbage": (None, "TLS"), "handshake-alert": (None, "TLS"),
    "plain-http": (None, "TLS"), "bare-lf": (b"OK\nx-", "open"), "short-page": (b"Next", "open"),
}
QUICK = {"delay": {"seconds": 0.2}, "stall": {"seconds": 0.2}, "stall-body": {"seconds": 0.2},
         "drip": {"every": 0, "seconds": 0.3}, "accept-slow": {"seconds": 0.2},
         "handshake-stall": {"seconds": 0.2}, "body": {"text": "null"}}


def test_faults(pki):
    server = fakeaws.FakeAws(pki, rate=1000, burst=1000)
    server.generate(region=R1, count=70, end=END, density="random")
    c = Client(server)
    names = [n for table in (fakeaws.LOOKUPS, fakeaws.ANSWERS, fakeaws.WIRES, fakeaws.CONNECTIONS)
             for n in table]
    bad = [n for n in SEEN if n not in names]
    for name in names:
        server.faults(dict(QUICK.get(name, {}), fault=name))
        if name.startswith("stale"):        # it wants a connection that has served
            c.connect()
            c.call({})
            try:
                c.call({})
                bad.append(name)
            except (OSError, http.client.HTTPException):
                pass
            continue
        data, end, seconds = ask_raw(server, c, 1000000)
        part, how = SEEN.get(name, (None, None))
        if part and part not in data or how and how != end or seconds > 2.5 or (
                how and part is None and data):
            bad.append("%s: %r... %s %.1f s" % (name, data[:60], end, seconds))
        if server.rules[0]["times"] != 0:
            bad.append(name + " was not used")
    ok(not bad, "%d faults, each once" % len(names), "\n".join(map(str, bad)))
    server.faults()
    c.connect()
    ok(c.records() == server.expected(R1), "and then all is well again")
    server.faults({"fault": "throttle", "region": R2}, {"fault": "error-503", "request": 2},
                  {"fault": "error-500", "page": 2, "times": 2},
                  {"fault": "access-denied", "region": R1, "request": "5-"})
    server.entries, server.region(R1).requests = [], 0
    _, _, first = c.call({})
    p = {"NextToken": first["NextToken"]}
    got = [c.code(p), c.code(p), c.code(p), c.code(p), c.code({}), Client(server, R2).code({})]
    ok(got == ["ServiceUnavailable", "InternalFailure", "InternalFailure", "AccessDeniedException",
               "AccessDeniedException", "ThrottlingException"], "rules choose", got)
    server.faults({"fault": "throttle", "retry_after": 1500})
    ok(c.call({})[1]["x-amz-retry-after"] == "1500", "x-amz-retry-after")
    server.faults({"fault": "error", "code": "X", "form": "header"},
                  {"fault": "error", "code": "X", "form": "namespace"})
    status, headers, answer = c.call({})
    ok(status == 400 and headers["x-amzn-errortype"].startswith("X:") and "__type" not in answer,
       "an error named in a header")
    ok(c.code({}).endswith("#X"), "an error with a namespace")
    try:
        server.faults({"fault": "nonsense"})
        ok(False, "unknown faults are refused")
    except ValueError:
        ok(True, "unknown faults are refused")
    for name, check in (("empty-page", lambda p: [len(x) for x in p] == [50, 0, 20]),
                        ("duplicate", lambda p: p[0][-7:] == p[1][:7] and len(p[1]) == 27),
                        ("trailing-token", lambda p: [len(x) for x in p] == [50, 20, 0]),
                        ("short-page", lambda p: [len(x) for x in p] == [50, 1, 19])):
        server.faults({"fault": name, "page": 2})
        pages = c.pages()
        ok(check(pages), name, [len(x) for x in pages])
    server.faults({"fault": "same-token", "page": 2})
    p = {"NextToken": first["NextToken"]}
    ok(c.call(p)[2]["NextToken"] == first["NextToken"], "same-token")
    server.faults()
    server.listen(False)
    ok(ask_raw(server, c)[1] == "reset" and c.code({}) == "ok 200",
       "connections are refused, kept ones stay")
    server.listen()
    ok(ask_raw(server, c)[0].startswith(b"HTTP/1.1 200"), "and are taken again")
    server.drop()
    try:
        c.call({})
        ok(False, "kept connections are dropped")
    except (OSError, http.client.HTTPException):
        ok(True, "kept connections are dropped")
    server.stop()


def test_tls(pki):
    bad = []
    for kind in fakeaws.Pki.KINDS:
        server = fakeaws.FakeAws(pki, kind)
        for strict in (True, False):
            context = ssl.create_default_context(cafile=pki.ca)
            if not strict:
                context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
                context.set_ciphers("DEFAULT:@SECLEVEL=0")
            try:
                with socket.create_connection(("localhost", server.port), 5) as tcp:
                    context.wrap_socket(tcp, server_hostname="localhost").close()
                got = "good"
            except ssl.SSLError as e:
                got = e.reason or "?"
            # Python takes a subject's name, and does not mind critical extensions.
            fine = not strict or kind in ("good", "rsa", "chain", "cn-only", "critical-eku",
                                          "ed25519", "rsa-pss")
            if (got == "good") != fine:
                bad.append((kind, strict, got))
        server.stop()
    ok(not bad, "certificates of %d kinds" % len(fakeaws.Pki.KINDS), bad)
    server = fakeaws.FakeAws(pki, tls="1.3")
    context = ssl.create_default_context(cafile=pki.ca)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    try:
        with socket.create_connection(("localhost", server.port), 5) as tcp:
            context.wrap_socket(tcp, server_hostname="localhost").close()
        ok(False, "a server with TLS 1.3 only")
    except ssl.SSLError:
        ok(True, "a server with TLS 1.3 only")
    server.stop()
    server = fakeaws.FakeAws(pki, rate=1000, burst=1000)
    session = None
    context.options |= ssl.OP_NO_TICKET
    for name in ("localhost", "localhost", "cloudtrail.eu-central-1.amazonaws.com"):
        with socket.create_connection(("localhost", server.port), 5) as tcp:
            s = context.wrap_socket(tcp, server_hostname=name, session=session)
            s.sendall(raw_request(Client(server)))
            s.recv(1000)
            session = s.session if name == "localhost" else None
            s.close()
        if name == "localhost" and server.connections()[-1]["resumed"]:
            session = None
    seen = [(x["sni"], x["tls"], x["resumed"]) for x in server.connections()]
    ok(seen == [("localhost", "TLSv1.2", False), ("localhost", "TLSv1.2", True),
                ("cloudtrail.eu-central-1.amazonaws.com", "TLSv1.2", False)],
       "sessions are resumed by id, and the log says so", seen)
    server.stop()


def connect_through(proxy, target, head=""):
    s = socket.create_connection(("127.0.0.1", proxy.port), 5)
    s.sendall(("CONNECT %s HTTP/1.1\r\nHost: %s\r\n%s\r\n" % (target, target, head)).encode())
    data = b""
    while b"\r\n\r\n" not in data:
        more = s.recv(1000)
        if not more:
            break
        data += more
    return s, data


def test_proxy(pki):
    server = fakeaws.FakeAws(pki)
    proxy = fakeaws.Proxy(server, "us er:p:ss")
    name = "cloudtrail.cn-north-1.amazonaws.com.cn"
    ok(connect_through(proxy, name + ":443")[1].startswith(b"HTTP/1.1 407"),
       "407 without a password")
    s, data = connect_through(proxy, name + ":443",
                              "Proxy-Authorization: Basic dXMgZXI6cDpzcw==\r\n")
    ok(data.startswith(b"HTTP/1.1 200"), "CONNECT with a password", data)
    context = ssl.create_default_context(cafile=pki.ca)
    t = context.wrap_socket(s, server_hostname=name)
    t.sendall(raw_request(Client(server)))
    ok(t.recv(100).startswith(b"HTTP/1.1"), "a tunnel to the endpoint under its real name")
    t.close()
    log = proxy.log
    ok([x["authorized"] for x in log] == [False, True] and log[0]["target"] == name + ":443",
       "the proxy's log", log)
    bad = []
    for fault, want in (("407", b"HTTP/1.1 407"), ("502", b"HTTP/1.1 502"), ("close", b""),
                        ("garbage", b"\x15\x03"), ("early", b"HTTP/1.1 200"),
                        ("204", b"HTTP/1.1 204")):
        p = fakeaws.Proxy(server, None, fault)
        s, data = connect_through(p, "a.example:443")
        if not data.startswith(want) or want == b"" and data:
            bad.append((fault, data))
        s.close()
        p.stop()
    ok(not bad, "faults of the proxy", bad)
    proxy.stop()
    server.stop()


def test_command(pki, folder):
    path = os.path.join(folder, "one.ndjson")
    with open(path, "w") as f:
        f.write('{"eventTime":"%s","awsRegion":"%s","eventID":"1"}\n' % (fakeaws.iso(END), R1))
    program = [sys.executable, os.path.join(HERE, "fakeaws.py"), "--dir", pki.dir, "--events", path,
               "--generate", json.dumps({"region": R2, "count": 3, "end": END}), "--proxy", "a:b",
               "--set", '{"rate":100,"burst":100}',
               "--faults", '[{"fault":"throttle","request":2}]']
    p = subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    ready = p.stdout.readline().decode()
    ok(ready.startswith("READY {"), "READY", ready)
    ready = json.loads(ready[6:])
    target = type("Target", (), {"port": ready["port"], "pki": pki, "context": True})
    c = Client(target, R2)
    ok(len(c.records()) == 3 and c.code({}) == "ThrottlingException", "events and faults as told")
    h = http.client.HTTPConnection("127.0.0.1", ready["port"], timeout=60)
    h.request("POST", "/_control", '{"do":"log"}')
    log = json.loads(h.getresponse().read())["log"]
    ok(len(log) == 2 and log[1]["fault"] == "throttle", "the log over plain HTTP", log)
    p.stdin.write(b'{"do":"faults","rules":[{"fault":"error-503"}]}\n{"do":"x"}\nno JSON\n')
    p.stdin.flush()
    answers = [json.loads(p.stdout.readline())["ok"] for _ in range(3)]
    ok(answers == [True, False, False], "commands on stdin", answers)
    ok(c.code({}) == "ServiceUnavailable", "which work")
    p.stdin.close()
    ok(p.wait(5) == 0, "it ends with its stdin")
    p.stdout.close()
    p = subprocess.Popen(program[:4] + ["--plain"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    ready = json.loads(p.stdout.readline().decode()[6:])
    target = type("Target", (), {"port": ready["port"], "context": None})
    ok(Client(target).code({}) == "ok 200" and ready["url"].startswith("http:"), "--plain")
    p.stdin.write(b'{"do":"stop"}\n')
    p.stdin.flush()
    ok(p.wait(5) == 0, "it ends when told to")
    p.stdin.close()
    p.stdout.close()


def test_aws(pki):
    """The aws program takes the endpoint for CloudTrail."""
    titles = ["aws: all events of a region", "aws: one attribute and a window",
              "aws: a throttled request and a failed one are tried again",
              "aws: an error is shown as the service's", "aws: no odd request"]
    aws = shutil.which("aws")
    if aws and subprocess.run([aws, "--version"], stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL).returncode:
        aws = None
    if not aws:
        for title in titles:
            skip(title, "aws is not installed")
        return
    server = fakeaws.FakeAws(pki, rate=1000, burst=1000)
    server.generate(region=R1, count=130, end=END, density="bursty")
    base = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")
            and not k.lower().endswith("_proxy")}
    env = dict(base, AWS_ACCESS_KEY_ID=fakeaws.TEMP_KEY, AWS_SECRET_ACCESS_KEY=fakeaws.TEMP_SECRET,
               AWS_SESSION_TOKEN=fakeaws.TOKEN, AWS_CA_BUNDLE=pki.ca, AWS_PAGER="",
               AWS_EC2_METADATA_DISABLED="true", AWS_CONFIG_FILE=os.devnull,
               AWS_SHARED_CREDENTIALS_FILE=os.devnull, AWS_RETRY_MODE="standard")

    def run(*args):
        p = subprocess.run([aws, "cloudtrail", "lookup-events", "--endpoint-url", server.url,
                            "--region", R1, "--output", "json"] + list(args), env=env, timeout=300,
                           stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        found = [e["CloudTrailEvent"].encode() for e in
                 json.loads(p.stdout)["Events"]] if p.stdout.strip() else None
        return p.returncode, found, p.stderr.decode()
    code, found, error = run()
    ok(code == 0 and found == server.expected(R1), titles[0], error)
    ok(server.log()[0]["resumed"] is False, "aws: it came over TLS")
    from_, to = END - 2000, END - 500
    want = [r for r in server.expected(R1) if b'"eventName":"Decrypt"' in r and
            fakeaws.iso(from_) <= json.loads(r)["eventTime"] <= fakeaws.iso(to)]
    code, found, error = run("--lookup-attributes", "AttributeKey=EventName,AttributeValue=Decrypt",
                             "--start-time", str(from_), "--end-time", fakeaws.iso(to))
    ok(code == 0 and found == want and want, titles[1], error or (len(found), len(want)))
    server.faults({"fault": "throttle", "page": 1}, {"fault": "reset-body", "page": 2},
                  {"fault": "chunked-trailers", "page": 3})
    code, found, error = run()
    ok(code == 0 and found == server.expected(R1), titles[2], error)
    server.faults({"fault": "access-denied"})
    code, found, error = run()
    ok(code != 0 and "AccessDeniedException" in error, titles[3], error)
    # It gives no Content-Type twice, no gzip, and signs what has to be signed.
    odd = [e for e in server.log() if e["odd"]]
    ok(not odd, titles[4], odd[:1])
    server.stop()


def main():
    if os.environ.get("SPITZEL_FLAVOUR") in ("asan", "tsan"):
        print("1..0 # SKIP nothing of the program is in it")
        return 0
    threading.excepthook = lambda a: ok(False, "no thread dies", "%r" % (a.exc_value,))
    with tempfile.TemporaryDirectory() as folder:
        pki = fakeaws.Pki(os.path.join(folder, "pki"))
        test_vectors()
        test_pages(pki)
        test_rules(pki)
        test_signatures(pki)
        test_pace(pki)
        test_events(pki, folder)
        test_faults(pki)
        test_tls(pki)
        test_proxy(pki)
        test_command(pki, folder)
        test_aws(pki)
    print("1..%d" % number)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
