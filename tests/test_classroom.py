"""What the classroom's benchmark counts, every number of it, on classes that are made up."""

import asyncio
import json
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import SimpleNamespace

import pytest

from benchmarks import counting, readme
from benchmarks.classroom import __main__ as program
from benchmarks.classroom import beside, crowd, kills, memory, parts, pressing, wifi
from benchmarks.classroom.measures import EARLIER, NOW, ROWS, TARGETS, measures, numbers
from benchmarks.classroom.sizes import SMALLEST
from benchmarks.counting import Spent, Usage
from benchmarks.document import document
from benchmarks.pages import Answer, fetched, sent
from benchmarks.visitors import Session


def session(points=(), ended=None, state="queued", errors=(), done=0, controls=()):
    made = Session(0, "", None)
    made.trained, made.points, made.ended, made.state = 100.0, list(points), ended, state
    made.errors, made.done, made.controls = list(errors), done, list(controls)
    return made


SERVED = session([100.25, 100.5, 101.0], ended=101.0, state="done", controls=[0.04])
WAITS = session()


def test_who_has_no_point_has_waited_until_the_end_of_the_watch():
    found = counting.pressed([SERVED, WAITS], until=110.0)
    assert found["first_point_worst_ms"] == 10_000.0 and found["first_point_count"] == 2
    assert found["without_a_point"] == 1


def test_the_wait_for_the_first_point_is_a_gap_and_so_is_the_silence_after_the_last_one_of_a_run_under_way():
    assert counting.gaps_from_train(SERVED, 110.0) == [250.0, 250.0, 500.0]
    assert counting.gaps_from_train(session([101.0]), 110.0) == [1000.0, 9000.0]
    assert counting.pressed([SERVED, WAITS], 110.0)["data_gap_worst_ms"] == 10_000.0


def test_a_class_has_finished_when_its_last_run_is_done_and_not_before():
    late = session([103.0], ended=104.5, state="done")
    assert counting.pressed([SERVED, late], 110.0)["all_finished_seconds"] == 4.5
    for other in (WAITS, session([103.0], ended=104.5, state="interrupted")):
        found = counting.pressed([SERVED, other], 110.0)
        assert (found["all_finished_seconds"], found["unfinished"]) == (None, 1)


def test_the_time_over_the_ideal_counts_every_core():
    assert counting.over_ideal(15.0, 20.0, 2) == 1.5 and counting.over_ideal(None, 20.0, 2) is None
    found = pressing.shares({"all_finished_seconds": 15.0}, Spent(24.0, 1.0), 20.0)
    assert (found["finished_over_ideal"], found["finished_over_trained"]) == (1.5, 1.25)


def test_quantiles_are_those_of_all_values_and_none_are_said_to_be_none():
    found = counting.quantiles("wait", [float(value) for value in range(1, 101)])
    assert (found["wait_p50_ms"], found["wait_p95_ms"], found["wait_worst_ms"], found["wait_count"]) == (
        50.5,
        95,
        100,
        100,
    )
    assert counting.quantiles("wait", []) == {"wait_count": 0}


def test_children_train_where_there_are_any_those_begun_meanwhile_among_them():
    before = Usage("1", {"1": 1.0, "2": 1.0}, {7: 2.0})
    after = Usage("1", {"1": 1.5, "2": 4.0}, {7: 5.0, 8: 1.0})
    assert counting.spent(before, after) == Spent(training=4.0, serving=3.5)


def test_without_children_the_busiest_thread_but_the_first_trains():
    before = Usage("1", {"1": 1.0, "2": 1.0}, {})
    after = Usage("1", {"1": 9.0, "2": 4.0, "3": 0.5}, {})
    assert counting.spent(before, after) == Spent(training=3.0, serving=8.5)


@pytest.mark.parametrize(
    ("change", "well"),
    [
        ({}, True),
        ({"first_point_p95_ms": 1001.0}, False),
        ({"data_gap_p95_ms": 401.0}, False),
        ({"unfinished": 1}, False),
        ({"errors": 1}, False),
    ],
)
def test_a_class_is_served_well_when_all_of_it_holds(change, well):
    row = {"errors": 0, "unfinished": 0, "first_point_p95_ms": 1000.0, "data_gap_p95_ms": 400.0, **change}
    assert pressing.served_well(row) is well


def test_the_largest_class_is_the_last_one_served_well():
    good = {"errors": 0, "unfinished": 0, "first_point_p95_ms": 10.0, "data_gap_p95_ms": 100.0}
    rows = [{**good, "sessions": 10}, {**good, "sessions": 20}, {**good, "sessions": 30, "errors": 1}]
    assert pressing.largest(rows) == {"students": 20, "students_per_core": 10.0, "tried_no_more": False}
    assert pressing.largest(rows[:2])["tried_no_more"] and pressing.largest(rows[2:])["students"] == 0


