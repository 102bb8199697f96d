"""The charts of a page under test, as the browser is sent them."""

from __future__ import annotations

import json
from typing import Any


def figures(page: Any) -> list[dict[str, Any]]:
    """Of each its `figure` (data and layout), and `alt`, the words for those who do not see it."""
    sent = [json.loads(element.proto.json) for element in page.get("bidi_component")]
    return [each for each in sent if "figure" in each]
