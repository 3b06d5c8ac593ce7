"""streams.py PROGRAM CASE: the program between pipes whose other ends this script holds.

Nothing here waits for a time: it reads what the program should have printed by now, and a hang is ended by the
caller's timeout. It prints what is wrong; the exit status is 1 then.
"""
import fcntl
import gzip
import os
import signal
import struct
import subprocess
import sys
import termios
import threading

program, case = sys.argv[1], sys.argv[2]
# A program that a signal ends while it waits leaves the threads that wait to the system.
os.environ["TSAN_OPTIONS"] = os.environ.get("TSAN_OPTIONS", "") + ":report_thread_leaks=0"


def event(name):
    return ('{"eventVersion":"1.08","eventTime":"2023-07-10T11:42:36Z","eventSource":"s3.amazonaws.com",'
            '"eventName":"GetObject","eventID":"%s"}\n' % name).encode()


def reset():
    """Signals as a terminal's shell would leave them; sh starts those in the background otherwise."""
    for s in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE):
        signal.signal(s, signal.SIG_DFL)


def start(*args, before=reset, **more):
    more.setdefault("stdin", subprocess.PIPE)
    more.setdefault("stdout", subprocess.PIPE)
    return subprocess.Popen([program, *args], stderr=subprocess.PIPE, bufsize=0, preexec_fn=before, **more)


def check(what, got, want):
    if got != want:
        sys.exit("%s: %r, not %r" % (what, got, want))


def end(p, status, err=b""):
    rest = p.stderr.read()
    if p.wait() != status:
        sys.exit("exit status: %r, not %r, stderr: %s" % (p.returncode, status, rest.decode(errors="replace")))
    if err is not None:
        check("stderr", rest, err)
    return rest


def wait_until_read(fd):
    """Until the pipe is empty: the reader has it all."""
    while struct.unpack("i", fcntl.ioctl(fd, termios.FIONREAD, b"\0\0\0\0"))[0]:
        pass


def slow(jobs, make=event, show=event):
    """Each event is printed when it is there, before the next is written."""
    p = start("-j", jobs, "--trail", "-")
    for i in range(20):
        p.stdin.write(make("n%d" % i))
        check("event %d" % i, p.stdout.readline(), show("n%d" % i))
    p.stdin.close()
    check("the end", p.stdout.read(), b"")
    end(p, 0)


def short(name):
    return b'{"eventID":"%s"}\n' % name.encode()


def pretty(name):
    return b'{\n  "eventID": "%s"\n}\n' % name.encode()


def slow_list(jobs):
    p = start("-j", jobs, "--trail", "-")
    p.stdin.write(b'{"Records":[')
    for i in range(20):
        p.stdin.write((b"," if i else b"") + event("n%d" % i).rstrip())
        check("event %d" % i, p.stdout.readline(), event("n%d" % i))
    p.stdin.write(b"]}")
    p.stdin.close()
    end(p, 0)


def endless(*args):
    """A writer without end; the program must end by itself, and the writer see it."""
    p = start(*args)
    block = event("x") * 100

    def feed():
        try:
            while True:
                p.stdin.write(block)
        except BrokenPipeError:
            pass
    t = threading.Thread(target=feed)
    t.start()
    return p, t


def limit(jobs):
    p, t = endless("-j", jobs, "-n", "3", "--trail", "-")
    check("output", p.stdout.read(), event("x") * 3)
    end(p, 0)
    p.stdin.close()
    t.join()


def limit_waiting(jobs):
    """The limit is reached, and the writer keeps the pipe open and says nothing more."""
    p = start("-j", jobs, "-n", "2", "--trail", "-")
    p.stdin.write(event("a") + event("b"))
    check("output", p.stdout.read(), event("a") + event("b"))
    end(p, 0)


def gone(jobs):
    """The reader of stdout goes away after a line, as head -n 1 does."""
    p, t = endless("-j", jobs, "--trail", "-")
    check("output", p.stdout.readline(), event("x"))
    p.stdout.close()
    end(p, 0)
    p.stdin.close()
    t.join()


def gone_sorted(jobs):
    p = start("-j", jobs, "--sort", "newest", "--trail", "-")
    p.stdout.close()
    p.stdin.write(event("x") * 2000)
    p.stdin.close()
    end(p, 0)


def interrupt(jobs, sig, *more):
    """A signal while the program waits for its input."""
    p = start("-v", "-j", jobs, "--trail", "-", *more)
    p.stdin.write(event("a") + event("b"))
    check("output", p.stdout.readline(), event("a"))
    check("output", p.stdout.readline(), event("b"))
    p.send_signal(sig)
    err = end(p, 130, None).decode()
    if not err.startswith("aws-spitzel: searched 2 events in ") or "2 matched" not in err or err.count("\n") != 1:
        sys.exit("stderr: " + err)


