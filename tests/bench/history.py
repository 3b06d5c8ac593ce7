#!/usr/bin/env python3
"""How fast is an event history searched, beside what the service allows?

usage: tests/bench/history.py PROGRAM [CASE...]

CASE: pace, aws, regions, partition, others, action, memory, shapes; without one,
all.
PROGRAM searches the accounts of tests/fakeaws.py, a process of its own, over TLS
as a user would let it.  A table tells what was measured, beside what the service
allows (or what another run took), and whether the goal was met.  A goal is one of
the ratio, or of what was measured where there is no limit.  Speed is not a test:
the exit status is 0 whatever the figures, but 1 if an answer was wrong, as each
event has to be printed once, newest first.

BENCH_SCALE (10): how many times as fast the server's time passes, that is its
rate and its latency; PROGRAM is told by --rate.  Seconds in the table are the
server's.  What does not scale, such as the start of a process and of TLS, the work
for a page, and whatever else the machine does, weighs so many times more: nothing
is subtracted for it.  At 10 all takes about four minutes.
"""
import concurrent.futures
import contextlib
import json
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
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir))
import fakeaws                          # noqa: E402

SCALE = float(os.environ.get("BENCH_SCALE", "10"))
PAGE = 50                               # events
RATE = 2                                # requests a second to a region
JITTER = 0.3
SLACK = 0.025                           # seconds of ours
HOUR, DAY = 3600, 86400
END = int(time.time()) - HOUR
# Those that every account has.
REGIONS = """
us-east-1 us-west-2 us-east-2 us-west-1 ap-northeast-1 ap-northeast-2 ap-northeast-3 ap-south-1
ap-southeast-1 ap-southeast-2 ca-central-1 eu-central-1 eu-north-1 eu-west-1 eu-west-2 eu-west-3
sa-east-1""".split()
PARTITION = REGIONS + sorted(set(fakeaws.REGIONS) - set(REGIONS))
R1 = "eu-central-1"
# The most memory that a child of a small process had.  Of a child of this one the system would
# tell how large this one was before exec.
PEAK = ("import resource, subprocess, sys\n"
        "code = subprocess.call(sys.argv[2:])\n"
        "with open(sys.argv[1], 'w') as f:\n"
        "    f.write(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))\n"
        "sys.exit(code)\n")
CASES = []
program = folder = None
wrong = []                              # what was wrong with answers
checked = 0                             # how many of these were there before this case


def case(function):
    CASES.append((function.__name__, function))
    return function


# --- an account, and programs that search it ----------------------------------

