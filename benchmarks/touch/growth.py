"""What one page and its server hold after many trainings."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from benchmarks.browsing import Lab, opened
from benchmarks.server import Server
from benchmarks.touch.sizes import Sizes

HELD = {"heap_mb": "JSHeapUsedSize", "nodes": "Nodes", "listeners": "JSEventListeners"}
NOT_DATA = ("code", "native")  # kinds of things in a heap snapshot
# Finished runs that nobody looks at are kept while there is room; without that room it is seen what does not go.
WITHOUT_ROOM = {"SPNLAB_UNUSED_BYTES": "0"}


class Held:
    """What a page holds after a full garbage collection."""

    def __init__(self, page: Any) -> None:
        self.protocol = page.context.new_cdp_session(page)
        self.protocol.send("Performance.enable")
        self.protocol.send("HeapProfiler.enable")
        self.chunks: list[str] = []  # of a heap snapshot
        self.protocol.on("HeapProfiler.addHeapSnapshotChunk", lambda event: self.chunks.append(event["chunk"]))

    def now(self) -> dict[str, float]:
        """Megabytes of the JavaScript heap and of the data in it, nodes of all documents, listeners."""
        for _ in range(2):  # what a finaliser lets go of goes with the next one
            self.protocol.send("HeapProfiler.collectGarbage")
        values = {one["name"]: one["value"] for one in self.protocol.send("Performance.getMetrics")["metrics"]}
        found = {name: float(values[own]) for name, own in HELD.items()}
        return {**found, "heap_mb": round(found["heap_mb"] / 1e6, 2), "data_mb": self._data_mb()}

    def _data_mb(self) -> float:
        """Megabytes of the heap's own things, without code that the browser has compiled and its own records."""
        self.chunks.clear()
        self.protocol.send("HeapProfiler.takeHeapSnapshot", {"reportProgress": False})
        found = json.loads("".join(self.chunks))
        fields, kinds = (found["snapshot"]["meta"][name] for name in ("node_fields", "node_types"))
        nodes = np.reshape(found["nodes"], (-1, len(fields)))
        own = ~np.isin(nodes[:, fields.index("type")], [kinds[0].index(kind) for kind in NOT_DATA])
        return float(nodes[own, fields.index("self_size")].sum() / 1e6)


def growth(browser: Any, server: Server, sizes: Sizes) -> dict[str, list[float]]:
    """What page and server hold before the trainings that count and after them."""
    with opened(browser) as page:
        lab, held = Lab(page, f"http://127.0.0.1:{server.port}/"), Held(page)
        found: dict[str, list[float]] = {}
        for trainings in (sizes.before, sizes.trainings):
            for _ in range(trainings):
                lab.train()
            for name, value in {**held.now(), "server_mb": server.memory_of_all_mb()}.items():
                found.setdefault(name, []).append(round(value, 2))
    return found