def test_a_delay_is_told_only_where_every_run_ended_beside_the_heavy_ones():
    assert beside.delays([1.0, 2.0, 3.0], [3.0, 3.5, 9.0])["delay"] == 1.75
    assert beside.delays([1.0], [3.0, None]) == {"beside_seconds": [3.0], "not_ended_beside": 1, "delay": None}
    assert beside.delays([None], [3.0])["delay"] is None


def visitor(page=None, waited=False):
    made = crowd.Visitor(0, 1, 0.0)
    made.session, made.waited, made.opening = page, waited, None if page is None else 0.25
    return made


def test_of_a_crowd_those_let_in_later_those_in_line_and_those_refused_are_told_apart():
    found = crowd.found([visitor(SERVED), visitor(WAITS, waited=True), visitor(waited=True), *[visitor()] * 3])
    assert (found["inside_at_once"], found["inside_later"], found["in_line"], found["refused"]) == (1, 1, 1, 3)
    assert (found["opening_count"], found["control_p95_ms"], found["with_a_point"], found["ended"]) == (2, 40.0, 1, 1)


def let_in(monkeypatch, *answers):
    """A visitor to whom these pages come one after the other, the paths that it asked for, and its cookies."""
    asked, pages = [], list(answers)

    async def fetch(self, path, cookies):
        asked.append(path)
        return pages.pop(0)

    monkeypatch.setattr(crowd.Visitor, "_fetch", fetch)
    monkeypatch.setattr(crowd, "ASK_SECONDS", 0.0)
    one = visitor()
    return one, asked, asyncio.run(one._let_in(time.perf_counter() + 60))


LINE = Answer(503, '<html data-ask="api/door?ticket=a-b_c">', {"a": "b"})
PAGE = Answer(200, "<html>", {"a": "b"})


def test_a_waiting_page_is_waited_for_and_then_the_page_is_loaded(monkeypatch):
    places = [Answer(200, json.dumps({"place": place}), {}) for place in (2, 0)]
    one, asked, cookies = let_in(monkeypatch, LINE, *places, PAGE)
    assert asked == ["/", "/api/door?ticket=a-b_c", "/api/door?ticket=a-b_c", "/"]
    assert one.waited and cookies == {"a": "b"}


def test_a_page_that_comes_at_once_is_no_wait_and_a_refusal_no_page(monkeypatch):
    one, _, cookies = let_in(monkeypatch, PAGE)
    assert not one.waited and cookies == {"a": "b"}
    assert let_in(monkeypatch, Answer(503, "no line", {}))[2] is None


@pytest.mark.parametrize(("run_id", "inside"), [("", False), ("run", True)])
def test_a_page_that_mounts_no_run_is_no_place(monkeypatch, run_id, inside):
    async def connected(port, cookies):
        return SimpleNamespace(close=lambda code: asyncio.sleep(0))

    async def rerun(self):
        self.run_id = run_id
        return 0.5

    monkeypatch.setattr(crowd, "connected", connected)
    monkeypatch.setattr(Session, "rerun", rerun)
    one = visitor()
    asyncio.run(one._open({}))
    assert (one.session is not None) is inside and one.opening == 0.5


def test_a_browser_keeps_the_cookies_that_it_is_given():
    class Page(BaseHTTPRequestHandler):
        def do_GET(self):  # noqa: N802  the name that is called
            said.append(self.headers["Cookie"])
            self.send_response(503)
            self.send_header("Set-Cookie", "place=2|3; Path=/")
            self.end_headers()
            self.wfile.write(b"later")

        def log_message(self, *_):
            pass

    said = []
    with HTTPServer(("127.0.0.1", 0), Page) as server:
        asking = threading.Thread(target=server.handle_request)
        asking.start()
        answer = fetched(server.server_port, "/", {"name": "me"})
        asking.join()
    assert said == ["name=me"] and answer == Answer(503, "later", {"name": "me", "place": "2|3"})
    assert sent(answer.cookies) == "name=me; place=2|3"


def test_heavy_runs_count_by_the_points_they_have():
    several = [session([1.0, 2.0], done=41), session([1.0], done=1), session(state="failed", errors=["status 404"])]
    found = memory.served(several, peak=512.34)
    assert (found["with_a_point"], found["with_points_twice"], found["ended_early"], found["errors"]) == (2, 1, 1, 1)
    assert (found["fewest_updates"], found["most_updates"], found["peak_mb"]) == (0, 40, 512.3)


def answer_of(text):
    async def answered():
        reader = asyncio.StreamReader()
        reader.feed_data(text)
        reader.feed_eof()
        return await memory.answer_of(reader)

    return asyncio.run(answered())


def test_a_refused_upload_is_told_by_its_status_and_sentence():
    assert answer_of(b"HTTP/1.1 413 \r\nA: b\r\n\r\nToo much.") == (413, "Too much.")
    assert answer_of(b"HTTP/1.1 204 \r\n\r\n") == (204, "")
    assert answer_of(b"")[0] == 0


SEEN = [(0.0, 0), (1.0, 1), (1.1, 11), (1.2, 11), (1.3, 31), (2.3, 51), (2.4, 51), (2.5, 61)]


