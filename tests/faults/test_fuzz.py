"""Whatever comes in is a value or the one refusal, in a sentence and in bounded memory; never another exception."""

import asyncio
import io
import json
import zipfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import parse_qs, quote

import numpy as np
import pytest
from hypothesis import strategies as st

from app.kit.link import CIRCUITS, LAB, MAX_SENTENCES, decode_view
from app.live.views import derived
from app.pages.ask.link import LINKS as ASKING
from app.pages.linear.link import LINKS as LINEAR
from spncore.circuits.model import Model, random_model
from spncore.circuits.saving import SavedModelError, load_model, save_model
from spncore.data.dataset import Dataset
from spncore.data.library import DataError
from spncore.data.table_file import display_name, read_csv
from spncore.files.archive import ArchiveError, read_arrays
from spncore.files.strict_json import JsonError, parse_object
from spncore.limits import LIMITS
from spncore.record import ExperimentError
from spncore.runs.checkpoint import load_state, save_state
from spncore.runs.experiment import Experiment
from spncore.runs.training import trainer_of
from spncore.sweep.cells import Cell, Outcome
from tests import apart, circuits
from tests.faults.fuzzing import bounded, changed, is_sentence, tried
from tests.faults.serving import Serving, tab
from tests.waiting import PATIENCE

TABLES = [
    b"a,b,c\n0,1,1\n1,0,1\n0,0,1\n",
    b'"a";"b"\r\n0;"1"\r\n" 1 ";0\r\n',
    b"\xef\xbb\xbfa\tb\n0\t1\n1\t1",
    "caf\u00e9,\u4f60\n0,1\n".encode(),
    b"0,1\n1,1\n",
]
IN_TABLES = [
    b",",
    b";",
    b"\t",
    b'"',
    b"\n",
    b"\r",
    b"\0",
    b"0,1\n",
    b"9",
    b"NA",
    b"\xff\xfe",
    b"\x1f\x8b",
    b"PK\x03\x04",
    b"1e400",
]


@pytest.mark.fault("A21", "A22", "B01", "B07")
@tried(st.one_of(changed(TABLES, IN_TABLES), st.binary(max_size=200)))
def test_any_file_is_a_table_or_refused_with_its_name(data: bytes) -> None:
    with bounded(len(data)):
        try:
            dataset, notes = read_csv(data, "f.csv")
        except DataError as error:
            assert is_sentence(error) and str(error).startswith("f.csv")
            return
    assert isinstance(dataset, Dataset) and all(note.isprintable() for note in notes)
    assert set(np.unique(dataset.rows)) <= {0, 1} and dataset.counts.sum() == dataset.num_rows


@pytest.mark.fault("A24")
@tried(st.one_of(st.text(max_size=400), st.text("/\\.\0\u202e\n:", max_size=40)))
def test_any_file_name_is_shown_short_and_printable(name: str) -> None:
    shown = display_name(name)
    assert shown and shown.isprintable() and "/" not in shown and len(shown) <= 10 * LIMITS.name_characters + 1


LINKS = {"lab": LAB, "circuits": CIRCUITS, "ask": ASKING, "linear": LINEAR}
QUERIES = [links.defaults[max(links.defaults)].encode() for links in LINKS.values()]
QUERIES += [f"v={version}".encode() + b"&view=embed" for version in (1, 2, 3)]
IN_QUERIES = [
    b"&",
    b"=",
    b"%00",
    b"%f0%9f",
    b",",
    b"nan",
    b"inf",
    b"1e400",
    b"-1",
    b"9",
    b"%2e%2e%2f",
    b"sha256:",
    b"<b>",
    b"&v=1",
]
queries = changed(QUERIES, IN_QUERIES).map(lambda text: text.decode("latin-1"))


@pytest.mark.fault("C01", "C02", "C03", "C05", "C06", "C10")
@pytest.mark.parametrize("links", LINKS.values(), ids=LINKS)
@tried(queries)
def test_any_link_opens_a_page_and_what_is_refused_is_said(links: Any, query: str) -> None:
    params = parse_qs(query, keep_blank_values=True)
    with bounded(len(query)):
        record, refusals = links.decode(params)
    assert type(record) is links.record and len(refusals) <= MAX_SENTENCES + 1
    assert all(is_sentence(ValueError(sentence)) for sentence in refusals)
    assert links.decode(links.encode(record))[0] == record
    view, said = decode_view(params)
    assert view in ("normal", "projector", "embed") and len(said) <= 1


