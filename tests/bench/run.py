#!/usr/bin/env python3
"""Measure aws-spitzel beside simdjson, the limits of the machine, and what else is installed.

usage: run.py [--dir DIR] [--records N] [--rounds N] [--cases A,B...] [--peers A,B...|none]
              [--patience S] [--list] PROGRAM

  --dir DIR      corpus, helpers and scratch files; default build/bench
  --records N    size of the corpus (see corpus.py); default 1000000
  --rounds N     default 5
  --cases A,B    only these; a name, or the first part of some; --list prints them
  --peers A,B    only these of jq, gojq, jaq, rg, duckdb, python; none for none
  --patience S   where other processes use the processors, a run waits for them, and is
                 repeated if they come between, for at most S seconds; default 3

The same query over the same bytes, everything in the page cache, output to /dev/null.
Programs take turns, in an order that shifts from round to round, and a figure is the
median of its runs; carry over the ratios, not the seconds.  All is of whole processes,
from the start to the exit, but for the limits, which are the work alone.

Beside ours run, as far as they are there:

  simdjson   simdjson.cpp, built here if there are a C++ compiler and simdjson, PCRE2 and
             libdeflate with their headers (Debian: libsimdjson-dev libpcre2-dev
             libdeflate-dev).  Of simdjson's two interfaces the faster one counts.
  limits     limits.c: reading, mapping, finding newlines, inflating, and nothing else; with
             the system's libdeflate, and ("ours") with the one that the program has in it
  peers      jq, gojq, jaq and ripgrep from the PATH; Python's json; DuckDB as the npm
             package @duckdb/node-api, in DIR/node_modules or where NODE_PATH says
             (npm install --prefix DIR @duckdb/node-api)

A peer that would take more than 20 times what ours takes, or more than five seconds,
runs three times at most and over a tenth of the corpus; its time is multiplied, and a
note says so.

Before anything is measured, answers are compared: ours, with and without threads, with
the count that corpus.py knows, and byte by byte (in any order) with simdjson's; the
eventIDs with those of each peer.  A wrong answer ends the bench with status 1.  A goal
that is missed does not: the table says so.
"""
import argparse
import collections
import hashlib
import os
import re
import shutil
import subprocess
import sys
import time

import corpus

HERE = os.path.dirname(os.path.abspath(__file__))
CPUS = sorted(os.sched_getaffinity(0))
MIB = 1 << 20
MEMORY = 48                     # MiB, the goal
TENTH_ABOVE = 20                # times ours
TENTH_SECONDS = 5
JQ = {
    "s3": '.eventSource == "s3.amazonaws.com" and (.eventName | startswith("Get")) '
          'and .errorCode == "AccessDenied"',
    "arn": '.userIdentity.arn // "" | test("%s")' % corpus.ARN,
    "bucket": 'any(.. | objects; .bucketName == "%s")' % corpus.BUCKET,
    "all": "true",
}
RG = {
    "s3": r'"eventSource":"s3\.amazonaws\.com","eventName":"Get[^"]*",.*"errorCode":"AccessDenied"',
    "arn": r'"userIdentity":\{"type":"IAMUser","principalId":"[^"]*","arn":"%s"'
           % corpus.ARN.strip("^$"),
    "bucket": '"bucketName":"%s"' % corpus.BUCKET,
}
OURS = {
    "s3": ["s3:Get*", "-m", '$.errorCode == "AccessDenied"'],
    "arn": ["-m", '$.userIdentity.arn regex "%s"' % corpus.ARN],
    "bucket": ["-m", '$..bucketName == "%s"' % corpus.BUCKET],
    "all": [],
}
ASKED = {"s3": "s3:Get* denied", "arn": "regex on userIdentity.arn", "bucket": "$..bucketName",
         "all": "everything"}
FORMS = {"ndjson": ("events.ndjson", "NDJSON"), "tree": ("tree", "gz tree"),
         "small": ("small", "small gz files"), "records": ("records.json", "one Records file")}

