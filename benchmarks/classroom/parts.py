"""What is played, and what exactly each number says."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, NamedTuple

from benchmarks.classroom.beside import delay_beside_heavy
from benchmarks.classroom.crowd import CROWDS, crowd
from benchmarks.classroom.kills import kills
from benchmarks.classroom.memory import HEAVY_LIMIT, heavy_links, uploads_of_one_tab
from benchmarks.classroom.pressing import class_presses, cores_that_train, students_per_core
from benchmarks.classroom.sizes import Sizes
from benchmarks.classroom.wifi import CUTS, wifi
from benchmarks.server import Server


class Part(NamedTuple):
    """What a part plays, each time on a fresh server; at most for so many seconds.

    `memory_bytes` is what the server may use in all, as in a container; 0 for as much as there is.
    """

    play: Callable[[Server, Sizes], Awaitable[dict[str, Any]]]
    seconds: float
    memory_bytes: int = 0
    earlier: bool = True  # whether the earlier build plays it too


PARTS = {
    "press": Part(class_presses, 300),
    "cores": Part(cores_that_train, 180),
    "beside": Part(delay_beside_heavy, 300),
    **{f"crowd_{count}": Part(partial(crowd, of=count), 180) for count in CROWDS},
    "uploads": Part(uploads_of_one_tab, 240),
    "heavy_links": Part(heavy_links, 180, HEAVY_LIMIT),
    "kills": Part(kills, 480, earlier=False),
    **{f"wifi_{cut}_s": Part(partial(wifi, seconds=cut), 240, earlier=cut == CUTS[0]) for cut in CUTS},
    "students": Part(students_per_core, 480, earlier=False),
}
WHAT = {
    "first_point": "from the message that presses Train to the first answer with frames, per page; of a page that has "
    "none, the time until the watch ends",
    "data_gap": "without frames: from that message to the first answer that brings some, between two such answers, and "
    "from the last one to the end of the watch where the run has not ended",
    "control": "from a message that changes no setting to the end of the script's run, every 3 s in each page of a "
    "class until all its runs have ended, every 10 s in each of a crowd",
    "all_finished_seconds": "from the first message that presses Train to the last first answer that says done",
    "cpu_seconds_alone": "process time of as many such studies, trained as the lab does one after the other in a "
    "process of the same build, without a server",
    "cpu_seconds_trained": "CPU time, by /proc, of all children of the server from the press until all have finished; "
    "in a build without children, of the busiest thread beside the first",
    "finished_over_ideal": "all_finished_seconds over cpu_seconds_alone / 2",
    "finished_over_trained": "all_finished_seconds over cpu_seconds_trained / 2",
    "cores_training": "the same CPU time over the seconds watched, while 30 pages wait for runs of which none ends",
    "delay": "from Train to the first answer that says done, of a run of default size: the median beside two pages "
    "with K = 64, depths 1–8 and 5,000 iterations that have their first points and go on asking, over the median alone",
    "refused": "pages of a crowd, or with heavy links, whose script mounted no run, or that got no page; of a crowd "
    "those whom a waiting page lets in later, or not yet, are counted apart",
    "peak_mb": "the most memory of the server and its children that was seen, what they share counted once, "
    "pages of mapped files that lie in memory among it (Pss)",
    "updates_repeated_at_most": "the time from the last answer with new updates before a kill to the kill, times the "
    "run's updates per second; slices: the same over the most updates that one answer brought, asked every 15 ms",
    "same_numbers": "all float32 of all frames, against the same study on a server of the same build left alone",
    "lost": "of the runs that had not ended when every connection was cut: refused (404), stopped or failed after it",
    "students": "the largest class tried, before the first that missed one, that had 95 of 100 first points within "
    "1 s and further ones within 0.4 s, had all finished, and no error",
}
