"""What the browser's tests read: answers of the server's own encoder, with numbers of the engine's traces beside them.

`python -m tests.app.live.client.test_fixture` writes the file anew.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np

from app.live.run import LiveRun
from app.live.views import derived, frames
from spncore import Experiment, fit, load
from spncore.runs.study import Study
from tests.app.live import here
from tests.waiting import until

FIXTURE = Path(__file__).with_name("run.json")
SMALL = Experiment(dataset="two-clusters", num_components=2, iterations=6, num_seeds=2, init_noise=1e-2)
STUDY = Study(SMALL, (1, 3), ("em",))
SEED = 1


def made() -> dict[str, Any]:
    """The answers as the browser gets them, and of each curve what they must say."""
    data = load("two-clusters")
    registry = here.registry(trainers=1)
    try:
        run = registry.get(registry.start(STUDY, data, "a"))
        assert run is not None
        until(lambda: run.computation.ended)
        return {"layout": frames.layout(run), **answers(run), "expected": expected()}
    finally:
        registry.close()


def answers(run: LiveRun) -> dict[str, str]:
    header, norms = derived.answer(run, "norms", {"depth": "3", "k": "0", "seed": str(SEED), "from": "0"})
    parts = {
        "start": frames.frames(run, 0, SEED),
        "rest": frames.frames(run, 4, SEED),
        "norms": (header, derived.float32(norms)),
    }
    return {name: base64.b64encode(frames.envelope(*part)).decode() for name, part in parts.items()}


def expected() -> dict[str, Any]:
    data = load("two-clusters")
    traces = [fit(experiment, data) for experiment in STUDY.experiments()]
    deep = traces[1]
    layers = np.split(deep.weights[SEED] ** 2, np.cumsum(deep.sums.sizes)[:-1], axis=1)
    return {
        "llh": [trace.llh.T.tolist() for trace in traces],
        "w": [trace.effective_weights[SEED].tolist() for trace in traces],
        "rho": [trace.rho[SEED].tolist() for trace in traces[:2]],
        "norms": [layer.sum(axis=1).tolist() for layer in layers],
    }


def test_the_stored_answers_are_what_the_server_sends() -> None:
    now, stored = made(), json.loads(FIXTURE.read_text(encoding="utf-8"))
    assert now["layout"].keys() == stored["layout"].keys() and now["layout"]["curves"] == stored["layout"]["curves"]
    for name in ("start", "rest", "norms"):
        old, new = (base64.b64decode(answer[name]) for answer in (stored, now))
        length = int.from_bytes(new[:4], "little")
        assert old[: 4 + length].split() == new[: 4 + length].split()
        one, other = (np.frombuffer(answer[4 + length :], "<f4") for answer in (old, new))
        np.testing.assert_allclose(one, other, rtol=1e-5)
    np.testing.assert_allclose(stored["expected"]["llh"], now["expected"]["llh"], rtol=1e-9)


if __name__ == "__main__":
    FIXTURE.write_text(json.dumps(made(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
