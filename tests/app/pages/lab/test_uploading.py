"""Tables of one's own in the lab: reported, chosen, refused in one sentence, trained."""

import pytest
from streamlit.testing.v1 import AppTest

from app.kit import text, uploads
from tests.app.pages.lab.conftest import QUICK, opened, sentences, study, train
from tests.waiting import PATIENCE

pytestmark = pytest.mark.usefixtures("only_shipped_data")


def test_the_upload_window_opens():
    page = opened(**QUICK)
    page.button(key="upload").click().run()
    assert not page.exception and text.page_text("upload").strip() in [m.value.strip() for m in page.markdown]


def upload_page():
    """The form of the upload window by itself: AppTest closes windows at each run."""
    from app.kit import data, session

    session.open_session()
    data.upload_form()


def uploaded(content, name="table.csv"):
    page = AppTest.from_function(upload_page, default_timeout=PATIENCE)
    for key, value in QUICK.items():
        page.query_params[key] = value
    page.run()
    page.file_uploader[0].upload(name, content, "text/csv").run()
    assert not page.exception
    return page


def test_an_accepted_upload_is_reported_and_chosen_on_request():
    page = uploaded(b"\xef\xbb\xbfa,b\r\n0,1\r\n1,0\r\n", "<b>x.csv")
    assert "byte order mark" in " ".join(sentences(page.caption))
    assert "<b>x.csv (your upload): 2 rows, 2 variables, 2 of them distinct." in sentences(page.success)[0]
    assert study(page).experiment.dataset == "two-clusters", "nothing changes before it is asked for"
    page.button(key="use_upload").click().run()
    [name] = page.session_state["uploads"]
    assert study(page).experiment.dataset == name and name.startswith("sha256:")


@pytest.mark.fault("A22")
@pytest.mark.parametrize("content", [b"", b"a,b\n0,7\n", b"a,b\n0\n", b"\x1f\x8b\x08\x00", b"a,a\n0,1\n"])
def test_a_refused_upload_is_one_sentence_and_changes_nothing(content):
    page = uploaded(content)
    assert len(sentences(page.error)) == 1 and text.WORDS["nothing_changed"] in sentences(page.caption)
    assert not page.session_state["uploads"] and study(page).experiment.dataset == "two-clusters"
    assert page.session_state["shown"].study == study(page)


@pytest.mark.fault("A25")
def test_a_session_trains_its_uploads_and_forgets_none():
    page = opened(**QUICK)
    for number, content in enumerate([b"a,b\n0,1\n1,0\n", b"a,b\n0,1\n1,1\n"]):
        upload = uploads.read(content, "same name.csv", {})
        page.session_state["uploads"] = {**page.session_state["uploads"], upload.name: upload}
        page.run()
        page.selectbox(key="control_dataset").select(upload.name).run()
        assert train(page).dataset.sha256 == upload.dataset.sha256
        assert "same name.csv (your upload)" in " ".join(sentences(page.caption))
        assert len(page.session_state["uploads"]) == number + 1
        offered = page.selectbox(key="control_dataset").options
        assert len(set(offered)) == len(offered), "two files of one name can be told apart"
