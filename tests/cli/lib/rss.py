"""rss.py MEBIBYTES COMMAND...: run the command; it must not have had more memory than that at once.

With $GENERATE set, that Python expression makes the blocks of bytes that go to its stdin. Prints what was measured
where it was too much; the exit status is the command's, or 99.
"""
import os
import subprocess
import sys

limit, command = int(sys.argv[1]), sys.argv[2:]
generate = os.environ.get("GENERATE")
p = subprocess.Popen(command, stdin=subprocess.PIPE if generate else subprocess.DEVNULL)
if generate:
    try:
        for block in eval(generate):
            p.stdin.write(block)
        p.stdin.close()
    except BrokenPipeError:
        pass
_, status, usage = os.wait4(p.pid, 0)
if usage.ru_maxrss > limit * 1024:
    print("%d MiB, more than %d" % (usage.ru_maxrss / 1024, limit), file=sys.stderr)
    sys.exit(99)
sys.exit(os.waitstatus_to_exitcode(status) & 255)
