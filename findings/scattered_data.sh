#!/bin/sh
# distributed 2026.8.0: tasks whose data was scattered are lost for good with the worker that has the data.
#
# `client.scatter` puts data on a worker without a recipe. When that worker is killed, every task that needs the data is
# cancelled, those that had finished there too, though a new worker stands ready. The same data as a task's result
# (`client.submit(load)`) is made anew, and all results arrive. Known: github.com/dask/distributed/issues/3149.
#
# Why it matters: rows that a whole sweep trains on look like what `scatter` is for, and then one lost worker can take
# every run that still waits, and those that are done but not yet fetched. Data should be a task, or already on disk.
#
# Seen on 2026-11-27, Python 3.11, Linux:
#   scatter: data cancelled, runs {'cancelled': 8}
#   submit: data finished, runs {'finished': 8}
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
from collections import Counter

from distributed import Client, LocalCluster

LOCAL = {"threads_per_worker": 1, "dashboard_address": "127.0.0.1:0", "silence_logs": "CRITICAL"}


def load():
    return list(range(1000))


def train(seed, rows):
    time.sleep(0.2)
    return seed + sum(rows)


def statuses_after_a_loss(client, rows):
    """What becomes of eight runs, and of their data, when the worker is killed after the first of them."""
    runs = [client.submit(train, seed, rows, key=f"run-{seed}") for seed in range(8)]
    runs[0].result(timeout=60)
    [process] = client.run(os.getpid).values()
    os.kill(process, signal.SIGKILL)  # as a batch system does; another one is started in its place
    end = time.monotonic() + 60
    while any(run.status in ("pending", "lost") for run in runs) and time.monotonic() < end:
        time.sleep(0.1)
    client.wait_for_workers(1, timeout=60)
    return rows.status, dict(Counter(run.status for run in runs))


def main():
    seen = {}
    for way in ("scatter", "submit"):
        with LocalCluster(n_workers=1, **LOCAL) as cluster, Client(cluster) as client:
            rows = client.scatter([load()])[0] if way == "scatter" else client.submit(load)
            seen[way] = statuses_after_a_loss(client, rows)
        print(f"{way}: data {seen[way][0]}, runs {seen[way][1]}")
    if seen != {"scatter": ("cancelled", {"cancelled": 8}), "submit": ("finished", {"finished": 8})}:
        raise SystemExit("not as recorded: distributed behaves differently now")
    print("as recorded")


if __name__ == "__main__":
    main()
END
HOME="$folder" TMPDIR="$folder" venv/bin/python shown.py