def test_what_a_kill_costs_is_what_was_made_since_updates_last_came():
    """60 updates in 1.5 s without the second's silence are 120 a second: 0.1 s of them are lost."""
    cost = kills.cost(SEEN, killed=1.4)
    assert cost.repeated == pytest.approx(12.0)
    assert cost.at_a_time == 20 and cost.stalled == pytest.approx(0.9)


def test_the_worst_round_counts():
    found = kills.summary(3, [kills.Killed(5.0, 10, 0.1), kills.Killed(9.0, 6, 0.4)], same=2, ended=3)
    assert (found["rounds"], found["kills_during_a_run"], found["runs_done"]) == (3, 2, 3)
    assert found["runs_with_the_same_numbers"] == 2
    assert (found["updates_repeated_at_most"], found["updates_at_a_time_at_most"]) == (9.0, 10)
    assert (found["slices_repeated_at_most"], found["longest_stall_ms"]) == (1.5, 400.0)


def test_a_server_without_trainers_has_none_to_kill():
    server = SimpleNamespace(children_cpu=dict)
    assert asyncio.run(kills.kills(server, SMALLEST)) == {"children": 0}


def test_only_runs_that_had_not_ended_can_be_lost_by_a_cut():
    several = [session(state=state) for state in ("done", "done", "interrupted", "running")]
    found = wifi.found(several, [True, False, False, False], ["a", "b", "c", "d"], ["a", "b", "x", "d"])
    assert (found["unfinished_before"], found["done"], found["lost"], found["under_way"]) == (3, 1, 1, 1)
    assert found["sessions_kept"] == 3


def made_up():
    """What the parts find, of the classes above."""
    press = {
        **counting.pressed([SERVED], 110.0),
        **pressing.shares({"all_finished_seconds": 1.0}, Spent(1.0, 1.0), 1.0),
    }
    crowded = crowd.found([visitor(SERVED)])
    cut = wifi.found([SERVED], [False], ["a"], ["a"])
    heavy = {"refused": 0, **memory.served([SERVED], 1.0)}
    return {
        "press": press,
        "cores": {"cores_training": 1.9, "cores_serving": 0.1},
        "beside": {"heavy_runs_refused": 0, **beside.delays([1.0], [1.5])},
        "crowd_100": crowded,
        "crowd_200": crowded,
        "uploads": {"peak_mb": 1.0, "raised_by_mb": 1.0, "a_minute_after_mb": 1.0},
        "heavy_links": heavy,
        "kills": kills.summary(1, [kills.Killed(1.0, 2, 0.1)], 1, 1),
        **{f"wifi_{seconds}_s": cut for seconds in (3, 15, 50)},
        "students": pressing.largest(
            [{"sessions": 30, "errors": 0, "unfinished": 0, "first_point_p95_ms": 1, "data_gap_p95_ms": 1}]
        ),
    }


def test_every_row_of_the_table_finds_its_numbers_and_every_part_has_a_row():
    results = {name: {NOW: found} for name, found in made_up().items()}
    for row in ROWS:
        assert len(list(numbers(row, results[row.part]))) == len(row.quantities), row
    assert {row.part for row in ROWS} == set(parts.PARTS) == set(results)
    assert TARGETS["press.first_point_p95_ms"] == {"at_most": 1.0}


def test_the_earlier_build_s_numbers_stand_beside_without_a_goal_and_what_is_not_there_is_left_out():
    [row] = [row for row in ROWS if row.part == "beside"]
    played = {NOW: {"delay": 3.0, "not_ended_beside": 0}, EARLIER: {"delay": None, "not_ended_beside": 1}}
    ratio, none, before = numbers(row, played)
    assert (ratio.met, none.met, before.at_most, before.unit) == (False, True, None, "not ended within 20 s before")
    assert measures({"beside": {NOW: {"problem": "OSError"}}}) == []


def test_the_document_becomes_a_table():
    results = {name: {NOW: found, EARLIER: found} for name, found in made_up().items()}
    text = readme.table(json.loads(json.dumps(document("A class", "command", measures(results), parts=results))))
    assert "| 30 students whose pages are open press Train at once" in text and "(goal ≤ 0.5: met)" in text


def test_a_part_that_fails_says_so_and_the_others_go_on(monkeypatch, capsys):
    def played(part, folder, sizes):
        if part is parts.PARTS["cores"]:
            raise OSError("no such thing")
        return {"errors": 0}

    monkeypatch.setattr(program, "played", played)
    monkeypatch.setattr(sys, "argv", ["classroom", "cores", "beside", "--without-earlier"])
    program.main()
    said = capsys.readouterr()
    found = json.loads(said.out)["parts"]
    assert found["cores"][NOW]["problem"] == "OSError: no such thing" and found["beside"][NOW]["errors"] == 0
    assert said.err.startswith("cores now {") and "load_average_before_and_after" in found["cores"][NOW]


def test_a_part_that_is_not_known_is_refused(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["classroom", "nothing"])
    with pytest.raises(SystemExit):
        program.main()
    assert "nothing: no such part; known are press, cores" in capsys.readouterr().err
