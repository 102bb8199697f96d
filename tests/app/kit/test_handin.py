"""A hand-in: what is written is read back, what is damaged or edited is found, and nothing in it can run or load."""

from __future__ import annotations

import base64
import json
import re
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.kit import handin, handin_page, marking
from app.kit.answers import HANDLES, SKIPPED, Given, Guessed
from app.kit.handin import HandinError
from app.kit.lessons import lessons as shipped
from spncore.limits import LIMITS
from tests import handins
from tests.handins import ANSWERS, LAB, edited, falsified, lesson, lessons, values_of, with_values, written

READ = {"same", "other"}
points = st.lists(st.floats(-1e6, 0.0), min_size=HANDLES, max_size=HANDLES)
curves = st.dictionaries(st.sampled_from(["1", "2", "3", "8"]), points, min_size=1)
GUESSES = {
    "choose": st.sampled_from(["more", "less"]).map(lambda name: Guessed("choice", name)),
    "count": st.floats(0.0, 8.0).map(lambda value: Guessed("number", value)),
    "draw": curves.map(lambda value: Guessed("curve", value)),
}
skipped = st.just(Guessed(SKIPPED, None))
checks = st.sampled_from([None, "this", "that"])
some_answers = st.fixed_dictionaries(
    {},
    optional={name: st.builds(Given, st.one_of(st.none(), skipped, guess), checks) for name, guess in GUESSES.items()},
).map(lambda found: {name: given for name, given in found.items() if given != Given()})


class Elements(HTMLParser):
    """What a browser would make of a file: its elements with their attributes, and the text outside the data."""

    def __init__(self, data: bytes) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self._inside = ""
        self.feed(data.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside = tag
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside not in ("script", "style"):
            self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())


def refusal(data: bytes) -> str:
    with pytest.raises(HandinError) as refused:
        handin.read(data, lessons())
    said = str(refused.value)
    assert said.isprintable() and 0 < len(said) < 500
    return said


@settings(deadline=None, max_examples=60)
@given(some_answers, st.text(max_size=100), st.integers(0, 3))
def test_what_is_written_is_read_back_and_shows_what_it_holds(answers: Any, name: str, number: int) -> None:
    kept = handins.runs()[:number]
    made = handin.write(lesson(), answers, kept, name, LAB)
    found = handin.read(made, lessons())
    assert found.given == answers and found.name == handin.called(name) and not found.left_out
    assert (found.lesson, found.version, found.reading) == ("small", 3, "same")
    for before, after in zip(kept, found.runs, strict=True):
        assert before.study == after.study
        for one, other in zip(before.finished.results, after.finished.results, strict=True):
            assert np.array_equal(one.llh.view(np.int64), other.llh.view(np.int64))
    assert made == handin.write(lesson(), answers, kept, name, LAB), "equal bytes for equal content"


def test_it_can_be_read_without_its_data() -> None:
    text = Elements(written()).text
    for said in (
        "A small lesson",
        "Ada",
        "Which <b>one</b>?",
        "This & that",
        "Right. It is right.",
        "Not quite.",
        "Keep.",
    ):
        assert said in text, said
    assert "3 of 3 steps answered, 2 of 3 right; 3 of 3 runs." in text
    assert "2.5 nats per row." in text and "A curve was drawn for L = 1 and L = 2." in text
    [end, *_] = handins.runs()[0].entry.summary["curves"][0]["end"]
    assert f"{end:.3f}".replace("-", "−") in text


def test_its_links_open_the_runs_in_the_lab_it_came_from() -> None:
    links = [attributes["href"] for tag, attributes in Elements(written()).found if tag == "a"]
    assert len(links) == 3 and all(link and link.startswith(f"{LAB}?v=2&") for link in links)
    assert any("learning_rate=0.1" in str(link) for link in links)


