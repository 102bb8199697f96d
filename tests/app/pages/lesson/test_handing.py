"""What a student hands in: a name that was typed a moment ago is in the file."""

from threading import Timer

from app.kit.handin import read
from app.pages.lesson import handing
from tests import handins


def test_a_name_that_arrives_while_the_file_is_made_is_in_it() -> None:
    typed: dict[str, str] = {}
    Timer(2 * handing.LOOK_SECONDS, typed.update, ({handing.NAME: "Ada"},)).start()
    data = handing.file_of(handins.lesson(), handins.ANSWERS, [], typed, handins.LAB)
    assert read(data, handins.lessons()).name == "Ada"


def test_without_a_name_the_file_is_made_all_the_same() -> None:
    data = handing.file_of(handins.lesson(), handins.ANSWERS, [], {}, handins.LAB)
    assert read(data, handins.lessons()).name == ""
