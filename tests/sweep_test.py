#!/usr/bin/env python3
"""TAP: plans, sweeps and checkpoints of the event history, end to end, against fakeaws.py.

SPITZEL  the program; without it, or if it knows no --checkpoint, nothing is tested.
         Arguments: only cases whose names contain one of them.

A sweep prints each matching event once, or names what was not searched.  With a
checkpoint this holds for all runs of a command together, wherever each of them
ended: at every request, at every system call that changes a file, at random.
What is expected comes from the server's events and oracle.py.
"""
import collections
import ctypes
import fcntl
import json
import os
import platform
import pty
import random
import re
import resource
import shutil
import signal
import socket
import stat
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time

sys.dont_write_bytecode = True
import fakeaws                          # noqa: E402
import history_test as h                # noqa: E402
import oracle                           # noqa: E402

R1, R2, R3 = h.R1, h.R2, h.R3
ALL3 = (R1, R2, R3)
PROGRAM, KEYS, TEMP_KEYS, END = h.PROGRAM, h.KEYS, h.TEMP_KEYS, h.END
HANG = h.TIMEOUT        # seconds until somebody who waits thinks that nothing comes any more
RATE = 100              # requests a second, where it does not matter
FROM, TO = fakeaws.iso(END - 7200), fakeaws.iso(END + 60)
CASES = []
S3, KMS, EC2 = "s3.amazonaws.com", "kms.amazonaws.com", "ec2.amazonaws.com"
# A few events that a query asks for among many others.
RARE = [[EC2, "DescribeInstances", True, 70], [S3, "GetObject", True, 8],
        [S3, "PutObject", False, 5], ["s3-outposts.amazonaws.com", "GetObject", True, 4],
        [KMS, "Decrypt", True, 5], ["lambda.amazonaws.com", "CreateFunction20150331", False, 4],
        ["monitoring.amazonaws.com", "DescribeAlarms", True, 4]]


def case(function):
    CASES.append((function.__name__.replace("_", " "), function))
    return function


# --- the server --------------------------------------------------------------

class Server(fakeaws.FakeAws):
    """hook(log entry) is called for each request that has arrived, before it is answered.  refused
    are the (key, value) of attributes that it does not take, lapsed the tokens."""

    def __init__(self, *args, **settings):
        self.hook = None
        self.refused = set()
        self.tokens, self.lapsed = set(), set()
        self.known = {}         # answers of expected()
        fakeaws.FakeAws.__init__(self, *args, **settings)

    def wait(self, region, log):
        hook = self.hook
        if hook:
            hook(log)
        fakeaws.FakeAws.wait(self, region, log)

    def settle(self):
        """Wait until it has read what a killed program sent: connections are accepted in turn, so
        those that were there before ours are known when ours is closed."""
        with socket.create_connection(("127.0.0.1", self.port), HANG) as s:
            s.shutdown(socket.SHUT_WR)
            while s.recv(1000):
                pass
        quiet = [0]

        def look():
            quiet[0] = 0 if self.kept else quiet[0] + 1
            return quiet[0] > 3
        h.wait_for(look, HANG)

    def judge(self, log, request, region, rule, now):
        for a in (log["params"] or {}).get("LookupAttributes", []):
            if (a["AttributeKey"], a["AttributeValue"]) in self.refused:
                raise fakeaws.AwsError("InvalidLookupAttributesException", "made to order")
        if (log["params"] or {}).get("NextToken") in self.lapsed:
            raise fakeaws.AwsError("InvalidNextTokenException", "made to order")
        body = fakeaws.FakeAws.judge(self, log, request, region, rule, now)
        token = re.search(rb'"NextToken":"([^"]*)"}$', body[-2000:])
        if token:
            self.tokens.add(token[1].decode())
        return body

    def lapse(self):
        """No token that it gave is good any more."""
        self.lapsed |= self.tokens


def remember(function, known={}):
    """event_json for the events that are made once and asked for a hundred times."""
    def remembered(e):
        if id(e) not in known or known[id(e)][0] is not e:
            known[id(e)] = e, function(e)
        return known[id(e)][1]
    return remembered


fakeaws.event_json = remember(fakeaws.event_json)


class Gate:
    """Stops the k-th request and those after it, until it is opened; at tells that it is there."""

    def __init__(self, server, k, at=None):
        self.k, self.at, self.n = k, at, 0
        self.lock = threading.Lock()
        self.reached, self.opened = threading.Event(), threading.Event()
        server.hook = self

    def __call__(self, log):
        with self.lock:
            self.n += 1
            n = self.n
        if n == self.k:
            self.reached.set()
            if self.at:
                self.at()
        if n >= self.k:
            self.opened.wait(HANG)

    def wait(self, p):
        """Until it is reached, or the program has ended."""
        h.wait_for(lambda: self.reached.is_set() or has_ended(p), HANG)
        return self.reached.is_set()