# A goal is (against, at most this times theirs), or with "x" (against, this times faster).
Case = collections.namedtuple("Case", "form query goals")
CASES = [
    Case("ndjson", "s3", [("simdjson", 1.0), ("duckdb", "x", 8)]),
    Case("tree", "s3", [("inflate", 1.2), ("inflate, ours", None), ("simdjson", None), ("duckdb", "x", 9)]),
    Case("small", "s3", [("inflate", 1.25), ("inflate, ours", None), ("simdjson", None)]),
    Case("ndjson", "arn", [("simdjson", 1.0)]),
    Case("ndjson", "bucket", [("simdjson", 0.6)]),
    Case("ndjson", "all", [("simdjson", 1.2), ("simdjson-dom", None)]),
    Case("tree", "all", [("inflate", 1.3), ("inflate, ours", None), ("simdjson", None)]),
    Case("records", "s3", [("simdjson", None)]),
]
PIPE_GOAL = 2.0                 # GB/s
CORES_GOAL = 1.85
START_GOAL = 2.0                # ms


def name_of(case):
    return case.form + "-" + case.query


def fail(text):
    sys.exit("run.py: " + text)


# --- running programs ------------------------------------------------------------------

Run = collections.namedtuple("Run", "seconds cpu peak")        # peak: KiB


def start(argv, out, err=2, stdin=None):
    """posix_spawn with these descriptors; all others are closed by exec."""
    null = os.open(os.devnull, os.O_RDWR)
    actions = [(os.POSIX_SPAWN_DUP2, null if stdin is None else stdin, 0),
               (os.POSIX_SPAWN_DUP2, null if out is None else out, 1),
               (os.POSIX_SPAWN_DUP2, err, 2)]
    try:
        return os.posix_spawnp(argv[0], argv, os.environ, file_actions=actions)
    finally:
        os.close(null)


def ended(pid, argv):
    _, status, usage = os.wait4(pid, 0)
    if os.waitstatus_to_exitcode(status) != 0:
        fail("%s: status %d" % (" ".join(argv)[:300], os.waitstatus_to_exitcode(status)))
    return usage


def timed(argv):
    """Run it with output to /dev/null."""
    begin = time.perf_counter()
    usage = ended(start(argv, None), argv)
    return Run(time.perf_counter() - begin, usage.ru_utime + usage.ru_stime, usage.ru_maxrss)


def timed_inside(argv):
    """Run a program of limits.c, which measures itself."""
    r, w = os.pipe()
    pid = start(argv, None, w)
    os.close(w)
    with os.fdopen(r) as f:
        said = f.read().split()
    usage = ended(pid, argv)
    return Run(float(said[0]), usage.ru_utime + usage.ru_stime, usage.ru_maxrss)


def timed_pipe(argv, drain):
    """Run argv | drain: the time until both have ended."""
    quiet = os.open(os.devnull, os.O_WRONLY)
    begin = time.perf_counter()
    r, w = os.pipe()
    pid = start(argv, w, quiet if argv[0] == drain[0] else 2)
    os.close(w)
    reader = start(drain, None, quiet, r)
    os.close(r)
    usage = ended(pid, argv)
    ended(reader, drain)
    seconds = time.perf_counter() - begin
    os.close(quiet)
    return Run(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss)


def own_memory(argv, drain):
    """The most memory in KiB that argv or argv | drain has of its own, without mapped files;
    sampled."""
    most, r, w = 0, None, None
    if drain:
        r, w = os.pipe()
        reader = start(["sh", "-c", 'exec "$@" 2>/dev/null', "sh"] + drain, None, stdin=r)
    pid = start(argv, w)
    if drain:
        os.close(r)
        os.close(w)
    while os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
        with open("/proc/%d/status" % pid) as f:
            now = sum(int(n) for n in re.findall(r"^Rss(?:Anon|Shmem):\s+(\d+)", f.read(), re.M))
        most = max(most, now)
        time.sleep(0.0005)
    ended(pid, argv)
    if drain:
        ended(reader, drain)
    return most


Answer = collections.namedtuple("Answer", "count ids lines")


def answer(argv):
    """What it prints: how many lines, and sums over hashes of the eventIDs and of the lines."""
    r, w = os.pipe()
    pid = start(argv, w)
    os.close(w)
    count = ids = lines = 0
    with os.fdopen(r, "rb", MIB) as f:
        for line in f:
            i = line.rfind(b'"eventID":"')
            count += 1
            ids += hash(line[i + 11:i + 47])
            lines += hash(line)
    ended(pid, argv)
    return Answer(count, ids, lines)


# --- helpers ---------------------------------------------------------------------------

