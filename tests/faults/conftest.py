"""A server that the tests of one file share; what needs limits of its own starts its own."""

from collections.abc import Iterator

import pytest

from tests.faults.serving import Serving


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """The lab on a free port."""
    server = Serving(tmp_path_factory.mktemp("server")).opened()
    yield server
    server.close()
