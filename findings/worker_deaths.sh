#!/bin/sh
# distributed 2026.8.0: a worker's death counts against runs that only waited in its line, not just the one that ran.
#
# The scheduler gives a worker one task for each thread and at least one more to wait. When the worker dies, all of them
# are suspects; after more than `allowed-failures` deaths (default: 3) each ends with KilledWorker, those that never
# began too. Tasks that the scheduler still keeps to itself go free. Known: github.com/dask/distributed/issues/5234.
#
# Why it matters: in a sweep with one run that kills its workers (too little memory, a time limit), KilledWorker names
# runs that are sound and were never tried. They must be tried again, best alone, before they are given up.
#
# Seen on 2026-11-27, Python 3.11, Linux:
#   heavy: begun 4 times, KilledWorker
#   light: begun 0 times, KilledWorker
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
import os
import signal
import time
from pathlib import Path

from distributed import Client, LocalCluster

LOCAL = {"threads_per_worker": 1, "dashboard_address": "127.0.0.1:0", "silence_logs": "CRITICAL"}
BEGUN = Path("begun.txt").absolute()


def train(name, seconds):
    with BEGUN.open("a") as file:
        print(name, file=file)
    time.sleep(seconds)


def times_begun(name):
    return BEGUN.read_text().split().count(name) if BEGUN.exists() else 0


def until(condition):
    end = time.monotonic() + 60
    while not condition():
        if time.monotonic() > end:
            raise SystemExit("not as recorded: nothing happened for a minute")
        time.sleep(0.1)


def main():
    with LocalCluster(n_workers=1, **LOCAL) as cluster, Client(cluster) as client:
        runs = {"heavy": client.submit(train, "heavy", 100, key="heavy", priority=1)}  # always first
        until(lambda: times_begun("heavy") == 1)
        runs["light"] = client.submit(train, "light", 0.1, key="light")
        for deaths in range(4):
            until(lambda: times_begun("heavy") > deaths and sum(map(len, client.processing().values())) == 2)
            [process] = client.run(os.getpid).values()
            os.kill(process, signal.SIGKILL)  # as for a run that takes too much memory; another worker is started
        until(lambda: all(run.done() for run in runs.values()))
        client.wait_for_workers(1, timeout=60)
        seen = {name: (times_begun(name), type(run.exception(timeout=60)).__name__) for name, run in runs.items()}
    for name, (times, error) in seen.items():
        print(f"{name}: begun {times} times, {error}")
    if seen != {"heavy": (4, "KilledWorker"), "light": (0, "KilledWorker")}:
        raise SystemExit("not as recorded: distributed behaves differently now")
    print("as recorded")


if __name__ == "__main__":
    main()
END
HOME="$folder" TMPDIR="$folder" venv/bin/python shown.py
