"""Held-out LLH in nats per row against the literature's, where the real data is at hand."""

import numpy as np
import pytest

from spncore.data.library import available, load
from spncore.inference.values import log_values
from spncore.structures import STRUCTURES, StructureSettings


@pytest.mark.slow
@pytest.mark.parametrize(("name", "published"), [("nltcs", -6.11), ("plants", -12.98), ("baudio", -40.50)])
def test_learn_spn_reaches_what_its_authors_report_on_held_out_rows(name, published):
    """Gens & Domingos (2013)."""
    if available(name) is None:
        pytest.skip(f"needs the real {name}: set SPNLAB_DATA_DIR, or python -m spncore data fetch {name}")
    model = STRUCTURES["learn_spn"](load(name), StructureSettings(), np.random.default_rng(0))
    held_out = load(name, "test")
    assert held_out.counts @ log_values(model, held_out.rows) / held_out.num_rows > published
