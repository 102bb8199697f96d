"""What stands first on the lab's page: the question, whom it is about, one thing to try; and when it is folded."""

import re

import pytest

from app.kit import text
from app.kit.terms import sentence
from app.pages.lab import door
from spncore.runs.study import Study
from spncore.studies import presets
from tests.addresses import at_address
from tests.app.pages.lab.conftest import QUICK, is_stale, opened, run_on_screen, study

pytestmark = pytest.mark.usefixtures("only_shipped_data")


def first_words(page):
    """The HTML that begins with the question."""
    [found] = [element.proto.body for element in page.get("html") if "<h1>" in element.proto.body]
    return found


def is_open(page):
    """Whether there is more than the question: the words on it, and the thing to try; never one without the other."""
    words, tries = sentence("component") in first_words(page), any(b.key == "try" for b in page.button)
    assert words == tries
    return words


def lab_at(**query):
    page = at_address(**query).run()
    assert not page.exception
    return page


def test_the_first_words_are_the_question_and_then_whom_it_is_about():
    page = lab_at()
    words = first_words(page)
    title = re.sub("<[^>]*>", "", re.search("<h1>(.*)</h1>", words)[1])
    assert title == "These networks can say exactly the same things. Does depth change how fast they learn?"
    people = page.session_state["shown"].dataset
    assert f"{people.num_rows:,} elderly people" in words and people.num_variables == 16 and "sixteen" in words
    assert is_open(page)


@pytest.mark.parametrize(
    "query",
    [QUICK, {"learning_rate": "0.1"}, {"view": "projector"}, {"lock": "seed"}, {"v": "2", "depths": "1,2"}],
    ids=lambda query: " ".join(query),
)
def test_a_link_with_settings_and_a_view_for_a_wall_show_the_question_alone(query):
    page = lab_at(**query)
    assert text.WORDS["question"] in first_words(page) and not is_open(page)


@pytest.mark.parametrize(
    ("query", "title"),
    [({**QUICK, "seed": "3"}, "Two clusters (synthetic), L = 1, 2, K = 2"), ({}, presets.PRESETS["figure-3"].title)],
)
def test_in_a_frame_there_is_what_the_run_asks_and_nothing_to_set_or_to_press(query, title):
    page = lab_at(**query, view="embed")
    assert not page.sidebar.children and not page.button and not page.caption
    assert page.title[0].value.replace("\\", "").replace(text.JOINER, "").startswith(title)


def test_a_link_that_says_nothing_but_its_version_or_which_people_are_at_hand_opens_it():
    assert is_open(lab_at(v="2")) and is_open(lab_at(v="2", dataset="nltcs-twin"))


def test_it_stays_open_while_settings_change_but_is_not_said_of_other_rows():
    page = lab_at()
    page.slider(key="control_num_components").set_value(3).run()
    page.button(key="train").click().run()
    assert is_open(page) and run_on_screen(page).study.experiment.num_components == 3
    page.selectbox(key="control_dataset").set_value("two-clusters").run()
    page.button(key="train").click().run()
    assert not is_open(page)


def test_the_thing_to_try_is_trained_at_once_and_then_asks_the_next():
    page = lab_at()
    asked = presets.PRESETS["ten-times-faster"]
    assert page.button(key="try").label == f"Try: {asked.title}"
    page.button(key="try").click().run()
    assert not page.exception and not is_stale(page)
    assert study(page) == asked.on("nltcs-twin") == run_on_screen(page).study
    assert page.radio(key="control_preset").value == asked.name
    assert page.button(key="try").label == f"Try: {door.next_question(study(page)).title}"


def test_the_questions_to_try_lead_from_one_to_the_next_and_back_to_the_first():
    seen, at = [], presets.FIGURE_3
    for _ in door.QUESTIONS:
        following = door.next_question(at.on("nltcs-twin"))
        seen.append(following.name)
        at = following.study
    assert sorted(seen) == sorted(door.QUESTIONS) and at == presets.FIGURE_3


def test_settings_of_ones_own_lead_to_the_first_question():
    own = Study(presets.FIGURE_3.experiment.replace(num_components=3), (1, 2))
    assert door.next_question(own).name == door.QUESTIONS[1]


def test_the_controls_say_of_a_term_what_the_page_says_of_it():
    page = opened(**QUICK)
    helps = {
        "num_components": page.slider(key="control_num_components").help,
        "learning_rate": page.select_slider(key="control_learning_rate").help,
        "num_seeds": page.slider(key="control_num_seeds").help,
    }
    for name, term in (("num_components", "component"), ("learning_rate", "learning_rate"), ("num_seeds", "seed")):
        assert helps[name].startswith(sentence(term))


def test_a_question_is_chosen_from_all_of_them_in_full_and_folds_the_list():
    page = opened(**QUICK)
    radio = page.radio(key="control_preset")
    assert radio.options == [preset.title for preset in presets.PRESETS.values()]
    page.session_state["questions"] = True
    radio.set_value("ten-times-faster").run()
    assert page.session_state["questions"] is False
    assert study(page) == presets.PRESETS["ten-times-faster"].on("two-clusters")


def test_the_help_has_every_term():
    page = opened(**QUICK)
    page.button(key="help").click().run()
    assert any(sentence("effective_rate") in shown.value for shown in page.markdown)
