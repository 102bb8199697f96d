"""For a class: one link that opens the same for everybody, with what is to stay locked and the rest free."""

from app.kit import address, page
from app.kit.text import WORDS
from app.pages.teach import handins, panel

panel.LOOKS.opened()
page.introduced(WORDS["teach"], "teach")
page.refusals(panel.LOOKS.refused)
panel.builder()
handins.section()
address.write(looks=panel.LOOKS)
