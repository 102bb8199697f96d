"""What the visitors' benchmark counts: answers that bring points, from Train on; not answers that bring nothing."""

import asyncio
import json
import time

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from benchmarks.live import served
from benchmarks.visitors import Session


def session(points, ended=None, answers=0):
    made = Session(0, "", None)
    made.trained, made.points, made.ended, made.answers = 100.0, points, ended, answers
    return made


def test_who_waits_in_line_lowers_no_gap_and_is_not_served():
    asked = [session([101.0, 101.3, 102.0], ended=102.5, answers=5), *(session([], answers=400) for _ in range(29))]
    found = served(asked, 100.0, 60.0)
    assert found["data_gap_count"] == 2 and found["data_gap_worst_ms"] == 700.0
    assert found["train_to_first_point_count"] == 1 and found["train_to_first_point_p50_ms"] == 1000.0
    assert found["sessions_with_a_point_at_30_s"] == 1 and found["sessions_ended_at_the_end"] == 1
    assert found["answers"] == 11_605 and found["answers_with_points"] == 3


def test_a_point_after_the_mark_counts_at_the_end_only():
    found = served([session([140.0], ended=150.0)], 100.0, 60.0)
    assert (found["sessions_with_a_point_at_30_s"], found["sessions_with_a_point_at_the_end"]) == (0, 1)
    assert (found["sessions_ended_at_30_s"], found["sessions_ended_at_the_end"]) == (0, 1)


def test_nobody_served_is_said_and_no_crash():
    found = served([session([]), session([])], 100.0, 60.0)
    assert found["train_to_first_point_count"] == found["data_gap_count"] == 0
    assert "train_to_first_point_p50_ms" not in found


def test_an_answer_without_frames_is_an_answer_and_no_point(monkeypatch):
    asked = Session(0, "", None, run_id="run")
    headers = iter([0, 0, 3, 0, 2])

    async def get(self, address, method="GET"):
        text = json.dumps({"frames": next(headers), "state": "running", "poll_ms": 250, "done": 0}).encode()
        return 200, len(text).to_bytes(4, "little") + text

    monkeypatch.setattr(Session, "get", get)
    asked.trained = time.perf_counter()
    for _ in range(5):
        asyncio.run(asked.ask())
    assert (asked.answers, len(asked.points), asked.length) == (5, 2, 5)
    assert len(asked.gaps) == 1 and asked.first_point >= 0


def script(*parts):
    """Messages of a page's script, as they come over the socket."""
    messages = []
    for part in parts:
        message = ForwardMsg()
        if isinstance(part, int):
            message.script_finished = part
        elif isinstance(part, dict):
            message.delta.new_element.bidi_component.json = json.dumps(part)
        else:
            kind, identifier = part
            getattr(message.delta.new_element, kind).id = identifier
        messages.append(message.SerializeToString())
    return messages


class Socket:
    """A websocket that gives what it was given, and keeps what it is sent."""

    def __init__(self, messages):
        self.messages, self.sent = messages, []

    async def send(self, data):
        message = BackMsg()
        message.ParseFromString(data)
        self.sent.append(message.rerun_script)

    async def recv(self, decode):
        return self.messages.pop(0)


PAGE = [("button", "$$ID-0-train"), ("number_input", "$$ID-1-control_seed")]
OVER, AGAIN = ForwardMsg.FINISHED_SUCCESSFULLY, ForwardMsg.FINISHED_EARLY_FOR_RERUN


async def pressed(*parts):
    """A page that has opened with a run that ended, on which Train was pressed with another seed."""
    page = Session(0, "", Socket(script(*PAGE, {"run_id": "first"}, OVER, *parts)))
    await page.rerun()
    page.state, page.length, page.points, page.ended = "done", 501, [1.0], 2.0
    await page.press(control_seed=8)
    return page


def test_a_press_sends_the_button_and_the_control_by_the_ids_that_the_page_was_sent():
    page = asyncio.run(pressed({"run_id": "second"}, OVER))
    states = {state.id: state for state in page.socket.sent[-1].widget_states.widgets}
    assert states["$$ID-0-train"].trigger_value and states["$$ID-1-control_seed"].double_value == 8.0


def test_from_a_press_on_everything_is_of_the_new_run_which_ends_with_the_script_that_shows_it():
    page = asyncio.run(pressed(AGAIN, {"run_id": "second"}, OVER))
    assert (page.run_id, page.state, page.length, page.points, page.ended) == ("second", "queued", 0, [], None)
    assert page.mounted.is_set() and not page.errors and not page.socket.messages


def test_a_press_that_begins_no_run_is_an_error():
    page = asyncio.run(pressed({"run_id": "first"}, OVER))
    assert page.errors == ["Train began no run"] and page.mounted.is_set()


def test_the_numbers_of_a_run_have_one_digest_however_they_are_cut_into_answers(monkeypatch):
    async def get(self, address, method="GET"):
        return 200, bodies.pop(0)

    def answers(*chunks):
        texts = [json.dumps({"frames": 1, "state": "running", "poll_ms": 100, "done": 1}).encode() for _ in chunks]
        return [len(text).to_bytes(4, "little") + text + chunk for text, chunk in zip(texts, chunks, strict=True)]

    async def digest(count):
        asked = Session(0, "", None, run_id="run")
        for _ in range(count):
            await asked.ask()
        return asked.frames.hexdigest()

    monkeypatch.setattr(Session, "get", get)
    bodies = answers(b"12345678") + answers(b"1234", b"5678") + answers(b"1234", b"5679")
    whole, cut, other = asyncio.run(digest(1)), asyncio.run(digest(2)), asyncio.run(digest(2))
    assert whole == cut != other
