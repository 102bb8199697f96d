"""JSON that strangers may have written: one object, every fault refused in a sentence that names the key path."""

import json
from typing import Any


class JsonError(ValueError):
    """The text is not what was saved; the sentence begins with the key path."""


def parse_object(text: str, what: str, max_characters: int) -> dict[str, Any]:
    """The object that the text holds; JsonError for anything else. `what` says in words what should stand there."""

    def refuse_constant(word: str) -> None:
        raise JsonError(f"$: {word} is not a number JSON allows")

    def refuse_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        seen: dict[str, Any] = {}
        for key, value in pairs:
            if key in seen:
                raise JsonError(f"$.{shorten(key)}: given twice; keep one")
            seen[key] = value
        return seen

    if len(text) > max_characters:
        raise JsonError(f"$: {len(text)} characters; {what} has at most {max_characters}")
    try:
        values = json.loads(text, parse_constant=refuse_constant, object_pairs_hook=refuse_duplicates)
    except RecursionError:
        raise JsonError(f"$: nested too deeply for {what}") from None
    except json.JSONDecodeError as error:
        raise JsonError(f"$: not JSON at line {error.lineno}, column {error.colno}") from None
    except JsonError:
        raise
    except ValueError:
        raise JsonError("$: holds a number with too many digits") from None
    if not isinstance(values, dict):
        raise JsonError(f"$: {what} is a JSON object, got {shown(values)}")
    return values


def shorten(text: str) -> str:
    """The text, cut to 40 characters."""
    return text if len(text) <= 40 else text[:40] + "…"


def shown(value: object) -> str:
    """A value for an error sentence: short, and in ASCII."""
    if type(value) is int and abs(value) > 10**40:
        return "a number of more than 40 digits"
    return ascii(shorten(value)) if isinstance(value, str) else shorten(ascii(value))