class Account:
    """A fakeaws process with the events of the SPECs, and what has to be found there."""

    def __init__(self, scale, latency, specs, **settings):
        self.scale, self.latency, self.count = scale, latency, sum(s["count"] for s in specs)
        self.span = max(s["span"] for s in specs)
        self.regions = sorted({s["region"] for s in specs}, key=PARTITION.index)
        self.specs = specs
        # A request that this machine brings SLACK s late is not to count as one sent too soon.
        settings = dict({"scale": scale, "latency": latency, "jitter": JITTER, "rate": RATE,
                         "burst": 2 + RATE * scale * SLACK}, **settings)
        args = [sys.executable, fakeaws.__file__, "--dir", os.path.join(folder, "pki"),
                "--set", json.dumps(settings)]
        for spec in specs:
            args += ["--generate", json.dumps(spec)]
        self.process = subprocess.Popen(args, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True)
        self.ready = None

    def __enter__(self):
        line = self.process.stdout.readline()
        if not line.startswith("READY "):
            sys.exit("tests/fakeaws.py did not start")
        self.ready = json.loads(line[6:])
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()

    def ask(self, **command):
        self.process.stdin.write(json.dumps(command) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        if not answer["ok"]:
            sys.exit("tests/fakeaws.py: %s" % answer.get("error"))
        return answer

    def log(self):
        """The requests since the last time."""
        log = self.ask(do="log")["log"]
        self.ask(do="reset")
        late = self.latency * (1 + JITTER) / self.scale + 0.03
        late = len([e for e in log if e["answered"] - e["at"] > late])
        if late > 1 + 0.02 * len(log):
            print("# The server was late with %d of %d answers: take a smaller BENCH_SCALE."
                  % (late, len(log)))
        return log

    def expected(self, regions=(), action=None):
        """{id: time} of the events."""
        return {e.fields["EventId"]: e.time for spec in self.specs
                if not regions or spec["region"] in regions for e in fakeaws.make_events(spec)
                if action in (None, e.fields["EventName"])}


class Run:
    """A program that has ended: how long it took, and what it found.  seconds: the server's."""

    def __init__(self, account, args, env, peak=False):
        environment = {"PATH": os.environ.get("PATH", ""), "HOME": os.path.join(folder, "nobody"),
                       "LC_ALL": "C.UTF-8", "AWS_EC2_METADATA_DISABLED": "true",
                       "AWS_ACCESS_KEY_ID": fakeaws.ACCESS_KEY,
                       "AWS_SECRET_ACCESS_KEY": fakeaws.SECRET_KEY}
        ideal = account.count / PAGE / RATE / account.scale
        with tempfile.TemporaryDirectory(dir=folder) as here:
            memory = os.path.join(here, "memory")
            if peak:
                args = [sys.executable, "-SE", "-c", PEAK, memory] + args
            with open(os.path.join(here, "out"), "w+b") as out, open(
                    os.path.join(here, "err"), "w+b") as err:
                started = time.monotonic()
                p = subprocess.Popen(args, env=dict(environment, **env), stdout=out, stderr=err,
                                     stdin=subprocess.DEVNULL, start_new_session=True)
                watch = threading.Timer(60 + 20 * ideal, os.killpg, (p.pid, signal.SIGKILL))
                watch.start()
                try:                    # With a timeout wait() looks but now and then.
                    self.code = p.wait()
                    self.seconds = (time.monotonic() - started) * account.scale
                finally:
                    watch.cancel()
                    if p.poll() is None:
                        os.killpg(p.pid, signal.SIGKILL)
                out.seek(0)
                self.out = out.read()
                err.seek(0)
                self.error = err.read().decode("utf-8", "replace")
            self.mebibytes = 0.0
            if peak and os.path.exists(memory):
                with open(memory) as f:
                    self.mebibytes = int(f.read()) / 1024


def search(account, *args, regions=(), action=None, peak=False):
    """PROGRAM searches the regions, or all, and its answer is looked at."""
    names = list(regions or account.regions)
    run = Run(account, [program, "--endpoint-url", account.ready["url"],
                        "--ca-bundle", account.ready["ca"], "--rate", "%g" % (RATE * account.scale),
                        "--from", "@%d" % (END - account.span), "--to", "@%d" % END,
                        "--region", ",".join(names)] + list(args), {}, peak)
    ids = re.findall(rb'(?m)^.*"eventTime":"([^"]*)".*"eventID":"([^"]*)"', run.out)
    if run.out.count(b"\n") != len(ids):
        fault(run, "lines that are no events")
    compare(run, [(i.decode(), t.decode()) for t, i in ids], account.expected(regions, action))
    return run


def compare(run, found, expected):
    """Are all there, each once, newest first?"""
    ids = [i for i, _ in found]
    if run.code:
        fault(run, "exit status %d" % run.code)
    if len(set(ids)) != len(ids):
        fault(run, "%d events twice" % (len(ids) - len(set(ids))))
    if set(ids) != set(expected):
        fault(run, "%d of %d events are missing, %d are strange" % (
            len(set(expected) - set(ids)), len(expected), len(set(ids) - set(expected))))
    if [i for i, t in found if i in expected and t != fakeaws.iso(expected[i])]:
        fault(run, "events with another time")
    times = [t for _, t in found]
    if times != sorted(times, reverse=True):
        fault(run, "not newest first")


def fault(run, what):
    wrong.append(what)
    print("WRONG: %s\n%s" % (what, run.error[-1000:]), flush=True)


def spec(pages, region=R1, density="random", span=12 * HOUR, **more):
    return dict({"region": region, "count": pages * PAGE, "density": density, "span": span,
                 "end": END}, **more)


# --- the table ----------------------------------------------------------------

def line(*cells):
    print("%-44s %11s %11s %7s %8s  %s" % cells, flush=True)


def row(name, measured, limit=None, goal=None, ratio=None, unit="s"):
    """goal: such as "<= 1.05"."""
    form = "%.1f " + unit if unit else "%d"
    if ratio is None and limit:
        ratio = measured / limit
    verdict = ""
    if goal:
        sign, bound = goal.split()
        value = measured if ratio is None else ratio
        met = value <= float(bound) if sign == "<=" else value >= float(bound)
        verdict = "ok" if met else "MISSED"
    if len(wrong) > checked:
        verdict = "WRONG"
    line(name, form % measured, "" if limit is None else form % limit,
         "" if ratio is None else "%.3f" % ratio, goal or "", verdict)


def throttled(log):
    return len([e for e in log if e["outcome"] == "ThrottlingException"])


# --- the cases ----------------------------------------------------------------

@case
def pace():
    """One region, whatever the latency: two pages a second."""
    pages, refused = 200, 0
    for latency, goal in ((0.2, "<= 1.05"), (1, "<= 1.06"), (4, "<= 1.12")):
        for density in ("uniform", "random"):
            with Account(SCALE, latency, [spec(pages, density=density)]) as account:
                run = search(account)
                log = account.log()
            refused += throttled(log)
            row("pace: %d pages, %s, %g s" % (pages, density, latency), run.seconds, pages / RATE,
                goal)
            row("  requests", len(log), pages, "<= 1.04", unit="")
    row("  throttled answers in all", refused, goal="<= 0", unit="")


@case
def aws():
    """The same beside the AWS CLI, at the same time, each with an account of its own."""
    if not shutil.which("aws"):
        print("# aws: not installed, skipped")
        return
    # When throttled, which happens at 0.2 s, aws sleeps for seconds of ours: only a scale of 1 is
    # fair. With more latency it is never throttled. At 10 its start would count 4 s, which is why
    # the last is the longest; to run that at 1 would take ten minutes.
    settings = ((0.2, 1, 100, ">= 1.05"), (1, max(1, SCALE / 5), 100, ">= 1.9"),
                (4, SCALE, 200, ">= 7"))
    accounts = [Account(scale, latency, [spec(pages)]) for latency, scale, pages, _ in settings
                for _ in range(2)]
    with contextlib.ExitStack() as stack:
        pool = stack.enter_context(concurrent.futures.ThreadPoolExecutor(len(accounts)))
        for account in accounts:
            stack.enter_context(account)
        results = []
        for i, account in enumerate(accounts):
            results.append(pool.submit(lookup_events if i % 2 else search, account))
            time.sleep(1)               # so that not all start at once
        results = [r.result() for r in results]
        logs = [account.log() for account in accounts]
    for i, (latency, scale, pages, goal) in enumerate(settings):
        ours, other = results[2 * i:2 * i + 2]
        name = "aws: %d pages, %g s, scale %g" % (pages, latency, scale)
        if other.code:
            print("# %s: aws failed: %s" % (name, other.error.strip()[:200]))
            row(name, ours.seconds)
            continue
        row(name, ours.seconds, other.seconds, goal, other.seconds / ours.seconds)
        row("  throttled answers", throttled(logs[2 * i]), throttled(logs[2 * i + 1]), unit="")


def lookup_events(account):
    run = Run(account, [shutil.which("aws"), "cloudtrail", "lookup-events", "--output", "json",
                        "--endpoint-url", account.ready["url"], "--region", account.regions[0],
                        "--start-time", str(END - account.span), "--end-time", str(END)],
              {"AWS_CA_BUNDLE": account.ready["ca"], "AWS_PAGER": ""})
    if run.code == 0:
        expected = account.expected()
        compare(run, [(e["EventId"], fakeaws.iso(expected.get(e["EventId"], 0)))
                      for e in json.loads(run.out)["Events"]], expected)
    return run


@case
def regions():
    """Seventeen regions at once take as long as the densest of them."""
    # Half of the scale: seventeen connections are made at once, which costs what it costs.
    with Account(max(1, SCALE / 2), 1, [spec(100, r) for r in REGIONS[:2]] + [
            spec(0, r, count=20) for r in REGIONS[2:]]) as account:
        alone = search(account, regions=REGIONS[:1])
        account.log()
        together = search(account)
        log = account.log()
    row("regions: 2 dense, 15 sparse, beside 1 dense", together.seconds, alone.seconds, "<= 1.06")
    row("  beside two pages a second", together.seconds, 100 / RATE)
    row("  requests", len(log), 2 * 100 + 15, unit="")
    row("  throttled answers", throttled(log), goal="<= 0", unit="")


@case
def partition():
    """All regions that there are, newest first, with slow answers: more threads than there may be."""
    pages, latency = 60, 4
    # The server has to be quick enough for all of them.
    with Account(1, latency, [spec(pages, r) for r in PARTITION]) as account:
        run = search(account, peak=True)
        log = account.log()
    row("partition: %d regions of %d pages, %g s" % (len(PARTITION), pages, latency), run.seconds,
        pages / RATE + latency, "<= 1.5")
    row("  requests", len(log), pages * len(PARTITION), unit="")
    row("  throttled answers", throttled(log), goal="<= 0", unit="")
    row("  memory", run.mebibytes, 48, "<= 1", unit="MiB")


@case
def others():
    """Another client takes half of the quota: the rest is used."""
    pages = 150
    with Account(SCALE, 0.4, [spec(pages)], others=RATE / 2) as account:
        run = search(account)
        log = account.log()
    row("others: events beside a client with half", pages * PAGE / run.seconds, RATE / 2 * PAGE,
        ">= 0.95", unit="/s")
    row("  throttled answers beside all requests", throttled(log), len(log), unit="")


@case
def action():
    """An exact action is looked for by the service."""
    mix = [m for m in fakeaws.MIX if m[1] != "GetBucketAcl"]
    own = [["s3.amazonaws.com", "GetBucketAcl", True, 1]]
    with Account(SCALE, 0.4, [spec(1990, span=7 * DAY, mix=mix),
                              spec(10, span=7 * DAY, mix=own, seed=2)]) as account:
        run = search(account, "s3:GetBucketAcl", action="GetBucketAcl")
        log = account.log()
    row("action: 500 of 100,000 events, requests", len(log), 10, "<= 1.2", unit="")
    row("  time", run.seconds, 10 / RATE)


@case
def memory():
    """100,000 events in order, of seventeen regions."""
    even = [spec(0, r, count=5882 + (i < 6), span=DAY) for i, r in enumerate(REGIONS)]
    uneven = [spec(0, r, count=3750 if i else 40000, span=DAY) for i, r in enumerate(REGIONS)]
    with Account(max(1, SCALE / 2), 4, even) as account:
        run = search(account, peak=True)
    row("memory: 100,000 events, 17 regions, 4 s", run.mebibytes, 48, "<= 1", unit="MiB")
    row("  time", run.seconds, 118 / RATE)
    # Here the server is the slower one until only the large region is left: no time is told.
    with Account(4 * SCALE, 1, uneven) as account:
        run = search(account, peak=True)
    row("memory: one region with 40 % of them, 1 s", run.mebibytes, 48, "<= 1", unit="MiB")


@case
def shapes():
    """Histories that are hard to divide."""
    pages = 200
    for density in ("bursty", "skewed", "second"):
        with Account(SCALE, 1, [spec(pages, density=density)]) as account:
            run = search(account)
            log = account.log()
        row("shapes: %d pages, %s, 1 s" % (pages, density), run.seconds, pages / RATE)
        row("  requests", len(log), pages, unit="")
        row("  throttled answers", throttled(log), goal="<= 0", unit="")


def main():
    global program, folder, checked
    names = sys.argv[2:]
    unknown = [n for n in names if n not in dict(CASES)]
    if len(sys.argv) < 2 or unknown or not os.access(sys.argv[1], os.X_OK) or SCALE < 1:
        sys.stderr.write(__doc__.split("\n\n")[1] + "\n")
        return 2
    program = os.path.abspath(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        fakeaws.Pki(os.path.join(folder, "pki")).leaf()
        print("scale %g, jitter %d %%" % (SCALE, 100 * JITTER))
        line("case", "measured", "limit", "ratio", "goal", "")
        for name, function in CASES:
            if not names or name in names:
                checked = len(wrong)
                function()
    if wrong:
        print("%d answers were wrong" % len(wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