def test_nothing_in_it_runs_or_loads_whatever_is_typed() -> None:
    name = '"><script>alert(1)</script><img src=x onerror=alert(2)>'
    data = written(name=name)
    elements = Elements(data)
    assert [attributes for tag, attributes in elements.found if tag == "script"] == [
        {"type": "application/json", "id": "spn-hand-in"}
    ]
    assert handin.called(name) in elements.text and handin.read(data, lessons()).name == handin.called(name)
    for tag, attributes in elements.found:
        assert tag not in ("img", "link", "iframe", "object", "embed", "form", "base", "svg"), tag
        assert not {name for name in attributes if name.startswith("on") or name in ("src", "style")}
    policy = next(
        each["content"] for tag, each in elements.found if each.get("http-equiv") == "Content-Security-Policy"
    )
    assert policy and policy.startswith("default-src 'none'; ") and "unsafe" not in policy
    assert "http" not in handin_page.STYLE and "url(" not in handin_page.STYLE and "@import" not in handin_page.STYLE


def test_every_byte_that_is_turned_over_is_found() -> None:
    data = written({"choose": ANSWERS["choose"]}, kept=[])
    for at in range(len(data)):
        for bit in (1, 0x20):
            damaged = data[:at] + bytes([data[at] ^ bit]) + data[at + 1 :]
            try:
                assert handin.read(damaged, lessons()).reading == "other", f"byte {at}"
            except HandinError:
                continue


def test_turned_bits_in_its_runs_are_found() -> None:
    data = written()
    begin = data.index(b'"runs":"') + 8
    end = data.index(b'"', begin)
    for at in range(begin, end, 97):
        assert refusal(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])


def test_every_file_that_is_cut_short_is_refused_or_said_to_show_something_else() -> None:
    data = written({"choose": ANSWERS["choose"]}, kept=[])
    closed = data.index(b"</script>") + len(b"</script>")
    for end in range(0, len(data), 7):
        if end < closed:
            assert refusal(data[:end])
        else:
            assert handin.read(data[:end], lessons()).reading == "other"


def test_a_readable_part_that_was_edited_is_said_to_differ() -> None:
    data = written()
    better = data.replace(b"2 of 3 right", b"3 of 3 right")
    assert better != data and handin.read(better, lessons()).reading == "other"
    assert handin.read(data.replace(b"<h1>", b"<!-- --><h1>"), lessons()).reading == "other"
    assert handin.read(data.replace(b"\n", b"\r\n"), lessons()).reading == "same", "as mail may change line ends"
    assert handin.read(b"\xef\xbb\xbf" + data, lessons()).reading == "same"


def test_answers_that_were_edited_with_their_checksum_are_judged_as_they_now_are_and_the_text_differs() -> None:
    def edit(values: dict[str, Any]) -> None:
        values["answers"]["steps"]["count"]["check"] = "this"

    found = handin.read(edited(written(), edit), lessons())
    assert found.given is not None and marking.right(lesson(), found.given) == 3
    assert found.reading == "other", "what the page shows is still the old answer"


def test_a_number_that_was_falsified_with_all_checksums_is_read_and_left_to_training_again() -> None:
    before, after = (handin.read(each, lessons()) for each in (written(), falsified(written())))
    assert before.sha256 != after.sha256
    assert before.runs[0].finished.results[-1].llh[-1] != after.runs[0].finished.results[-1].llh[-1]


def put(*path: Any, to: Any) -> Any:
    def edit(values: dict[str, Any]) -> None:
        *folders, last = path
        place: Any = values
        for name in folders:
            place = place[name]
        place[last] = to

    return edit


