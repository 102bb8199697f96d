"""How large the classes are and how long they are watched."""

from __future__ import annotations

from typing import NamedTuple

CORES = 2  # that the goals reckon with


class Sizes(NamedTuple):
    """Counts, and seconds after which a part gives up waiting."""

    students: int = 30  # who press Train at once
    class_seconds: float = 120.0
    settle_seconds: float = 2.0  # after the press, before the cores that train are counted
    watched_seconds: float = 12.0  # during which they are
    long_updates: int = 2500  # of runs that do not end meanwhile
    classes: tuple[int, ...] = (10, 20, 30, 40, 60)  # tried one after the other, for the largest that is served well
    default_runs: int = 5  # alone, and beside the heavy ones
    heavy_seconds: float = 30.0  # until both heavy runs have a point; after that the default runs begin anyhow
    beside_seconds: float = 40.0
    crowd_share: float = 1.0  # of the crowds of 100 and 200
    arriving_seconds: float = 10.0  # over which a crowd comes
    crowd_seconds: float = 40.0  # from the first one's coming on
    files: int = 100
    kept_seconds: float = 65.0  # Streamlit keeps a closed session for a minute
    heavy_links: int = 30
    heavy_links_seconds: float = 90.0
    kills: int = 50
    cuts: tuple[float, ...] = (3.0, 15.0, 50.0)  # seconds without wifi
    after_cut_seconds: float = 90.0
    cut_updates: int = 1000  # of runs that do not end before the cut


SMALLEST = Sizes(
    students=2,
    class_seconds=60.0,
    settle_seconds=0.5,
    watched_seconds=1.0,
    classes=(1, 2),
    default_runs=1,
    heavy_seconds=3.0,
    beside_seconds=5.0,
    crowd_share=0.03,
    arriving_seconds=1.0,
    crowd_seconds=12.0,
    files=2,
    kept_seconds=0.5,
    heavy_links=3,
    heavy_links_seconds=6.0,
    kills=2,
    cuts=(1.0,),
    after_cut_seconds=20.0,
)