def has_ended(p):
    """... and is left to be waited for.  (Popen.send_signal would do that, too.)"""
    return os.waitid(os.P_PID, p.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def serve(*regions, count=330, density="random", span=3600, mix=None, tls=False, **settings):
    """A server that is never in the way: its bucket is deep."""
    server = Server(h.pki if tls else None, **dict({"rate": RATE, "burst": 1000.0}, **settings))
    for i, region in enumerate(regions or (R1,)):
        spec = {"mix": mix} if mix else {}
        server.generate(region=region, count=count, end=END - 7 * i, density=density, span=span,
                        seed=i, **spec)
    return server


def search(server, *args, regions=(R1,), rate=RATE, env=None, **more):
    return h.Run(h.options(server, *regions) + ["--rate", str(rate)] + list(args), env, **more)


def expected(server, args=(), regions=()):
    """What the query finds, newest first, by the oracle.  args: options of the query alone."""
    key = tuple(args), tuple(regions), sum(len(r.events) for r in server.regions.values())
    if key not in server.known:
        query, _ = oracle.query(list(args))
        server.known[key] = [x for x in server.expected(*regions) if not args or
                             query.holds(oracle.DECODER.decode(x.decode()))]
    return server.known[key]


def time_of(line):
    return re.search(rb'"eventTime":"([^"]*)"', line)[1].decode()


def differences(lines, want, limit=None):
    """What is wrong with the lines of all runs together."""
    bad, seen, events = [], collections.Counter(lines), set(want)
    strange = [x for x in seen if x not in events]
    twice = [x for x in seen if seen[x] > 1]
    if strange:
        bad.append("%d lines that are none of the events: %r" % (len(strange), strange[0][:200]))
    if twice:
        bad.append("%d events more than once: %s ..." % (len(twice), time_of(twice[0])))
    if limit is None:
        missing = [x for x in want if x not in seen]
        if missing:
            bad.append("%d of %d events are missing: %s ..." % (len(missing), len(want),
                                                              time_of(missing[0])))
    else:
        newest = sorted(map(time_of, want), reverse=True)[:limit]
        if sorted(map(time_of, seen), reverse=True) != newest:
            bad.append("%d events that are not the %d newest" % (len(seen), len(newest)))
    return bad


def request_faults(server):
    """What no request of a sweep may be: as in history_test, but each chain has its EndTime."""
    return [b for b in h.request_faults(server) if b != "EndTime moved"]


def flaws(run, server=None, killed=False):
    bad = [b for b in run.faults() if not (killed and b.startswith("exit status -")) and not (
        "--explain" in run.args and b.endswith("lines twice"))]
    return bad + (request_faults(server) if server else [])


def judge(run, server, want, code=0, ordered=True, limit=None):
    """None, or what is wrong with a single run."""
    bad = flaws(run, server) + differences(run.lines, want, limit)
    if run.code != code:
        bad.append("exit %s, but it should be %d" % (run.code, code))
    if ordered and not h.newest_first(run.lines):
        bad.append("not newest first")
    return report(bad, run, server)


def report(bad, *more):
    if not bad:
        return None
    return "\n".join(bad + [h.log_text(x) if isinstance(x, Server) else str(x) for x in more])


def attributes(log):
    """Of each request: "Key = value", or "everything"."""
    return [" ".join("%s = %s" % (a["AttributeKey"], a["AttributeValue"])
                     for a in (e["params"] or {}).get("LookupAttributes", [])) or "everything"
            for e in log]


# --- runs with a checkpoint --------------------------------------------------

class Series:
    """Runs of one command with a checkpoint.  Their output goes to the end of one file ("append"),
    to a file each ("files"), to one file that stays open ("shared"), or to a pipe."""

    def __init__(self, server, args=(), regions=(R1,), out="append", want=None, limit=None,
                 rate=RATE):
        self.folder = tempfile.mkdtemp(dir=h.folder)
        self.server, self.args, self.regions, self.out = server, list(args), regions, out
        self.rate, self.limit = rate, limit
        self.want = expected(server) if want is None else want
        self.runs, self.files, self.piped = [], [], []
        self.foreign = b""      # what was in the file before
        self.shared = None

    @property
    def checkpoint(self):
        return os.path.join(self.folder, "progress")

    def command(self, *more):
        return (h.options(self.server, *self.regions) +
                ["--rate", str(self.rate), "--checkpoint", self.checkpoint] +
                self.args + list(more))

    def open(self):
        """Where the next run writes to."""
        if self.out == "shared":
            if self.shared is None:
                self.files.append(os.path.join(self.folder, "out"))
                self.shared = os.open(self.files[0], os.O_WRONLY | os.O_CREAT, 0o600)
            return os.dup(self.shared)
        if self.out == "files" or not self.files:
            self.files.append(os.path.join(self.folder, "out%d" % len(self.files)))
            with open(self.files[-1], "wb") as f:
                f.write(self.foreign)
        return os.open(self.files[-1], os.O_WRONLY | os.O_APPEND)

    def go(self, *more, during=None, env=None):
        stdout = None if self.out == "pipe" else self.open()
        try:
            run = h.Run(self.command(*more), env, during, stdout)
        finally:
            if stdout is not None:
                os.close(stdout)
        self.piped += run.lines
        self.runs.append(run)
        return run

    def killed_at(self, k):
        """A run that is killed when its k-th request is there; False if it has fewer."""
        ready = threading.Event()

        def kill():
            ready.wait(HANG)
            os.kill(pid[0], signal.SIGKILL)
        pid, gate = [], Gate(self.server, k, kill)

        def during(p):
            pid.append(p.pid)
            ready.set()
        self.go(during=during)
        gate.opened.set()
        self.server.settle()
        self.server.hook = None
        return gate.reached.is_set()

    def lines(self):
        if self.out == "pipe":
            return self.piped
        lines = []
        for name in self.files:
            with open(name, "rb") as f:
                data = f.read()
            if not data.startswith(self.foreign):
                return [b"what was in the file before is gone"]
            lines += data[len(self.foreign):].split(b"\n")[:-1]
        return lines

    def to_the_end(self, runs=1):
        """Go on until the search is complete, undisturbed."""
        for _ in range(runs):
            if self.go().code == 0:
                break

    def faults(self, ordered=True):
        """What is wrong after the last run, which has to have ended well."""
        lines, bad = self.lines(), []
        for run in self.runs:
            bad += flaws(run, killed=run is not self.runs[-1])
        if self.runs[-1].code != 0:
            bad.append("exit %s of the last run" % self.runs[-1].code)
        if self.files and self.limit != 0 and self.want:
            with open(self.files[-1], "rb") as f:
                if f.read()[-1:] not in (b"\n", b""):
                    bad.append("an incomplete line at the end")
        wrong = differences(lines, self.want, self.limit)
        bad += wrong
        if ordered and not wrong and not h.newest_first(lines):
            bad.append("not newest first over all runs")
        return bad

    def report(self, bad):
        if self.shared is not None:
            os.close(self.shared)
            self.shared = None
        if not bad:
            shutil.rmtree(self.folder)
            return None
        return report(bad, "last runs: exit %s" % [r.code for r in self.runs[-8:]],
                      *[r for r in self.runs[-2:]], self.server)

    def done(self, ordered=True):
        return self.report(self.faults(ordered))


def at_rest(p, path):
    """Wait until nothing moves: all threads sleep, and the checkpoint stays as it is."""
    last, same = None, 0

    def look():
        nonlocal last, same
        states = []
        for thread in os.listdir("/proc/%d/task" % p.pid):
            try:
                with open("/proc/%d/task/%s/stat" % (p.pid, thread)) as f:
                    states.append(f.read().rsplit(")", 1)[1].split()[0])
            except OSError:
                states.append("?")
        try:
            s = os.stat(path)
            now = s.st_ino, s.st_mtime_ns, s.st_size
        except OSError:
            now = None
        same = same + 1 if now == last and set(states) == {"S"} else 0
        last = now
        return same >= 8
    h.wait_for(look, HANG)


# --- the pace ----------------------------------------------------------------

@case
def rates_that_are_none():
    server = serve(count=5)
    bad = []
    for rate in ("0", "-1", "", "x", "2x", "nan", "inf", "0x10", "1,5", " 2", "0.0"):
        run = search(server, rate=rate)
        if run.code != 2 or run.faults() or run.lines or "rate" not in run.error:
            bad.append("--rate %r: %s" % (rate, run))
    for rate, code in (("2", 0), ("2.0", 0), ("0.5", 0), ("2.01", 2), ("3", 2), ("40", 2)):
        run = h.Run(["--region", R1, "--explain", "--rate", rate], {})
        if run.code != code or run.faults() or "rate" not in run.error and code:
            bad.append("--rate %s: %s" % (rate, run))
    if server.log():
        bad.append("it sent requests")
    server.stop()
    return "\n".join(bad)


@case
def the_rate_that_is_asked_for():
    """Each region has its own; many requests are on their way at once."""
    server = serve(R1, R2, count=3000, latency=0.4)
    run = search(server, regions=(R1, R2), rate=12.5)
    bad = judge(run, server, expected(server))
    bad = bad or h.too_fast(run, server, 12.5)
    server.stop()
    return bad


@case
def the_legal_rate():
    server = serve(R1, count=330, latency=1.2)
    run = h.Run(h.options(server), KEYS)
    bad = judge(run, server, expected(server))
    bad = bad or h.too_fast(run, server, 2)
    server.stop()
    return bad


@case
def a_rate_below_the_legal_one():
    server = serve(R1, count=140, latency=0.1)
    run = search(server, rate="1.6")
    bad = judge(run, server, expected(server))
    bad = bad or h.too_fast(run, server, 1.6)
    server.stop()
    return bad


@case
def somebody_else_uses_the_quota():
    """It is throttled, slows down, and comes back when the other has gone."""
    server = serve(R1, count=6000, rate=25.0, burst=3.0, others=18.0)
    alone = []

    def watch(log):
        if log["k"] == 30:
            server.configure({"others": 0.0})
            alone.append(log["at"])
    server.hook = watch
    run = search(server, rate=25)
    bad = [b for b in flaws(run, server) if "too fast" not in b]
    bad += differences(run.lines, expected(server))
    log = server.log(R1)
    throttled = [e for e in log if e["outcome"] == "ThrottlingException"]
    if run.code or not h.newest_first(run.lines):
        bad.append("exit %s" % run.code)
    if not throttled or len(throttled) * 3 > len(log):      # a busy machine has more
        bad.append("%d of %d requests were throttled" % (len(throttled), len(log)))
    server.stop()
    return report(bad, run, server)


@case
def somebody_else_uses_all_of_the_quota():
    """... until we say that we wait for it, and then goes."""
    server = serve(R1, count=2000, rate=15.0, burst=3.0)

    def come(log):
        if log["k"] == 10:
            server.configure({"others": 60.0})      # nothing is left, however it is timed

    def go(line):
        if b"others use all of the quota" in line:
            server.configure({"others": 0.0})
    server.hook = come
    run = search(server, rate=15, heard=go)
    bad = [b for b in flaws(run, server) if "too fast" not in b]
    bad += differences(run.lines, expected(server))
    if run.code or not h.newest_first(run.lines):
        bad.append("exit %s" % run.code)
    if run.error.count("others use all of the quota") != 1:
        bad.append("not told once")
    server.stop()
    return report(bad, run, server)


@case
def throttled_in_the_middle():
    server = serve(*ALL3, count=600, latency=0.1)
    server.faults({"fault": "throttle", "region": R1, "request": [2, 3, 4, 9]},
                  {"fault": "throttle", "region": R2, "request": "5-8"})
    run = search(server, regions=ALL3)
    bad = judge(run, server, expected(server))
    server.stop()
    return bad


# --- plans -------------------------------------------------------------------
# The query, and the lookups that it may need; each of them, or everything where that is shorter.

PLANS = [
    (["s3:PutObject"], {"EventName = PutObject"}),
    (["s3:Get*"], {"EventSource = " + S3}),
    (["s3.amazonaws.com:*"], {"EventSource = " + S3}),
    (["S3:*"], {"EventSource = " + S3}),
    (["s3:putobject"], {"EventSource = " + S3}),
    (["kms:Decrypt", "s3:PutObject"], {"EventName = Decrypt", "EventName = PutObject"}),
    (["kms:*", "s3:*"], {"EventSource = " + KMS, "EventSource = " + S3}),
    (["cloudwatch:*"], {"EventSource = monitoring.amazonaws.com",
                        "EventSource = cloudwatch.amazonaws.com"}),
    (["lambda:CreateFunction"], {"EventSource = lambda.amazonaws.com"}),
    (["*:Get*"], {"everything"}),
    (["Get*", "s3:*"], {"everything"}),
    ([], {"everything"}),
    (["-m", '$.errorCode == "AccessDenied"'], {"everything"}),
    (["-m", "$.readOnly == false"], {"ReadOnly = false"}),
    (["-m", "$.readOnly != true"], {"everything"}),
    (["-m", "not $.readOnly == true"], {"everything"}),
    (["-m", '$.eventName == "PutObject"'], {"EventName = PutObject"}),
    (["-m", '$.eventName in ["PutObject", "Decrypt"]'],
     {"EventName = PutObject", "EventName = Decrypt"}),
    (["-m", '$.eventName == "PutObject" or $.eventSource == "%s"' % KMS],
     {"EventName = PutObject", "EventSource = " + KMS}),
    (["-m", '$.eventName == "PutObject" or $.errorCode == "AccessDenied"'], {"everything"}),
    (["-m", '$.userIdentity.accessKeyId == "AKIA000000000003DEMO"'],
     {"AccessKeyId = AKIA000000000003DEMO"}),
    (["-m", '$.userIdentity.userName == "Alice"'], {"everything"}),
    (["s3:PutObject", "-m", "$.readOnly == false"], {"EventName = PutObject", "ReadOnly = false"}),
    (["s3:*", "-m", '$.eventID == "no such"'], {"EventId = no such"}),
    (["s3:*", "*:GetObject"], {"EventSource = " + S3, "EventName = GetObject", "everything",
                               "EventSource = lambda.amazonaws.com",
                               "EventSource = cloudfront.amazonaws.com"}),
]


def run_plan(query, lookups):
    server = serve(R1, R2, count=700, mix=RARE)
    run = search(server, *query, regions=(R1, R2))
    want = expected(server, query)
    bad = judge(run, server, want)
    asked = set(attributes(server.log()))
    if not bad and not asked <= lookups:
        bad = "asked for: %s" % sorted(asked)
    if not bad and not want and "no such" not in str(query):
        bad = "nothing matches"
    server.stop()
    return bad


@case
def plans_save_requests():
    bad = None
    for query, most in ((["s3:PutObject"], 4), (["kms:Decrypt", "s3:PutObject"], 8),
                        (["-m", "$.readOnly == false"], 6),
                        (["s3:PutObject", "-m", "$.readOnly == false"], 6)):
        server = serve(count=1500, mix=RARE)
        bad = bad or judge(search(server, *query, rate=1), server, expected(server, query))
        if not bad and len(server.log()) > most:
            bad = "%s: %d requests\n%s" % (query, len(server.log()), h.log_text(server))
        server.stop()
    return bad


@case
def the_last_event_of_an_id():
    """EventId finds one event; one request, or two."""
    server = serve(count=1500)
    event = expected(server)[-1]
    query = ["-m", '$.eventID == "%s"' % json.loads(event)["eventID"]]
    bad = judge(search(server, *query), server, [event])
    if not bad and (len(server.log()) > 2 or "everything" in attributes(server.log())):
        bad = h.log_text(server)
    server.stop()
    return bad


@case
def attributes_that_are_refused():
    """The service may change its mind: then everything is looked at, nothing is lost or twice."""
    two = ["-m", '$.eventSource == "%s" or $.eventName == "GetObject"' % S3]
    bad = None
    for query, refused in ((["s3:PutObject"], [("EventName", "PutObject")]),
                           (two, [("EventSource", S3)]), (two, [("EventName", "GetObject")]),
                           (two, [("EventSource", S3), ("EventName", "GetObject")]),
                           (["s3:GetObject", "-m", "$.readOnly == true"],
                            [("EventName", "GetObject")])):
        for order in ("newest", "none"):
            server = serve(R1, R2, count=700, mix=RARE, latency=0.05)
            server.refused = set(refused)
            run = search(server, "--sort", order, *query, regions=(R1, R2))
            b = flaws(run) + differences(run.lines, expected(server, query))
            if run.code:
                b.append("exit %s" % run.code)
            if order == "newest" and not h.newest_first(run.lines):
                b.append("not newest first")
            bad = bad or report(b, "refused: %s" % refused, run, server)
            server.stop()
    return bad


@case
def attributes_that_are_refused_half_way():
    """... also after pages of it came."""
    bad = None
    for k in (2, 3, 5):
        for latency in (0, 0.1):
            server = serve(count=1300, mix=RARE, latency=latency)

            def refuse(log, k=k, server=server):
                if log["k"] == k:
                    server.refused = {("EventSource", S3)}
            server.hook = refuse
            run = search(server, "s3:*")
            b = flaws(run) + differences(run.lines, expected(server, ["s3:*"]))
            if run.code or not h.newest_first(run.lines):
                b.append("exit %s" % run.code)
            bad = bad or report(b, "refused from request %d on" % k, run, server)
            server.stop()
    return bad


@case
def lookups_that_overlap():
    bad = None
    for query in (["s3:*", "*:GetObject"],
                  ["-m", '$.eventSource == "%s" or $.eventName == "GetObject"' % S3],
                  ["-m", '$.eventName == "GetObject" or $.readOnly == false or '
                         '$.eventSource == "%s"' % S3]):
        for order in ("newest", "none"):
            server = serve(R1, R2, count=1200, mix=RARE, latency=0.06)
            run = search(server, "--sort", order, *query, regions=(R1, R2))
            bad = bad or judge(run, server, expected(server, query), ordered=order == "newest")
            server.stop()
    return bad


MANY = fakeaws.REGIONS[:17]     # so many that each of them remembers the least


@case
def events_of_ways_that_are_tried():
    """The way that is walked brings them again, some of them thousands of events later."""
    server = serve(R1, count=0, rate=1000, burst=10000.0)
    for name, read_only, count in (("Rare", False, 60), ("Other", False, 20000),
                                   ("Read1", True, 15000), ("Read2", True, 15000)):
        server.generate(region=R1, count=count, end=END, span=7000, mix=[[EC2, name, read_only, 1]])
    query = ["-m", '$.eventName in ["Rare", "Read1", "Read2"]', "-m", "$.readOnly == false"]
    regions, bad = (R1,) + tuple(r for r in MANY if r != R1), None
    for order in ("newest", "none"):
        server.reset()
        run = search(server, "--sort", order, *query, regions=regions, rate=300)
        bad = bad or judge(run, server, expected(server, query), ordered=order == "newest")
        if not bad and not {"EventName = Rare", "ReadOnly = false"} <= set(
                attributes(server.log())):
            bad = "it did not try both ways"
    server.stop()
    return bad


# --- explain -----------------------------------------------------------------

EXPLAIN = ["--from", FROM, "--to", TO, "s3:GetBucketAcl", "-m", "$.readOnly == true"]


@case
def explain():
    server = serve(*ALL3, count=5)
    options = h.options(server, *ALL3)
    run = h.Run(options + ["--explain"] + EXPLAIN, {})
    text = b"\n".join(run.lines).decode()
    bad = flaws(run)
    if run.code or run.error:
        bad.append("exit %s" % run.code)
    for words in ALL3 + (r"EventName\s*=\s*\"?GetBucketAcl", r"ReadOnly\s*=\s*\"?true", FROM, TO,
                         "(?i)page|request", r"(?i)\d ?s\b|second|minute|hour"):
        if not re.search(words, text.replace(" UTC", "Z")):
            bad.append("nothing like %r" % words)
    if not bad and text.index("EventName") > text.index("ReadOnly"):
        bad.append("the ways are not in order")
    for query in ([], ["*:Get*"], ["-m", '$.errorCode == "AccessDenied"']):
        run2 = h.Run(options + ["--explain"] + query, {})
        if run2.code or flaws(run2) or not re.search(b"(?i)everything", b" ".join(run2.lines)):
            bad.append(str(run2))
    run2 = h.Run(["--explain", "--region", R1, "s3:GetBucketAcl"], {})      # AWS itself
    if run2.code or flaws(run2) or b"GetBucketAcl" not in b" ".join(run2.lines):
        bad.append(str(run2))
    run2 = h.Run(["--explain", "--region", R1, "s3:Get*"], dict(KEYS, AWS_REGION=R2))
    if run2.code or R2.encode() in b" ".join(run2.lines):
        bad.append(str(run2))
    if server.connections() or server.log():
        bad.append("it connected")
    server.stop()
    return report(bad, run, text)


@case
def explain_each_partition():
    """China's event sources may end in .cn: what is asked of it is shown beside the others'."""
    def lookups(*regions):
        run = h.Run(["--explain", "--region", ",".join(regions), "s3:GetObject", "iam:*"], {})
        lines = [x for x in b"\n".join(run.lines).decode().split("\n")
                 if not x.startswith(("window", "requests", "time"))]
        return lines, flaws(run) + ["exit %s" % run.code] * (run.code != 0)
    world, bad = lookups(R1)
    china, more = lookups("cn-north-1")
    both, most = lookups(R1, "cn-north-1", R2)
    if both != ["regions   %s, %s" % (R1, R2)] + world[1:] + china:
        bad.append("\n".join(both))
    if not any(".cn" in x for x in china):
        bad.append("\n".join(china))
    return report(bad + more + most)


@case
def explain_and_go_on():
    server = serve(*ALL3, count=60)
    args = h.options(server, *ALL3) + ["--rate", str(RATE)] + EXPLAIN
    plan = h.Run(args + ["--explain"], {})
    run = h.Run(args + ["-v"])
    bad = judge(run, server, expected(server, EXPLAIN))

    def said(line):
        return re.sub(r"\s+", " ", line.replace("aws-spitzel:", "")).strip()
    loud = {said(x) for x in run.error.splitlines()}
    missing = [x for x in map(said, b"\n".join(plan.lines).decode().splitlines()) if x not in loud]
    if not bad and (missing or not plan.lines):
        bad = "not on stderr: %s\n%s" % (missing, run)
    server.stop()
    return bad


# --- sweeps ------------------------------------------------------------------

def run_sweep(density, regions, latency, more):
    server = serve(*regions, count=0, latency=latency, jitter=0.5)
    for i, region in enumerate(regions):
        if density == "seconds":    # more in each than a page has
            for k in range(9):
                server.generate(region=region, count=70 + 20 * k, end=END - 700 * k, span=1,
                                density="second", seed=k)
        elif density == "two ends":
            server.generate(region=region, count=300, end=END, span=60, density="random", seed=1)
            server.generate(region=region, count=300, end=END - 80 * 86400, span=60, seed=2,
                            density="random")
        elif density != "empty" and (density != "one empty" or i != 1):
            server.generate(region=region, count=1100 - 300 * i, end=END - 7 * i, seed=i, span=7200,
                            density="random" if density == "one empty" else density)
    rate = 40 if latency > 0.1 else RATE
    run = search(server, *more, regions=regions, rate=rate)
    bad = judge(run, server, expected(server), ordered="none" not in more)
    server.stop()
    return bad


DENSITIES = ("random", "uniform", "bursty", "skewed", "second", "seconds", "two ends", "empty",
             "one empty")
SWEEPS = [(d, ALL3 if i % 2 else (R1,), latency, ["--sort", "none"] if (i + j) % 4 == 3 else [])
          for i, d in enumerate(DENSITIES) for j, latency in enumerate((0, 0.05, 0.3))]
SWEEPS += [("random", ALL3, 0.1, ["-j", "1"]), ("bursty", ALL3, 0.1, ["-j", "1", "--sort", "none"])]


def at_once(log):
    """How many of a region's requests were on their way together, at most."""
    return max(sum(o["at"] <= e["at"] < o.get("answered", 1e9) for o in log) for e in log)


@case
def several_chains_are_in_flight():
    """Each costs a few requests; slower answers, as of a busy machine, need more of them."""
    server = serve(R1, R2, count=2000, latency=0.25)
    run = search(server, regions=(R1, R2), rate=16)
    bad = judge(run, server, expected(server))
    for region in (R1, R2):
        log = server.log(region)
        most = at_once(log)
        if not bad and most < 3:
            bad = "%s: at most %d requests at once" % (region, most)
        if not bad and len(log) > 40 + 4 * most:
            bad = "%s: %d requests for 40 pages, %d at once" % (region, len(log), most)
    server.stop()
    return bad


@case
def one_chain_where_answers_are_quick():
    """No chain is cut that is not needed: it would cost requests."""
    server = serve(count=800)
    run = search(server, rate=4)
    bad = judge(run, server, expected(server))
    log = server.log()
    if not bad and len(log) > 18 + 4 * at_once(log):    # a slow machine's answers are not quick
        bad = "%d requests for 16 pages\n%s" % (len(log), h.log_text(server))
    server.stop()
    return bad


@case
def windows_that_cut_seconds():
    server = serve(count=0, latency=0.1)
    for k in range(8):
        server.generate(region=R1, count=120, end=END - 60 * k, span=20, seed=k, density="random")
    times = sorted(map(time_of, server.expected()))
    bad = None
    for low, high in ((10, 900), (300, 500), (480, 481)):
        args = ["--from", times[low], "--to", times[high]]
        bad = bad or judge(search(server, *args), server, expected(server, args))
        asked = [e["params"] for e in server.log()]
        if not bad and [p for p in asked if fakeaws.iso(p["StartTime"]) < times[low] or
                        fakeaws.iso(p["EndTime"]) > times[high]]:
            bad = "asked beyond the window: %s" % asked
        server.reset()
    server.stop()
    return bad


@case
def all_orders_over_regions_and_lookups():
    server = serve(*ALL3, count=700, mix=RARE, latency=0.06)
    query = ["s3:PutObject", "kms:*", "lambda:*"]
    bad = None
    for order in ("newest", "oldest", "none"):
        server.reset()
        run = search(server, "--sort", order, *query, regions=ALL3)
        if order == "oldest":
            run.lines.reverse()
        bad = bad or judge(run, server, expected(server, query), ordered=order != "none")
    server.stop()
    return bad


@case
def all_regions_of_the_partition():
    server = serve(*fakeaws.REGIONS, count=60, latency=0.05)
    run = search(server, regions=("all",))
    bad = judge(run, server, expected(server))
    server.stop()
    return bad


@case
def limits():
    bad = None
    for regions, latency, n in (((R1,), 0, 1), ((R1,), 0.2, 60), (ALL3, 0, 10), (ALL3, 0.2, 120),
                                (ALL3, 0.2, 49), (ALL3, 0, 5000)):
        server = serve(*regions, count=1400, latency=latency)
        rate = 20 if latency else RATE      # four on their way in a region
        run = search(server, "-n", str(n), regions=regions, rate=rate)
        bad = bad or judge(run, server, expected(server), limit=n)
        if not bad and n < 5000 and len(server.log()) > 8 + 16 * len(regions) + 3 * n // 50:
            bad = "-n %d: %d requests" % (n, len(server.log()))
        server.stop()
    return bad


@case
def a_limit_of_a_plan():
    server = serve(R1, R2, count=2000, mix=RARE, latency=0.1)
    query = ["s3:*", "kms:*"]
    run = search(server, "-n", "20", *query, regions=(R1, R2), rate=6)
    bad = judge(run, server, expected(server, query), limit=20)
    if not bad and len(server.log()) > 24:
        bad = "%d requests" % len(server.log())
    server.stop()
    return bad


@case
def a_limit_as_found():
    server = serve(*ALL3, count=1400, latency=0.1)
    run = search(server, "-n", "20", "--sort", "none", regions=ALL3, rate=30)
    bad = flaws(run, server)
    if run.code or len(run.lines) != 20 or not set(run.lines) <= set(expected(server)):
        bad.append("exit %s, %d lines" % (run.code, len(run.lines)))
    if len(server.log()) > 30:
        bad.append("%d requests" % len(server.log()))
    server.stop()
    return report(bad, run)


# --- faults in the middle of a sweep -----------------------------------------
# Of R2's requests these meet the fault.  ok: it is got over; partial: R2 is not searched to its
# end; once: the same, but it may be got over: it is met a single time, or by some pages only, which
# a sweep that cuts finely enough goes around.  span: all events are in so many seconds.

SWEEP_FAULTS = [
    ("ok", {"fault": "throttle", "request": [3, 4, 5]}),
    ("ok", {"fault": "throttle", "request": [1, 2, 6, 7], "retry_after": 300}),
    ("ok", {"fault": "error-500", "request": [4, 8]}),
    ("ok", {"fault": "error-503", "request": 1}), ("ok", {"fault": "html-502", "request": 5}),
    ("ok", {"fault": "reset", "request": [3, 7, 9]}), ("ok", {"fault": "close", "request": [2, 6]}),
    ("ok", {"fault": "stale", "request": [3, 5, 8]}),
    ("ok", {"fault": "invalid-token", "page": 3}), ("ok", {"fault": "invalid-token", "page": 2}),
    ("ok", {"fault": "invalid-token", "page": 2, "times": 3}),
    ("ok", {"fault": "reset-body", "request": [3, 4]}),
    ("ok", {"fault": "close-body", "request": [3, 8]}),
    ("ok", {"fault": "chunked-cut", "request": 6}), ("ok", {"fault": "tls-cut", "request": 6}),
    ("ok", {"fault": "duplicate", "request": "2-", "events": 20}),
    ("ok", {"fault": "duplicate", "request": [2, 5], "events": 50}),
    ("ok", {"fault": "short-page", "request": [2, 5, 6]}),
    ("ok", {"fault": "empty-page", "request": [1, 3, 4, 7]}),
    ("ok", {"fault": "trailing-token", "request": "1-"}),
    ("ok", {"fault": "stall", "seconds": 0.5, "request": 5}),
    ("once", {"fault": "cut-json", "request": 5}), ("once", {"fault": "skew", "request": 6}),
    ("once", {"fault": "html-200", "request": 4}), ("once", {"fault": "same-token", "page": 2}),
    ("partial", {"fault": "expired-token", "request": "4-"}),
    ("partial", {"fault": "expired-token", "request": "1-"}),
    ("partial", {"fault": "access-denied", "request": "1-"}),
    ("partial", {"fault": "access-denied", "request": "6-"}),
    ("partial", {"fault": "error-500", "request": "5-"}),
    ("partial", {"fault": "reset", "request": "7-"}),
    ("partial", {"fault": "cut-json", "request": "3-"}),
    ("once", {"fault": "invalid-token", "page": 2, "times": "all"}),
    ("partial", {"fault": "invalid-token", "page": 2, "times": "all", "span": 1}),
    ("partial", {"fault": "throttle", "request": "9-"}),
]
NOT_SEARCHED = re.compile(r"region (\S+?): .*?from (\S+) to (\S+?),? w(?:ere|as) not searched")


def seconds(text):
    return float(oracle.when(text))


def not_covered(run, server):
    """Events that are neither printed nor in a window that is named."""
    named = {}
    for region, low, high in NOT_SEARCHED.findall(run.error):
        named.setdefault(region, []).append((seconds(low), seconds(high)))
    printed, missing, both = set(run.lines), 0, 0
    for region in server.regions:
        for line in server.expected(region):
            t = seconds(time_of(line))
            inside = any(low <= t <= high for low, high in named.get(region, []))
            missing += line not in printed and not inside
            both += line in printed and inside
    return missing, both, named


def run_sweep_fault(want, rule, latency, order):
    tls = rule["fault"].startswith("tls")
    rule = dict(rule, region=R2)
    server = serve(*ALL3, count=500, span=rule.pop("span", 3600), latency=latency, tls=tls)
    server.faults(rule)
    series = Series(server, ["--sort", order], ALL3, "pipe", rate=50)
    run = series.go()
    bad = [b for b in flaws(run, server) if "InvalidNextToken" not in b]
    missing, both, named = not_covered(run, server)
    if missing:
        bad.append("%d events are neither printed nor named" % missing)
    if both > 60:
        bad.append("%d printed events are in windows named as not searched" % both)
    if run.code not in {"ok": (0,), "once": (0, 3), "partial": (3,)}[want]:
        bad.append("exit %s for %s" % (run.code, want))
    if run.code == 3 and set(named) != {R2}:
        bad.append("regions named: %s" % sorted(named))
    if run.code == 0 and named:
        bad.append("exit 0, but windows are named")
    # The fault is mended, and it goes on.
    server.faults()
    series.to_the_end()
    bad += series.faults(ordered=order == "newest" and run.code == 0)
    for run in series.runs:
        if order == "newest" and not h.newest_first(run.lines):
            bad.append("not newest first")
    server.stop()
    return series.report(bad)


# --- checkpoints -------------------------------------------------------------

@case
def a_limit_of_nothing():
    server = serve(R1, count=60)
    series = Series(server, ["-n", "0"], limit=0)
    bad = [] if series.go().code == 0 and not series.lines() else ["exit or lines"]
    run = series.go()
    if run.code or "complete" not in run.error:
        bad.append("again: exit %s" % run.code)
    server.stop()
    return series.report(bad)


@case
def a_search_that_is_complete():
    server = serve(*ALL3, count=140)
    series = Series(server, ["--from", FROM, "--to", TO], ALL3)
    bad = None
    series.to_the_end()
    bad = series.faults()
    n = len(server.log())
    with open(series.checkpoint, "rb") as f:
        before = f.read()
    for _ in range(2):
        run = series.go()
        if run.code or "complete" not in run.error:
            bad.append("again: exit %s" % run.code)
    bad += series.faults()
    with open(series.checkpoint, "rb") as f:
        if f.read() != before:
            bad.append("the checkpoint of a complete search has changed")
    if len(server.log()) != n:
        bad.append("it sent requests again")
    server.stop()
    return series.report(bad)


@case
def a_search_without_matches():
    server = serve(count=140)
    series = Series(server, ["s3:NoSuchThing"], want=[])
    series.to_the_end()
    again = series.go()
    bad = series.faults()
    if "complete" not in again.error:
        bad.append("it is not said to be complete")
    server.stop()
    return series.report(bad)


def is_secret(data):
    return [s for s in h.SECRETS + [fakeaws.ACCESS_KEY, fakeaws.TEMP_KEY] if s.encode() in data]


@case
def what_the_file_is():
    """Whole at any time, replaced and never written to, private, without credentials."""
    server = serve(*ALL3, count=900, latency=0.03)
    bad, seen = [], []
    lock = threading.Lock()
    old = os.umask(0)   # of all threads; nobody else minds
    try:
        series = Series(server, ["--from", FROM, "--to", TO, "-m", "$.readOnly == true"], ALL3,
                        want=expected(server, ["-m", "$.readOnly == true"]))

        def look(log):
            try:
                fd = os.open(series.checkpoint, os.O_RDONLY)
            except FileNotFoundError:
                return
            with lock:
                seen.append((fd, os.pread(fd, 1 << 20, 0), os.fstat(fd)))
        server.hook = look
        for k in (4, 6, 8, 10, None):
            if k:
                pid, ready = [], threading.Event()

                def at(log, k=k, pid=pid, ready=ready):
                    look(log)
                    if log["k"] == k and log["region"] == R2:
                        ready.wait(HANG)
                        os.kill(pid[0], signal.SIGKILL)
                server.hook = at
                with lock:
                    for r in server.regions.values():
                        r.requests = 0
                series.go(during=lambda p: (pid.append(p.pid), ready.set()), env=TEMP_KEYS)
            else:
                server.hook = look
                series.to_the_end()
    finally:
        os.umask(old)
    server.hook = None
    bad += series.faults()
    with open(series.checkpoint, "rb") as f:
        contents = {f.read()}
    if stat.S_IMODE(os.stat(series.checkpoint).st_mode) != 0o600:
        bad.append("its mode is %o" % os.stat(series.checkpoint).st_mode)
    for fd, data, s in seen:
        if os.pread(fd, 1 << 20, 0) != data:
            bad.append("a checkpoint was written to, not replaced")
        if stat.S_IMODE(s.st_mode) != 0o600 or not stat.S_ISREG(s.st_mode):
            bad.append("its mode was %o" % s.st_mode)
        contents.add(data)
        os.close(fd)
    for data in contents:
        bad += ["a secret is in it: %s" % s[:6] for s in is_secret(data)]
    if len(contents) < 4:
        bad.append("there were only %d checkpoints in all" % len(contents))
    # From each of them the search can go on, to the same end.
    for i, data in enumerate(random.Random(1).sample(sorted(contents), min(9, len(contents)))):
        other = Series(server, series.args, ALL3, want=series.want)
        with open(other.checkpoint, "wb") as f:
            f.write(data)
        run = other.go()
        if run.code or flaws(run) or not set(other.lines()) <= set(series.want) or len(
                set(other.lines())) != len(other.lines()):
            bad.append("a snapshot is no good: %r\n%s" % (data[:300], run))
    left = [x for x in os.listdir(series.folder) if not x.startswith("out") and x != "progress"]
    if len(left) > 2:       # one of each kill, at most
        bad.append("left over: %s" % left)
    server.stop()
    return series.report(sorted(set(bad)))


@case
def nothing_is_left_over():
    server = serve(*ALL3, count=240)
    series = Series(server, [], ALL3)
    series.to_the_end()
    bad = series.faults()
    if sorted(os.listdir(series.folder)) != ["out0", "progress"]:
        bad.append("left over: %s" % os.listdir(series.folder))
    server.stop()
    return series.report(bad)


@case
def a_name_without_a_folder():
    server = serve(count=240)
    folder = tempfile.mkdtemp(dir=h.folder)
    bad = []
    for k, code in ((3, 130), (None, 0)):
        with open(os.path.join(folder, "out"), "ab") as f:
            p = subprocess.Popen([PROGRAM, "--checkpoint", "here"] + h.options(server) +
                                 ["--rate", "100"], cwd=folder, env=dict(os.environ, **KEYS),
                                 stdin=subprocess.DEVNULL, stdout=f)
        if k:
            gate = Gate(server, k)
            gate.wait(p)
            at_rest(p, os.path.join(folder, "here"))
            os.kill(p.pid, signal.SIGINT)
        p.wait(HANG)
        if k:
            gate.opened.set()
            server.hook = None
        if p.returncode != code:
            bad.append("exit %s" % p.returncode)
    with open(os.path.join(folder, "out"), "rb") as f:
        bad += differences(f.read().splitlines(), expected(server))
    if sorted(os.listdir(folder)) != ["here", "out"]:
        bad.append("left over: %s" % os.listdir(folder))
    server.stop()
    return report(bad)


@case
def checkpoints_where_there_are_none():
    server = serve(count=5)
    path = os.path.join(h.folder, "none.progress")
    bad = []
    for args in (["--trail", os.devnull], ["--trail", "-"], ["--sort", "oldest"]):
        options = h.options(server) if "--sort" in args else []
        run = h.Run(options + args + ["--checkpoint", path])
        if run.code != 2 or flaws(run) or run.lines or "checkpoint" not in run.error:
            bad.append(str(run))
    run = h.Run(h.options(server) + ["--checkpoint", ""])
    if run.code not in (1, 2) or flaws(run) or run.lines:
        bad.append(str(run))
    if server.log() or os.path.exists(path):
        bad.append("it began")
    server.stop()
    return "\n".join(bad)


OWN = {"pattern": ["s3:*"], "match": ["-m", "$.readOnly == true"], "from": ["--from", FROM],
       "to": ["--to", TO], "limit": ["-n", "150"]}
OTHERS = [
    ({"pattern": ["kms:*"]}, r"(?i)pattern"), ({"pattern": []}, r"(?i)pattern"),
    ({"pattern": ["s3:*", "kms:*"]}, r"(?i)pattern"), ({"pattern": ["s3:Get*"]}, r"(?i)pattern"),
    ({"match": ["-m", "$.readOnly == false"]}, "--match"), ({"match": []}, "--match"),
    ({"match": ["-m", "$.readOnly == true", "-m", "$.eventName"]}, "--match"),
    ({"from": ["--from", fakeaws.iso(END - 7100)]}, "--from|window"),
    ({"from": []}, "--from|window"), ({"to": []}, "--to|window"),
    ({"to": ["--to", fakeaws.iso(END)]}, "--to|window"),
    ({"from": [], "to": ["--last", "2h"]}, "--from|--last|window"),
    ({"from": [], "to": ["--last-minute", "9"]}, "--from|--last|window"),
    ({"region": (R2,)}, "--region"), ({"region": (R1, R2)}, "--region"),
    ({"region": ("all",)}, "--region"), ({"sort": ["--sort", "none"]}, "--sort"),
    ({"limit": ["-n", "151"]}, "--limit|-n"), ({"limit": ["-n", "149"]}, "--limit|-n"),
    ({"limit": []}, "--limit|-n"),
]


def begun(server, args, k=3, regions=(R1,), **more):
    """A series whose first run was killed at its k-th request."""
    series = Series(server, args, regions, **more)
    if not series.killed_at(k) or not os.path.exists(series.checkpoint):
        raise RuntimeError("no checkpoint at request %d: %s\n%s" % (k, series.runs[-1],
                                                                 h.log_text(server)))
    return series


def query_of(parts):
    return [x for k in ("pattern", "match", "from", "to", "limit", "sort")
            for x in parts.get(k, [])]


@case
def another_query():
    """It is refused, by name, and the checkpoint stays as it is."""
    server = serve(R1, R2, count=900, mix=[[S3, "GetObject", True, 9], [S3, "PutObject", False, 1],
                                           [KMS, "Decrypt", True, 1]])
    series = begun(server, query_of(OWN), 4, limit=150, want=[
        x for x in expected(server, ["s3:*", "-m", "$.readOnly == true"], (R1,))])
    n, bad = len(server.log()), []
    with open(series.checkpoint, "rb") as f:
        before = f.read()
    for change, words in OTHERS:
        args = query_of(dict(OWN, **change))
        run = search(server, "--checkpoint", series.checkpoint, *args,
                     regions=change.get("region", (R1,)))
        said = run.error.replace(series.checkpoint, "FILE")
        if run.code != 2 or flaws(run) or run.lines or not re.search(words, said):
            bad.append("%s: %s" % (change, run))
        with open(series.checkpoint, "rb") as f:
            if f.read() != before:
                bad.append("%s: the checkpoint has changed" % change)
    if len(server.log()) != n:
        bad.append("it sent requests")
    if not bad:
        series.to_the_end()
        bad += series.faults()
    if not bad:     # now it is complete, and still another query's
        run = search(server, "--checkpoint", series.checkpoint, "kms:*")
        if run.code != 2 or run.lines or "pattern" not in run.error:
            bad.append(str(run))
    server.stop()
    return series.report(bad[:3])


@case
def another_region_by_environment():
    server = serve(R1, R2, count=400)
    base = [x for x in h.options(server)[:-2]] + ["--rate", str(RATE)]
    path = os.path.join(tempfile.mkdtemp(dir=h.folder), "progress")
    gate = Gate(server, 3)

    def stop(p):
        gate.wait(p)
        os.kill(p.pid, signal.SIGINT)
    first = h.Run(base + ["--checkpoint", path], dict(KEYS, AWS_REGION=R1), stop)
    gate.opened.set()
    server.hook = None
    other = h.Run(base + ["--checkpoint", path], dict(KEYS, AWS_REGION=R2))
    same = h.Run(base + ["--checkpoint", path], dict(KEYS, AWS_DEFAULT_REGION=R1))
    bad = flaws(first) + flaws(other) + flaws(same)
    if (first.code, other.code, same.code) != (130, 2, 0) or "region" not in other.error:
        bad.append("exit %s, %s, %s" % (first.code, other.code, same.code))
    bad += differences(first.lines + other.lines + same.lines, expected(server, regions=(R1,)))
    server.stop()
    return report(bad, first, other, same)


@case
def another_account():
    """It is refused, and so is another endpoint; renewed credentials of the account are not."""
    keys = {"first": "AKIAQNZGKIQY56JQ7WML", "renewed": "ASIAQNZGKIQYXUTVV7A2",
            "other": "ASIAY34FZKBOKMUTVV7A"}
    server = serve(count=400, credentials=[
        {"access_key": k, "secret_key": "secret", "token": fakeaws.TOKEN} for k in keys.values()])
    path = os.path.join(tempfile.mkdtemp(dir=h.folder), "progress")
    args = ["--rate", str(RATE), "--checkpoint", path]
    gate = Gate(server, 3)

    def run(name, *more, during=None):
        env = {"AWS_ACCESS_KEY_ID": keys[name], "AWS_SECRET_ACCESS_KEY": "secret",
               "AWS_SESSION_TOKEN": fakeaws.TOKEN}
        return h.Run(h.options(server) + args + list(more), env, during)

    def stop(p):
        gate.wait(p)
        os.kill(p.pid, signal.SIGINT)
    runs = [run("first", during=stop)]
    gate.opened.set()
    server.hook = None
    runs += [run("other"), run("first", "--endpoint-url", "http://localhost:1"), run("renewed")]
    bad = [b for r in runs for b in flaws(r)]
    bad += differences([x for r in runs for x in r.lines], expected(server))
    if [r.code for r in runs] != [130, 2, 2, 0]:
        bad.append("exit %s" % [r.code for r in runs])
    if not ("account" in runs[1].error and "609629065308" in runs[1].error):
        bad.append("the account is not named")
    if "endpoint" not in runs[2].error:
        bad.append("the endpoint is not named")
    server.stop()
    return report(bad, *runs)


@case
def the_same_query_in_other_words():
    """What does not change the events may change from run to run."""
    server = serve(R1, R2, count=700, latency=0.02)
    series = begun(server, ["s3:*", "kms:*"], 5, (R1, R2), want=expected(server, ["s3:*", "kms:*"]))
    bad = []
    for more, env in ((["-j", "1"], KEYS), (["-q"], TEMP_KEYS), (["-v", "-j", "3"], KEYS)):
        gate = Gate(server, 5)

        def stop(p, gate=gate):
            if gate.wait(p):
                os.kill(p.pid, signal.SIGTERM)
            h.wait_for(lambda: has_ended(p), HANG)
            gate.opened.set()
        run = series.go(*more, during=stop, env=env)
        server.hook = None
        # The last run's requests may open the gate, too: then this one is ended as it starts.
        early = run.code == -signal.SIGTERM and not run.lines
        if run.code not in (0, 130) and not early:
            bad.append("%s: exit %s" % (more, run.code))
    series.rate = 60
    series.to_the_end()
    bad += series.faults()
    server.stop()
    return series.report(bad)


NO_CHECKPOINTS = [
    ("empty", b""), ("a line feed", b"\n"), ("garbage", b"garbage\n"), ("an object", b"{}"),
    ("an object and a line feed", b"{}\n"), ("a list", b"[]\n"), ("null", b"null\n"),
    ("a bracket", b"{"), ("noise", random.Random(3).randbytes(5000)), ("zeros", b"\0" * 100000),
    ("an event", b'{"eventTime":"2024-05-14T20:00:00Z","eventID":"x","awsRegion":"x"}\n' * 30),
    ("deep", b"[" * 100000), ("large", b"x" * (64 << 20)),
]


def refused(server, path, before, name):
    """What is wrong when the program is to refuse the file."""
    n = len(server.log())
    run = search(server, "--checkpoint", path)
    bad = flaws(run)
    if run.code not in (1, 2) or run.lines or os.path.basename(path) not in run.error:
        bad.append("exit %s, %d lines" % (run.code, len(run.lines)))
    if before is not None:
        with open(path, "rb") as f:
            if f.read() != before:
                bad.append("it was overwritten")
    if len(server.log()) != n:
        bad.append("it sent requests")
    return ["%s: %s" % (name, "\n".join(bad + [str(run)]))] if bad else []


@case
def files_that_are_no_checkpoints():
    server = serve(count=400)
    series = begun(server, [], 4)
    with open(series.checkpoint, "rb") as f:
        good = f.read()
    bad = []
    cuts = sorted({1, 2, 10, len(good) // 4, len(good) // 2, len(good) * 3 // 4, len(good) - 10,
                   len(good) - 2})
    for name, data in NO_CHECKPOINTS + [("cut at %d" % k, good[:k]) for k in cuts] + [
            ("twice", good + good), ("something behind it", good + b"x")]:
        path = os.path.join(series.folder, "other.file")
        with open(path, "wb") as f:
            f.write(data)
        bad += refused(server, path, data, name)
        os.remove(path)
    path = os.path.join(series.folder, "a.folder")
    os.mkdir(path)
    bad += refused(server, path, None, "a folder")
    bad += refused(server, os.path.join(series.folder, "no.such", "x.file"), None, "no folder")
    path = os.path.join(series.folder, "a.fifo")
    os.mkfifo(path)
    bad += refused(server, path, None, "a fifo")
    if not stat.S_ISFIFO(os.stat(path).st_mode) or os.listdir(os.path.join(
            series.folder, "a.folder")):
        bad.append("the fifo is gone, or the folder is not empty any more")
    bad += refused(server, "/dev/full", None, "a device")
    bad += refused(server, "/proc/x.file", None, "a folder that nobody can write to")
    series.to_the_end()
    bad += series.faults()
    server.stop()
    return series.report(bad[:4])


@case
def checkpoints_with_a_wrong_byte():
    """Refused, or taken: but nothing else."""
    server = serve(count=300)
    series = begun(server, [], 4)
    with open(series.checkpoint, "rb") as f:
        good = f.read()
    rng, bad = random.Random(5), []
    path = os.path.join(series.folder, "other.file")
    for _ in range(12 if h.SANITIZED else 40):
        data = bytearray(good)
        data[rng.randrange(len(data))] = rng.choice(b'09"{}[],:-x\x00\xff')
        if rng.random() < 0.3:
            del data[rng.randrange(len(data))]
        with open(path, "wb") as f:
            f.write(data)
        run = search(server, "--checkpoint", path)
        if flaws(run) or run.code in (1, 2) and run.lines:
            bad.append("%r: %s" % (bytes(data)[:600], run))
    server.stop()
    return series.report(bad[:2])


@case
def files_that_may_not_be_touched():
    """By somebody who is not root: a file that cannot be read, a folder that cannot be written."""
    server = serve(count=150)
    folder = tempfile.mkdtemp()
    try:
        os.chmod(folder, 0o755)
        unreadable, closed = os.path.join(folder, "a.file"), os.path.join(folder, "closed")
        with open(unreadable, "wb") as f:
            f.write(b"secret")
        os.chmod(unreadable, 0)
        os.mkdir(closed)
        os.chmod(closed, 0o555)
        user = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
        bad = []
        for path in (unreadable, os.path.join(closed, "b.file")):
            try:
                p = subprocess.run([PROGRAM] + [x for x in h.options(server) if x != h.pki.ca and
                                                x != "--ca-bundle"] + ["--checkpoint", path],
                                   env=dict(KEYS, PATH=os.environ["PATH"]), cwd="/",
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, timeout=HANG, **user)
            except PermissionError:
                return "SKIP the program is where others may not go"
            if p.returncode not in (1, 2) or p.stdout or os.path.basename(
                    path).encode() not in p.stderr:
                bad.append("%s: exit %s: %s" % (path, p.returncode, p.stderr))
        os.chmod(unreadable, 0o600)
        with open(unreadable, "rb") as f:
            if f.read() != b"secret":
                bad.append("it was overwritten")
        if server.log():
            bad.append("it sent requests")
    finally:
        shutil.rmtree(folder)
        server.stop()
    return "\n".join(bad)


@case
def the_window_stays():
    """--last means the first run's last hour, whenever the others are made."""
    bad = None
    for window in (["--last", "1h"], ["--last-minute", "60"], [], ["--from", "-1h"],
                   ["--from", "-3h", "--to", "now"]):
        server = serve(R1, R2, count=300, live=True, latency=0.02)
        server.generate(region=R1, count=240, end=int(time.time()) - 3480, span=240,
                        density="uniform", seed=9)      # one a second, where an hour begins
        series = begun(server, window + ["-m", '$.eventName != "LookupEvents"'], 5, (R1, R2))
        log = server.log()
        high = max(e["params"]["EndTime"] for e in log)
        low = min(e["params"]["StartTime"] for e in log)
        first = [x for x in expected(server) if json.loads(x)["eventName"] != "LookupEvents"
                 and low <= seconds(time_of(x)) <= high]
        series.want = first
        h.wait_for(lambda high=high: time.time() >= high + 2.2, HANG)
        series.killed_at(4)
        h.wait_for(lambda high=high: time.time() >= high + 3.4, HANG)
        series.to_the_end()
        b = series.faults()
        later = [e["params"] for e in server.log()[len(log):]]
        if not b and (max(p["EndTime"] for p in later) > high or
                      min(p["StartTime"] for p in later) != low):
            b.append("the window moved: %s to %s, then %s" % (low, high, later))
        bad = bad or series.report(b)
        server.stop()
    return bad


@case
def what_is_too_old_by_now():
    """The beginning of the window leaves the history while nobody looks."""
    bad = None
    for window in ([], ["--from", fakeaws.iso(time.time() - 90 * 86400 + 60)]):
        server = serve(R1, R2, count=300, strict=True)
        series = begun(server, window, 6, (R1, R2))
        server.configure({"clock": 250})
        series.to_the_end()
        bad = bad or series.done()
        server.stop()
    return bad


@case
def what_is_too_old_meanwhile():
    """... leaves the history page by page, and no page is asked for again."""
    bad = None
    for latency in (0, 0.1):
        server = serve(count=3000, strict=True, latency=latency)
        server.hook = lambda log, server=server: server.configure({"clock": log["k"] * 2})
        run = search(server, rate=50)
        b = flaws(run) + differences(run.lines, expected(server))
        if run.code or "left the history" not in run.error:
            b.append("exit %s" % run.code)
        given = sum(e["events"] or 0 for e in server.log())
        if given > 5000:    # more than what was in flight when others were refused
            b.append("%d events were given for 3000" % given)
        bad = bad or report(b, run)
        server.stop()
    return bad


@case
def its_own_lookups_are_not_in_the_window():
    """Also when it looks again at the second in which it began."""
    server = serve(R1, R2, count=300, live=True)
    series = Series(server, ["--last", "1h"], (R1, R2))
    h.wait_for(lambda: time.time() % 1 < 0.05, HANG)
    series.killed_at(1)
    low = min(e["params"]["StartTime"] for e in server.log())
    series.want = [x for x in series.want if time_of(x) >= fakeaws.iso(low)]
    series.to_the_end()
    bad = series.faults()
    server.stop()
    return series.report(bad)


# --- kills -------------------------------------------------------------------
# (name, regions, server, query, output, ordered)

EVERY_REQUEST = [
    ("one region", (R1,), {"count": 330}, [], "append"),
    ("one region, a file for each run", (R1,), {"count": 330}, [], "files"),
    ("one region, one file that stays open", (R1,), {"count": 330}, [], "shared"),
    ("one region, a single thread", (R1,), {"count": 330}, ["-j", "1"], "append"),
    ("three regions", ALL3, {"count": 170}, [], "append"),
    ("three regions, a file for each run", ALL3, {"count": 170}, [], "files"),
    ("three regions, as found", ALL3, {"count": 170}, ["--sort", "none"], "append"),
    ("one region as found, several chains", (R1,), {"count": 330, "latency": 0.06},
     ["--sort", "none"], "append"),
    ("as found, several chains, a file for each run", (R1, R2), {"count": 170, "latency": 0.06},
     ["--sort", "none"], "files"),
    ("one region, several chains", (R1,), {"count": 330, "latency": 0.06}, [], "append"),
    ("three regions, several chains", ALL3, {"count": 110, "latency": 0.06, "jitter": 0.5}, [],
     "append"),
    ("skewed, several chains", (R1, R2), {"count": 170, "latency": 0.06, "density": "skewed"}, [],
     "append"),
    ("a single second", (R1,), {"count": 330, "density": "second"}, [], "append"),
    ("a single second, three regions as found", ALL3, {"count": 170, "density": "second"},
     ["--sort", "none"], "append"),
    ("a few seconds, several chains", (R1, R2), {"count": 170, "span": 4, "latency": 0.06}, [],
     "append"),
    ("lookups that overlap", (R1,), {"count": 1000, "mix": RARE}, ["s3:*", "*:GetObject"],
     "append"),
    ("two lookups that overlap", (R1, R2), {"count": 600, "mix": RARE, "latency": 0.05},
     ["-m", '$.eventSource == "%s" or $.eventName == "GetObject"' % S3], "append"),
    ("two lookups that overlap, as found", (R1,), {"count": 1000, "mix": RARE, "latency": 0.05},
     ["--sort", "none", "-m", '$.eventSource == "%s" or $.eventName == "GetObject"' % S3],
     "append"),
    ("lookups and a limit", (R1, R2), {"count": 1200, "mix": RARE}, ["s3:*", "kms:*", "-n", "110"],
     "append"),
    ("a limit", ALL3, {"count": 400}, ["-n", "260"], "append"),
    ("a limit, as found", ALL3, {"count": 400}, ["--sort", "none", "-n", "260"], "files"),
    ("few matches", ALL3, {"count": 200}, ["-m", '$.errorCode == "AccessDenied"'], "append"),
]


def series_of(server, regions, query, out):
    limit = int(query[query.index("-n") + 1]) if "-n" in query else None
    alone = [x for i, x in enumerate(query) if x not in ("--sort", "none", "-j", "1", "-n")
             and query[i - 1] != "-n"]
    rate = 40 if server.get("latency") else RATE        # two or three on their way, not many
    series = Series(server, query, regions, out, expected(server, alone), limit, rate)
    if limit is not None and "none" in query:
        series.limit, series.some = None, limit
    return series


def finish(series, query):
    """... with a limit on events as they are found any will do."""
    if hasattr(series, "some"):
        lines = series.lines()
        if len(lines) == series.some and set(lines) <= set(series.want):
            series.want = lines
    return series.faults(ordered="none" not in query)


def run_every_request(regions, settings, query, out):
    server = serve(*regions, **settings)
    bad, k, requests = None, 0, 0
    while bad is None:
        k += 1
        series = series_of(server, regions, query, out)
        killed = series.killed_at(k)
        if killed and k % 4 == 0:       # and the next one, too
            series.killed_at(1 + k // 4 % 4)
        series.to_the_end()
        bad = series.report(finish(series, query))
        if bad:
            bad = "killed at request %d\n%s" % (k, bad)
        if not killed:
            requests = k
            break
        server.reset()
    server.stop()
    if bad is None and requests < 5:
        bad = "it had only %d requests" % requests
    return bad


def run_again_and_again(regions, settings, query, out):
    """Each run is killed at its third request: nobody may wait for much more, to get on.  (Where
    answers are slow, more requests than that are on their way before the first answer.)"""
    server = serve(*regions, **settings)
    series = series_of(server, regions, query, out)
    printed, k = 0, 3 * len(regions)
    while series.killed_at(k) and len(series.runs) < 200:
        before, printed = printed, len(series.lines())
        k += printed == before
    bad = finish(series, query)
    if not bad and k > 12 * len(regions):
        bad = ["nothing was printed before request %d" % k]
    if not bad and len(series.runs) < 3:
        bad = ["only %d runs" % len(series.runs)]
    server.stop()
    return series.report(bad)


AGAIN_AND_AGAIN = [
    ("one region", (R1,), {"count": 700}, [], "append"),
    ("three regions", ALL3, {"count": 330}, [], "append"),
    ("three regions, as found", ALL3, {"count": 330, "latency": 0.05}, ["--sort", "none"],
     "append"),
    ("several chains", (R1, R2), {"count": 600, "latency": 0.06}, [], "append"),
    ("two lookups that overlap", (R1,), {"count": 1500, "mix": RARE},
     ["-m", '$.eventSource == "%s" or $.eventName == "GetObject"' % S3], "append"),
]


def run_every_request_into_a_pipe(regions, settings, query, number):
    """Interrupted when nothing moves any more: between a write and the checkpoint nobody can be."""
    server = serve(*regions, **settings)
    bad, k, printed = [], 0, 0
    while not bad:
        k += 1
        series = series_of(server, regions, query, "pipe")
        gate = Gate(server, k)

        def stop(p, gate=gate, series=series):
            if gate.wait(p):
                at_rest(p, series.checkpoint)
                os.kill(p.pid, number)
                h.wait_for(lambda: has_ended(p), HANG)
            gate.opened.set()
        run = series.go(during=stop)
        server.hook = None
        killed = gate.reached.is_set()
        printed += killed and len(run.lines) > 0
        if killed and run.code != (130 if number == signal.SIGINT else -9):
            bad.append("exit %s after the signal" % run.code)
        series.to_the_end()
        bad += finish(series, query)
        if bad:
            bad.insert(0, "stopped at request %d" % k)
        result = series.report(bad)
        if not killed:
            break
        server.reset()
    server.stop()
    if not bad and (printed < 2 or k < 5):
        result = "of %d runs %d printed something before they were stopped" % (k, printed)
    return result


PIPES = [
    ("one region", (R1,), {"count": 380}, []),
    ("three regions", ALL3, {"count": 120}, []),
    ("as found", (R1, R2), {"count": 220}, ["--sort", "none"]),
    ("a single second", (R1,), {"count": 380, "density": "second"}, ["--sort", "none"]),
]


@case
def times_with_a_fraction():
    """EventTime may have one, eventTime has none: going on in a second, nothing of it is lost."""
    bad = None
    for k in (3, 4, 6, 8):
        server = serve(count=600, span=100, density="uniform")
        for region in server.regions.values():
            events, region.events = region.events, []
            for e in events:
                e.time += 0.5
            region.add(events)
        series = Series(server)
        series.killed_at(k)
        series.to_the_end()
        bad = bad or series.done()
        server.stop()
    return bad


@case
def all_tokens_lapse_at_once():
    """As where the machine slept: each chain goes on from where it stands."""
    server = serve(count=8000, latency=1)

    def refused():
        return sum(e["outcome"] == "InvalidNextTokenException" for e in server.log())

    def lapse(log):
        if log["k"] % 30 == 0 and refused() < 9:
            server.lapse()
    server.hook = lapse
    run = search(server, rate=20)
    bad = flaws(run) + differences(run.lines, expected(server))
    if run.code or refused() < 9:
        bad.append("exit %s, %d tokens were refused" % (run.code, refused()))
    server.stop()
    return report(bad, run)


@case
def a_token_lapses_in_a_dense_second():
    """... of more events than a region remembers otherwise."""
    server = serve(R1, count=14000, density="second", rate=1000, burst=10000.0)

    def lapse(log):
        if log["region"] == R1 and log["k"] == 262:
            server.lapse()
    server.hook = lapse
    regions = (R1,) + tuple(r for r in MANY if r != R1)
    run = search(server, regions=regions, rate=300)
    bad = flaws(run) + differences(run.lines, expected(server))
    if run.code:
        bad.append("exit %s" % run.code)
    server.stop()
    return report(bad, run)


@case
def kill_at_random():
    """Sixty times, at any moment, the output being one file."""
    rng = random.Random(11)
    kinds = [((R1,), {"count": 2400}, []), (ALL3, {"count": 900, "latency": 0.05}, []),
             (ALL3, {"count": 900, "latency": 0.05}, ["--sort", "none"])]
    kills, bad, i = 0, None, 0
    while kills < (20 if h.SANITIZED else 60) and not bad:
        regions, settings, query = kinds[i % len(kinds)]
        server = serve(*regions, **settings)
        series = series_of(server, regions, query, "append" if i % 2 else "files")
        i += 1
        began = time.monotonic()
        for _ in range(20):
            def kill(p):
                threading.Event().wait(rng.random() ** 2 * (0.1 if len(series.runs) < 18 else 0.5))
                if not has_ended(p):
                    os.kill(p.pid, signal.SIGKILL)
            if series.go(during=kill).code == 0:
                break
            kills += 1
        else:
            series.to_the_end()
        bad = series.report(finish(series, query))
        if bad:
            bad = "after %d runs in %.1f s\n%s" % (len(series.runs), time.monotonic() - began, bad)
        server.stop()
    return bad


# --- ends that are none of the program's -------------------------------------

@case
def control_c():
    bad = None
    for regions, settings, query in (((R1,), {"count": 330}, []),
                                     (ALL3, {"count": 240, "latency": 0.06}, []),
                                     ((R1, R2), {"count": 240, "latency": 0.06},
                                      ["--sort", "none"])):
        server = serve(*regions, **settings)
        for k in (1, 2, 3, 5, 7):
            series = series_of(server, regions, query, ("append", "pipe", "files")[k % 3])
            gate = Gate(server, k)

            def stop(p, gate=gate):
                if gate.wait(p):
                    os.kill(p.pid, signal.SIGINT)
                    h.wait_for(lambda: has_ended(p), HANG)
                gate.opened.set()
            run = series.go(during=stop)
            server.hook = None
            b = []
            if run.code != 130 or not run.error.strip():
                b.append("exit %s" % run.code)
            series.to_the_end()
            bad = bad or series.report(b + finish(series, query))
            server.reset()
        server.stop()
    return bad


def pending(fd):
    """Bytes in a pipe."""
    return struct.unpack("i", fcntl.ioctl(fd, termios.FIONREAD, b"\0\0\0\0"))[0]


@case
def control_c_and_a_pipe_that_nobody_reads():
    """What it took before counts as printed, to the line; the rest comes with the next run."""
    server = serve(*ALL3, count=1500)
    bad = None
    for order in ("newest", "none"):
        series = Series(server, ["--sort", order], ALL3)
        for taken in (0, 5000, 200000):
            out, end = os.pipe()
            got = bytearray()

            def stop(p, out=out, got=got, taken=taken):
                while len(got) < taken:
                    got.extend(os.read(out, taken - len(got)))
                last = -1               # until nothing more goes in
                while pending(out) != last or last == 0:
                    last = pending(out)
                    time.sleep(0.2)
                os.kill(p.pid, signal.SIGINT)
                h.wait_for(lambda: has_ended(p), HANG)
            run = h.Run(series.command(), None, stop, end)
            os.close(end)
            with open(out, "rb") as f:
                got += f.read()
            series.piped += bytes(got).split(b"\n")
            if series.piped.pop() != b"":
                bad = bad or report(["half a line"], run)
            series.out = "pipe"
            series.runs.append(run)
            if run.code != 130 or not run.error.strip():
                bad = bad or report(["exit %s" % run.code], run)
        series.to_the_end()
        bad = bad or series.report(series.faults(ordered=order == "newest"))
        server.reset()
    server.stop()
    return bad


@case
def control_c_and_a_file_begun_anew():
    """With "> out" the shell empties the file before each run; the first run's lines were taken."""
    server = serve(R1, R2, count=300)
    first = []
    for k in range(7, 12):      # until something is printed before the k-th request
        if first:
            break
        series = Series(server, [], (R1, R2), "files")
        gate = Gate(server, k)

        def stop(p, gate=gate, series=series):
            gate.wait(p)
            at_rest(p, series.checkpoint)
            os.kill(p.pid, signal.SIGINT)
            h.wait_for(lambda: has_ended(p), HANG)
            gate.opened.set()
        series.go(during=stop)
        server.hook = None
        server.reset()
        first = series.lines()
    with open(series.files[0], "wb") as f:
        run = h.Run(series.command(), None, None, f)
    with open(series.files[0], "rb") as f:
        bad = flaws(run) + differences(first + f.read().splitlines(), series.want)
    if run.code or not first:
        bad.append("exit %s after %d lines" % (run.code, len(first)))
    server.stop()
    return series.report(bad)


@case
def a_lost_network():
    bad = None
    for regions, k, latency, tls in (((R1,), 4, 0, True), (ALL3, 8, 0.05, False)):
        server = serve(*regions, count=300, latency=latency, tls=tls)
        series = Series(server, [], regions)
        gate = Gate(server, k)

        def away(p, gate=gate, server=server):
            gate.wait(p)
            server.listen(False)
            server.drop()
            gate.opened.set()
        run = series.go(during=away, env=dict(KEYS, AWS_MAX_ATTEMPTS="2"))
        server.hook = None
        server.listen()
        b = []
        if run.code not in (1, 3):
            b.append("exit %s without a network" % run.code)
        lines = len(series.lines())
        series.to_the_end()
        b += series.faults(ordered=False)
        if run.code == 3 and not lines:
            b.append("exit 3, but nothing was printed")
        bad = bad or series.report(b)
        server.stop()
    return bad


@case
def no_network_at_all():
    server = serve(count=120)
    series = Series(server)
    server.listen(False)
    run = series.go(env=dict(KEYS, AWS_MAX_ATTEMPTS="1"))
    server.listen()
    bad = [] if run.code == 1 else ["exit %s without a network" % run.code]
    series.to_the_end()
    bad += series.faults()
    server.stop()
    return series.report(bad)


@case
def credentials_that_expire():
    bad = None
    temporary = {"access_key": fakeaws.TEMP_KEY, "secret_key": fakeaws.TEMP_SECRET,
                 "token": fakeaws.TOKEN}
    for regions, latency, query in (((R1,), 0, []), (ALL3, 0.05, []),
                                    (ALL3, 0.05, ["--sort", "none"])):
        server = serve(*regions, count=1500, latency=latency)    # not all on their way at once
        series = Series(server, query, regions)
        good = server.get("credentials")

        def expire(log, server=server):
            if log["k"] == 3 and log["region"] == R1:
                server.configure({"credentials": [dict(temporary, expires=END)]})
        server.hook = expire
        run = series.go(env=TEMP_KEYS)
        server.hook = None
        b = []
        if run.code not in (1, 3) or not re.search("(?i)expired", run.error):
            b.append("exit %s with expired credentials" % run.code)
        again = series.go(env=TEMP_KEYS)
        if again.code not in (1, 3):
            b.append("exit %s with expired credentials, again" % again.code)
        server.configure({"credentials": good})
        series.to_the_end()
        b += series.faults(ordered=False)
        bad = bad or series.report(b)
        server.stop()
    return bad


@case
def a_region_that_is_denied_at_first():
    server = serve(*ALL3, count=240)
    series = Series(server, [], ALL3)
    server.faults({"fault": "access-denied", "region": R2, "times": "all"})
    bad = []
    for codes in ((3,), (1, 3)):
        run = series.go()
        if run.code not in codes or R2 not in run.error:
            bad.append("exit %s" % run.code)
    if sorted(series.lines()) != sorted(server.expected(R1, R3)):
        bad.append("%d lines of the other regions" % len(series.lines()))
    asked = len(server.log(R1))
    server.faults()
    series.to_the_end()
    bad += series.faults(ordered=False)
    if len(server.log(R1)) > asked + 2:
        bad.append("what was searched is searched again")
    server.stop()
    return series.report(bad)


@case
def a_reader_that_goes_away():
    """As with "| head": what was not taken is not complete."""
    server = serve(count=900)
    series = Series(server, out="pipe")
    read, write = os.pipe()
    got = []

    def leave(_):
        os.close(write)
        while not got or got[-1] and b"\n" not in b"".join(got):
            got.append(os.read(read, 1000))
        os.close(read)
    first = h.Run(series.command(), None, leave, write)
    second = series.go()
    bad = flaws(first) + flaws(second)
    taken = b"".join(got).split(b"\n")[:-1]
    if first.code or second.code or not second.lines:
        bad.append("exit %s, then %s with %d lines" % (first.code, second.code, len(second.lines)))
    # Where it goes while lines are being written, nobody knows which of these it took: they come
    # again.
    once = [x for x in taken if x not in set(second.lines)] + second.lines
    bad += differences(once, [x for x in series.want if x in set(once)])
    third = series.go()
    if third.lines or "complete" not in third.error:
        bad.append("it is not complete")
    server.stop()
    return series.report(bad)


@case
def no_space_for_the_output():
    """A file that may not grow beyond some size: the line it ends in is cut.  Then it may."""
    bad = None
    for size in (4096, 20000, 33333, 61000, 100001):
        for out in ("append", "files", "shared"):
            server = serve(count=330)
            series = Series(server, out=out)
            gate = Gate(server, 1)

            def bound(p, gate=gate, size=size):
                gate.wait(p)
                resource.prlimit(p.pid, resource.RLIMIT_FSIZE, (size, size))
                gate.opened.set()
            run = series.go(during=bound)
            server.hook = None
            b = []
            if run.code not in (1, -signal.SIGXFSZ) or os.path.getsize(series.files[0]) > size:
                b.append("exit %s, %d bytes" % (run.code, os.path.getsize(series.files[0])))
            series.to_the_end()
            bad = bad or series.report(b + series.faults())
            server.stop()
    return bad


@case
def an_output_that_is_full():
    if not os.path.exists("/dev/full"):
        return "SKIP no /dev/full"
    server = serve(count=330)
    series = Series(server)
    with open("/dev/full", "wb") as f:
        run = h.Run(series.command(), None, None, f)
    bad = flaws(run)
    if run.code != 1:
        bad.append("exit %s: %s" % (run.code, run))
    series.to_the_end()
    bad += series.faults()
    server.stop()
    return series.report(bad)


@case
def a_file_that_is_not_ours():
    """What was in it, and what somebody adds to it, stays there, also half lines."""
    bad = None
    for before, between in ((b"a note\n", b""), (b"half a line", b""), (b"", b"another\n"),
                            (b"a note\n\n", b"half"), (b"", b"half")):
        for k in (1, 3, 6):
            server = serve(R1, R2, count=200)
            series = Series(server, [], (R1, R2))
            series.foreign = before
            series.killed_at(k)
            with open(series.files[0], "rb") as f:
                first = f.read()
            with open(series.files[0], "ab") as f:
                f.write(between)
            series.to_the_end()
            with open(series.files[0], "rb") as f:
                data = f.read()
            b = []
            whole = first[:first.rfind(b"\n") + 1] if b"\n" in first[len(before):] else before
            if not data.startswith(whole):
                b.append("lines of the first run are gone")
            if between and first.endswith(b"\n") and not data.startswith(first + between):
                b.append("%r is gone" % between)
            if not between or first.endswith(b"\n"):
                rest = data[len(before):]
                rest = rest.replace(first[len(before):] + between, first[len(before):], 1)
                b += differences(rest.split(b"\n")[:-1], series.want)
            if series.runs[-1].code:
                b.append("exit %s" % series.runs[-1].code)
            b += flaws(series.runs[-1])
            if b:
                b.append("before %r, between %r, killed at %d" % (before, between, k))
            bad = bad or series.report(b)
            server.stop()
    return bad


def run_odd_names(query, name):
    server = serve(count=330)
    series = Series(server, query)
    series.folder = os.path.join(series.folder, name)
    os.mkdir(series.folder)
    series.killed_at(4)
    series.killed_at(2)
    series.to_the_end()
    bad = series.faults()
    again = series.go()
    if again.code or "complete" not in again.error:
        bad.append("again: exit %s" % again.code)
    server.stop()
    return series.report(bad)


@case
def names_that_are_no_utf8():
    return run_odd_names([], os.fsdecode(b"odd \xff \xc3\xa9\n\"\\"))


@case
def a_pattern_that_is_no_utf8():
    return run_odd_names([os.fsdecode(b"s3:\xff\xfe"), "*"], "plain")


@case
def a_query_that_has_to_be_quoted():
    return run_odd_names(["-m", 'not $.eventName == "a\\"\\\\\u00e9\u2028"', "s3:\u00e9", "*",
                          "-m", "$.readOnly in [True,\n\t False]"], "plain")


@case
def neighbours_of_the_file():
    """Whatever it calls the file that is to take its place."""
    server = serve(count=330)
    series = Series(server)
    names = [n % "progress" for n in ("%s.new", "%s.tmp", "%s~", "%s.part", ".%s.swp", "%s.bak",
                                      ".%s", "%s.lock", ".%s.new", ".%s.tmp", "%s.1")]
    for name in names:
        with open(os.path.join(series.folder, name), "w") as f:
            f.write("somebody else's")
    series.killed_at(3)
    for _ in range(3):
        series.to_the_end()
    bad = []
    for name in names:
        try:
            with open(os.path.join(series.folder, name)) as f:
                if f.read() != "somebody else's":
                    bad.append("%s was overwritten" % name)
        except FileNotFoundError:
            bad.append("%s is gone" % name)
    if series.runs[-1].code == 0:
        bad += series.faults()
    server.stop()
    return series.report(bad)


@case
def thousands_in_a_second():
    bad = None
    for order in ("newest", "none"):
        server = serve(count=4600, density="second", rate=400, latency=0.02)
        series = Series(server, ["--sort", order], rate=400)
        for k in (60, 3):
            series.killed_at(k)
        series.to_the_end()
        bad = bad or series.report(series.faults(ordered=order == "newest"))
        server.stop()
    return bad


@case
def an_output_that_moved():
    """The file of the first run has another name now, or is gone."""
    bad = None
    for gone in (False, True):
        for k in (3, 6, 8):
            server = serve(R1, R2, count=250, latency=0.02)
            series = Series(server, [], (R1, R2))
            series.killed_at(k)
            with open(series.files[0], "rb") as f:
                first = f.read()
            if gone:
                os.remove(series.files[0])
            else:
                os.rename(series.files[0], series.files[0] + ".1")
            with open(series.files[0], "wb") as f:
                run = h.Run(series.command(), None, None, f)
            with open(series.files[0], "rb") as f:
                second = f.read().splitlines()
            b = flaws(run)
            lines = first.split(b"\n")[:-1] + second
            if run.code or not second:
                b.append("exit %s" % run.code)
            # Of such a file nobody knows how far it came: its last batch may come again.
            lines = list(set(lines))
            b += differences(lines, series.want)
            bad = bad or series.report(b)
            server.stop()
    return bad


# --- kills between system calls ----------------------------------------------
# `sweep_test.py --trace FD` gets commands over a socket: it runs a program under ptrace and kills
# it when it begins the N-th system call that changes a file; of the kind "cut", if that is a write
# to stdout, when a part is written.  The answer says what was done to the program.

(WRITE, OPEN, PWRITE, WRITEV, FSYNC, FDATASYNC, FTRUNCATE, RENAME, CREAT, LINK, UNLINK, FCHMOD,
 OPENAT, RENAMEAT, UNLINKAT, LINKAT, RENAMEAT2) = (
     1, 2, 18, 20, 74, 75, 77, 82, 85, 86, 87, 91, 257, 264, 263, 265, 316)
ON_A_FILE = {WRITE, PWRITE, WRITEV, FSYNC, FDATASYNC, FTRUNCATE, FCHMOD}
ON_A_NAME = {RENAME, CREAT, LINK, UNLINK, RENAMEAT, UNLINKAT, LINKAT, RENAMEAT2}
REGISTERS = 27          # of struct user_regs_struct; rdx, rsi, rdi, orig_rax are 12 to 15
TRACEME, CONT, GETREGS, SETREGS, SYSCALL, SETOPTIONS = 0, 7, 12, 13, 24, 0x4200
# TRACESYSGOOD, TRACEFORK, TRACEVFORK, TRACECLONE, EXITKILL
TRACE_OPTIONS = 1 | 2 | 4 | 8 | 0x100000


def changes_a_file(pid, regs):
    call, fd = regs[15], regs[14]
    if call in ON_A_NAME:
        return True
    if call in (OPEN, OPENAT):
        return bool(regs[13 if call == OPEN else 12] & (os.O_CREAT | os.O_TRUNC))
    if call not in ON_A_FILE:
        return False
    try:
        return fd != 2 and os.readlink("/proc/%d/fd/%d" % (pid, fd)).startswith("/") and (
            stat.S_ISREG(os.stat("/proc/%d/fd/%d" % (pid, fd)).st_mode))
    except OSError:
        return False


def trace(kind, number, argv, env, stdout):
    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace.restype = ctypes.c_long
    libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    first = os.fork()
    if first == 0:
        os.dup2(stdout, 1)
        os.close(2)
        os.open(os.devnull, os.O_WRONLY)
        if libc.ptrace(TRACEME, 0, None, None) == 0:
            os.execve(argv[0], argv, env)
        os._exit(126)
    regs = (ctypes.c_ulonglong * REGISTERS)()
    inside, known, n, cut, last = {}, set(), 0, None, "nothing"
    _, status = os.waitpid(first, 0)
    if not os.WIFSTOPPED(status) or libc.ptrace(SETOPTIONS, first, None, TRACE_OPTIONS) != 0:
        return "refused"
    libc.ptrace(SYSCALL, first, None, None)
    known.add(first)
    while True:
        tid, status = os.waitpid(-1, 0x40000000)        # __WALL
        if not os.WIFSTOPPED(status):
            if tid == first:
                return "ended %d %d %s" % (os.waitstatus_to_exitcode(status), n, last)
            continue
        stop, pass_on = os.WSTOPSIG(status), None
        if stop != signal.SIGTRAP | 0x80:
            # A new thread begins with a SIGSTOP that nobody sent.
            if stop != signal.SIGTRAP and (tid in known or stop != signal.SIGSTOP):
                pass_on = stop
            known.add(tid)
        elif inside.pop(tid, False):
            if cut == tid:
                os.kill(first, signal.SIGKILL)
        else:
            inside[tid] = True
            libc.ptrace(GETREGS, tid, None, regs)
            n += changes_a_file(tid, regs)
            if n == number and last == "nothing":
                last = "%d %d" % (regs[15], regs[14])
                if kind == "cut" and regs[15] in (WRITE, PWRITE) and regs[14] == 1:
                    regs[12] = max(1, regs[12] * 2 // 3)
                    libc.ptrace(SETREGS, tid, None, regs)
                    cut = tid
                else:
                    os.kill(first, signal.SIGKILL)
        libc.ptrace(SYSCALL, tid, None, pass_on)


def serve_traces(sock):
    while True:
        data, fds, _, _ = socket.recv_fds(sock, 1 << 16, 1)
        if not data:
            return
        sock.sendall(trace(*json.loads(data), fds[0]).encode())
        os.close(fds[0])


class Tracer:
    """A process with a single thread, as ptrace likes it, and fork."""

    def __init__(self):
        self.sock, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.sock.settimeout(HANG * 2)
        self.p = subprocess.Popen([sys.executable, os.path.abspath(__file__), "--trace",
                                   str(other.fileno())], pass_fds=[other.fileno()],
                                  stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        other.close()

    def run(self, series, kind, number):
        """A run of the series that is killed so."""
        stdout = series.open()
        env = dict({"PATH": os.environ.get("PATH", ""), "HOME": series.folder}, **KEYS)
        try:
            socket.send_fds(self.sock, [json.dumps(
                [kind, number, [PROGRAM] + series.command(), env]).encode()], [stdout])
            return self.sock.recv(1 << 16).decode()
        finally:
            os.close(stdout)

    def stop(self):
        self.sock.close()
        self.p.wait(HANG)


def run_every_call(kind, regions, settings, query, out):
    if SYSTEM_CALLS:
        return "SKIP " + SYSTEM_CALLS
    server, tracer = serve(*regions, **settings), Tracer()
    bad, n, cuts = None, 0, 0
    while not bad:
        n += 1
        series = series_of(server, regions, query, out)
        said = tracer.run(series, kind, n)
        m = re.fullmatch(r"ended (-?\d+|\?) (\d+) (.*)", said)
        if not m:
            bad = said
            break
        if m[1] == "0":
            break
        if m[1] != "-9":
            bad = "it ended by itself at call %d: %s" % (n, said)
            break
        with open(series.files[0], "rb") as f:
            data = f.read()
        incomplete = data[-1:] not in (b"", b"\n")
        cuts += incomplete
        if m[3].endswith(" 1") or kind != "cut":    # otherwise it is not the case in question
            series.to_the_end()
            b = finish(series, query)
            if b:
                b.insert(0, "killed at call %d (%s), incomplete: %s" % (n, m[3], incomplete))
            bad = series.report(b)
        server.reset()
    tracer.stop()
    server.stop()
    if not bad and (n < 6 or kind == "cut" and not cuts):
        bad = "only %d calls, %d incomplete lines; %s" % (n, cuts, said)
    return bad


EVERY_CALL = [
    ("kill", "append", (R1,), {"count": 170}, []),
    ("kill", "files", (R1,), {"count": 170}, []),
    ("kill", "append, three regions", ALL3, {"count": 70}, []),
    ("kill", "append, as found", (R1, R2), {"count": 80}, ["--sort", "none"]),
    ("kill", "files, as found", (R1, R2), {"count": 80}, ["--sort", "none"]),
    ("kill", "append, a limit", (R1,), {"count": 170}, ["-n", "70"]),
    ("cut", "append", (R1,), {"count": 170}, []),
    ("cut", "files", (R1,), {"count": 170}, []),
    ("cut", "shared", (R1,), {"count": 170}, []),
    ("cut", "append, three regions", ALL3, {"count": 70}, []),
    ("cut", "append, as found", (R1, R2), {"count": 80}, ["--sort", "none"]),
    ("cut", "files, as found", (R1, R2), {"count": 80}, ["--sort", "none"]),
]
SYSTEM_CALLS = (None if platform.machine() == "x86_64" and not h.SANITIZED else
                "this machine's system calls, or a sanitizer's, are not known")


# --- a terminal --------------------------------------------------------------

class Screen:
    """What a terminal shows: rows, and the texts that were overwritten."""

    def __init__(self, data, columns):
        self.rows, self.frames, self.odd, self.columns = [""], [], [], columns
        row, at = "", 0
        text = data.decode("utf-8", "replace")
        i = 0
        while i < len(text):
            c = text[i]
            m = re.compile(r"\x1b\[([0-9;?]*)([A-Za-z])").match(text, i)
            if m:
                i = m.end()
                if m[2] == "K":
                    self.note(row)
                    row = row[:at] if m[1] in ("", "0") else ""
                elif m[2] not in "hlm":
                    self.odd.append(m[0])
                continue
            i += 1
            if c == "\r":
                if text[i:i + 1] != "\n":
                    self.note(row)
                at = 0
            elif c == "\n":
                self.rows[-1] = row
                self.rows.append("")
                row, at = "", 0
            elif c == "\b":
                at = max(0, at - 1)
            elif c < " ":
                self.odd.append(repr(c))
            else:
                row = row[:at].ljust(at) + c + row[at + 1:]
                at += 1
        self.rows[-1] = row
        self.rows = [r.rstrip() for r in self.rows if r.strip()]

    def note(self, row):
        if len(row.rstrip()) > self.columns:
            self.odd.append("a line that is rewritten is wider than the screen: " + row)
        if row.strip() and (not self.frames or self.frames[-1] != row.rstrip()):
            self.frames.append(row.rstrip())


def on_a_terminal(args, columns=100, both=False, during=None):
    """(exit status, stdout, what came over the terminal) of a run with stderr on one."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    env = dict(KEYS, PATH=os.environ.get("PATH", ""), HOME=os.path.join(h.folder, "nobody"),
               TERM="xterm", LC_ALL="C.UTF-8")
    env.update({k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS")})
    data = []

    def read():
        try:
            while True:
                more = os.read(master, 65536)
                if not more:
                    break
                data.append(more)
        except OSError:
            pass
    with tempfile.TemporaryFile() as out:
        p = subprocess.Popen([PROGRAM] + args, env=env, stdin=subprocess.DEVNULL, stderr=slave,
                             stdout=slave if both else out)
        os.close(slave)
        reader = threading.Thread(target=read, daemon=True)
        reader.start()
        if during:
            during(p)
        try:
            code = p.wait(HANG)
        except subprocess.TimeoutExpired:
            p.kill()
            code = p.wait()
        reader.join(HANG)
        os.close(master)
        out.seek(0)
        return code, out.read().splitlines(), b"".join(data)


@case
def the_progress():
    server = serve(*ALL3, count=700, latency=0.1)
    args = h.options(server, *ALL3) + ["--rate", "8", "--from", fakeaws.iso(END - 3700)]
    bad = []
    for columns in (120, 60, 40):
        server.reset()
        code, lines, data = on_a_terminal(args, columns)
        screen = Screen(data, columns)
        bad += differences(lines, expected(server)) + ["odd: %s" % x for x in screen.odd[:2]]
        if code or len(screen.frames) < 3:
            bad.append("exit %s, %d frames" % (code, len(screen.frames)))
        # What stays is the summary, which was always there on a terminal.
        left = [r for r in screen.rows if not r.startswith("aws-spitzel: searched ")]
        if left:
            bad.append("left on the screen: %s" % left)
        for words in (r"(?i)region", r"(?i)page", r"(?i)event", r"\d\d:\d\d|\d{4}-\d\d-\d\d",
                      r"/s|second|\d s\b", r"(?i)left|remain|to go|ETA"):
            if columns == 120 and not any(re.search(words, f) for f in screen.frames):
                bad.append("no frame has %r" % words)
        if not any(re.match(r"about \d s left, .*\d of 24 pages/s", f) for f in screen.frames):
            bad.append("no frame of %d columns has the time left and the rate" % columns)
        if bad:
            bad += screen.frames[:4] + screen.frames[-2:]
    server.stop()
    return report(bad)


@case
def the_time_left_is_told_when_it_can_be():
    """What happened lately says little about the days before."""
    server = serve(count=3000, density="skewed", span=86400, latency=0.3)
    code, lines, data = on_a_terminal(h.options(server) + ["--rate", "20"], 200)
    frames = Screen(data, 200).frames
    bad = differences(lines, expected(server)) + [
        "seconds are left: " + f for f in frames if re.search(r"\d (min|h) (?!.*density)", f)]
    if code or not any(re.search(r"\d s left", f) for f in frames):
        bad.append("exit %s, no time" % code)
    server.stop()
    return report(bad[:4], *frames[::5])


@case
def the_progress_and_the_events_on_one_terminal():
    server = serve(*ALL3, count=300, latency=0.1)
    args = h.options(server, *ALL3) + ["--rate", "10"]
    code, _, data = on_a_terminal(args, 9999, both=True)
    screen = Screen(data, 9999)
    bad, ids = [], []
    for row in screen.rows:
        if row.startswith("aws-spitzel: searched "):
            continue
        try:
            ids.append(json.loads(row)["eventID"])
        except ValueError:
            bad.append("a row that is no event: %r" % row[:300])
    want = [json.loads(x)["eventID"] for x in expected(server)]
    if code or sorted(ids) != sorted(want):
        bad.append("exit %s, %d events instead of %d" % (code, len(ids), len(want)))
    server.stop()
    return report(bad[:4])


@case
def the_progress_is_removed_when_interrupted():
    server = serve(*ALL3, count=700, latency=0.1)
    gate = Gate(server, 24)

    def stop(p):
        gate.wait(p)
        os.kill(p.pid, signal.SIGINT)
        h.wait_for(lambda: has_ended(p), HANG)
        gate.opened.set()
    code, lines, data = on_a_terminal(h.options(server, *ALL3) + ["--rate", "8"], 120, during=stop)
    screen = Screen(data, 120)
    bad = ["odd: %s" % x for x in screen.odd[:2]]
    if code != 130 or not set(lines) <= set(expected(server)):
        bad.append("exit %s" % code)
    left = [r for r in screen.rows if not r.startswith("aws-spitzel: ")]
    if left or not screen.rows:
        bad.append("left on the screen: %s" % left)
    server.stop()
    return report(bad, *screen.frames[-3:], *screen.rows)


@case
def no_progress():
    """With -q, or where stderr is no terminal."""
    server = serve(*ALL3, count=400, latency=0.1)
    args = h.options(server, *ALL3) + ["--rate", "10"]
    code, lines, data = on_a_terminal(args + ["-q"])
    bad = differences(lines, expected(server))
    if code or data:
        bad.append("exit %s, on the terminal: %r" % (code, data[:500]))
    run = h.Run(args)
    bad += differences(run.lines, expected(server)) + flaws(run)
    if run.code or run.error:
        bad.append("stderr: %r" % run.error[:500])
    run = h.Run(args + ["-v"])
    bad += flaws(run)
    if "\r" in run.error or "\x1b" in run.error:
        bad.append("stderr: %r" % run.error[:500])
    server.stop()
    return report(bad)


# --- main --------------------------------------------------------------------

def some(table):
    """The sanitizers make the program slow: less of what takes long."""
    return table[::4] if os.environ.get("SPITZEL_FLAVOUR") in ("asan", "tsan") else table


def all_cases():
    for name, *a in some(EVERY_REQUEST):        # first what takes long
        yield "kill at every request: " + name, lambda a=a: run_every_request(*a)
    for kind, name, regions, settings, query in some(EVERY_CALL):
        yield ("%s at every system call: %s" % (kind, name),
               lambda a=(kind, regions, settings, query, name.split(",")[0]): run_every_call(*a))
    for name, *a in some(PIPES):
        for number in (signal.SIGKILL, signal.SIGINT):
            yield ("%s at every request, a pipe: %s" % (number.name, name),
                   lambda a=a, n=number: run_every_request_into_a_pipe(*a, n))
    for name, *a in some(AGAIN_AND_AGAIN):
        yield "killed again and again: " + name, lambda a=a: run_again_and_again(*a)
    yield from CASES
    for i, (want, rule) in enumerate(some(SWEEP_FAULTS)):
        latency, order = (0.1, 0.25, 0)[i % 3], ("newest", "newest", "none")[i // 3 % 3]
        yield ("fault in a sweep: %s %s, latency %s, %s" % (
            want, h.title_of(rule), latency, order),
            lambda a=(want, rule, latency, order): run_sweep_fault(*a))
    for density, regions, latency, more in SWEEPS:
        yield ("sweep: %s, %d regions, latency %s %s" % (density, len(regions), latency,
                                                       " ".join(more)),
               lambda a=(density, regions, latency, more): run_sweep(*a))
    for query, lookups in PLANS:
        yield "plan: %s" % " ".join(query), lambda q=query, w=lookups: run_plan(q, w)


def why_not():
    why = history_why_not()
    if why is None and b"--checkpoint" not in subprocess.run(
            [PROGRAM, "--help"], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL).stdout:
        why = "there are no checkpoints"
    return why


history_why_not = h.why_not

if __name__ == "__main__":
    if sys.argv[1:2] == ["--trace"]:
        serve_traces(socket.socket(fileno=int(sys.argv[2])))
        sys.exit(0)
    h.all_cases, h.why_not, h.WORKERS = all_cases, why_not, 12      # they mostly wait
    sys.exit(h.main())