EDITS = {
    "a newer format": (put("format", to=2), "data: format: 2 is refused; allowed: 1"),
    "true for 1": (put("format", to=True), "data: format: True is refused"),
    "something else": (put("what", to="a run"), "data: what: 'a run' is refused; allowed: hand-in of SPN Lab"),
    "one more": (put("more", to=1), "data: 'more': not known; allowed: answers, format"),
    "one less": (lambda values: values.pop("lab"), "data: 'lab': missing"),
    "a script for a link": (put("lab", to="javascript:alert(1)//"), "data: lab: 'javascript:alert(1)//' is refused"),
    "a link that ends early": (put("lab", to='http://x/"onclick='), "allowed: an http address"),
    "a link without a host": (put("lab", to="http:///x"), "allowed: an http address"),
    "a broken address": (put("lab", to="http://[x"), "allowed: an http address"),
    "a name of two lines": (put("name", to="a\nb"), "data: name: 'a\\nb' is refused; allowed: one line of at most 80"),
    "a long name": (put("name", to="a" * 81), "allowed: one line of at most 80"),
    "an invisible name": (put("name", to="\u202ea"), "data: name: "),
    "half a sign": (put("name", to="\ud800"), "data: name: "),
    "a name that is none": (put("name", to=[]), "data: name: [] is refused; allowed: a text"),
    "answers that are none": (put("answers", to=[]), "answers: [] is refused"),
    "more in the answers": (put("answers", "name", to="x"), "allowed: an object with lesson, version and steps"),
    "a lesson that leads out": (put("answers", "lesson", to="../small"), "answers: lesson: '../small' is refused"),
    "a long lesson": (put("answers", "lesson", to="a" * 65), "answers: lesson: "),
    "no version": (put("answers", "version", to=0), "answers: version: 0 is refused"),
    "a version that is none": (put("answers", "version", to=1.0), "answers: version: 1.0 is refused"),
    "steps that are none": (put("answers", "steps", to=[]), "answers: steps: [] is refused"),
    "many steps": (put("answers", "steps", to={f"a{n}": {} for n in range(100)}), "allowed: at most 99"),
    "a step's name": (put("answers", "steps", "<b>", to={}), "answers: steps: "),
    "long answers": (put("answers", "steps", "choose", "more", to="x" * 20_000), "answers: too long"),
    "runs that are none": (put("runs", to=3), "data: runs: 3 is refused; allowed: a text"),
    "no base64": (put("runs", to="!"), "runs: not base64"),
    "no archive": (put("runs", to=base64.b64encode(b"x" * 99).decode()), "runs: not a .spnlab file"),
}


@pytest.mark.parametrize("what", EDITS)
def test_data_are_refused_by_what_is_wrong_where_and_what_is_allowed(what: str) -> None:
    edit, said = EDITS[what]
    assert said in refusal(edited(written(kept=[]), edit))


def test_what_does_not_fit_the_lesson_is_left_out_and_named() -> None:
    found = handin.read(edited(written(), put("answers", "steps", "choose", "check", to="none")), lessons())
    assert found.given is not None and found.given["choose"].check is None and found.left_out == ["choose"]


def test_another_version_or_lesson_is_read_and_not_judged() -> None:
    older = handin.read(edited(written(), put("answers", "version", to=2)), lessons())
    assert older.given is None and older.version == 2 and older.reading == "unknown" and len(older.runs) == 3
    other = handin.read(written(), {})
    assert other.given is None and other.lesson == "small"


BLOCKS = {
    "nothing": (b"", "the file has no data of a hand-in"),
    "a page": (b"<!doctype html><p>Hello", "no data of a hand-in"),
    "too much": (b"x" * (LIMITS.handin_bytes + 1), "allowed: 4,000,000"),
    "another coding": ("é".encode("latin-1"), "byte 0: not UTF-8"),
    "UTF-16": (written(kept=[]).decode().encode("utf-16"), "byte 0: not UTF-8"),
    "a second script": (written(kept=[]) + b"<SCRIPT>alert(1)</SCRIPT>", "the file has 2 script elements"),
    "data twice": (written(kept=[]) * 2, "the file has 2 script elements"),
    "data that never end": (written(kept=[]).replace(b"</script>", b""), "no data of a hand-in"),
}


@pytest.mark.parametrize("what", BLOCKS)
def test_a_file_that_is_none_is_refused_in_a_sentence(what: str) -> None:
    data, said = BLOCKS[what]
    assert said in refusal(data)


