"""Figures as PDF: what is drawn is there in its place, the letters are in the file, and nothing else is let in."""

import io
import json
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
from pypdf import PdfReader
from starlette.applications import Starlette

from app.live import paper
from app.live.jobs import JobBoard
from app.live.limits import ServerLimits
from app.live.routes import routes
from spncore.record import ExperimentError
from tests.app.in_thread import InThread
from tests.app.live import tasks
from tests.waiting import until

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # Starlette asks for another HTTP client than the one that is pinned
    from starlette.testclient import TestClient

COLUMN = 240.94  # points in 8.5 cm
LINE = {
    "kind": "path",
    "lines": [[10, 10, 100, 50]],
    "closed": False,
    "fill": None,
    "stroke": [68, 1, 84, 0.5],
    "width": 1.2,
    "dash": [8, 4],
}
AREA = {**LINE, "lines": [[10, 10, 100, 50, 50, 90]], "closed": True, "fill": [0, 128, 255, 1], "stroke": None}
WORDS = {
    "kind": "text",
    "x": 12.5,
    "y": 100,
    "size": 8,
    "angle": 0,
    "length": 60,
    "text": "ρ / η = −5.9·10⁻³",
    "colour": [22, 24, 29, 1],
    "bold": False,
}
CLIP = {"kind": "clip", "box": [0, 0, 50, 50]}
HERE = {"Origin": "http://testserver"}


def drawing(*items: Any, **said: Any) -> dict[str, Any]:
    return {"width": COLUMN, "height": 160, "title": "Log-likelihood by depth", "items": list(items), **said}


def made(*items: Any, **said: Any) -> bytes:
    return paper.pdf(json.dumps(drawing(*items, **said)).encode(), lambda done, total: None)


def read(content: bytes) -> Any:
    return PdfReader(io.BytesIO(content))


def drawn(content: bytes) -> str:
    """The page's program."""
    return str(read(content).pages[0].get_contents().get_data().decode("latin-1"))


@pytest.fixture
def client() -> Iterator[Any]:
    jobs = JobBoard(ServerLimits(drawing_bytes=3000), InThread)
    yield TestClient(Starlette(routes=routes(None, jobs=jobs)))  # type: ignore[arg-type]
    jobs.close()


def test_the_page_has_the_size_that_was_asked_for_and_its_title() -> None:
    pdf = read(made(LINE))
    [page] = pdf.pages
    assert [float(side) for side in page.mediabox] == [0, 0, COLUMN, 160]
    assert pdf.metadata.title == "Log-likelihood by depth" and pdf.metadata.creator == "SPN Lab"


def test_words_can_be_read_and_searched_and_their_font_is_in_the_file() -> None:
    [page] = read(made(WORDS, {**WORDS, "y": 120, "bold": True, "text": "Größe КЯ"})).pages
    text = page.extract_text()
    assert "ρ / η = −5.9·10⁻³" in text and "Größe КЯ" in text
    fonts = [font.get_object() for font in page["/Resources"]["/Font"].values()]
    assert {font["/BaseFont"].partition("+")[2] for font in fonts} == {"LabSans-Regular", "LabSans-Semibold"}
    assert all("/FontFile2" in font["/FontDescriptor"].get_object() for font in fonts), "no paper takes others"


def test_words_are_as_long_as_they_were_where_they_were_measured() -> None:
    own = 60.0
    for length, percent in ((own, None), (own * 5, 100)):
        program = drawn(made({**WORDS, "length": length}))
        said = float(program.split(" Tz")[0].split()[-1])
        assert said == percent if percent else 80 < said < 125


def test_lines_areas_and_clips_are_drawn_where_they_were_sent_from() -> None:
    program = drawn(made(CLIP, LINE, AREA, {"kind": "unclip"}))
    assert "1 0 0 -1 0 160 cm" in program, "y runs down, as in the browser"
    assert "10 10 m 100 50 l" in program and "[8 4] 0 d" in program and "1.2 w" in program
    assert "0 0 50 50 re W" in program
    assert program.count("q") == program.count("Q")


def test_what_is_cut_and_not_uncut_again_is_closed_at_the_end() -> None:
    program = drawn(made(CLIP, CLIP, LINE))
    assert program.count("q") == program.count("Q")