def build(folder, source, compilers, flags, libs, notes, name=None):
    """Compile a helper unless it is there from the same source; its path, or None."""
    compiler = next((c for c in compilers if shutil.which(c)), None)
    name = name or source.split(".")[0]
    if compiler is None:
        notes.append("%s: not built, no compiler" % name)
        return None
    program, source = os.path.join(folder, name), os.path.join(HERE, source)
    argv = [compiler, "-O3", "-march=native", *flags, "-o", program, source, *libs, "-pthread"]
    with open(source, "rb") as f:
        stamp = hashlib.sha256(repr(argv).encode() + f.read()).hexdigest()
    try:
        with open(program + ".stamp") as f:
            if f.read() == stamp and os.path.exists(program):
                return program
    except OSError:
        pass
    done = subprocess.run(argv, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        lines = [x for x in done.stderr.splitlines() if "error" in x] or ["failed"]
        notes.append("%s: not built: %s" % (name, lines[0]))
        return None
    with open(program + ".stamp", "w") as f:
        f.write(stamp)
    return program


def output_of(argv):
    try:
        done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    except OSError:
        return None
    return done.stdout.strip().split("\n")[0] if done.returncode == 0 else None


class Peer:
    """Another program: how it is asked, and whether it may have to do with a tenth."""

    def __init__(self, name, version, slow=True):
        self.name, self.version, self.slow = name, version, slow

    def argv(self, query, form, path, listing):
        """The command for a file, or for the gzipped files that a listing names; or None."""
        if self.name == "python":
            return [sys.executable, os.path.join(HERE, "peer.py"), query, corpus.ARN,
                    corpus.BUCKET, listing or path]
        if self.name == "duckdb":
            return ["node", os.path.join(HERE, "duckdb.js"), query, str(len(CPUS)), corpus.ARN,
                    corpus.BUCKET, listing or path]
        if self.name == "rg":
            if form != "ndjson" or query not in RG:
                return None
            return ["rg", "--no-config", "-N", "-I", "-e", RG[query], path]
        select = "select(%s)" % JQ[query]
        if listing is None:
            return [self.name, "-c", select, path]
        return ["sh", "-c", 'tr "\\n" "\\0" <"$2" | xargs -0 gzip -dc | "$0" -c "$1"', self.name,
                ".Records[] | " + select, listing]


def find_peers(wanted, folder, notes):
    os.environ["NODE_PATH"] = ":".join(filter(None, [
        os.path.join(os.path.abspath(folder), "node_modules"), os.environ.get("NODE_PATH")]))
    versions = {
        "jq": lambda: output_of(["jq", "--version"]),
        "gojq": lambda: output_of(["gojq", "--version"]),
        "jaq": lambda: output_of(["jaq", "--version"]),
        "rg": lambda: output_of(["rg", "--version"]),
        "duckdb": lambda: output_of(["node", os.path.join(HERE, "duckdb.js"), "version", "1"]),
        "python": lambda: "Python " + sys.version.split()[0],
    }
    found = []
    for name, version in versions.items():
        if wanted is not None and name not in wanted:
            continue
        said = version()
        if said is None:
            notes.append("%s: not installed" % name)
        else:
            found.append(Peer(name, said, name not in ("rg", "duckdb")))
    return found


# --- one case --------------------------------------------------------------------------

def median(values):
    values = sorted(values)
    return (values[(len(values) - 1) // 2] + values[len(values) // 2]) / 2


def others_cpu():
    """Seconds of processor time that all but us and our children have had, to about 0.02."""
    with open("/proc/stat") as f:
        ticks = [int(x) for x in f.readline().split()[1:9]]
    t = os.times()
    return ((sum(ticks) - ticks[3] - ticks[4]) / os.sysconf("SC_CLK_TCK")
            - t.user - t.system - t.children_user - t.children_system)


def undisturbed(run, patience):
    """(a run that others disturbed least, whether they did)."""
    deadline = time.monotonic() + patience
    best = None
    while True:
        while True:             # for a moment in which others rest
            before = others_cpu()
            time.sleep(0.06)
            if others_cpu() - before < 0.02 or time.monotonic() > deadline:
                break
        before = others_cpu()
        result = run()
        lost = others_cpu() - before
        disturbed = lost > 0.03 + 0.05 * result.seconds
        if best is None or lost / result.seconds < best[0]:
            best = (lost / result.seconds, result, disturbed)
        if not disturbed or time.monotonic() > deadline:
            return best[1:]


class Job:
    """One of those who take turns."""

    def __init__(self, name, run, factor=1.0, rounds=None, limit=False):
        self.name, self.run, self.factor, self.rounds = name, run, factor, rounds
        self.limit = limit
        self.runs = []

    def median(self):
        return median(r.seconds for r in self.runs) * self.factor

    def spread(self):
        return [f(r.seconds for r in self.runs) * self.factor for f in (min, max)]

    def cpu(self):
        return median(r.cpu for r in self.runs) * self.factor

    def peak(self):
        return max(r.peak for r in self.runs) / 1024


def take_turns(jobs, rounds, patience):
    """Returns how many runs there were, and how many of them others disturbed."""
    count = bad = 0
    for i in range(rounds):
        shift = i % len(jobs)
        for job in jobs[shift:] + jobs[:shift]:
            if job.rounds is None or len(job.runs) < job.rounds:
                run, disturbed = undisturbed(job.run, patience)
                job.runs.append(run)
                count += 1
                bad += disturbed
    return count, bad


class Bench:
    def __init__(self, options):
        self.options = options
        self.program = os.path.abspath(options.program)
        self.folder = os.path.abspath(options.dir)
        self.data = os.path.join(self.folder, "corpus")
        self.notes = []
        self.goals = []         # rows: work, against, ours, theirs, ratio, goal, verdict
        self.details = []       # (case, job, bytes)
        self.count = self.bad = 0       # of runs, and of those that others disturbed

    def prepare(self):
        os.makedirs(self.folder, exist_ok=True)
        # Not in this process: what it has had of memory is the least that a child seems to have.
        subprocess.run([sys.executable, os.path.join(HERE, "corpus.py"), self.data,
                        str(self.options.records)], check=True)
        self.known = corpus.description(self.data)
        cxx = ("c++", "g++", "clang++")
        define = ['-DARN="%s"' % corpus.ARN, '-DBUCKET="%s"' % corpus.BUCKET]
        self.simdjson = build(self.folder, "simdjson.cpp", cxx, ["-std=c++17"] + define,
                              ["-lsimdjson", "-lpcre2-8", "-ldeflate"], self.notes)
        self.limits = build(self.folder, "limits.c", ("cc", "gcc", "clang"), ["-std=c99"],
                            ["-ldeflate"], self.notes)
        self.own_limits = self.with_own_libdeflate()
        self.peers = find_peers(self.options.peers, self.folder, self.notes)
        for peer in self.peers:
            self.notes.append("%s: %s" % (peer.name, peer.version))
        self.listings = {form: self.list_files(form) for form in ("tree", "small")}

    def with_own_libdeflate(self):
        """limits.c with the libdeflate that is in the program, if it was built here."""
        deps = os.path.join(os.path.dirname(self.program), "deps")
        library = os.path.join(deps, "lib", "libdeflate.a")
        if not os.path.exists(library):
            return None
        return build(self.folder, "limits.c", ("cc", "gcc", "clang"),
                     ["-std=c99", "-I" + os.path.join(deps, "include")], [library], self.notes,
                     "limits-own")

    def list_files(self, form):
        """Listings of the gzipped files of a form: all, and a tenth with its share of bytes."""
        paths = sorted(os.path.join(folder, name)
                       for folder, _, names in os.walk(os.path.join(self.data, form))
                       for name in names)
        sizes = []
        for path in paths:
            with open(path, "rb") as f:
                f.seek(-4, os.SEEK_END)
                sizes.append(int.from_bytes(f.read(4), "little"))
        listings = []
        for step in (1, 10):
            listing = os.path.join(self.folder, "%s-%d.list" % (form, step))
            with open(listing, "w") as f:
                f.writelines(p + "\n" for p in paths[::step])
            listings.append(listing)
        return listings, sum(sizes) / sum(sizes[::10])

    def path(self, form):
        return os.path.join(self.data, FORMS[form][0])

    def ours(self, query, *paths, jobs=None):
        argv = [self.program, "-q"] + (["-j", str(jobs)] if jobs else [])
        for path in paths:
            argv += ["--trail", path]
        return argv + OURS[query]

    def comparator(self, query, form, threads):
        return [self.simdjson, query, str(threads), self.path(form)]

    # Answers.

    def check(self, case, got, expected, who):
        """expected: an Answer, or a number of lines."""
        where = "%s: %s" % (name_of(case), who)
        if isinstance(expected, int):
            if got.count != expected:
                fail("%s prints %d lines, not %d: a wrong answer" % (where, got.count, expected))
            return
        if got.count != expected.count or got.ids != expected.ids:
            fail("%s prints %d lines, ours %d, or other eventIDs: one answer is wrong"
                 % (where, got.count, expected.count))
        if who in ("ours", "simdjson", "simdjson-dom") and got.lines != expected.lines:
            fail(where + " prints other bytes than ours")

    def check_case(self, case):
        right = answer(self.ours(case.query, self.path(case.form)))
        self.check(case, right, self.known["matches"][case.query], "ours")
        self.check(case, answer(self.ours(case.query, self.path(case.form), jobs=1)), right, "ours")
        for name, query in self.comparators(case):
            got = answer(self.comparator(query, case.form, len(CPUS)))
            self.check(case, got, right, name)
        return right

    def comparators(self, case):
        if not self.simdjson:
            return []
        both = [("simdjson", case.query)]
        if case.query == "bucket" or name_of(case) == "ndjson-all":
            both.append(("simdjson-dom", case.query + "-dom"))
        return both

    # Jobs.

    def peer_job(self, case, peer, right, ours):
        """A job for a peer, over the whole corpus or a tenth of it; answers are compared."""
        listing, tenth_listing = None, None
        whole, tenth = self.path(case.form), os.path.join(self.data, "tenth.ndjson")
        factor = self.known["bytes"] / self.known["tenth"]["bytes"]
        if case.form in self.listings:
            (listing, tenth_listing), factor = self.listings[case.form]
        full = peer.argv(case.query, case.form, whole, listing)
        if full is None or case.form == "records":
            return None
        part = peer.argv(case.query, case.form, tenth, tenth_listing)
        if peer.slow:
            seconds = timed(part).seconds * factor
            if seconds > min(TENTH_ABOVE * ours, TENTH_SECONDS):
                if tenth_listing:
                    with open(tenth_listing) as f:
                        paths = f.read().split("\n")[:-1]
                else:
                    paths = [tenth]
                self.check(case, answer(part), answer(self.ours(case.query, *paths)), peer.name)
                return Job(peer.name, lambda: timed(part), factor, 3)
        self.check(case, answer(full), right, peer.name)
        return Job(peer.name, lambda: timed(full))

    def limit_jobs(self, case, path, n):
        """The limits; those that no goal needs only once, with the first query."""
        def limit(name, *args, program=self.limits):
            argv = [program, *args]
            if name.endswith("pipe"):
                return Job(name, lambda: timed_pipe(argv, [self.limits, "drain"]), limit=True)
            return Job(name, lambda: timed_inside(argv), limit=True)

        first = case.query == "s3"
        if case.form in self.listings:
            jobs = [limit("inflate", "inflate", str(n), path),
                    limit("open and read", "files", str(n), path)]
            if self.own_limits:
                jobs.append(limit("inflate, ours", "inflate", str(n), path,
                                  program=self.own_limits))
            if first:
                jobs.append(limit("inflate, 1 thread", "inflate", "1", path))
            return jobs
        if case.form == "ndjson" and first:
            return [limit("read", "read", path),
                    limit("map and add up", "touch", str(n), path),
                    limit("map and add up, 1 thread", "touch", "1", path),
                    limit("newlines", "lines", str(n), path),
                    limit("newlines, 1 thread", "lines", "1", path)]
        if case.form == "ndjson" and case.query == "all":
            return [limit("cat", "cat", path), limit("cat into a pipe", "cat", path),
                    limit("map and write into a pipe", "write", path)]
        return []

    def jobs_for(self, case, right):
        path, n = self.path(case.form), len(CPUS)

        def whole(argv):
            return lambda: timed(argv)

        ours = self.ours(case.query, path)
        first = timed(ours).seconds
        jobs = [Job("ours", whole(ours)),
                Job("ours -j1", whole(self.ours(case.query, path, jobs=1)))]
        if shutil.which("taskset") and n > 1:
            jobs.append(Job("ours on one core", whole(["taskset", "-c", str(CPUS[0])] + ours)))
        for name, query in self.comparators(case):
            jobs.append(Job(name, whole(self.comparator(query, case.form, n))))
            if case.form != "records":
                jobs.append(Job(name + " 1 thread", whole(self.comparator(query, case.form, 1))))
        if self.limits:
            jobs += self.limit_jobs(case, path, n)
        if self.limits and case.query == "all":
            drain = [self.limits, "drain"]
            jobs.append(Job("ours into a pipe", lambda: timed_pipe(ours, drain)))
            if self.simdjson:
                argv = self.comparator("all", case.form, n)
                jobs.append(Job("simdjson into a pipe", lambda: timed_pipe(argv, drain)))
        for peer in self.peers:
            job = self.peer_job(case, peer, right, first)
            if job is not None:
                jobs.append(job)
        return jobs

    # Results.

    def goal(self, work, against, ours, theirs, ratio, goal, met):
        self.goals.append((work, against, ours, theirs, ratio, goal,
                           "-" if met is None else "ok" if met else "MISSED"))

    def judge(self, case, jobs):
        by = {job.name: job for job in jobs}
        work = "%s, %s" % (FORMS[case.form][1], ASKED[case.query])
        ours = by["ours"].median()
        for against, *limit in case.goals:
            names = (against, "simdjson-dom") if case.query == "bucket" else (against,)
            theirs = [j for j in jobs if j.name in names]
            if not theirs:
                self.goal(work, against, seconds(ours), "not here", "", bound(limit), None)
                continue
            best = min(theirs, key=Job.median)
            name, them = best.name, best.median()
            if against.startswith("inflate"):
                name = against.replace("inflate", "inflate and read")
                them += by["open and read"].median()
            ratio = ours / them
            if limit[0] == "x":
                self.goal(work, name, seconds(ours), seconds(them),
                          "%.2f x faster" % (1 / ratio), bound(limit), 1 / ratio >= limit[1])
            else:
                self.goal(work, name, seconds(ours), seconds(them), "%.2f" % ratio, bound(limit),
                          None if limit[0] is None else ratio <= limit[0])
        if "ours into a pipe" in by and case.form == "ndjson":
            job = by["ours into a pipe"]
            speed = self.known["bytes"] / job.median() / 1e9
            theirs = by.get("simdjson into a pipe", by["map and write into a pipe"])
            self.goal(work + ", into a pipe", theirs.name.split()[0], seconds(job.median()),
                      seconds(theirs.median()), "%.2f GB/s" % speed, ">= %.1f GB/s" % PIPE_GOAL,
                      speed >= PIPE_GOAL)
        if len(CPUS) > 1 and case.form != "records":
            one = min((by[n] for n in ("ours -j1", "ours on one core") if n in by), key=Job.median)
            ratio = one.median() / ours
            self.goal(work, "ours, 1 core", seconds(ours), seconds(one.median()),
                      "%.2f x faster" % ratio, ">= %.2f x" % CORES_GOAL, ratio >= CORES_GOAL)
        self.judge_memory(case, work, [by[n] for n in ("ours", "ours into a pipe") if n in by])

    def judge_memory(self, case, work, jobs):
        """By what the system says, but for large files, which may be mapped: by what is seen."""
        peak = max(job.peak() for job in jobs)
        argv = self.ours(case.query, self.path(case.form))
        own = max(own_memory(argv, None), own_memory(argv, [self.limits, "drain"])
                  if self.limits and case.query == "all" else 0) / 1024
        most = peak if case.form in self.listings else own
        self.goal(work, "peak memory", "%.0f MiB" % own, "", "ru_maxrss %.0f" % peak,
                  "<= %d MiB" % MEMORY, most <= MEMORY)

    def measure_start(self):
        """One small file, again and again."""
        small = os.path.join(self.folder, "one.ndjson")
        with open(self.path("ndjson"), "rb") as f, open(small, "wb") as g:
            g.write(f.readline())
        argv = self.ours("s3", small)
        jobs = [Job("ours", lambda: timed(argv)), Job("true", lambda: timed(["true"]))]
        if self.simdjson:
            other = [self.simdjson, "s3", "1", small]
            jobs.append(Job("simdjson", lambda: timed(other)))
        for _ in range(20 * self.options.rounds):
            for job in jobs:
                job.runs.append(job.run())
        ours = jobs[0].median() * 1e3
        self.goal("start-up and one small file", "true", "%.2f ms" % ours,
                  "%.2f ms" % (jobs[1].median() * 1e3), "", "<= %.0f ms" % START_GOAL,
                  ours <= START_GOAL)
        self.details += [("start", job, None) for job in jobs]

    def run(self, cases):
        for case in cases:
            if case == "start":
                self.measure_start()
                continue
            begin = time.monotonic()
            right = self.check_case(case)
            jobs = self.jobs_for(case, right)
            count, bad = take_turns(jobs, self.options.rounds, self.options.patience)
            self.count += count
            self.bad += bad
            self.judge(case, jobs)
            self.details += [(name_of(case), job, self.known["bytes"]) for job in jobs]
            print("%s: %d lines, answers agree; %d runs (%d disturbed) in %.0f s" % (
                name_of(case), right.count, count, bad, time.monotonic() - begin), flush=True)

    @staticmethod
    def detail(name, job, size):
        low, high = job.spread()
        return (name, job.name, seconds(job.median()), "%s-%s" % (seconds(low), seconds(high)),
                seconds(job.cpu()), "%.2f" % (size / job.median() / 1e9) if size else "",
                "%.0f" % job.peak(), str(len(job.runs)),
                "a tenth, x %.2f" % job.factor if job.factor != 1 else "")

    def report(self):
        print("\n%s\n%d runs; others used the processors in %d of them\n" % (
            machine(), self.count, self.bad))
        print(table(("work", "against", "ours", "theirs", "ratio", "goal", ""), self.goals))
        for limit in (False, True):
            rows = []
            for name, job, size in self.details:
                if job.limit == limit:
                    rows.append(self.detail(name, job, size))
            if rows:
                print("\n" + ("Limits" if limit else "All that was measured") + "\n\n" + table(
                    ("case", "who", "s", "min-max", "cpu s", "GB/s", "MiB", "runs", "note"), rows))
        print("\nGB/s: of JSON, also for gz. Limits: the work alone, without start-up and walks.\n"
              "MiB: the highest ru_maxrss, mapped files included, and never less than %.0f MiB;\n"
              "peak memory in the first table: without mapped files, sampled; for gz ru_maxrss\n"
              "decides. In pipes cpu and memory are the writer's, with sh the larger part.\n"
              % floor())
        for note in self.notes:
            print("- " + note)
        missed = sum(row[-1] == "MISSED" for row in self.goals)
        print("\n%d goals met, %d missed" % (sum(row[-1] == "ok" for row in self.goals), missed))


def bound(limit):
    if limit[0] == "x":
        return ">= %g x" % limit[1]
    return "" if limit[0] is None else "<= %g" % limit[0]


def seconds(s):
    return "%.3f" % s if s >= 0.02 else "%.4f" % s


def floor():
    """What ru_maxrss of the smallest program is here."""
    return timed(["true"]).peak / 1024


def table(head, rows):
    width = [max(len(r[i]) for r in [head] + rows) for i in range(len(head))]

    def line(cells):
        return "| " + " | ".join(c.ljust(w) for c, w in zip(cells, width)) + " |"
    return "\n".join([line(head), "|" + "|".join("-" * (w + 2) for w in width) + "|"]
                     + [line(r) for r in rows])


def machine():
    name = "?"
    with open("/proc/cpuinfo") as f:
        for line in f:
            if line.startswith("model name"):
                name = line.split(":", 1)[1].strip()
                break
    libs = ", ".join("%s %s" % (lib, v) for lib in ("simdjson", "libdeflate", "libpcre2-8")
                     for v in [output_of(["pkg-config", "--modversion", lib])] if v)
    return "; ".join(filter(None, ["%s, %d cores, Linux %s" % (
        name, len(CPUS), os.uname().release), libs]))


def main():
    parser = argparse.ArgumentParser(usage="see the head of run.py")
    parser.add_argument("program", nargs="?")
    parser.add_argument("--dir", default="build/bench")
    parser.add_argument("--records", type=int, default=1000000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--cases", type=lambda s: s.split(","))
    parser.add_argument("--peers", type=lambda s: s.split(","))
    parser.add_argument("--patience", type=float, default=3)
    parser.add_argument("--list", action="store_true")
    options = parser.parse_args()
    names = {name_of(c): c for c in CASES}
    names["start"] = "start"
    if options.list:
        print("\n".join(names))
        return
    if options.program is None or not os.access(options.program, os.X_OK):
        fail("which PROGRAM? See the head of run.py")
    wanted = [c for n, c in names.items()
              if options.cases is None or any(n.startswith(w) for w in options.cases)]
    if not wanted or options.rounds < 1:
        fail("nothing to do")
    bench = Bench(options)
    bench.prepare()
    bench.run(wanted)
    bench.report()


if __name__ == "__main__":
    main()
