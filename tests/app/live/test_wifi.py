"""A blink of the wifi ends nothing: pages whose every connection is cut come back to their sessions and their runs."""

import pytest

from benchmarks.classroom.sizes import Sizes
from benchmarks.classroom.wifi import cut_for
from benchmarks.server import running
from tests import apart
from tests.waiting import PATIENCE


@pytest.mark.fault("E04")
@pytest.mark.slow
def test_runs_that_three_seconds_without_wifi_interrupt_all_go_on_to_their_end() -> None:
    sizes = Sizes(students=4, after_cut_seconds=PATIENCE)
    with running(SPNLAB_NICENESS="0") as server:  # other tests are to leave the trainers something
        found = apart.run(cut_for(server.port, 3.0, sizes))
    assert found["unfinished_before"] == 4 and found["cut"] >= 8, "a cut that meets no run proves nothing"
    assert (found["lost"], found["done"], found["errors"]) == (0, 4, 0), found
    assert found["sessions_kept"] == 4