HOSTILE = {
    "nested": b'{"answers":' + b"[" * 100_000,
    "nested and closed": b'{"answers":' + b"[" * 900 + b"]" * 900 + b"}",
    "infinite": b'{"answers":1e999}',
    "not a number": b'{"answers":NaN}',
    "twice": b'{"name":"a","name":"b"}',
    "many digits": b'{"answers":' + b"9" * 5000 + b"}",
    "a list": b"[]",
    "nothing": b"",
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_block_that_is_made_to_hurt_is_refused(what: str) -> None:
    block = f'<script type="application/json" id="spn-hand-in">{HOSTILE[what].decode()}</script>'
    assert refusal(block.encode()).startswith("data: ")


def test_deeply_nested_data_under_a_fitting_checksum_are_refused() -> None:
    deep: Any = "x"
    for _ in range(400):
        deep = [deep]
    said = refusal(edited(written(kept=[]), put("answers", "steps", to=deep)))
    assert said.startswith("answers: steps: ")


def test_many_runs_are_refused_by_their_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handin, "LIMITS", type(LIMITS)(handin_runs=2))
    assert refusal(written()) == "runs: 3 are there; allowed: 2"


def test_a_file_that_would_be_too_large_is_not_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handin, "LIMITS", type(LIMITS)(handin_bytes=10_000))
    with pytest.raises(HandinError, match=r"these runs make a file of [\d,]+ bytes; allowed: 10,000"):
        written()


@pytest.mark.parametrize("name", list(shipped()))
def test_all_runs_of_every_lesson_fit_into_one_file(name: str) -> None:
    experiments = [each for study in handins.studies(shipped()[name]) for each in study.experiments()]
    numbers = sum(8 * each.num_seeds * (each.iterations + 1) for each in experiments)
    assert numbers * 4 / 3 < 0.9 * LIMITS.handin_bytes
    assert len(handins.studies(shipped()[name])) <= LIMITS.handin_runs


def test_its_runs_open_as_a_file_of_runs_of_their_own() -> None:
    from spncore.kept.unpacking import read

    bundle = read(base64.b64decode(values_of(written())["runs"]))
    assert [run.study for run in bundle.runs] == handins.studies()
    assert all(not (run.entry.name or run.entry.note or run.entry.tags or run.entry.made_at) for run in bundle.runs)


def test_a_run_that_several_steps_have_is_shown_once() -> None:
    depth = shipped()["depth"]
    same = [step for step in depth.steps if step.runs[0].study == depth.steps[0].runs[0].study]
    study = same[0].runs[0].study.on(handins.DATA)
    answers = {step.name: Given(None, step.check.right) for step in same}
    text = Elements(handin.write(depth, answers, handins.runs([study]), "", LAB)).text
    assert len(same) > 2 and text.count("Open in the lab") == 1
    assert text.count(f"the run of step 1, {same[0].runs[0].title}") == len(same) - 1


def test_the_lesson_s_runs_are_told_from_others() -> None:
    asked = marking.Runs(lesson(), [*handins.runs(), *handins.runs()[:1]])
    assert len(asked.by_study) == 3 and len(asked.others) == 1, "one is there twice"
    strange = handins.studies(shipped()["depth"])[0]
    strange = strange.on(handins.DATA)
    small = type(strange)(strange.experiment.replace(iterations=3, num_seeds=1, num_components=2), (1,))
    assert len(marking.Runs(lesson(), handins.runs([small])).others) == 1


def test_json_stands_in_its_block_as_the_format_says() -> None:
    data = written()
    [block] = re.findall(rb'<script type="application/json" id="spn-hand-in">(.*?)</script>', data, re.S)
    assert block.isascii() and not {*b"<>&"} & {*block}
    values = json.loads(block)
    assert sorted(values) == [*handin.KEYS] and with_values(data, values) == data
