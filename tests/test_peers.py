"""The engine, SPFlow and libcirkit compute the same function and take the same EM step; skipped where they are absent.

`pip install -e .[peers]` and `pip install --no-deps libcirkit==0.3.1` bring them; see benchmarks/peers.
"""

import numpy as np
import pytest

from benchmarks.peers import cirkit_peer, random_mixture, spflow_peer, torch_step
from benchmarks.peers.shared import OwnStep, as_trees, mixture_model, trees_model
from spncore.data.dataset import from_array
from spncore.inference.values import log_values
from spncore.learning.objectives import data_and_partition
from tests.closeness import assert_close

torch = pytest.importorskip("torch", reason="the optional extra `peers` is not installed")
TOLERANCE = {"rtol": 0.0, "atol": 1e-9}  # nats
NUM_VARIABLES, DEPTH, NUM_INPUTS, REPETITIONS = 19, 3, 4, 3  # 19 / 2³: leaf regions of two and of three variables

MODELS = ["mixture", "elementwise", "outer"]
PEERS = [pytest.param(spflow_peer, id="spflow"), pytest.param(cirkit_peer, id="cirkit")]


@pytest.fixture(params=MODELS)
def shared(request):
    """A model of the engine and the same as plain arrays, all parameters different."""
    rng = np.random.default_rng(3)
    if request.param == "mixture":
        arrays = random_mixture(rng, NUM_INPUTS, NUM_VARIABLES)
        return mixture_model(arrays), arrays
    outer = request.param == "outer"
    asked = trees_model(rng, NUM_VARIABLES, DEPTH, NUM_INPUTS, REPETITIONS, outer)
    return asked, as_trees(asked, DEPTH, REPETITIONS, outer)


def needs(peer):
    name = "spflow" if peer is spflow_peer else "cirkit"
    pytest.importorskip(name, reason=f"{name} is not installed")


def build(peer, arrays, **options):
    return (peer.build_trees if hasattr(arrays, "mixing") else peer.build_mixture)(arrays, **options)


def tensors(peer, rows):
    evidence, counts = torch_step.as_tensors(rows)
    return (evidence.long() if peer is cirkit_peer else evidence), counts


@pytest.mark.parametrize("peer", PEERS)
@pytest.mark.filterwarnings("ignore")  # those of the peers
def test_log_likelihoods_of_every_row_are_the_peers_to_1e_9(shared, peer):
    needs(peer)
    asked, arrays = shared
    rows = np.random.default_rng(4).integers(0, 2, (200, NUM_VARIABLES)).astype(np.int8)
    with torch_step.one_thread(), np.errstate(all="ignore"):
        found = peer.log_likelihood(build(peer, arrays))(tensors(peer, rows)[0]).detach().numpy()
    assert_close(log_values(asked, rows), found, **TOLERANCE)


@pytest.mark.parametrize("peer", PEERS)
@pytest.mark.filterwarnings("ignore")
def test_em_takes_the_peers_steps(shared, peer):
    needs(peer)
    asked, arrays = shared
    rows = np.random.default_rng(4).integers(0, 2, (200, NUM_VARIABLES)).astype(np.int8)
    own = OwnStep(asked, data_and_partition(from_array(rows)), "em", 1.0, np.float64)
    with torch_step.one_thread(), np.errstate(all="ignore"):
        options = {"normalised": False} if peer is cirkit_peer else {}
        if peer is cirkit_peer and getattr(arrays, "outer", False):
            options["optimize"] = False
        step = peer.em(build(peer, arrays, **options), *tensors(peer, rows))
        found = [step() for _ in range(3)]
    assert_close([own() for _ in range(3)], found, rtol=0.0, atol=1e-6)
