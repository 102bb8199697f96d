"""Saving a figure as a reader does: its menu, the dialog, the file."""

from typing import Any

COLUMN, PAGE, SLIDE = "One column, 8.5 cm", "Two columns, 17.5 cm", "Slide, 25.4 × 14.3 cm"
PDF, SVG, PNG = "PDF", "SVG", "PNG, 300 dots per inch"
MENU = "Save figure …"


def dialog_of(page: Any, view: str) -> Any:
    """The dialog of a figure of the lab's views, opened from its menu."""
    page.locator(f"{view} > header summary").click()
    page.locator(f"{view} > header").get_by_text(MENU).click()
    dialog = page.get_by_role("dialog", name="Save figure")
    dialog.wait_for()
    return dialog


def taken(page: Any, dialog: Any, size: str, kind: str) -> bytes:
    """The file that an open dialog hands out."""
    dialog.get_by_label(size).check()
    dialog.get_by_label(kind, exact=True).check()
    with page.expect_download() as waiting:
        dialog.get_by_role("button", name="Save", exact=True).click()
    content: bytes = waiting.value.path().read_bytes()
    return content


def saved(page: Any, view: str, size: str = COLUMN, kind: str = PDF) -> bytes:
    """The file of a figure; the dialog is closed again."""
    dialog = dialog_of(page, view)
    content = taken(page, dialog, size, kind)
    dialog.get_by_role("button", name="Close").click()
    dialog.wait_for(state="detached")
    return content
