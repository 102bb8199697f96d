"""For a class: a room that a teacher leads, and one link that opens the same for everybody."""

from app.kit import address, page
from app.kit.text import WORDS, page_text
from app.pages.teach import handins, panel, room

panel.LOOKS.opened()
held = room.entered()
if held is None:
    page.titled(WORDS["teach"])
    page.refusals(panel.LOOKS.refused)
    room.opening()
    page.prose(page_text("teach"))
    panel.builder()
    handins.section()
elif page.on_a_wall():
    room.on_a_wall(held)
elif room.is_own(held):
    room.led(held)
else:
    room.others(held)
address.write(looks=panel.LOOKS)
