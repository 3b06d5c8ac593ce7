#!/usr/bin/env python3
"""TAP: the event history, end to end: the program against fakeaws.py.

SPITZEL  the program; without it, or if it cannot search the history, nothing is
         tested.  Arguments: only cases whose names contain one of them.

Whatever goes wrong on the way, the program has to print the right events, each
once and byte by byte, and exit 0; or to say what is missing, print what it has,
and exit 3 or 1.  Every run is looked at for that, see Run.faults().
"""
import concurrent.futures
import json
import multiprocessing
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

sys.dont_write_bytecode = True
import fakeaws                          # noqa: E402

PROGRAM = os.environ.get("SPITZEL")
FLAVOUR = os.environ.get("SPITZEL_FLAVOUR", "")
SANITIZED = FLAVOUR in ("asan", "tsan")
TIMEOUT = 300           # seconds until a run counts as hung
WORKERS = 8             # processes: in threads of one, servers would wait for each other
R1, R2, R3 = "eu-central-1", "us-east-1", "ap-south-1"
END = int(time.time()) - 600
SECRETS = [fakeaws.SECRET_KEY, fakeaws.TEMP_SECRET, fakeaws.TOKEN, "Signature=", "pr%40xy", "pr@xy"]
KEYS = {"AWS_ACCESS_KEY_ID": fakeaws.ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": fakeaws.SECRET_KEY}
TEMP_KEYS = {"AWS_ACCESS_KEY_ID": fakeaws.TEMP_KEY, "AWS_SECRET_ACCESS_KEY": fakeaws.TEMP_SECRET,
             "AWS_SESSION_TOKEN": fakeaws.TOKEN}
CASES = []
folder = pki = None
chosen = []              # of the cases


def case(function):
    CASES.append((function.__name__.replace("_", " "), function))
    return function


# --- running the program -----------------------------------------------------

class Run:
    """A run of the program that has ended, or that was killed because it did not.  during(process)
    is called when it has begun, heard(line) for each line on stderr as it comes."""

    def __init__(self, args, env=None, during=None, stdout=None, heard=None):
        e = {"PATH": os.environ.get("PATH", ""), "HOME": os.path.join(folder, "nobody"),
             "AWS_EC2_METADATA_DISABLED": "true", "LC_ALL": "C.UTF-8"}
        e.update({k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS")})
        e.update(KEYS if env is None else env)
        self.started = started = time.monotonic()
        self.args = args
        p = subprocess.Popen([PROGRAM] + args, env=e, stdin=subprocess.DEVNULL,
                             stdout=stdout or subprocess.PIPE, stderr=subprocess.PIPE)
        got = {}

        def read(name):
            lines = []
            for line in getattr(p, name):
                lines.append(line)
                if heard and name == "stderr":
                    heard(line)
            got[name] = b"".join(lines)
        readers = [threading.Thread(target=read, args=(n,)) for n in ("stdout", "stderr")
                   if getattr(p, n)]
        for r in readers:
            r.start()
        if during:
            during(p)
        self.hung, self.memory = False, 0
        while True:
            self.memory = max(self.memory, peak_memory(p.pid))
            pid, status = os.waitpid(p.pid, os.WNOHANG)
            if pid:
                break
            if not self.hung and time.monotonic() - started > TIMEOUT:
                self.hung = True
                os.kill(p.pid, signal.SIGKILL)
            time.sleep(0.01)
        p.returncode = self.code = os.waitstatus_to_exitcode(status)
        self.seconds = time.monotonic() - started
        for r in readers:
            r.join(10)
        for n in ("stdout", "stderr"):
            if getattr(p, n):
                getattr(p, n).close()
        self.lines = got.get("stdout", b"").splitlines()
        self.error = got["stderr"].decode("utf-8", "replace")

    def faults(self, server=None):
        """What no run may do."""
        bad = []
        if self.hung:
            bad.append("it hung")
        elif self.code not in (0, 1, 2, 3, 130):
            bad.append("exit status %d" % self.code)
        if "Sanitizer" in self.error:
            bad.append("a sanitizer complains")
        bad += ["a secret on stderr: " + s[:6] for s in SECRETS if s in self.error]
        if self.code in (1, 2, 3) and not self.error.strip():
            bad.append("it failed without a word")
        if len(set(self.lines)) != len(self.lines):
            bad.append("%d lines twice" % (len(self.lines) - len(set(self.lines))))
        if server:
            bad += request_faults(server)
        return bad

    def __str__(self):
        return "%s\nexit %s after %.1f s, %d lines; stderr:\n%s" % (
            " ".join(self.args), self.code, self.seconds, len(self.lines), self.error[:1500])


def peak_memory(pid):
    """Bytes.  (What wait4() tells includes the memory of Python before exec.)"""
    try:
        with open("/proc/%d/status" % pid) as f:
            m = re.search(r"VmHWM:\s*(\d+) kB", f.read())
    except OSError:
        return 0
    return int(m[1]) << 10 if m else 0


def request_faults(server):
    """What no request may be."""
    bad, log = [], server.log()
    for e in log:
        bad += e["odd"]
        p = e["params"] or {}
        if p.get("MaxResults") != 50:
            bad.append("MaxResults %r" % p.get("MaxResults"))
        if len(p.get("LookupAttributes", [])) > 1:
            bad.append("several attributes")
        if e["outcome"] == "ThrottlingException":
            bad.append("too fast: request %d of %s was throttled" % (e["k"], e["region"]))
        if e["outcome"] in ("SerializationException", "UnknownOperationException",
                            "InvalidNextTokenException", "IncompleteSignatureException",
                            "InvalidTimeRangeException", "InvalidLookupAttributesException"):
            bad.append("request %d of %s: %s" % (e["k"], e["region"], e.get("message")))
    if len({e["user_agent"] for e in log}) > 1:
        bad.append("several User-Agents")
    for region in {e["region"] for e in log}:   # a window may be cut, but never moves
        ends = [e["params"].get("EndTime", 0) for e in log
                if e["region"] == region and e["params"]]
        if ends and max(ends) != ends[0]:
            bad.append("EndTime moved in %s" % region)
    if [e for e in log if "EndTime" not in (e["params"] or {})]:
        bad.append("no EndTime")
    return sorted(set(bad))


def newest_first(lines):
    times = [re.search(rb'"eventTime":"([^"]*)"', x)[1] for x in lines]
    return times == sorted(times, reverse=True)


def judge(run, server, want, expected, least=None):
    """None, or what is wrong.  want: ok, partial, failed, or safe, refused (any of them)."""
    bad = run.faults(server)
    missing = len(set(expected) - set(run.lines))
    strange = len(set(run.lines) - set(expected))
    if strange:
        bad.append("%d lines that are none of the events: %r" % (
            strange, [x for x in run.lines if x not in set(expected)][0][:300]))
    if run.code == 0 and missing:
        bad.append("exit 0, but %d of %d events are missing" % (missing, len(expected)))
    if run.code == 1 and run.lines and want != "failed":
        bad.append("exit 1, but it printed events")
    if not newest_first(run.lines):
        bad.append("not newest first")
    if run.code != {"ok": 0, "partial": 3, "failed": 1}.get(want, run.code):
        bad.append("exit %s, but it should be %s" % (run.code, want))
    if least is not None and len(run.lines) < least:
        bad.append("only %d lines, but %d events came in time" % (len(run.lines), least))
    return "\n".join(bad + [str(run), log_text(server)]) if bad else None


def log_text(server):
    return "\n".join("%s %d: conn %d.%d at %.2f page %s %s %s %s" % (
        e["region"], e["k"], e["conn"], e["nth"], e["at"], e["page"], e["status"], e["outcome"],
        e["fault"] or "") for e in server.log()[:12])


def serve(*regions, count=130, cert="good", tls=None, **settings):
    """A server with three pages of events in each region.  Its bucket forgives a late clock."""
    server = fakeaws.FakeAws(pki, cert, tls, **dict({"burst": 5}, **settings))
    for i, region in enumerate(regions or (R1,)):
        server.generate(region=region, count=count, end=END - 7 * i, density="random", seed=i)
    return server


def options(server, *regions):
    args = ["--endpoint-url", server.url, "--ca-bundle", pki.ca]
    for r in regions or (R1,):
        args += ["--region", r]
    return args


def search(server, *args, regions=(R1,), env=None, **more):
    return Run(options(server, *regions) + list(args), env, **more)


# --- faults ------------------------------------------------------------------
# The second of three requests meets the fault, once.  ok: it is got over; safe:
# the events or a message; refused: the same, but this answer was not taken.

ONCE = [
    ("ok", "throttle"), ("ok", {"fault": "throttle", "retry_after": 300}),
    ("ok", {"fault": "error", "code": "Throttling", "form": "namespace"}),
    ("ok", {"fault": "error", "code": "RequestLimitExceeded", "status": 503, "form": "uri"}),
    ("ok", {"fault": "error", "code": "ThrottlingException", "form": "header"}),
    ("ok", "error-500"), ("ok", "error-503"), ("ok", "html-500"), ("ok", "html-502"),
    ("ok", "html-503"), ("ok", "html-504"), ("ok", "empty-500"),
    ("ok", "invalid-token"), ("ok", "empty-page"), ("ok", "short-page"), ("ok", "duplicate"),
    ("ok", {"fault": "duplicate", "events": 50}), ("ok", "trailing-token"), ("safe", "same-token"),
    ("safe", "skew"), ("safe", {"fault": "invalid-signature", "date_offset": 3600}),
    ("safe", "request-expired"),
    ("refused", "cut-json"), ("refused", "bad-json"), ("refused", "trailing-json"),
    ("refused", "html-200"),
    ("refused", "empty-200"), ("safe", "bad-utf8"), ("safe", "no-record"), ("safe", "bad-record"),
    ("refused", "deep"), ("ok", "odd-json"), ("ok", "token-null"), ("safe", "gzip-body"),
    ("refused", "gzip-garbage"), ("refused", "gzip-cut"), ("ok", "no-type"),
    ("refused", "redirect"),
    ("refused", "no-content"),
    ("refused", {"fault": "body", "text": "null"}), ("refused", {"fault": "body", "text": "[]"}),
    ("refused", {"fault": "body", "text": "{}"}), ("refused", {"fault": "body", "text": "\"x\""}),
    ("refused", {"fault": "body", "text": "{\"Events\":{}}"}),
    ("refused", {"fault": "body", "text": "{\"Events\":[],\"NextToken\":7}"}),
    ("safe", {"fault": "body", "text": "{\"Events\":[null,1,[],{}]}"}),
    ("safe", {"fault": "body", "text": "{\"Events\":[{\"CloudTrailEvent\":\"\\ud800\"}]}"}),
    ("safe", {"fault": "body", "text": "{\"Events\":[{\"CloudTrailEvent\":{}}]}"}),
    ("refused", {"fault": "body", "text": "{\"Output\":{\"__type\":\"X\"}}"}),
    ("ok", "delay"), ("ok", {"fault": "stall", "seconds": 1}),
    ("ok", {"fault": "stall-body", "seconds": 1}), ("ok", {"fault": "drip", "every": 0,
                                                           "seconds": 0.2}),
    ("ok", "trickle"), ("ok", "trickle-tcp"),
    ("ok", "reset"), ("ok", "reset-head"), ("ok", "reset-body"), ("safe", "reset-after"),
    ("ok", "close"), ("ok", "close-notify"), ("ok", "close-head"), ("ok", "close-body"),
    ("ok", "close-body-notify"), ("ok", "close-after"), ("ok", "close-after-notify"),
    ("ok", "connection-close"), ("ok", "connection-close-cut"), ("ok", "until-close"),
    ("ok", "until-close-cut"), ("ok", "until-close-half"), ("refused", "long-length"),
    ("refused", "short-length"), ("safe", "extra"),
    ("ok", "stale"), ("ok", "stale-notify"), ("ok", "stale-reset"),
    ("ok", "chunked"), ("ok", {"fault": "chunked", "size": 70000}), ("ok", "chunked-trailers"),
    ("ok", "chunked-bytes"), ("refused", "chunked-bad"),
    ("refused", {"fault": "chunked-bad", "size": "fffffffffffffffff"}),
    ("refused", {"fault": "chunked-bad", "size": "-1"}),
    ("refused", {"fault": "chunked-bad", "size": ""}),
    ("ok", "chunked-cut"), ("ok", "chunked-cut-trailer"), ("refused", "chunked-no-crlf"),
    ("ok", "continue-100"), ("ok", "hints-103"), ("refused", "endless-1xx"),
    ("refused", "switching"),
    ("refused", "cl-te"), ("refused", "two-cl"), ("safe", "two-cl-same"), ("refused", "bad-cl"),
    ("refused", {"fault": "bad-cl", "value": "99999999999999999999"}),
    ("refused", {"fault": "bad-cl", "value": "-5"}), ("refused", {"fault": "bad-cl", "value": ""}),
    ("refused", {"fault": "bad-cl", "value": "5, 5"}),
    ("refused", {"fault": "bad-cl", "value": "0x10"}),
    ("refused", "te-unknown"), ("refused", {"fault": "te-unknown", "value": "identity"}),
    ("refused", {"fault": "te-unknown", "value": "chunked, chunked"}),
    ("refused", "bad-status"), ("safe", {"fault": "bad-status", "line": "HTTP/1.1 200"}),
    ("refused", {"fault": "bad-status", "line": "HTTP/2.0 200 OK"}),
    ("refused", {"fault": "bad-status", "line": "HTTP/1.1 099 Low"}),
    ("safe", {"fault": "bad-status", "line": "HTTP/1.1 299 High"}),
    ("refused", {"fault": "bad-status", "line": "ICY 200 OK"}),
    ("refused", "no-status"), ("refused", "garbage"), ("safe", "http-10"), ("safe", "fold"),
    ("refused", "blank-colon"), ("refused", "nul-header"), ("safe", "bare-lf"),
    ("refused", "many-headers"), ("refused", "long-header"), ("refused", "endless-head"),
    ("safe", "huge"), ("refused", "huge-string"),
    ("refused", "tls-garbage"), ("refused", "tls-flip"), ("ok", "tls-cut"),
    ("refused", "tls-alert"),
]
# Each request from the second on: the first page's 50 events, a message, exit 3.
FOR_EVER = [
    "throttle", "error-500", "html-503", "access-denied", "expired-token", "unrecognized",
    "invalid-signature", "reset", "close", "close-body", "close-body-notify", "until-close-cut",
    "cut-json", "html-200", "empty-200", "gzip-garbage", "chunked-bad", "chunked-cut", "two-cl",
    "bad-status", "garbage", "endless-1xx", "long-header", "tls-flip", "tls-cut", "redirect",
    {"fault": "huge-string", "size": 64 << 20}, {"fault": "stall", "seconds": 0.3},
    {"fault": "error", "code": "OperationNotPermittedException", "message": "not\u001b[31m here"},
    "invalid-token",
]
# The connection's first steps, once.
CONNECTIONS = [("ok", {"fault": "accept-slow", "seconds": 0.5}), ("ok", "handshake-close"),
               ("ok", "handshake-reset"), ("safe", "handshake-garbage"),
               ("safe", "handshake-alert"), ("safe", "plain-http"),
               ("ok", {"fault": "handshake-stall", "seconds": 0.5})]
# Certificates that must not be trusted, and what the message has to say.
BAD_CERTIFICATES = [
    ("expired", r"expired|clock"), ("not-yet", r"not (yet )?valid|clock"),
    ("wrong-name", r"(?s)(?=.*another\.example)(?=.*localhost)"),
    ("unknown-ca", r"Unknown Root CA"), ("self-signed", r"(?i)issuer|self.signed|unknown|trust"),
    ("sha1", r"(?i)SHA-?1|signature"), ("rsa1024", r"(?i)weak|short|small|1024|2048"),
]
# Codes that are final: one request, no second try.
FINAL = {"access-denied", "expired-token", "unrecognized", "redirect"}


def rule_of(fault, **more):
    return dict(fault if isinstance(fault, dict) else {"fault": fault}, **more)


def title_of(rule):
    more = ", ".join("%s %s" % (k, v if len(str(v)) < 45 else str(v)[:42] + "...")
                     for k, v in rule.items() if k != "fault")
    return rule["fault"] + (" (%s)" % more if more else "")


def run_once(want, fault):
    server = serve()
    rule = rule_of(fault)
    server.faults(dict(rule, request=3 if rule["fault"] in ("token-null", "trailing-token") else 2))
    run = search(server)
    bad = judge(run, server, want, server.expected(), 50)
    name = rule["fault"]
    if not bad and server.rules[0].get("times") != 0:
        bad = "the fault did not come about\n" + log_text(server)
    if not bad and want == "refused" and run.code == 0 and [
            e["page"] for e in server.log()].count(2) < 2:
        bad = "the answer was taken\n" + log_text(server)
    if not bad and not SANITIZED and run.memory > 64 << 20:
        bad = "it took %d MiB" % (run.memory >> 20)
    if not bad and name in ("stale", "connection-close"):
        resumed = [c["resumed"] for c in server.connections()]
        if resumed != [False, True]:
            bad = "connections, resumed: %s" % resumed
    server.stop()
    return bad


def run_for_ever(fault):
    server = serve()
    server.faults(dict(rule_of(fault), request="2-"))
    name = rule_of(fault)["fault"]
    # Whoever else uses the quota is waited for, 600 turns.
    run = search(server, *(["--rate", "100"] if name == "throttle" else []))
    bad = judge(run, server, "partial", server.expected(), 50)
    if not bad and len(run.lines) != 50:
        bad = "%d lines\n%s" % (len(run.lines), run)
    if not bad and R1 not in run.error:
        bad = "the region is not named\n%s" % run
    if not bad and name in ("throttle", "error", "error-500", "access-denied", "expired-token",
                            "unrecognized", "invalid-signature") and not any(
                                e["requestid"] in run.error for e in server.log()[1:]):
        bad = "no request id\n%s" % run
    if not bad and name in FINAL and len(server.log()) != 2:
        bad = "tried again\n" + log_text(server)
    # Where no byte came back on a kept connection, a silent try may come on top.
    tries = (3, 4) if name in ("reset", "close", "stall", "tls-cut") else (3,)
    if name == "throttle":
        tries = range(9, 100)
    if not bad and name not in FINAL and name not in (
            "error", "invalid-token", "invalid-signature", "two-cl", "endless-1xx", "long-header",
            "huge-string", "html-200", "empty-200", "cut-json", "gzip-garbage", "chunked-bad",
            "bad-status", "garbage", "tls-flip") and len(server.log()) - 1 not in tries:
        bad = "%d tries instead of 3\n%s" % (len(server.log()) - 1, log_text(server))
    if not bad and len(server.log()) > max(8, 1 + tries[-1]):
        bad = "%d requests\n%s" % (len(server.log()), log_text(server))
    if not bad and "\x1b" in run.error:
        bad = "an escape sequence of the server's on stderr"
    server.stop()
    return bad


def run_connection(want, fault):
    server = serve()
    server.faults(dict(rule_of(fault), connection=1))
    run = search(server)
    bad = judge(run, server, want, server.expected())
    server.stop()
    return bad


def run_certificate(kind, words):
    server = serve(cert=kind)
    run = search(server)
    bad = judge(run, server, "failed", [])
    if not bad and not re.search(words, run.error):
        bad = "nothing like %r\n%s" % (words, run)
    if not bad and server.log():
        bad = "it sent a request"
    server.stop()
    return bad


# --- cases -------------------------------------------------------------------

@case
def three_pages_of_a_region():
    server = serve()
    run = search(server)
    bad = judge(run, server, "ok", server.expected())
    if not bad and run.lines != server.expected():
        bad = "not in the service's order"
    if not bad and (len(server.log()) != 3 or len(server.connections()) != 1):
        bad = "%d requests, %d connections" % (len(server.log()), len(server.connections()))
    if not bad and run.error:
        bad = "something on stderr: " + run.error
    server.stop()
    return bad


@case
def a_region_without_events():
    server = serve(R1)
    run = search(server, regions=("eu-west-3",))
    bad = judge(run, server, "ok", [])
    server.stop()
    return bad


@case
def rsa_certificate_with_an_intermediate():
    server = serve(cert="rsa", count=20)
    bad = judge(search(server), server, "ok", server.expected())
    server.stop()
    return bad


@case
def standard_streams_that_are_closed():
    """A connection does not get the number of one of them, for what is printed would be sent on it."""
    server = serve(burst=1000)
    bad = []
    for closed, code in (("<&-", 0), (">&-", 1), ("2>&-", 0), ("<&- >&- 2>&-", 1)):
        server.reset()
        p = subprocess.run(["sh", "-c", 'exec "$@" ' + closed, "sh", PROGRAM, "-v"] + options(server),
                           env=dict(KEYS, HOME=folder), timeout=TIMEOUT, stdin=subprocess.DEVNULL,
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        bad += ["%s: %s" % (closed, b) for b in request_faults(server)]
        if {e["outcome"] for e in server.log()} != {"ok"}:
            bad.append("%s: %s" % (closed, log_text(server)))
        if p.returncode != code or not code and p.stdout.splitlines() != server.expected():
            bad.append("%s: exit %s, stderr %r" % (closed, p.returncode, p.stderr))
    server.stop()
    return "\n".join(bad)


@case
def several_regions_newest_first():
    server = serve(R1, R2, R3)
    bad = None
    for jobs in ("1", "4"):
        server.reset()
        run = search(server, "-j", jobs, regions=("%s,%s" % (R1, R2), R3, R1))
        bad = bad or judge(run, server, "ok", server.expected())
        used = {r: len({e["conn"] for e in server.log(r)}) for r in (R1, R2, R3)}
        if not bad and max(used.values()) > 2:
            bad = "connections: %s" % used
        if not bad and len(server.log()) != 9:
            bad = "%d requests\n%s" % (len(server.log()), log_text(server))
        times = [[e["at"] for e in server.log(r)] for r in (R1, R2, R3)]
        if not bad and max(map(min, times)) > min(map(max, times)):
            bad = "one region after the other\n" + log_text(server)
    server.stop()
    return bad


@case
def all_regions_some_of_which_are_off():
    enabled = [R1, R2, "eu-west-1"]
    server = serve(R1, R2, count=60, enabled=enabled)
    run = search(server, regions=("all",))
    bad = run.faults(server)
    if run.code not in (0, 3) or sorted(run.lines) != sorted(server.expected()):
        bad.append("exit %s, %d lines" % (run.code, len(run.lines)))
    asked = {e["region"] for e in server.log()}
    if asked != set(fakeaws.REGIONS):
        bad.append("asked: %s" % sorted(set(fakeaws.REGIONS) ^ asked))
    named = [r for r in fakeaws.REGIONS if r not in enabled and r not in run.error]
    if named:
        bad.append("not named: %s" % named)
    server.stop()
    return "\n".join(bad + [str(run)]) if bad else None


@case
def credentials_that_no_region_takes():
    server = serve(R1, R2, enabled=[])
    run = search(server, regions=(R1, R2))
    bad = judge(run, server, "failed", [])
    if not bad and not re.search("(?i)credential|access key|token", run.error):
        bad = "not a word about credentials\n%s" % run
    server.stop()
    return bad


@case
def a_region_named_that_is_off():
    server = serve(R1, R2, disabled=[R2])
    run = search(server, regions=(R1, R2))
    bad = judge(run, server, "partial", server.expected(R1), 130)
    if not bad and R2 not in run.error:
        bad = "it is not named\n%s" % run
    server.stop()
    return bad


@case
def a_region_that_is_denied():
    server = serve(R1, R2)
    server.faults({"fault": "access-denied", "region": R2, "times": "all"})
    run = search(server, regions=(R1, R2))
    bad = judge(run, server, "partial", server.expected(R1), 130)
    denied = server.log(R2)
    if not bad and (R2 not in run.error or denied[0]["requestid"] not in run.error or
                    "AccessDenied" not in run.error):
        bad = "region, request id, code: not all of them\n%s" % run
    server.stop()
    return bad


@case
def a_region_that_ends_half_way():
    server = serve(R1, R2)
    server.faults({"fault": "error-500", "region": R2, "request": "3-"})
    run = search(server, regions=(R1, R2))
    want = server.expected(R1) + server.expected(R2)[:100]
    bad = judge(run, server, "partial", server.expected(), 230)
    if not bad and sorted(run.lines) != sorted(want):
        bad = "%d lines\n%s" % (len(run.lines), run)
    server.stop()
    return bad


@case
def denied_everywhere():
    server = serve(R1, R2)
    server.faults({"fault": "access-denied", "times": "all"})
    run = search(server, regions=(R1, R2))
    bad = judge(run, server, "failed", [])
    if not bad and "cloudtrail:LookupEvents" not in run.error:
        bad = "the permission is not named\n%s" % run
    server.stop()
    return bad


@case
def the_first_request_fails_for_ever():
    bad = None
    for fault in ("reset", "error-500", "html-200"):
        server = serve()
        server.faults({"fault": fault, "times": "all"})
        bad = bad or judge(search(server), server, "failed", [])
        server.stop()
    return bad


@case
def nobody_listens():
    server = serve()
    server.listen(False)
    run = search(server)
    bad = judge(run, server, "failed", [])
    if not bad and "localhost" not in run.error:
        bad = str(run)
    server.stop()
    return bad


@case
def the_network_is_gone_for_a_moment():
    server = serve()

    def away(_):
        wait_for(lambda: server.log())
        server.listen(False)
        server.drop()
        time.sleep(0.1)
        server.listen()
    bad = judge(search(server, during=away), server, "safe", server.expected())
    server.stop()
    return bad


def too_fast(run, server, rate):
    """None, or a request that came before its turn, from the beginning on.  (What a busy machine
    holds up comes together later, so that nothing can be said of a stretch.)"""
    for region in server.regions:
        for n, t in enumerate(sorted(e["at"] for e in server.log(region))):
            t -= run.started - server.started
            if n - 1 > rate * t:
                return "%s: request %d after %.2f s" % (region, n + 1, t)
    return None


def wait_for(condition, seconds=TIMEOUT):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)


@case
def the_pace():
    server = serve(count=390)
    run = search(server)
    bad = judge(run, server, "ok", server.expected())
    bad = bad or too_fast(run, server, 2)
    server.stop()
    return bad


@case
def the_window_is_frozen():
    server = serve(live=True)
    want = server.expected()
    run = search(server)
    bad = judge(run, server, "ok", want)        # without its own lookups
    ends = [e["params"]["EndTime"] for e in server.log()]
    if not bad and (len(set(ends)) != 1 or abs(ends[0] - time.time()) > 60 + TIMEOUT):
        bad = "EndTime: %s" % ends
    tokens = [e["params"].get("NextToken") for e in server.log()]
    if not bad and (tokens[0] is not None or len(set(tokens)) != len(tokens)):
        bad = "tokens: %s" % tokens
    server.stop()
    return bad


@case
def from_and_to_are_included():
    server = serve(count=130, rate=50)
    times = sorted(json.loads(x)["eventTime"] for x in server.expected())
    low, high = times[30], times[90]
    want = [x for x in server.expected() if low <= json.loads(x)["eventTime"] <= high]
    bad = None
    for form in (str, lambda t: t.replace("T", " ").replace("Z", "")):
        server.reset()
        run = search(server, "--from", form(low), "--to", form(high))
        bad = bad or judge(run, server, "ok", want)
        p = server.log()[0]["params"]
        if not bad and (fakeaws.iso(p["StartTime"]), fakeaws.iso(p["EndTime"])) != (low, high):
            bad = "asked for %s" % p
    run = search(server, "--from", low.replace("Z", ".5Z"), "--to", high)
    bad = bad or judge(run, server, "ok", [x for x in want if json.loads(x)["eventTime"] > low])
    server.stop()
    return bad


@case
def the_last_minutes():
    server = serve(count=130)
    edge = fakeaws.iso(time.time() - 40 * 60)
    want = [x for x in server.expected() if json.loads(x)["eventTime"] >= edge]
    run = search(server, "--last-minute", "40")
    bad = run.faults(server)
    if run.code or abs(len(run.lines) - len(want)) > 5 or not 40 < len(want) < 80:
        bad.append("%d lines instead of %d" % (len(run.lines), len(want)))
    server.stop()
    return "\n".join(bad + [str(run)]) if bad else None


@case
def a_window_of_years():
    server = serve(count=130)
    bad = judge(search(server, "--from", "2019-01-01"), server, "ok", server.expected())
    if not bad:
        server.reset()
        run = search(server, "--from", "2019-01-01", "--to", "2019-02-01")
        bad = "\n".join(run.faults())
        if not bad and (run.lines or not run.error.strip()):
            bad = "nothing is said about a window that is too old\n%s" % run
    server.stop()
    return bad


@case
def patterns_and_expressions():
    """The same events as a local trail give."""
    server = serve(R1, R2)
    path = os.path.join(folder, "patterns.ndjson")
    with open(path, "wb") as f:
        f.write(b"\n".join(server.expected()))
    bad, some = None, 0
    for args in (["s3:Get*", "dynamodb:*"], ["-m", "$.errorCode == \"AccessDenied\"", "kms:*"],
                 ["-m", "$.userIdentity.userName regex \"^A\""], ["lambda:createfunction"],
                 ["-m", "$.requestParameters.size == 12345678901234567890123456789"]):
        server.reset()
        want = Run(["--trail", path, "--sort", "newest"] + args, {}).lines
        run = search(server, *args, regions=(R1, R2))
        some += len(want) > 0
        bad = bad or judge(run, server, "ok", want)
    if not bad and some < 4:
        bad = "hardly anything matches"
    server.stop()
    return bad


SEED = [
    ["cloudtrail:Update*", "--match", '$.userIdentity.userName == "AliceIsNotBob"'],
    ["cloudtrail:Update*", "--match", '$.userIdentity.userName != "AliceIsNotBob"'],
    ["cloudtrail:Update*", "--match", '$.userIdentity.userName regex "AliceIsNot.*"'],
    ["s3:Get*", "dynamodb:Get*"],
    ["s3:Get*", "dynamodb:*", "--last-minute", "300"],
    ["--from", "2023-03-31 14:00:12", "--to", "2023-04-01 00:00:00", "s3:Get*", "dynamodb:*"],
    ["--match", '$.errorCode == "AccessDenied"', "--match",
     '$.userIdentity.principalId regex ".*:^((?!Alice).)"', "--match",
     '$.userIdentity.accountId == "060862059283"', "--match",
     '$.sourceIPAddress == "147.161.171.112"', "transfer:List*"],
    ["--match", '$.errorCode == "AccessDenied"', "--match",
     '$.userIdentity.arn regex ".*/MyRole/MyUser"', "--match",
     '$.userIdentity.accountId == "060862059283"', "--match", "", "--last-minute", "300", "s3:Get*",
     "dynamodb:Get*"],
    ["--match", '$.errorCode != "AccessDenied"', "--last-minute", "300", "s3:*Acl", "ssm:List*"],
]


@case
def the_examples_of_the_original_tool():
    """Credentials and region as the AWS CLI has them, and nothing else."""
    server = serve(count=0)
    server.generate(region=R1, count=90, end=END, mix=[
        ["cloudtrail.amazonaws.com", "UpdateTrail", False, 3],
        ["s3.amazonaws.com", "GetBucketAcl", True, 3],
        ["dynamodb.amazonaws.com", "GetResourcePolicy", True, 1],
        ["transfer.amazonaws.com", "ListUsers", True, 1],
        ["ssm.amazonaws.com", "ListDocuments", True, 1]])
    path = os.path.join(folder, "seed.ndjson")
    with open(path, "wb") as f:
        f.write(b"\n".join(server.expected()))
    env = dict(TEMP_KEYS, AWS_DEFAULT_REGION=R1, AWS_CA_BUNDLE=pki.ca, AWS_ENDPOINT_URL=server.url)
    bad, some = [], 0
    for args in SEED:
        server.reset()
        run = Run(args, env)
        bad += request_faults(server)
        want = Run(["--trail", path, "--sort", "newest"] + args, {}).lines
        some += len(want) > 0
        bad += run.faults()
        if run.lines != want or run.code and "2023-03-31 14:00:12" not in args:
            bad.append("%d lines instead of %d\n%s" % (len(run.lines), len(want), run))
    if some < 5:
        bad.append("hardly anything matches: %d" % some)
    server.stop()
    return "\n".join(bad)


@case
def a_limit():
    server = serve(R1, R2, count=300)
    run = search(server, "-n", "10", regions=(R1, R2))
    want = sorted(server.expected(), key=lambda x: re.search(rb'"eventTime":"([^"]*)', x)[1])
    bad = run.faults(server)
    edge = json.loads(want[-10])["eventTime"]
    if run.code or len(run.lines) != 10 or not newest_first(run.lines) or any(
            json.loads(x)["eventTime"] < edge for x in run.lines):
        bad.append("exit %s, %d lines" % (run.code, len(run.lines)))
    if len(server.log()) > 6:
        bad.append("%d requests for one page" % len(server.log()))
    server.stop()
    return "\n".join(bad + [str(run)]) if bad else None


@case
def the_orders():
    server = serve(R1, R2, count=60)
    bad = None
    for order in ("newest", "oldest", "none"):
        server.reset()
        run = search(server, "--sort", order, regions=(R1, R2))
        if order == "oldest":
            run.lines.reverse()
        if run.code or sorted(run.lines) != sorted(server.expected()) or run.faults(server) or (
                order != "none" and not newest_first(run.lines)):
            bad = bad or "%s: %s" % (order, run)
    server.stop()
    return bad


@case
def a_client_clock_that_is_wrong():
    bad = None
    for clock, failures in ((3600, 1), (-3600, 1), (200, 0)):
        server = serve(clock=clock)
        run = search(server)
        bad = bad or judge(run, server, "ok", server.expected())
        log = [e["outcome"] for e in server.log()]
        if not bad and log != ["InvalidSignatureException"] * failures + ["ok"] * 3:
            bad = "%d: %s" % (clock, log)
        server.stop()
    return bad


@case
def a_client_clock_that_is_wrong_in_several_regions():
    server = serve(R1, R2, clock=3600)
    bad = judge(search(server, regions=(R1, R2)), server, "ok", server.expected())
    server.stop()
    return bad


@case
def retry_after():
    server = serve()
    server.faults({"fault": "throttle", "request": 2, "retry_after": 2500})
    run = search(server)
    bad = judge(run, server, "ok", server.expected())
    log = server.log()
    again = [e["at"] for e in log[2:] if e["params"] == log[1]["params"]]
    if not bad and not (again and 2.45 <= again[0] - log[1]["at"] <= 7):
        bad = "it came again after %s s" % [t - log[1]["at"] for t in again]
    server.stop()
    return bad


@case
def max_attempts():
    bad = None
    for attempts, want, requests in (("1", "partial", 2), ("5", "ok", 6)):
        server = serve()
        server.faults({"fault": "error-503", "request": [2, 3, 4]})
        run = search(server, env=dict(KEYS, AWS_MAX_ATTEMPTS=attempts))
        bad = bad or judge(run, server, want, server.expected(), 50)
        if not bad and len(server.log()) != requests:
            bad = "%s attempts: %s" % (attempts, log_text(server))
        server.stop()
    return bad


@case
def several_faults_in_one_search():
    server = serve(count=180)
    server.faults({"fault": "close-body", "page": 1}, {"fault": "throttle", "page": 2},
                  {"fault": "stale", "page": 3}, {"fault": "chunked-trailers", "page": 4},
                  {"fault": "invalid-token", "page": 4})
    bad = judge(search(server), server, "ok", server.expected())
    server.stop()
    return bad


@case
def invalid_tokens_among_events_of_one_second():
    server = serve(count=0)
    server.generate(region=R1, count=120, end=END, density="second", span=2)
    server.faults({"fault": "invalid-token", "request": 2})
    bad = judge(search(server), server, "safe", server.expected(), 50)
    server.stop()
    return bad


@case
def strange_records():
    texts = ['{"eventTime":"%s","awsRegion":"%s","eventID":"s-%d","eventName":"N","x":%s}' % (
        fakeaws.iso(END - i), R1, i, x) for i, x in enumerate((
            r'"\u00E9\/\\u0041\"\b"', '"\u00e9\u2028\U0001f600\x7f"', "1e400", "-0",
            "123456789012345678901234567890.10", '{"a":1,"a":2}', r'"\ud83d\ude00"', "[[],{}]",
            r'"\u000a\n"', '"%s"' % ("y" * 250000), r'"\\\\\\\""'))]
    server = serve(count=0)
    server.add_records(texts)
    run = search(server)
    bad = judge(run, server, "ok", [t.encode() for t in texts])
    server.stop()
    return bad


# credentials, region, endpoint

def quickly(env, *args, want=0, words="", server=None):
    """A run for which env and args have to suffice."""
    run = Run(list(args), env)
    bad = run.faults()
    if run.code != want:
        bad.append("exit %s, but it should be %d" % (run.code, want))
    if words and not re.search(words, run.error):
        bad.append("nothing like %r" % words)
    if server and want == 0 and sorted(run.lines) != sorted(server.expected()):
        bad.append("%d lines" % len(run.lines))
    return "\n".join(bad + [str(run)]) if bad else None


@case
def no_credentials():
    server = serve(count=5)
    bad = quickly({}, *options(server), want=1,
                  words=r"(?s)(?=.*AWS_ACCESS_KEY_ID)(?=.*(?:nobody|~)/\.aws/credentials)")
    bad = bad or quickly({"AWS_ACCESS_KEY_ID": "AKIAX"}, *options(server), want=1,
                         words="AWS_SECRET_ACCESS_KEY")
    if not bad and server.connections():
        bad = "it connected"
    server.stop()
    return bad


@case
def temporary_credentials():
    server = serve(count=5)
    bad = quickly(TEMP_KEYS, *options(server), server=server)
    bad = bad or quickly({k: v for k, v in TEMP_KEYS.items() if "TOKEN" not in k},
                         *options(server), want=1, words="UnrecognizedClient|token")
    server.stop()
    return bad


@case
def a_wrong_secret():
    server = serve(count=5)
    bad = quickly(dict(KEYS, AWS_SECRET_ACCESS_KEY="wrong" * 8), *options(server), want=1,
                  words="InvalidSignature|[Ss]ecret [Aa]ccess [Kk]ey")
    server.stop()
    return bad


@case
def expired_credentials():
    server = serve(count=5, credentials=[{"access_key": fakeaws.TEMP_KEY, "token": fakeaws.TOKEN,
                                          "secret_key": fakeaws.TEMP_SECRET, "expires": END}])
    bad = quickly(TEMP_KEYS, *options(server), want=1, words="(?i)expired")
    if not bad and len(server.log()) != 1:
        bad = "%d requests" % len(server.log())
    server.stop()
    return bad


@case
def profiles():
    server = serve(count=5)
    home = tempfile.mkdtemp(dir=folder)
    os.mkdir(os.path.join(home, ".aws"))
    with open(os.path.join(home, ".aws", "config"), "w") as f:
        f.write("[default]\nregion = us-west-2\n\n[profile test]\nregion=%s\n# a comment\n"
                "endpoint_url = %s\nca_bundle: %s\n" % (R1, server.url, pki.ca))
    with open(os.path.join(home, ".aws", "credentials"), "w") as f:
        f.write("[default]\naws_access_key_id = AKIANOBODY\naws_secret_access_key = x\n[test]\r\n"
                "aws_access_key_id=%s\r\naws_secret_access_key = %s\r\naws_session_token=%s\r\n" % (
                    fakeaws.TEMP_KEY, fakeaws.TEMP_SECRET, fakeaws.TOKEN))
    files = {"AWS_CONFIG_FILE": os.path.join(home, ".aws", "config"),
             "AWS_SHARED_CREDENTIALS_FILE": os.path.join(home, ".aws", "credentials")}
    bad = (quickly({"HOME": home}, "--profile", "test", server=server) or
           quickly({"HOME": home, "AWS_PROFILE": "test"}, server=server) or
           quickly(dict(files, AWS_PROFILE="test"), server=server) or
           quickly({"HOME": home, "AWS_PROFILE": "test", "AWS_REGION": R2, "AWS_ENDPOINT_URL":
                    server.url}, "--region", R1, server=server) or
           quickly(dict(KEYS, HOME=home), "--profile", "missing", *options(server), want=1,
                   words="missing"))
    server.stop()
    return bad


@case
def the_region():
    server = serve(count=5)
    base = dict(KEYS, AWS_ENDPOINT_URL=server.url, AWS_CA_BUNDLE=pki.ca)
    run = Run([], base)
    bad = "\n".join(run.faults())
    if not bad and (run.code not in (1, 2) or "--region" not in run.error or
                    "AWS_REGION" not in run.error):
        bad = str(run)
    bad = (bad or quickly(dict(base, AWS_REGION=R1, AWS_DEFAULT_REGION=R2), server=server) or
           quickly(dict(base, AWS_DEFAULT_REGION=R1), server=server) or
           quickly(dict(base, AWS_REGION=R2), "--region", R1, server=server))
    for region in ("", "EU_central", "-x", "a" * 64, "x/../y", "eu-central-1,"):
        run = Run(["--region", region], base)
        if run.code != 2 or run.faults():
            bad = bad or "--region %r\n%s" % (region, run)
    server.stop()
    return bad


@case
def the_endpoint():
    server = serve(count=5)
    base = dict(KEYS, AWS_REGION=R1, AWS_CA_BUNDLE=pki.ca)
    bad = (quickly(dict(base, AWS_ENDPOINT_URL="https://localhost:1/",
                        AWS_ENDPOINT_URL_CLOUDTRAIL=server.url), server=server) or
           quickly(dict(base, AWS_ENDPOINT_URL="https://localhost:1"), "--endpoint-url",
                   server.url + "/", server=server))
    for url in ("localhost:%d" % server.port, "ftp://localhost/", "https://", "https://a_b.c/",
                "https://user:pw@localhost:%d" % server.port, "https://localhost:99999",
                "https://local\thost/"):
        run = Run(["--endpoint-url", url], base)
        if run.code not in (1, 2) or run.faults() or run.lines:
            bad = bad or "--endpoint-url %r\n%s" % (url, run)
    if not bad and [e for e in server.log() if e["host"] != "localhost:%d" % server.port]:
        bad = "Host: %s" % server.log()[-1]["host"]
    server.stop()
    return bad


@case
def the_trust_anchors():
    server = serve(count=5)
    url = ["--endpoint-url", server.url, "--region", R1]
    other = fakeaws.Pki(tempfile.mkdtemp(dir=folder)).ca
    empty = os.path.join(folder, "empty.pem")
    open(empty, "w").close()
    bad = (quickly(dict(KEYS, AWS_CA_BUNDLE=pki.ca), *url, server=server) or
           quickly(dict(KEYS, AWS_CA_BUNDLE=other), "--ca-bundle", pki.ca, *url, server=server) or
           quickly(KEYS, "--ca-bundle", other, *url, want=1, words="Fake Amazon Root CA") or
           quickly(KEYS, *url, want=1, words="Fake Amazon Root CA") or
           quickly(dict(KEYS, AWS_CA_BUNDLE=""), *url, want=1, words="AWS_CA_BUNDLE") or
           quickly(KEYS, "--ca-bundle", empty, *url, want=1, words="empty.pem") or
           quickly(KEYS, "--ca-bundle", empty + ".not", *url, want=1, words="empty.pem.not"))
    server.stop()
    return bad


@case
def a_server_with_tls_13_only():
    server = serve(tls="1.3")
    run = search(server)
    bad = judge(run, server, "failed", [])
    if not bad and not re.search("TLS 1.[23]", run.error):
        bad = str(run)
    server.stop()
    return bad


@case
def a_proxy_and_the_real_names():
    bad = None
    for region, more, host in (
            (R1, {}, "cloudtrail.eu-central-1.amazonaws.com"),
            ("cn-north-1", {}, "cloudtrail.cn-north-1.amazonaws.com.cn"),
            ("us-gov-west-1", {}, "cloudtrail.us-gov-west-1.amazonaws.com"),
            (R2, {"AWS_USE_FIPS_ENDPOINT": "true"}, "cloudtrail-fips.us-east-1.amazonaws.com"),
            (R1, {"AWS_USE_DUALSTACK_ENDPOINT": "true"}, "cloudtrail.eu-central-1.api.aws")):
        server = serve(region, count=5)
        proxy = fakeaws.Proxy(server, "me:pr@xy")
        env = dict(KEYS, AWS_REGION=region, AWS_CA_BUNDLE=pki.ca,
                   HTTPS_PROXY="http://me:pr%%40xy@127.0.0.1:%d" % proxy.port, **more)
        bad = bad or quickly(env, server=server)
        asked = {(x["method"], x["target"], x["authorized"]) for x in proxy.log}
        if not bad and asked != {("CONNECT", host + ":443", True)}:
            bad = str(asked)
        seen = {(e["host"], e["sni"]) for e in server.log()}
        if not bad and (seen != {(host, host)} or request_faults(server)):
            bad = "%s %s" % (seen, request_faults(server))
        proxy.stop()
        server.stop()
    return bad


@case
def proxies_that_fail():
    bad = None
    server = serve(count=5)
    for fault in ("407", "502", "close", "garbage", "early"):
        proxy = fakeaws.Proxy(server, None, fault)
        url = "http://me:pr%%40xy@127.0.0.1:%d" % proxy.port
        bad = bad or quickly(dict(KEYS, HTTPS_PROXY=url), *options(server), want=1,
                             words="(?i)proxy|TLS")
        proxy.stop()
    bad = bad or quickly(dict(KEYS, HTTPS_PROXY=url), *options(server), want=1, words="(?i)proxy")
    bad = bad or quickly(dict(KEYS, HTTPS_PROXY=url, NO_PROXY="a.example, localhost"),
                         *options(server), server=server)
    proxy = fakeaws.Proxy(server, None, "slow")
    bad = bad or quickly(dict(KEYS, https_proxy="127.0.0.1:%d" % proxy.port), *options(server),
                         server=server)
    if not bad and len(proxy.log) != 1:
        bad = "proxy: %s" % proxy.log
    proxy.stop()
    server.stop()
    return bad


# what is said

@case
def where_iam_events_are():
    server = serve(R1, R2, count=5, rate=50)
    bad = None
    for args, regions, hint in ((["iam:*"], (R1,), True), (["iam:Create*", "s3:*"], (R1,), True),
                                (["iam:*"], (R1, R2), False), (["s3:*"], (R1,), False),
                                (["signin:ConsoleLogin"], (R1,), True)):
        run = search(server, *args, regions=regions)
        if ("us-east-1" in run.error) != hint or run.code:
            bad = bad or str(run)
    server.stop()
    return bad


@case
def quiet_and_verbose():
    server = serve(count=60, rate=50)
    quiet = search(server, "-q", "iam:*")
    server.reset()
    loud = search(server, "-v")
    bad = quiet.faults() + loud.faults(server)
    if quiet.error or quiet.code:
        bad.append("quiet: " + quiet.error)
    if R1 not in loud.error or "60" not in loud.error:
        bad.append("verbose: " + loud.error)
    server.stop()
    return "\n".join(bad)


@case
def a_key_that_is_refused_later():
    """A region that has answered is enabled: what it refuses then is lost, and must be told."""
    bad = None
    for first in ({"fault": "invalid-token", "region": R1, "request": 2},
                  {"fault": "empty-page", "region": R1, "request": 1}):
        server = serve(R1)
        server.faults(first, {"fault": "unrecognized", "region": R1,
                              "request": "%d-" % (first["request"] + 1)})
        run = search(server, regions=("all",))
        if run.code != 3 or R1 not in run.error:
            bad = "exit %s after %s: %s" % (run.code, first["fault"], run.error)
        server.stop()
    return bad


@case
def interrupted():
    bad = None
    for number in (signal.SIGINT, signal.SIGTERM):
        server = serve(R1)
        server.faults({"fault": "stall", "seconds": 50, "request": 3})
        ended = []

        def interrupt(p):
            wait_for(lambda: len(server.log()) >= 3)
            time.sleep(0.3)
            ended.append(time.monotonic())
            p.send_signal(number)
            p.wait(TIMEOUT)
            ended.append(time.monotonic())
        run = Interrupted(options(server), interrupt)
        took = ended[1] - ended[0]
        bad = bad or "\n".join(run.faults(server))
        if not bad and (run.code != 130 or took > 40 or not run.error.strip() or
                        run.lines != server.expected()[:100]):
            bad = "it took %.1f s\n%s" % (took, run)
        server.stop()
    return bad


class Interrupted(Run):
    """A run that somebody else waits for."""

    def __init__(self, args, during):
        self.args, self.hung, self.memory = args, False, 0
        started = time.monotonic()
        env = dict(KEYS, PATH=os.environ.get("PATH", ""), HOME=os.path.join(folder, "nobody"))
        env.update({k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS")})
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as error:
            p = subprocess.Popen([PROGRAM] + args, env=env, stdin=subprocess.DEVNULL, stdout=out,
                                 stderr=error)
            try:
                during(p)
            except subprocess.TimeoutExpired:
                self.hung = True
            if p.poll() is None:
                p.kill()
            self.code, self.seconds = p.wait(), time.monotonic() - started
            out.seek(0)
            error.seek(0)
            self.lines = out.read().splitlines()
            self.error = error.read().decode("utf-8", "replace")


@case
def a_reader_that_goes_away():
    server = serve(count=1500)
    read, write = os.pipe()

    def leave(_):
        os.close(write)
        os.read(read, 1000)
        os.close(read)
    run = search(server, during=leave, stdout=write)
    bad = run.faults(server)
    if run.code or run.error or len(server.log()) >= 30:
        bad.append("%s\n%d pages were read" % (run, len(server.log())))
    server.stop()
    return "\n".join(bad)


@case
def the_aws_program_finds_the_same():
    aws = shutil.which("aws")
    if not aws or subprocess.run([aws, "--version"], stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL).returncode:
        return "SKIP aws is not installed"
    server = serve(count=130, rate=100, burst=100)
    env = dict(TEMP_KEYS, AWS_CA_BUNDLE=pki.ca, AWS_EC2_METADATA_DISABLED="true", AWS_REGION=R1,
               AWS_DEFAULT_REGION=R1, AWS_ENDPOINT_URL=server.url)
    own = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")
           and not k.lower().endswith("_proxy")}
    p = subprocess.run([aws, "cloudtrail", "lookup-events", "--output", "json"],
                       env=dict(own, AWS_CONFIG_FILE=os.devnull, AWS_PAGER="",
                                AWS_SHARED_CREDENTIALS_FILE=os.devnull, **env),
                       stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    theirs = [e["CloudTrailEvent"].encode()
              for e in json.loads(p.stdout or b'{"Events":[]}')["Events"]]
    run = Run([], env)
    server.stop()
    if run.lines == theirs == server.expected():
        return None
    return "%d of ours, %d of theirs\n%s\n%s" % (len(run.lines), len(theirs), run, p.stderr)


# --- main --------------------------------------------------------------------

def all_cases():
    yield from CASES
    for want, fault in ONCE:
        yield "once: " + title_of(rule_of(fault)), lambda w=want, f=fault: run_once(w, f)
    for fault in FOR_EVER:
        yield "for ever: " + title_of(rule_of(fault)), lambda f=fault: run_for_ever(f)
    for want, fault in CONNECTIONS:
        yield ("connecting: " + title_of(rule_of(fault)),
               lambda w=want, f=fault: run_connection(w, f))
    for kind, words in BAD_CERTIFICATES:
        yield "certificate: " + kind, lambda k=kind, w=words: run_certificate(k, w)


def run_case(i):
    try:
        return chosen[i][1]()
    except Exception as e:      # a test that breaks is a test that fails
        import traceback
        return "".join(traceback.format_exception(e))


def why_not():
    if not PROGRAM:
        return "SPITZEL does not name the program"
    p = subprocess.run([PROGRAM, "--region", R1], env={"HOME": folder, "PATH": ""}, timeout=300,
                       stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if b"not built into this version" in p.stderr or b"'--region' is no option" in p.stderr:
        return "the event history is not built in"
    return None


def main():
    global folder, pki, chosen
    with tempfile.TemporaryDirectory() as folder:
        why = why_not()
        if why:
            print("1..0 # SKIP " + why)
            return 0
        pki = fakeaws.Pki(os.path.join(folder, "pki"))
        chosen = [c for c in all_cases()
                  if not sys.argv[1:] or any(a in c[0] for a in sys.argv[1:])]
        failed = 0
        with concurrent.futures.ProcessPoolExecutor(
                WORKERS, multiprocessing.get_context("fork")) as pool:
            results = [(name, pool.submit(run_case, i)) for i, (name, _) in enumerate(chosen)]
            for i, (name, result) in enumerate(results, 1):
                name, bad = name.replace("#", ""), result.result()
                if bad and bad.startswith("SKIP"):
                    print("ok %d - %s # %s" % (i, name, bad))
                    continue
                failed += bool(bad)
                print("%s %d - %s" % ("not ok" if bad else "ok", i, name))
                for line in (bad or "").splitlines()[:25]:
                    print("# " + line[:300])
                sys.stdout.flush()
        print("1..%d" % len(chosen))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
