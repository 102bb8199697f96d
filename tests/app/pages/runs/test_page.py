"""The page of runs without a browser: found, opened as they were, named, deleted and brought back, trained again."""

import time
from collections.abc import Iterator
from html import escape
from typing import Any

import numpy as np
import pytest

from app.kit.text import JOINER, WORDS, plain
from app.live.headline.told import told
from app.live.history import HISTORY
from app.live.jobs import JOBS
from app.pages.runs import link, panel, words
from spncore.data import library
from spncore.runs.study import Study
from spncore.store import MEMORY, Store, StoreError, changes, reading
from spncore.studies import statistics
from spncore.studies.target import Fixed, fixed
from tests import kept
from tests.kept import OTHER, SESSION, falsify, keep, study
from tests.waiting import until

pytestmark = pytest.mark.usefixtures("only_shipped_data")
LEVEL = -5.43  # nats per row, which some curves reach
HOSTILE = '=cmd|"/c calc"!A1 <img src=x onerror=alert(1)> **bold** $x$ :material/bug_report: [a](http://b)'


@pytest.fixture(autouse=True)
def lists(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    yield from kept.emptied(monkeypatch)


def opened(**query: str) -> Any:
    at = kept.page("runs", **query).run()
    assert not at.exception
    return at


def pressed(at: Any, key: str) -> Any:
    at.button(key=key).click().run()
    assert not at.exception
    return at


def plainly(text: str) -> str:
    return text.replace("\\", "").replace(JOINER, "")


def said(at: Any) -> str:
    kinds = ("markdown", "caption", "info", "warning", "error", "success", "title", "header", "text")
    return plainly(" ".join(each.value for kind in kinds for each in at.get(kind)))


def rows(at: Any) -> list[str]:
    """The names of the runs that the list shows, in order."""
    return [plainly(each.label).strip("*") for each in at.button if (each.key or "").startswith("runs_open_")]


def html(at: Any) -> str:
    return " ".join(each.proto.body for each in at.get("html"))


def entry_of(key: str, session: str = SESSION) -> Any:
    return HISTORY.read(reading.of_study, HISTORY.owner(session), key)


def test_an_empty_list_says_so() -> None:
    at = opened()
    assert WORDS["runs_empty"] in said(at) and at.title[0].value == WORDS["runs"] and not rows(at)


def test_a_row_says_what_differs_on_which_data_where_each_depth_ended_and_when_it_was_at_the_target() -> None:
    wanted = study()
    data = library.load("two-clusters")
    target = fixed(wanted.experiment, data)
    assert target is not None
    _, traces = keep(wanted, target=target)
    at = opened()
    [name] = rows(at)
    assert "K = 2" in name and "η = 0.1" in name and "L = 1, 2" in name
    shown = html(at)
    for trace in traces:
        middle, low, high, _ = statistics.spread(trace.llh[:, -1].tolist())
        assert words.end([middle, low, high, 0.96875]) in shown
        reached = statistics.span(trace.updates_to(target.levels[0]), 30).replace(">", "&gt;")
        assert f"; {reached} updates to\u00a0{target.title}" in shown
    assert "Two clusters" in shown and "6 seeds" in shown and '<img src="data:image/svg+xml' in shown


def test_searched_filtered_ordered_and_its_address_says_so() -> None:
    for number, rate in enumerate((0.01, 0.02, 0.05)):
        keep(study(learning_rate=rate), f"Rate {number}" if number else None)
    at = opened()
    assert rows(at)[:2] == ["Rate 2", "Rate 1"] and "3 runs" in said(at)
    at.text_input(key="runs_words").set_value("rate 1").run()
    assert rows(at) == ["Rate 1"] and at.query_params["words"] == "rate 1"
    assert rows(opened(words="rate 1")) == ["Rate 1"]
    pressed(at, "runs_all")
    assert len(rows(at)) == 3 and not at.query_params and at.text_input(key="runs_words").value == ""
    at.selectbox(key="runs_order").select("oldest").run()
    assert rows(at)[1:] == ["Rate 1", "Rate 2"]
    at.toggle(key="runs_named").set_value(True).run()
    assert rows(at) == ["Rate 1", "Rate 2"]
    at.text_input(key="runs_words").set_value("nothing of the kind").run()
    assert not rows(at) and WORDS["runs_none"] in said(at)


def test_twenty_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link, "PART", 2)
    for seed in range(3):
        keep(study(seed=seed, num_seeds=1, iterations=2), f"Run {seed}")
    at = opened()
    assert rows(at) == ["Run 2", "Run 1"] and "1 to 2 of 3 runs" in said(at)
    pressed(at, "runs_after")
    assert rows(at) == ["Run 0"] and at.query_params["part"] == "2" and at.button(key="runs_after").disabled
    pressed(at, "runs_before")
    assert rows(at) == ["Run 2", "Run 1"]


