"""What holds while the server lives."""

import asyncio
from functools import partial
from types import SimpleNamespace

import pytest

from app.live import lifetime
from spncore.threads import blas, set_numbers


def test_blas_has_one_thread_while_the_server_lives_whatever_the_environment_says(monkeypatch):
    closed = []
    for name in ("REGISTRY", "JOBS"):
        started = SimpleNamespace(start=lambda: None)
        closing = partial(closed.append, name)
        stand_in = SimpleNamespace(open=lambda: None, close=closing, scheduler=started)
        monkeypatch.setattr(lifetime, name, stand_in)
    before = [(library, library.num_threads) for library in blas()]
    set_numbers([(library, 2) for library in blas()])
    if not before or any(library.num_threads != 2 for library in blas()):
        pytest.skip("this BLAS does not say or change its number of threads")

    async def live():
        async with lifetime.lifespan(None):
            return [library.num_threads for library in blas()]

    try:
        assert set(asyncio.run(live())) == {1} and closed == ["REGISTRY", "JOBS"]
        assert {library.num_threads for library in blas()} == {2}
    finally:
        set_numbers(before)
