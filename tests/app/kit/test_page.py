"""What every page is made with: what is copied, what unfolds."""

from typing import Any

from streamlit.testing.v1 import AppTest

from app.kit.text import WORDS


def test_a_text_to_be_copied_stands_in_a_field_that_cannot_be_written_in_and_is_no_markup() -> None:
    def script() -> None:
        from app.kit import page

        page.share("https://h/?a=1&b=<i>", "a note", "")

    at: Any = AppTest.from_function(script).run()
    field, code = at.get("html")
    assert code.proto.body.startswith("<img ") and at.caption[0].value == WORDS["share_camera"]
    assert field.proto.body.startswith('<textarea readonly rows="1" ') and not at.code
    assert field.proto.body.endswith(">https://h/?a=1&amp;b=&lt;i&gt;</textarea>")
    assert [note.value for note in at.info] == ["a note"]


def test_sources_are_sent_once_somebody_unfolds_them() -> None:
    def script() -> None:
        import json

        from app.kit import page

        page.sources(json.dumps)

    at: Any = AppTest.from_function(script).run()
    assert not at.code and not at.exception
    at.session_state["sources"] = True
    assert at.run().code[0].value.startswith("def dumps(")