def interrupt_open(jobs):
    """A signal while the program waits for somebody to open a fifo."""
    os.mkfifo("nobody")
    with open("first.json", "wb") as f:
        f.write(event("a"))
    p = start("-v", "-j", jobs, "--trail", "first.json", "--trail", "nobody")
    check("output", p.stdout.readline(), event("a"))
    p.send_signal(signal.SIGINT)
    err = end(p, 130, None).decode()
    os.unlink("nobody")
    if "1 matched" not in err:
        sys.exit("stderr: " + err)


def interrupt_busy(jobs):
    """A signal while much is read and printed: what came out is whole lines."""
    p, t = endless("-v", "-j", jobs, "--trail", "-")
    for _ in range(1000):
        check("output", p.stdout.readline(), event("x"))
    p.send_signal(signal.SIGINT)
    rest = p.stdout.read()
    err = end(p, 130, None).decode()
    p.stdin.close()
    t.join()
    check("rest", rest, event("x") * (len(rest) // len(event("x"))))
    n = 1000 + len(rest) // len(event("x"))
    if " matched" not in err:
        sys.exit("stderr: " + err)
    if " {:,} printed".format(n) not in err and " {:,} matched".format(n) not in err:
        sys.exit("%d were printed, stderr: %s" % (n, err))


def interrupt_blocked(jobs):
    """A signal while nobody takes the output: what was searched is told, with -q nothing."""
    for quiet in ([], ["-q"]):
        p = start(*quiet, "-j", jobs, "--trail", "big.json")
        p.stdout.read(1)
        p.send_signal(signal.SIGINT)
        err = end(p, 130, None)
        if (b"searched" in err) == bool(quiet):
            sys.exit("stderr: %r" % err)


def interrupt_sorted(jobs):
    """A signal while events are held back to be sorted: nothing is printed, or all that was read, in order."""
    p = start("-v", "-j", jobs, "--sort", "newest", "--trail", "-")
    p.stdin.write(event("a"))
    wait_until_read(p.stdin.fileno())
    p.send_signal(signal.SIGINT)
    out = p.stdout.read()
    err = end(p, 130, None).decode()
    if out not in (b"", event("a")):
        sys.exit("output: %r" % out)
    if out == b"" and "1 matched" in err and "0 printed" not in err:
        sys.exit("nothing was printed, stderr: " + err)


def nohup(jobs):
    """nohup ignores SIGHUP for the program: it must stay ignored."""
    def ignore():
        reset()
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    p = start("-j", jobs, "--trail", "-", before=ignore)
    p.stdin.write(event("a"))
    check("output", p.stdout.readline(), event("a"))
    p.send_signal(signal.SIGHUP)
    wait_until_read(p.stdin.fileno())
    try:
        p.stdin.write(event("b"))
        check("output behind a SIGHUP that is ignored", p.stdout.readline(), event("b"))
        p.stdin.write(event("c"))
        check("output behind a SIGHUP that is ignored", p.stdout.readline(), event("c"))
        p.stdin.close()
    except BrokenPipeError:
        sys.exit("ended by a SIGHUP that it was told to ignore: exit status %d" % p.wait())
    end(p, 0)


def read_write_stdin(jobs):
    """stdin opened for both directions, stdout closed: the events must not be written into the log."""
    log = event("a") * 60000
    with open("log.json", "wb") as f:
        f.write(log)
    fd = os.open("log.json", os.O_RDWR)

    def close():
        reset()
        os.close(1)
    p = start("-j", jobs, "--trail", "-", stdin=fd, stdout=None, before=close)
    err = end(p, 1, None)
    with open("log.json", "rb") as f:
        check("the log is as it was", f.read() == log, True)
    if b"cannot write" not in err:
        sys.exit("stderr: %r" % err)


def gzip_members(jobs):
    """gzip, member by member through a pipe."""
    p = start("-j", jobs, "--trail", "-")
    for i in range(5):
        data = gzip.compress(event("m%d" % i))
        p.stdin.write(data[:7])
        wait_until_read(p.stdin.fileno())
        p.stdin.write(data[7:])
    p.stdin.close()
    check("output", p.stdout.read(), b"".join(event("m%d" % i) for i in range(5)))
    end(p, 0)


cases = {
    "slow": slow,
    "slow-short": lambda j: slow(j, short, short),
    "slow-pretty": lambda j: slow(j, pretty, lambda name: short(name)),
    "slow-list": slow_list,
    "limit": limit,
    "limit-waiting": limit_waiting,
    "gone": gone,
    "gone-sorted": gone_sorted,
    "int": lambda j: interrupt(j, signal.SIGINT),
    "term": lambda j: interrupt(j, signal.SIGTERM),
    "hup": lambda j: interrupt(j, signal.SIGHUP),
    "int-open": interrupt_open,
    "int-busy": interrupt_busy,
    "int-blocked": interrupt_blocked,
    "int-sorted": interrupt_sorted,
    "nohup": nohup,
    "read-write-stdin": read_write_stdin,
    "gzip-members": gzip_members,
}
cases[case](*sys.argv[3:])
