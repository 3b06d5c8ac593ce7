#!/usr/bin/env python3
"""The queries of tests/bench/run.py as somebody would write them in Python.

usage: peer.py QUERY ARN BUCKET PATH

QUERY is s3, arn, bucket or all.  PATH is NDJSON (*.ndjson), or a file that names gzipped
log files, one a line.  Prints the events that match, as JSON.
"""
import gzip
import json
import re
import sys


def has_bucket(value, bucket):
    if isinstance(value, dict):
        return value.get("bucketName") == bucket or any(
            has_bucket(v, bucket) for v in value.values() if isinstance(v, (dict, list)))
    return any(has_bucket(v, bucket) for v in value if isinstance(v, (dict, list)))


def events(path):
    """Each event, and its line where it has one."""
    if path.endswith(".ndjson"):
        with open(path, "rb") as f:
            for line in f:
                yield json.loads(line), line
        return
    with open(path) as names:
        for name in names:
            with gzip.open(name.rstrip("\n")) as f:
                for event in json.load(f)["Records"]:
                    yield event, None


def main():
    query, arn, bucket, path = sys.argv[1:]
    arn = re.compile(arn)
    wanted = {
        "s3": lambda e: (e["eventSource"] == "s3.amazonaws.com" and e["eventName"][:3] == "Get"
                         and e.get("errorCode") == "AccessDenied"),
        "arn": lambda e: arn.search(e["userIdentity"].get("arn", "")),
        "bucket": lambda e: has_bucket(e, bucket),
        "all": lambda e: True,
    }[query]
    out = sys.stdout.buffer
    for event, line in events(path):
        if wanted(event):
            out.write(line or json.dumps(event, separators=(",", ":")).encode() + b"\n")


if __name__ == "__main__":
    main()