def test_a_part_that_is_not_there_is_the_last_that_is() -> None:
    keep(study(), "Mine")
    at = opened(part="500")
    assert rows(at) == ["Mine"] and "1 run" in said(at)


def test_what_was_deleted_is_brought_back_within_a_day_by_any_tab() -> None:
    key, _ = keep(study(), "Mine")
    number = entry_of(key).id
    HISTORY.write(changes.remove, HISTORY.owner(SESSION), [number])
    at = opened()
    assert not rows(at)
    assert rows(pressed(at, f"runs_back_{number}")) == ["Mine"]


def test_seeds_together_make_one_statement_over_all_of_them() -> None:
    level = Fixed("tree", (LEVEL,) * 3)
    first, second = (keep(study(seed=seed, num_seeds=3), target=level)[1] for seed in (0, 2))
    keep(study(learning_rate=0.05), "another")
    at = opened(group="learning_rate")
    assert "learning rate (η) = 0.05" in said(at) and "learning rate (η) = 0.1" in said(at) and len(rows(at)) == 2
    shown = html(at)
    assert "2 runs · 5 different seeds" in shown, "seed 2 is in both and counts once"
    arrived = list[bool]()
    for one, other in zip(first, second, strict=True):
        llh = np.concatenate([one.llh, other.llh[1:]])
        reached = [next((at for at, value in enumerate(row) if value >= LEVEL), None) for row in llh]
        end = words.end(statistics.spread(llh[:, -1].tolist()))
        assert escape(f"{end}; {statistics.span(reached, llh.shape[1] - 1)} updates to\u00a0{level.title}") in shown
        arrived.append(all(reached))
    assert arrived == [True, False], "one curve is there in all seeds, the other one in none"
    [more] = [each for each in at.button if (each.key or "").startswith("runs_fold_")]
    more.click().run()
    assert len(rows(at)) == 2 and "another" not in rows(at) and at.query_params["fold"]


def test_a_run_opens_as_it_was_with_the_headline_of_the_lab_and_its_address_names_it() -> None:
    key, traces = keep(study(), "Mine", fixed(study().experiment, library.load("two-clusters")))
    at = opened()
    pressed(at, f"runs_open_{entry_of(key).id}")
    assert at.query_params == {"run": key[:12]} and at.title[0].value == "Mine"
    lines = told(traces, library.load("two-clusters"), fixed(study().experiment, library.load("two-clusters")))
    assert lines.headline in said(at) and plain(lines.details) in said(at)
    again = opened(run=key[:12])
    assert again.title[0].value == "Mine" and lines.headline in said(again)
    pressed(again, "runs_back")
    assert rows(again) == ["Mine"] and not again.query_params


@pytest.mark.parametrize(
    "wanted",
    [
        study(rivals=("em", "momentum")),
        study(structure="random_partitions", split_depth=1, num_repetitions=1, component_init="fitted"),
        study(dataset="labelled-clusters", objective="hybrid"),
        study(learning_rate=10.0, parametrisation="log", objective="unnormalised"),
        study(num_seeds=1, iterations=1),
        study(changes=("10:rate:0.05",)),
    ],
    ids="rivals circuit objective wild least changed".split(),
)
def test_a_run_of_any_kind_is_listed_and_opened(wanted: Study) -> None:
    if wanted.deep:
        wanted = wanted.beside_trees(library.load(wanted.experiment.dataset))
    key, traces = keep(wanted)
    assert len(rows(opened())) == 1 and len(rows(opened(group="seeds"))) == 1
    at = opened(run=key[:12])
    told = WORDS["runs_llh_only"] in said(at)
    assert told == (wanted.experiment.objective != "generative")
    for name, trace in zip(wanted.names(), traces, strict=True):
        assert trace.stopped or name in said(at)


