"""A QR code is read by another program than the one that drew it."""

import re
from base64 import b64decode

import numpy as np
import pytest
import zxingcpp

from app.kit.link import LAB
from app.kit.qr import MOST_CHARACTERS, qr_code
from spncore.studies import presets

PLACE, SQUARES = "https://lab.example/spn/", re.compile(r"M(\d+) (\d+)h1v1h-1z")


def read(html):
    """What another program reads of the squares of a code."""
    svg = b64decode(re.search(r'base64,([^"]+)"', html).group(1)).decode()
    size = int(re.search(r'viewBox="0 0 (\d+) ', svg).group(1))
    picture = np.full((size, size), 255, np.uint8)
    for x, y in SQUARES.findall(svg):
        picture[int(y), int(x)] = 0
    [code] = zxingcpp.read_barcodes(picture.repeat(4, 0).repeat(4, 1))
    return code.text


@pytest.mark.parametrize("preset", presets.PRESETS.values(), ids=presets.PRESETS)
def test_the_code_of_every_preset_s_link_says_that_link(preset):
    address = f"{PLACE}?{LAB.query_string(preset.study)}"
    assert read(qr_code(address, "code")) == address


def test_the_longest_address_that_is_drawn_can_be_read_and_a_longer_one_is_not_drawn():
    address = f"{PLACE}?v=2&room=".ljust(MOST_CHARACTERS, "a")
    assert read(qr_code(address, "code")) == address
    assert qr_code(f"{address}a", "code") == ""


def test_what_a_code_is_called_is_no_html():
    assert 'alt="&quot;&lt;b&gt;"' in qr_code(PLACE, '"<b>')
