#!/usr/bin/env python3
"""TAP: the static program in an empty root, over TLS, against fakeaws.py.

SPITZEL  the program; tested only where it is a static one and we are root.

The root has the program, /etc/hosts and, in the first half, a CA bundle: no
libraries, no /dev, no /proc, no certificates of the system's.
"""
import os
import shutil
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
import fakeaws                          # noqa: E402

PROGRAM = os.environ.get("SPITZEL")
REGION = "eu-central-1"
CHROOT = shutil.which("chroot")
KEYS = {"AWS_ACCESS_KEY_ID": fakeaws.ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": fakeaws.SECRET_KEY}
SECRETS = [fakeaws.SECRET_KEY, "Signature="]
done = []


def is_static(path):
    """An ELF file without a program interpreter."""
    with open(path, "rb") as f:
        head = f.read(64)
        if head[:6] != b"\x7fELF\x02\x01":
            return False
        f.seek(int.from_bytes(head[32:40], "little"))
        table = f.read(int.from_bytes(head[54:56], "little") *
                       int.from_bytes(head[56:58], "little"))
    size = int.from_bytes(head[54:56], "little")
    return all(int.from_bytes(table[i:i + 4], "little") != 3 for i in range(0, len(table), size))


def reason_to_skip():
    if not PROGRAM or not os.path.exists(PROGRAM):
        return "no program"
    if os.environ.get("SPITZEL_FLAVOUR", "musl") != "musl" or not is_static(PROGRAM):
        return "not the static program"
    if os.geteuid() != 0:
        return "only root may chroot"
    if not CHROOT or subprocess.run([CHROOT, "/", "true"], stderr=subprocess.DEVNULL).returncode:
        return "chroot is not allowed here"
    if b"--region" not in subprocess.run([PROGRAM, "--help"], stdout=subprocess.PIPE).stdout:
        return "it cannot search the event history"
    return None


def ok(good, name, text=""):
    done.append(good)
    print("%sok %d - %s" % ("" if good else "not ", len(done), name))
    if not good:
        for line in str(text)[:3000].splitlines():
            print("#   " + line)
    sys.stdout.flush()


def run(root, *args, **env):
    """Exit status, lines and messages of the program in the root; None when it hangs."""
    try:
        p = subprocess.run([CHROOT, root, "/aws-spitzel"] + list(args), env=dict(KEYS, **env),
                           stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                           stderr=subprocess.PIPE, timeout=300)
    except subprocess.TimeoutExpired as e:
        return None, [], (e.stderr or b"").decode("utf-8", "replace")
    return p.returncode, p.stdout.splitlines(), p.stderr.decode("utf-8", "replace")


def check_found(name, got, expected):
    code, lines, error = got
    ok(code == 0, "%s: exit 0" % name, "exit %s\n%s" % (code, error))
    ok(sorted(lines) == sorted(expected), "%s: all %d events, byte by byte" % (
        name, len(expected)), "%d lines\n%s" % (len(lines), error))
    ok(not any(s in error for s in SECRETS), "%s: no secret on stderr" % name)


def check_refused(name, got, words):
    code, lines, error = got
    ok(code in (1, 3), "%s: it fails" % name, "exit %s\n%s" % (code, error))
    ok(not lines, "%s: nothing is printed" % name, lines[:3])
    for alternatives in words:
        ok(any(w in error.lower() for w in alternatives),
           "%s: says %s" % (name, " or ".join(alternatives)), error)
    ok(not any(s in error for s in SECRETS), "%s: no secret on stderr" % name)


def test(folder):
    pki = fakeaws.Pki(os.path.join(folder, "pki"))
    server = fakeaws.FakeAws(pki, burst=50.0, rate=50.0)
    server.generate(region=REGION, count=120, end=int(time.time()) - 600)
    expected = server.expected(REGION)
    root = os.path.join(folder, "root")
    os.makedirs(os.path.join(root, "etc"))
    os.chmod(folder, 0o755)
    shutil.copy(PROGRAM, os.path.join(root, "aws-spitzel"))
    with open(os.path.join(root, "etc", "hosts"), "w") as f:
        f.write("127.0.0.1 localhost\n")
    shutil.copy(pki.ca, os.path.join(root, "ca.pem"))
    where = ["--endpoint-url", server.url, "--region", REGION]

    check_found("with --ca-bundle", run(root, "--ca-bundle", "/ca.pem", *where), expected)
    check_found("with AWS_CA_BUNDLE", run(root, *where, AWS_CA_BUNDLE="/ca.pem"), expected)
    os.remove(os.path.join(root, "ca.pem"))
    requests = len(server.log())
    check_refused("with the Amazon roots in it only", run(root, *where),
                  [["certificate"], ["fake amazon root ca", "issue", "unknown", "not trusted"],
                   ["--ca-bundle", "aws_ca_bundle"]])
    ok(len(server.log()) == requests, "no request is sent to whom it does not know")
    check_refused("with a bundle that is not there", run(root, "--ca-bundle", "/ca.pem", *where),
                  [["/ca.pem"]])
    os.remove(os.path.join(root, "etc", "hosts"))
    shutil.copy(pki.ca, os.path.join(root, "ca.pem"))
    check_refused("without a name service", run(root, "--ca-bundle", "/ca.pem", "--region", REGION,
                                                "--endpoint-url", "https://nowhere.invalid",
                                                AWS_MAX_ATTEMPTS="1"),
                  [["nowhere.invalid"]])
    server.stop()


def main():
    reason = reason_to_skip()
    if reason:
        print("1..0 # SKIP " + reason)
        return 0
    with tempfile.TemporaryDirectory(prefix="spitzel-chroot-") as folder:
        test(folder)
    print("1..%d" % len(done))
    return not all(done)


if __name__ == "__main__":
    sys.exit(main())