@pytest.mark.parametrize("by", link.GROUPS)
def test_runs_are_together_by_any_setting(by: str) -> None:
    keep(study(iterations=2))
    keep(study(seed=9, iterations=2))
    keep(study(iterations=2, depths=(1, 3)) if by == "depths" else study(iterations=3))
    at = opened(group=by)
    assert len(rows(at)) == 2 and "2 runs · 12 different seeds" in html(at)


@pytest.mark.fault("F14")
def test_a_run_that_another_tab_deletes_is_said_to_be_deleted_and_can_be_brought_back() -> None:
    key, _ = keep(study(), "Mine")
    at = opened(run=key[:12])
    HISTORY.write(changes.remove, HISTORY.owner(SESSION), [entry_of(key).id])
    at.run()
    assert not at.exception and WORDS["runs_was_deleted"] in said(at)
    pressed(at, "runs_undo_one")
    assert at.title[0].value == "Mine"


def test_an_owner_sees_nothing_of_another_s_and_a_link_to_it_says_that_it_is_not_here() -> None:
    key, _ = keep(study(), "Theirs", session=OTHER)
    assert WORDS["runs_empty"] in said(opened())
    at = opened(run=key[:12])
    assert WORDS["runs_not_here"] in said(at) and "Theirs" not in said(at)


def test_a_link_that_names_no_run_is_refused_in_words() -> None:
    assert "run:" in said(opened(run="not a key"))


def test_deleting_takes_one_press_and_so_does_taking_it_back() -> None:
    keys = [keep(study(seed=seed, num_seeds=1, iterations=2), f"Run {seed}")[0] for seed in range(3)]
    at = opened()
    for key in keys[:2]:
        at.checkbox(key=f"runs_pick_{entry_of(key).id}").check().run()
    assert "(2 ticked)" in at.button(key="runs_compare").label and not at.button(key="runs_compare").disabled
    pressed(at, "runs_delete_some")
    assert rows(at) == ["Run 2"] and "2 runs deleted" in said(at) and at.button(key="runs_compare").disabled
    pressed(at, "runs_undo")
    assert rows(at) == ["Run 2", "Run 1", "Run 0"] and "deleted" not in said(at)


