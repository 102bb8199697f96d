"""What tests ask of a page in a room, a student's or the teacher's."""

from __future__ import annotations

import json
from typing import Any

from app.live.history import HISTORY


def code(page: Any) -> str:
    """The room that its address names."""
    said = dict(page.query_params)["room"]
    return str(said if isinstance(said, str) else said[0])


def owner(page: Any) -> str:
    return HISTORY.owner(page.session_state["session_name"])


def part(page: Any) -> dict[str, Any]:
    """What the browser's part of the room is sent."""
    sent = [json.loads(element.proto.json) for element in page.get("bidi_component")]
    found: dict[str, Any] = next(one for one in sent if "known" in one)
    return found
