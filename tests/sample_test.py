#!/usr/bin/env python3
"""TAP: tests/sample is what mksample.py writes, and tells what it should.

The files are compared after decompression: another zlib may make other bytes.
"""
import collections
import gzip
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
SAMPLE = os.path.join(HERE, "sample")
ACCOUNT = "111122223333"
REGIONS = {"us-east-1", "eu-central-1", "us-west-2"}
STOPPED, STARTED = "2024-05-15T00:04:41Z", "2024-05-15T07:52:09Z"
LAYOUT = re.compile(
    r"AWSLogs/(?P<account>\d{12})/(?P<kind>CloudTrail(?:-[A-Za-z]+)?)/"
    r"(?P<region>[a-z0-9-]+)/(?P<date>\d{4}/\d\d/\d\d)/"
    r"(?P=account)_(?P=kind)_(?P=region)_(?:[a-z-]+_[a-z0-9-]+_)?"
    r"(?P<time>\d{8}T\d{4}(?:\d\d)?Z)(?:_[A-Za-z0-9]{16})?\.json\.gz")
number = failed = 0


def ok(good, name, why=""):
    global number, failed
    number += 1
    failed += not good
    print("%s %d - %s" % ("ok" if good else "not ok", number, name))
    for line in str(why).splitlines() if not good else ():
        print("# " + line)
    return good


def tree(root):
    """Path below root to decompressed bytes, of every file."""
    found = {}
    for folder, _, names in os.walk(root):
        for name in names:
            path = os.path.join(folder, name)
            with gzip.open(path) as f:
                found[os.path.relpath(path, root)] = f.read()
    return found


def main():
    committed = tree(SAMPLE)
    with tempfile.TemporaryDirectory() as tmp:
        # A strange environment must not show in the output.
        env = dict(os.environ, TZ="Pacific/Chatham", PYTHONHASHSEED="7",
                   LC_ALL="C")
        p = subprocess.run([sys.executable, os.path.join(HERE, "mksample.py"),
                            tmp], env=env, stdout=subprocess.PIPE)
        ok(p.returncode == 0, "mksample.py runs")
        fresh = tree(tmp)
    ok(sorted(fresh) == sorted(committed), "the same files",
       "\n".join(sorted(set(fresh) ^ set(committed))))
    ok(fresh == committed, "the same bytes in them", "\n".join(sorted(
        n for n in set(fresh) & set(committed) if fresh[n] != committed[n])))

    kinds = collections.Counter()
    records, insights, regions, bad = [], [], set(), []
    for path, data in sorted(committed.items()):
        m = LAYOUT.fullmatch(path)
        if not m or m["account"] != ACCOUNT or not m["time"].startswith(
                m["date"].replace("/", "")):
            bad.append(path)
            continue
        kinds[m["kind"]] += 1
        regions.add(m["region"])
        body = json.loads(data)
        text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
        if text.encode() != data:
            bad.append(path + ": not compact")
        if m["kind"] == "CloudTrail-Digest":
            if "Records" in body or "digestStartTime" not in body:
                bad.append(path + ": no digest")
            for f in body["logFiles"]:
                got = committed.get(f["s3Object"], b"")
                if hashlib.sha256(got).hexdigest() != f["hashValue"]:
                    bad.append(f["s3Object"] + ": not what the digest says")
        elif m["kind"] == "CloudTrail-Insight":
            insights += body["Records"]
        else:
            for r in body["Records"]:
                minute = re.sub("[-:]", "", r["eventTime"][:16]) + "Z"
                if r["awsRegion"] != m["region"] or minute > m["time"]:
                    bad.append(path + ": " + r["eventID"])
            records += body["Records"]
    ok(not bad, "CloudTrail's layout", "\n".join(bad))
    ok(regions == REGIONS, "three regions", regions)
    ok(kinds["CloudTrail-Digest"] == 6 and kinds["CloudTrail-Insight"] == 1
       and kinds["CloudTrail"] >= 40, "the kinds of files", kinds)
    ok(len(records) == 348 and len(insights) == 2, "348 records, 2 insights",
       "%d, %d" % (len(records), len(insights)))
    days = {r["eventTime"][:10] for r in records}
    ok(days == {"2024-05-14", "2024-05-15"}, "two days", days)
    ids = [r["eventID"] for r in records + insights]
    ok(len(set(ids)) == len(ids), "every event id once")
    ok(not [r for r in records if STOPPED < r["eventTime"] < STARTED],
       "silence while the trail was stopped")
    for time, name, user in ((STOPPED, "StopLogging", "support-sync"),
                             (STARTED, "StartLogging", "anna.weber")):
        found = [r for r in records if r["eventName"] == name]
        ok(len(found) == 1 and found[0]["eventTime"] == time
           and found[0]["userIdentity"]["userName"] == user, name, found)

    text = b"".join(committed.values()).decode()
    net = re.compile(r"(?<![\d.])(?!192\.0\.2\.|198\.51\.100\.|203\.0\.113\.)"
                     r"(?:\d{1,3}\.){3}\d{1,3}(?![\d.])")
    seen = {r["sourceIPAddress"] for r in records}
    ok(not [a for a in seen if net.fullmatch(a)]
       and not [a for a in seen if ":" in a and not a.startswith("2001:db8:")],
       "documentation addresses only", seen)
    keys = set(re.findall(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b", text))
    ok(keys and all(k.endswith("EXAMPLE") for k in keys),
       "made-up access keys only", keys)
    ok(set(re.findall(r"arn:aws:[a-z0-9]+:[a-z0-9-]*:(\d+):", text))
       == {ACCOUNT}, "one account only")

    types = collections.Counter()

    def look(v):
        types[type(v).__name__] += 1
        if isinstance(v, int) and v > 1 << 53:
            types["big"] += 1
        if isinstance(v, str) and not v.isascii():
            types["unicode"] += 1
        for c in (v.values() if isinstance(v, dict)
                  else v if isinstance(v, list) else ()):
            look(c)
    look(records)
    few = [t for t in ("bool", "int", "float", "NoneType", "list", "big",
                       "unicode") if types[t] < 5]
    ok(not few, "every type of value", few)
    print("1..%d" % number)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
