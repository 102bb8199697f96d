"""Who asks: the browser by its name, and the address that a named proxy forwards for."""

import pytest

from app.live.door.settings import DoorSettings
from app.live.door.visitor import COOKIE, address_of, browser_of, new_browser
from app.live.limits import LimitError


def scope(path="/", client=("203.0.113.9", 4711), **headers):
    pairs = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return {"type": "http", "path": path, "client": client, "headers": pairs}


def test_a_browser_is_known_by_the_name_it_was_given_and_by_nothing_else():
    name = new_browser()
    assert browser_of(scope(cookie=f"a=b; {COOKIE}={name}")) == name
    for said in ("", "x", name + "x", name[:-1] + "/", "a" * 5000):
        assert browser_of(scope(cookie=f"{COOKIE}={said}")) is None


@pytest.mark.parametrize(
    ("client", "forwarded", "proxies", "found"),
    [
        (("203.0.113.9", 1), "198.51.100.1", "", "203.0.113.9"),
        (("203.0.113.9", 1), "198.51.100.1", "10.0.0.0/8", "203.0.113.9"),
        (("10.1.2.3", 1), "198.51.100.1", "10.0.0.0/8", "198.51.100.1"),
        (("10.1.2.3", 1), "192.0.2.7, 198.51.100.1, 10.9.9.9", "10.0.0.0/8", "198.51.100.1"),
        (("10.1.2.3", 1), "", "10.0.0.0/8", "10.1.2.3"),
        (("198.51.100.1", 0), "198.51.100.1", "", "127.0.0.1"),  # uvicorn's own belief in this machine
        (("198.51.100.1", 0), "198.51.100.1", "127.0.0.1", "198.51.100.1"),
    ],
)
def test_a_forwarded_address_is_believed_of_named_proxies_only(client, forwarded, proxies, found):
    settings = DoorSettings.of({"SPNLAB_PROXIES": proxies})
    headers = {"x_forwarded_for": forwarded} if forwarded else {}
    assert address_of(scope(client=client, **headers), settings.proxies) == found


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("SPNLAB_PROXIES", "10.0.0.0/99"),
        ("SPNLAB_PROXIES", "nginx"),
        ("SPNLAB_FRAME_ANCESTORS", "'self'; script-src *"),
    ],
)
def test_a_setting_that_cannot_be_read_is_refused_by_its_name(name, text):
    with pytest.raises(LimitError, match=name):
        DoorSettings.of({name: text})
