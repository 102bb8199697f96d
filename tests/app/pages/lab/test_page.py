"""The lab page without a browser: what opens, what each control changes, what is refused and changes nothing."""

import re

import pytest

from app.kit import text
from app.live.runs import REGISTRY
from spncore.data import library
from spncore.data.library import DataError
from spncore.runs.study import Study
from spncore.studies import presets
from tests.addresses import at_address, by_menu
from tests.app.pages.lab.conftest import QUICK, TWIN, is_stale, opened, run_on_screen, sentences, study, train

pytestmark = pytest.mark.usefixtures("only_shipped_data")


def test_opening_the_page_trains_figure_3_on_the_twin_and_says_so():
    page = opened()
    assert study(page) == TWIN == run_on_screen(page).study
    said = " ".join(sentences(page.caption))
    assert "NLTCS twin (synthetic)" in said and text.WORDS["twin_instead"] in said
    assert page.button(key="fetch_instead") and not page.warning and not is_stale(page)


def test_two_visitors_share_one_computation():
    assert run_on_screen(opened()).computation is run_on_screen(opened()).computation


# The choice under which a setting matters; without it its control is not offered.
MATTERS = {
    "class_variable": {"objective": "discriminative"},
    "hybrid_mix": {"objective": "hybrid"},
    "labelled_share": {"objective": "semi_supervised"},
    "momentum": {"optimiser": "nesterov"},
}
OF_DEEP_CIRCUITS = {"structure", "split_depth", "num_repetitions"}


def controls_of(page, name):
    kinds = ("slider", "select_slider", "selectbox", "toggle", "number_input", "button_group")
    return [widget for kind in kinds for widget in page.get(kind) if widget.key == f"control_{name}"]


def test_every_setting_has_a_control_with_its_label_and_help():
    pages = {}
    for name in set(Study.declared()) - {"depth", "changes"} - OF_DEEP_CIRCUITS:
        choice = tuple(MATTERS.get(name, {}).items())
        if choice not in pages:
            pages[choice] = opened(**QUICK, **dict(choice))
        found = controls_of(pages[choice], name)
        assert len(found) == 1, name
        assert found[0].label == Study.declared()[name].title
        assert found[0].help


def test_what_is_changed_on_the_way_stands_in_the_panel_and_a_press_takes_it_back():
    page = opened(**QUICK, changes="4:rate:0.05,6:L1.w0.2:0.3")
    made = [button for button in page.button if (button.key or "").startswith("change_")]
    assert [button.label for button in made] == [
        "η = 0.05 after 4 updates",
        "weight 2 of layer 0 of L = 1 set to 0.3 after 6 updates",
    ]
    made[0].click().run()
    assert not page.exception
    assert study(page).experiment.changes == ("6:L1.w0.2:0.3",) == run_on_screen(page).study.experiment.changes


def test_settings_that_change_nothing_are_not_offered():
    page = opened(**QUICK)
    assert not any(controls_of(page, name) for name in MATTERS)


def test_rivals_are_chosen_several_at_once_and_trained_beside_the_depths():
    page = opened(**QUICK)
    page.pills(key="control_rivals").set_value(["em", "momentum"]).run()
    assert study(page).rivals == ("momentum", "em") and not is_stale(page)
    assert controls_of(page, "momentum"), "the momentum of a rival matters"
    assert [e.optimiser for e in train(page).study.experiments()] == ["gradient_ascent"] * 2 + ["momentum", "em"]


def test_a_rival_that_cannot_be_is_refused_in_words_and_the_study_kept():
    page = opened(**QUICK, objective="unnormalised")
    page.pills(key="control_rivals").set_value(["em"]).run()
    [sentence] = sentences(page.error)
    assert sentence.startswith("objective: em maximises the generative one alone")
    assert study(page).rivals == () and page.button(key="train").disabled


def test_another_data_set_keeps_the_rivals():
    page = opened(**QUICK, rivals="em")
    page.selectbox(key="control_dataset").set_value("nltcs-twin").run()
    assert study(page).experiment.dataset == "nltcs-twin" and study(page).rivals == ("em",)


@pytest.mark.fault("E06")
@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        ("slider", "num_components", 5),
        ("select_slider", "learning_rate", 0.1),
        ("select_slider", "init_scale", 1.0),
        ("select_slider", "init_noise", 0.0),
        ("number_input", "iterations", 7),
        ("slider", "num_seeds", 2),
        ("number_input", "seed", 4_294_967_290),
    ],
)
def test_a_changed_control_is_trained_at_once(kind, name, value):
    page = opened(**QUICK)
    before = page.session_state["shown"]
    getattr(page, kind)(key=f"control_{name}").set_value(value).run()
    assert not page.exception and not is_stale(page)
    assert getattr(study(page).experiment, name) == value
    assert run_on_screen(page).study == study(page) != before.study
    assert REGISTRY.get(before.run_id) is None or REGISTRY.get(before.run_id).ended, "the one before ends"