@pytest.mark.parametrize(
    ("items", "said", "words"),
    [
        ([{"kind": "image"}], {}, "items must be one of path, text, clip, unclip each"),
        (["path"], {}, "items must be one of path, text, clip, unclip each"),
        ([{"kind": "unclip"}], {}, "items must be no more unclip than clip"),
        ([], {"width": 5}, "width must be numbers from 20 to 2000"),
        ([], {"height": "tall"}, "height must be numbers from 20 to 2000"),
        ([], {"title": 7}, "title must be a text of at most 1000 characters"),
        ([], {"items": {}}, "items must be a list"),
        ([{**LINE, "lines": [[1e9, 0]]}], {}, "lines must be numbers from -20000 to 20000"),
        ([{**LINE, "lines": [[True, 0]]}], {}, "lines must be numbers"),
        ([{**LINE, "stroke": [0, 0, 300, 1]}], {}, "stroke must be numbers from 0 to 255"),
        ([{**LINE, "stroke": [0, 0, 0, 2]}], {}, "stroke must be red, green and blue to 255 and an opacity to 1"),
        ([{**LINE, "dash": [0, 0]}], {}, "dash must be at most 8 lengths, not all 0"),
        ([{**WORDS, "text": "x" * 1001}], {}, "text must be a text of at most 1000 characters"),
        ([{**WORDS, "size": 0}], {}, "size must be numbers from 0.1 to 200"),
        ([{**WORDS, "text": "x"}] * 3001, {}, "items must be at most 3000 texts"),
        ([{**CLIP, "box": [0, 0]}], {}, "box must be x, y, width and height"),
    ],
)
def test_what_is_no_such_drawing_is_refused_in_a_sentence(items: Any, said: Any, words: str) -> None:
    with pytest.raises(ExperimentError, match=f"The drawing cannot be made into a PDF: {words}"):
        made(*items, **said)


@pytest.mark.parametrize("body", [b"", b"[]", b"\xff", b"{", b'{"width": NaN}'])
def test_what_is_no_json_object_is_refused_too(body: bytes) -> None:
    with pytest.raises(ExperimentError, match=r"The drawing cannot be read: |width must be"):
        paper.pdf(body, lambda done, total: None)


def test_a_page_is_answered_with_the_pdf_of_its_drawing(client: Any) -> None:
    answer = client.post("/api/pdf", json=drawing(LINE, WORDS), headers=HERE)
    assert answer.status_code == 200 and answer.headers["content-type"] == "application/pdf"
    assert "ρ / η" in read(answer.content).pages[0].extract_text()


def test_a_drawing_that_is_refused_is_answered_with_why(client: Any) -> None:
    answer = client.post("/api/pdf", json=drawing({"kind": "image"}), headers=HERE)
    assert answer.status_code == 400
    assert answer.json()["error"].endswith("must be one of path, text, clip, unclip each.")


def test_a_drawing_beyond_the_bound_is_refused_before_it_is_read(client: Any) -> None:
    answer = client.post("/api/pdf", json=drawing(*[WORDS] * 50), headers=HERE)
    assert answer.status_code == 413
    assert answer.json()["error"] == "The figure has more than 0.003 MB of lines; save it as SVG or PNG."


def test_another_site_s_page_cannot_have_a_pdf_made(client: Any) -> None:
    answer = client.post("/api/pdf", json=drawing(LINE), headers={"Origin": "http://evil.example"})
    assert answer.status_code == 403


class Deaf(InThread):
    """A process that does not answer."""

    def send(self, message: Any) -> None:
        pass


@pytest.fixture
def deaf() -> Iterator[JobBoard]:
    jobs = JobBoard(ServerLimits(jobs_per_session=2, drawing_seconds=0.05), Deaf)
    yield jobs
    jobs.close()


def asked(jobs: JobBoard) -> Any:
    client = TestClient(Starlette(routes=routes(None, jobs=jobs)))  # type: ignore[arg-type]
    return client.post("/api/pdf", json=drawing(LINE), headers=HERE)


def test_a_pdf_that_does_not_come_in_time_is_given_up(deaf: JobBoard) -> None:
    answer = asked(deaf)
    assert answer.status_code == 503 and answer.json()["error"] == "The PDF takes too long now; try again."
    assert deaf.counts()["queued"] == 0


def test_one_browser_has_few_pdfs_waiting_and_is_told_so(deaf: JobBoard) -> None:
    first = deaf.start("first", "pdf testclient", tasks.patient, quick=True)
    until(lambda: first.state == "running")
    for key in ("second", "third"):
        deaf.start(key, "pdf testclient", tasks.patient, quick=True)
    answer = asked(deaf)
    assert answer.status_code == 429 and answer.json()["error"].startswith("2 computations of yours wait already")