def test_name_note_and_tags_are_changed_and_what_is_too_long_is_refused_in_words(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    key, _ = keep(study(), "Before")
    at = pressed(opened(run=key[:12]), "runs_describe_one")
    assert at.text_input[0].value == "Before" and at.text_area[0].value == "" == at.text_input[1].value
    monkeypatch.setattr(panel.stored, "owner", lambda: HISTORY.owner(SESSION))
    assert panel.described(entry_of(key), "A name", "first line\nsecond line", "one, two,,one") is None
    entry = entry_of(key)
    assert (entry.name, entry.note, entry.tags) == ("A name", "first line\nsecond line", ("one", "two"))
    shown = opened()
    assert rows(shown) == ["A name"] and "first line second line" in html(shown) and ">one</span>" in html(shown)
    assert rows(opened(tag="two")) == ["A name"] and not rows(opened(tag="tw"))
    refused = panel.described(entry, "A name", "", "x" * 41)
    assert "tag: 41 characters are too many" in str(refused) and entry_of(key).tags == ("one", "two")


@pytest.mark.fault("F15")
def test_foreign_texts_are_shown_letter_by_letter() -> None:
    key, _ = keep(study(), HOSTILE)
    HISTORY.write(changes.describe, HISTORY.owner(SESSION), entry_of(key).id, note=HOSTILE, tags=[HOSTILE[:40]])
    at = opened()
    assert rows(at) == [HOSTILE] and "<img src=x" not in html(at) and "&lt;img src=x" in html(at)
    [label] = [each.label for each in at.button if (each.key or "").startswith("runs_open_")]
    assert "\\<img" in label and "\\*\\*bold" in label and "\\$x" in label and f":{JOINER}" in label
    [box] = at.checkbox
    assert box.label == "Tick =cmd c calc A1 img src=x onerror=alert 1 bold x material bug report a http b"
    assert plainly(opened(run=key[:12]).title[0].value) == HOSTILE


def finish(at: Any) -> Any:
    until(lambda: all(job.ended for job in JOBS._jobs.values()))
    at.run()
    assert not at.exception
    return at


def test_recomputing_says_that_every_number_came_back(jobs_in_threads: None) -> None:
    key, traces = keep(study())
    at = finish(pressed(opened(run=key[:12]), "runs_recompute_now"))
    assert f"All {sum(trace.llh.size for trace in traces)} stored numbers came back bit for bit." in said(at)


def test_one_bit_that_was_turned_over_is_found_by_training_again(jobs_in_threads: None) -> None:
    key, traces = keep(study())
    true = falsify(key, 1, 2, 5, sealed=True)
    at = finish(pressed(opened(run=key[:12]), "runs_recompute_now"))
    shown = said(at)
    assert f"1 of {sum(trace.llh.size for trace in traces)} stored numbers differ" in shown
    assert "the first: L=2, seed 2, after 5 updates" in shown and f"now {true!r} nats per row" in shown
    assert "the stored number is not what was computed" in shown
    falsify(key, 1, 2, 5, sealed=True)
    assert "came back bit for bit" in said(finish(pressed(opened(run=key[:12]), "runs_recompute_now")))


def test_one_bit_that_does_not_fit_its_sha256_is_named_at_once() -> None:
    key, _ = keep(study())
    falsify(key, 0, 3, 1, sealed=False)
    at = opened(run=key[:12])
    assert "curve 0, seed 3 is damaged" in said(at)
    falsify(key, 0, 3, 1, sealed=False)
    assert "damaged" not in said(opened(run=key[:12]))


def test_recomputing_can_be_stopped(jobs_in_threads: None) -> None:
    key, _ = keep(study(iterations=5000))
    at = pressed(opened(run=key[:12]), "runs_recompute_now")
    [job] = JOBS._jobs
    pressed(at, f"cancel_{job}")
    finish(at)
    assert WORDS["runs_recompute_stopped"] in said(at)
    assert JOBS._jobs[job].state == "cancelled"


def test_a_run_of_other_rows_says_which_it_needs_to_be_trained_again(monkeypatch: pytest.MonkeyPatch) -> None:
    key, _ = keep(study(), "Mine")
    monkeypatch.setattr("app.kit.stored.uploads.ready", lambda *_: None)
    at = opened(run=key[:12])
    assert at.button(key="runs_recompute_now").disabled and entry_of(key).data_sha256 in said(at)
    assert WORDS["runs_not_at_hand"].format(name="Two clusters (synthetic)") in said(at)


def test_rows_of_another_computer_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    key, _ = keep(study())
    monkeypatch.setattr("app.pages.runs.panel.explained", lambda _: {"BLAS kernel": "Z80"})
    assert "Made elsewhere: BLAS kernel" in said(opened(run=key[:12])) and "Z80 here" in said(opened(run=key[:12]))


def test_where_lists_end_with_the_server_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    with Store(MEMORY) as memory, monkeypatch.context() as for_now:
        for_now.setattr(HISTORY, "_store", memory)
        for_now.setattr(HISTORY, "fault", "the folder cannot be written")
        at = opened()
        assert "This list ends when the server does: the folder cannot be written" in said(at)


def test_a_store_that_cannot_be_read_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def read(*_: Any) -> None:
        raise StoreError("The store of runs cannot be read: it is gone.")

    monkeypatch.setattr(HISTORY, "read", read)
    assert "cannot be read: it is gone" in said(opened())


@pytest.mark.benchmark
def test_a_run_of_the_list_is_opened_in_a_tenth_of_a_second() -> None:
    key, _ = keep(study(iterations=500, num_components=8))
    at, seconds = opened(run=key[:12]), []
    for _ in range(5):
        begin = time.perf_counter()
        at.run()
        seconds.append(time.perf_counter() - begin)
    assert min(seconds) < 0.1, [f"{1000 * each:.0f} ms" for each in seconds]