def test_a_long_study_waits_for_train_and_says_its_price():
    page = opened(**QUICK)
    before = page.session_state["shown"]
    page.number_input(key="control_iterations").set_value(5000)
    page.slider(key="control_num_components").set_value(8)
    page.slider(key="control_num_seeds").set_value(64).run()
    assert is_stale(page) and page.session_state["shown"] == before, "the run on screen keeps its own settings"
    said = re.search(r"about (\d+) (s|min) of computing", page.button(key="train").label)
    assert said and int(said[1]) * (60 if said[2] == "min" else 1) >= 8
    assert train(page).study == study(page) != before.study
    assert not is_stale(page) and page.button(key="train").label == text.WORDS["train"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("topology", "private"),
        ("init_convention", "matched"),
        ("component_init", "random"),
        ("weight_init", "random"),
        ("parametrisation", "log"),
    ],
)
def test_choices_change_the_study(name, value):
    page = opened(**QUICK)
    page.segmented_control(key=f"control_{name}").set_value(value).run()
    assert getattr(study(page).experiment, name) == value and not is_stale(page)


def test_longer_lists_of_choices_change_the_study():
    page = opened(**QUICK)
    page.selectbox(key="control_objective").set_value("unnormalised").run()
    assert study(page).experiment.objective == "unnormalised" and not is_stale(page)


def test_depths_are_chosen_several_at_once_and_none_is_refused():
    page = opened(**QUICK)
    page.pills(key="control_depths").set_value([3, 1, 8]).run()
    assert study(page).depths == (1, 3, 8)
    page.pills(key="control_depths").set_value([]).run()
    assert sentences(page.error) == [text.WORDS["no_depth"]]
    assert study(page).depths == (1, 3, 8) and page.button(key="train").disabled


@pytest.mark.fault("C14")
def test_settings_that_ask_for_too_much_together_are_refused_at_the_control_and_the_run_stays():
    page = opened(**QUICK)
    before = page.session_state["shown"]
    page.number_input(key="control_iterations").set_value(5000)
    page.slider(key="control_num_components").set_value(64)
    page.slider(key="control_num_seeds").set_value(64).run()
    [sentence] = sentences(page.error)
    assert "GB" in sentence and not page.exception
    assert page.session_state["shown"] == before and study(page) == before.study


@pytest.mark.fault("C13")
def test_values_that_no_widget_offers_are_refused_as_well():
    page = opened(**QUICK)
    before = study(page)
    page.session_state["control_depths"] = ["x"]
    page.run()
    assert study(page) == before


@pytest.mark.parametrize("name", presets.PRESETS)
def test_each_preset_fills_the_controls_and_keeps_the_data(name):
    page = opened(**QUICK)
    page.radio(key="control_preset").set_value(name).run()
    assert not page.exception and study(page) == presets.PRESETS[name].on("two-clusters")
    assert page.radio(key="control_preset").value == name
    said = " ".join(sentences(page.caption))
    assert presets.PRESETS[name].look_for in said and presets.PRESETS[name].held_equal in said


def test_leaving_a_preset_is_shown_and_reset_brings_figure_3_back():
    page = opened(**QUICK)
    assert page.radio(key="control_preset").value is None
    page.button(key="reset").click().run()
    assert study(page) == presets.PRESETS["figure-3"].on("two-clusters")
    assert page.radio(key="control_preset").value == "figure-3"


def test_a_link_opens_its_study_even_between_the_steps_of_the_sliders():
    page = opened(**QUICK, learning_rate="0.013")
    assert page.select_slider(key="control_learning_rate").value == 0.013
    assert run_on_screen(page).study.experiment.learning_rate == 0.013 and not page.warning


@pytest.mark.fault("C01", "C03", "C04")
def test_a_bad_link_says_so_and_opens_with_defaults():
    page = opened(**QUICK, learning_rate="nan", colour="red", view="upside-down", seed=["1", "2"])
    said = sentences(page.warning)[0].splitlines()
    assert len(said) == 4 and any("learning_rate: 'nan'" in sentence for sentence in said)
    assert study(page).experiment.learning_rate == 0.01 and study(page).experiment.seed == 0
    page.run()
    assert page.warning, "the words stay until another study is trained"
    page.slider(key="control_num_components").set_value(3).run()
    assert not page.warning


