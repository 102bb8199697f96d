"""Where a reader is in a lesson, as the address says it beside all pages' settings: `lesson=depth&step=3`."""

from __future__ import annotations

from collections.abc import Mapping

from app.kit.lessons import Lesson
from app.live.catalogues import catalogue
from spncore.record import cut
from spncore.words import listed

FIRST = "depth"  # that opens where none is named


def place(said: Mapping[str, str], lessons: Mapping[str, Lesson]) -> tuple[Lesson, int, list[str]]:
    """The lesson and the number of its step that an address names, and a sentence for what of it is refused."""
    name, step = said.get("lesson", FIRST), said.get("step", "1")
    lesson = lessons.get(name)
    if lesson is None:
        known, shown = listed(sorted(lessons)), lessons[FIRST]
        words = {"name": cut(name), "known": known, "shown": f"“{shown.title}”"}
        return shown, 1, [catalogue("lesson")["lesson_unknown"].format(**words)]
    if step not in map(str, range(1, len(lesson.steps) + 1)):
        words = {"step": cut(step), "last": str(len(lesson.steps))}
        return lesson, 1, [catalogue("lesson")["lesson_no_step"].format(**words)]
    return lesson, int(step), []
