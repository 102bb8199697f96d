"""Whatever is handed in is read or refused in one sentence, in bounded memory; what is read is shown as text."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import strategies as st

from app.kit import handin
from app.kit.handin import Handin, HandinError
from app.pages.teach import pile
from tests import handins
from tests.faults.fuzzing import bounded, changed, is_sentence, tried
from tests.handins import edited, values_of, written

FILES = [written(), written(kept=[]), written({}, name="", kept=[])]
IN_FILES = [
    b"<script",
    b"</script>",
    b"<!--",
    b'<script type="application/json" id="spn-hand-in">',
    b'"answers":{',
    b"[" * 500,
    b"\\ud800",
    b"\\u0000",
    b"1e999",
    b"\xff",
    b"null",
    b"=cmd()",
]
numbers = st.one_of(st.integers(-(10**20), 10**20), st.floats(allow_nan=False, allow_infinity=False))
texts = st.one_of(
    st.text(max_size=30), st.sampled_from(["this", "choose", "curve", "../x", "<script>", "\ud800", "=1"])
)
names = st.one_of(texts, st.sampled_from([*handins.STEPS, "guess", "check", "kind", "value", "run", "1", "2"]))
anything = st.recursive(
    st.one_of(st.none(), st.booleans(), numbers, texts),
    lambda inner: st.one_of(st.lists(inner, max_size=8), st.dictionaries(names, inner, max_size=5)),
    max_leaves=20,
)
places = st.sampled_from(
    [
        ("answers",),
        ("answers", "steps"),
        ("answers", "steps", "draw"),
        ("answers", "steps", "draw", "guess"),
        ("answers", "steps", "draw", "guess", "kind"),
        ("answers", "steps", "draw", "guess", "value"),
        ("answers", "steps", "count", "guess", "value"),
        ("answers", "steps", "choose", "check"),
        ("answers", "lesson"),
        ("answers", "version"),
        ("name",),
        ("lab",),
        ("runs",),
        ("more",),
    ]
)


def check(data: bytes) -> None:
    """It is read or refused; what is read is shown in words and tables."""
    with bounded(len(data)):
        try:
            found = handin.read(data, handins.lessons())
        except HandinError as error:
            assert is_sentence(error)
            return
    assert isinstance(found, Handin) and found.name.isprintable() | (not found.name)
    [opened] = [pile.added([], "f.html", data, handins.lessons())]
    row = pile.row(opened, {}, lambda entry: None)
    assert all(isinstance(said, str) for said in row.values())
    for cells in (*pile.cells([row], pile.CLASS), *pile.cells(pile.answers([opened]), pile.ANSWERS)):
        assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) or "\n" in cell for cell in cells)
    assert pile.tally(handins.lesson(), [opened])


@pytest.mark.fault("C11", "A22")
@tried(st.one_of(changed(FILES, IN_FILES), changed(FILES[1:], IN_FILES), st.binary(max_size=300)))
def test_any_file_is_a_hand_in_or_refused(data: bytes) -> None:
    check(data)


@pytest.mark.fault("C11")
@tried(st.tuples(places, anything))
def test_any_value_under_a_checksum_that_fits_is_read_or_refused(put: tuple[tuple[str, ...], Any]) -> None:
    (*folders, last), value = put

    def edit(values: dict[str, Any]) -> None:
        place = values
        for name in folders:
            place = place[name]
        place[last] = value

    check(edited(FILES[1], edit))


@pytest.mark.fault("G01", "G02")
@tried(st.text(max_size=200))
def test_any_name_is_written_as_text_and_read_back(name: str) -> None:
    data = written({}, name, [])
    found = handin.read(data, handins.lessons())
    assert found.reading == "same" and found.name == values_of(data)["name"] == handin.called(name)
    assert data.lower().count(b"<script") == 1 and len(found.name) <= 80
