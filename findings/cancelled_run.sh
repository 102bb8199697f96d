#!/bin/sh
# distributed 2026.8.0: a cancelled future says so at once, while its function goes on to the end and keeps its thread.
#
# `future.cancel()` on a running task makes the future `cancelled` immediately. The worker does not stop the function
# and cannot: it is a thread. What is submitted next waits until the cancelled one has come to its end.
#
# Why it matters: stopping a sweep frees nobody's worker. A run that trains for an hour goes on for that hour, unseen by
# the client and in the way of the next sweep, unless the function itself looks now and then whether it is still wanted.
#
# Seen on 2026-11-27, Python 3.11, Linux:
#   first begins
#   first is cancelled
#   first ends
#   second begins
#   second ends
#   as recorded
#
# Needs python3 (3.11 or later), and a package index; leaves nothing behind. Exit status 1 if it is not so any more.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM
cd "$folder"
python3 -m venv venv
venv/bin/pip install -qq --disable-pip-version-check distributed==2026.8.0 dask==2026.8.0 tornado==6.6.1

cat >shown.py <<'END'
import time
from pathlib import Path

from distributed import Client, LocalCluster

LOCAL = {"threads_per_worker": 1, "dashboard_address": "127.0.0.1:0", "silence_logs": "CRITICAL"}
DIARY = Path("diary.txt").absolute()


def train(name, steps):
    note(f"{name} begins")
    for _ in range(steps):
        time.sleep(0.1)
    note(f"{name} ends")


def note(line):
    with DIARY.open("a") as file:
        print(line, file=file)


def main():
    with LocalCluster(n_workers=1, **LOCAL) as cluster, Client(cluster) as client:
        first = client.submit(train, "first", 30)
        while first.status == "pending" and not DIARY.exists():
            time.sleep(0.1)
        first.cancel()
        status = first.status
        note(f"first is {status}")
        second = client.submit(train, "second", 1)
        second.result(timeout=60)
    seen = DIARY.read_text().splitlines()
    print(*seen, sep="\n")
    if seen != ["first begins", "first is cancelled", "first ends", "second begins", "second ends"]:
        raise SystemExit("not as recorded: distributed behaves differently now")
    print("as recorded")


if __name__ == "__main__":
    main()
END
HOME="$folder" TMPDIR="$folder" venv/bin/python shown.py