@cache
def saved() -> tuple[bytes, ...]:
    """Files that the engine wrote: a model of every family, a mixture, and a state of training."""
    experiment = Experiment(dataset="two-clusters", num_components=2, num_seeds=1, optimiser="adam")
    with TemporaryDirectory() as place:
        file = Path(place) / "file.npz"
        save_model(file, circuits.random_asked(0, 3, circuits.ALL)[0])
        found = [file.read_bytes()]
        save_model(file, random_model(circuits.paired_circuit(), np.random.default_rng(0)))
        found.append(file.read_bytes())
        save_state(file, experiment, trainer_of(experiment).init())
        return (*found, file.read_bytes())


MOST = 1_000_000  # bytes of arrays that are read
IN_ARCHIVES = [
    b"PK\x01\x02",
    b"PK\x03\x04",
    b"PK\x05\x06",
    b"\x93NUMPY\x01\0",
    b"'<f8'",
    b"'|O'",
    b"\xff\xff\xff\xff",
    b"\0",
]
IN_HEADERS = [b"(", b"[", b"{", b"'descr'", b"'shape'", b", ", b"9", b"-1", b"None", b"<U0", b"|V8", b"<c16"]


def packed(names: Sequence[str], contents: Sequence[bytes]) -> bytes:
    """An archive of these members, whose checksums are right whatever they hold."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in zip(names, contents, strict=True):
            archive.writestr(name, content)
    return file.getvalue()


@st.composite
def repacked(draw: st.DrawFn) -> bytes:
    """What the engine wrote, one member changed: checksums keep most changes of the whole from showing."""
    with zipfile.ZipFile(io.BytesIO(draw(st.sampled_from(saved())))) as archive:
        names = archive.namelist()
        contents = [archive.read(name) for name in names]
    at = draw(st.integers(0, len(names) - 1))
    contents[at] = draw(changed([contents[at]], [*IN_HEADERS, *IN_TEXTS, *IN_ARCHIVES]))
    return packed(names, contents)


@st.composite
def described(draw: st.DrawFn) -> bytes:
    """A model whose description, or one of whose arrays of whole numbers, is changed where that can be read."""
    with np.load(io.BytesIO(draw(st.sampled_from(saved()[:2])))) as archive:
        arrays = dict(archive)
    text = draw(changed([str(arrays["model"]).encode()], IN_TEXTS)).decode("latin-1")
    arrays["model"] = np.array(draw(st.sampled_from([text, str(arrays["model"])])))
    name = draw(st.sampled_from([name for name, array in arrays.items() if array.dtype.kind == "i"]))
    at = draw(st.integers(0, arrays[name].size - 1))
    arrays[name].flat[at] = draw(st.one_of(st.integers(-2, 20), st.sampled_from([2**31, -(2**63), 2**63 - 1])))
    file = io.BytesIO()
    np.savez(file, allow_pickle=False, **arrays)
    return file.getvalue()


archives = st.deferred(lambda: st.one_of(changed(saved(), IN_ARCHIVES), repacked()))


@pytest.mark.fault("A23", "J15")
@tried(archives)
def test_any_archive_is_plain_arrays_or_refused(data: bytes) -> None:
    with bounded(len(data)):
        try:
            arrays = read_arrays(io.BytesIO(data), MOST)
        except ArchiveError as error:
            assert is_sentence(error)
            return
    assert all(array.dtype.kind in "iufbU" for array in arrays.values())
    assert sum(array.nbytes for array in arrays.values()) <= MOST


@pytest.mark.fault("C11", "J15")
@tried(st.one_of(archives, described()))
def test_any_file_is_a_model_or_refused(data: bytes) -> None:
    with bounded(len(data)):
        try:
            model = load_model(io.BytesIO(data))
        except SavedModelError as error:
            assert is_sentence(error)
            return
    assert isinstance(model, Model) and all(np.isfinite(array).all() for array in model.parameters.sums)


@pytest.mark.fault("C11", "J15")
@tried(archives)
def test_any_file_is_a_state_of_training_or_refused_by_its_name(data: bytes) -> None:
    with TemporaryDirectory() as place:
        file = Path(place) / "state.npz"
        file.write_bytes(data)
        try:
            experiment, _ = load_state(file)
        except ExperimentError as error:
            assert is_sentence(error) and str(error).startswith("state.npz: ")
            return
    assert isinstance(experiment, Experiment)


CELL = Cell(Experiment(dataset="two-clusters", num_components=2))
KEY = CELL.key("0" * 64)
TEXTS = [
    Experiment().to_json().encode(),
    CELL.to_json().encode(),
    Outcome(KEY, "done", curve={"median": [0.5]}).to_json().encode(),
]
IN_TEXTS = [
    b"[",
    b"{",
    b'"a":',
    b"NaN",
    b"-Infinity",
    b"1e999",
    b"true",
    b"null",
    b"9",
    b'"schema": 9,',
    b"\\ud800",
    b"\xff",
    b",",
]
NESTED = [b"[" * 20_000, b'{"a":' * 20_000, b"[" * 20_000 + b"]" * 20_000]
texts = st.one_of(changed(TEXTS, IN_TEXTS), st.sampled_from(NESTED)).map(
    lambda text: text.decode("utf-8", "surrogateescape")
)


@pytest.mark.fault("C11")
@tried(texts)
def test_any_text_is_one_object_or_refused_by_key_path(text: str) -> None:
    with bounded(len(text)):
        try:
            values = parse_object(text, "a saved thing", 100_000)
        except JsonError as error:
            assert is_sentence(error) and str(error).startswith("$")
            return
    assert values == json.loads(text)


@pytest.mark.fault("C11")
@tried(texts)
def test_any_text_is_an_experiment_or_refused(text: str) -> None:
    try:
        experiment = Experiment.from_json(text)
    except ExperimentError as error:
        assert is_sentence(error)
        return
    assert Experiment.from_json(experiment.to_json()) == experiment


@pytest.mark.fault("J15", "F04")
@tried(texts)
def test_any_text_is_the_outcome_of_its_cell_or_none(text: str) -> None:
    found = Outcome.read(text.encode("utf-8", "surrogateescape"), KEY)
    assert found is None or (isinstance(found, Outcome) and found.key == KEY)


PATHS = ["", "/layout", "/components", "/drawing", "/nothing"]
PATHS += [f"/dynamics/{view}" for view in derived.views(False)]
ASKED = [b"from=0&seed=0", b"at=3&seed=0", b"curve=0&component=0&layer=0&at=2&seed=0", b"from=999999999", b"at=1&at=2"]
questions = st.tuples(st.sampled_from(PATHS), changed(ASKED, IN_QUERIES).map(lambda text: quote(text, safe="&=%,")))


def check_answer(status: int, body: bytes, headers: dict[str, str]) -> None:
    """Frames hold what their header says, and what is refused is a sentence in JSON."""
    assert status in (200, 400, 404) and len(body) < 20_000_000
    if headers["content-type"] == "application/octet-stream":
        size = int.from_bytes(body[:4], "little")
        assert status == 200 and isinstance(json.loads(body[4 : 4 + size]), dict) and (len(body) - size) % 4 == 0
    elif status != 200:
        assert is_sentence(ValueError(json.loads(body)["error"]))


@pytest.mark.slow
@pytest.mark.fault("C06", "E13")
def test_any_question_about_a_run_is_answered_or_refused_in_a_sentence(tmp_path: Path) -> None:
    server = Serving(tmp_path, SPNLAB_REQUESTS_PER_SECOND="0").opened()

    async def opened() -> None:
        async with tab(server.port) as session:
            await session.follow(PATIENCE)

            @tried(questions)
            def ask(question: tuple[str, str]) -> None:
                path, query = question
                check_answer(*server.ask("GET", f"/api/runs/{session.run_id}{path}?{query[:4000]}"))

            await asyncio.to_thread(ask)

    try:
        apart.run(opened())
    finally:
        server.close()