def test_a_link_to_uploaded_data_asks_for_the_file_and_keeps_the_settings():
    page = opened(**{**QUICK, "dataset": "sha256:" + "0" * 64})
    assert sentences(page.warning) == [text.WORDS["upload_again"]]
    assert study(page).experiment.dataset == "nltcs-twin" and study(page).experiment.iterations == 3


@pytest.mark.parametrize("name", ["plants", "baudio"])
def test_data_that_is_not_here_is_not_fetched_unasked(name, monkeypatch):
    monkeypatch.setattr(library, "download", lambda *_: pytest.fail("nothing may be downloaded"))
    page = opened(**{**QUICK, "dataset": name})
    assert len(page.warning) == 1 and study(page).experiment.dataset == "nltcs-twin"
    page = opened(**QUICK)
    page.selectbox(key="control_dataset").select(name).run()
    assert study(page).experiment.dataset == "two-clusters", "nothing changes"
    assert page.selectbox(key="control_dataset").value == "two-clusters"
    assert page.button(key="fetch_missing")


def test_a_failed_fetch_is_said_and_loses_nothing(monkeypatch):
    def offline(*_):
        raise DataError("the server cannot be reached")

    monkeypatch.setattr(library, "download", offline)
    page = opened()
    before = page.session_state["shown"]
    page.button(key="fetch_instead").click().run()
    [sentence] = sentences(page.error)
    assert "the server cannot be reached" in sentence and not page.exception
    assert page.session_state["shown"] == before and study(page) == TWIN


def test_a_fetched_set_is_chosen(monkeypatch):
    monkeypatch.setattr(library, "fetch", lambda name, progress: progress("file", 1, 2))
    page = opened()
    page.button(key="fetch_instead").click().run()
    assert study(page).experiment.dataset == "nltcs"


def test_choosing_another_shipped_set_trains_it():
    page = opened()
    page.selectbox(key="control_dataset").select("two-clusters").run()
    assert study(page).experiment.dataset == "two-clusters" and not is_stale(page)
    assert "Two clusters (synthetic): 2,000 rows" in " ".join(sentences(page.caption))
    assert text.WORDS["twin_instead"] not in " ".join(sentences(page.caption))
    assert run_on_screen(page).dataset.name == "two-clusters"


@pytest.mark.fault("E05")
def test_train_without_a_change_keeps_the_run():
    page = opened(**QUICK)
    before = page.session_state["shown"]
    train(page)
    assert page.session_state["shown"] == before and [toast.value for toast in page.toast] == [text.WORDS["same"]]


def test_a_server_that_refuses_a_run_says_why_and_the_run_on_screen_stays(monkeypatch):
    from app.live.runs import RunRefused

    page = opened(**QUICK)
    before = page.session_state["shown"]

    def refuse(*_):
        raise RunRefused("60 runs wait already; try again in a minute.")

    monkeypatch.setattr(REGISTRY, "start", refuse)
    page.slider(key="control_num_components").set_value(4).run()
    page.button(key="train").click().run()
    assert sentences(page.error) == ["60 runs wait already; try again in a minute."]
    assert page.session_state["shown"] == before


def test_the_export_dialog_offers_four_files_with_safe_names():
    page = opened(**QUICK)
    page.button(key="export").click().run()
    assert not page.exception
    assert [button.label for button in page.get("download_button")] == [
        text.WORDS[key] for key in ("export_csv", "export_components", "export_json", "export_script")
    ]


def test_help_opens():
    page = opened(**QUICK)
    page.button(key="help").click().run()
    assert text.page_text("lab").strip() in [markdown.value.strip() for markdown in page.markdown]


def test_settings_survive_a_visit_to_another_page():
    page = opened(**QUICK)
    page.slider(key="control_num_components").set_value(5).run()
    by_menu(by_menu(page, "about"), "lab")
    assert study(page).experiment.num_components == 5 and not is_stale(page)
    assert page.slider(key="control_num_components").value == 5


@pytest.mark.parametrize("first", [True, False], ids=["first page", "after the lab"])
def test_the_about_page_opens_at_any_time(first):
    page = (at_address("about") if first else opened(**QUICK).switch_page("pages/about/page.py")).run()
    assert not page.exception and len(page.table) == 3
    assert "telephoning" in page.table[1].value.to_string()
    assert first or text.WORDS["in_use"] in " ".join(markdown.value for markdown in page.markdown)
