"""The grammar of numbers in generated sentences: counts, lists, signs, shares and powers, each written in one way."""

import re
from collections.abc import Iterable, Sequence

DASH, MINUS, JOINED = "\N{EN DASH}", "\N{MINUS SIGN}", "\N{NO-BREAK SPACE}"
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_LOWERED = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def counted(number: float, word: str, form: str = ",") -> str:
    """A count with its word: `1 seed`, `1,200 iterations`."""
    return f"{number:{form}} {word}" + "s" * (number != 1)


def of_seeds(number: int, total: int) -> str:
    """In how many seeds: `5 of 6 seeds`."""
    return f"{number} of {counted(total, 'seed')}"


def listed(names: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join([*filter(None, [", ".join(names[:-1])]), *names[-1:]])


def slashed(values: Iterable[object]) -> str:
    """One value per depth: `384 / 208 / 167`."""
    return " / ".join(map(str, values))


def signed(value: float, form: str = ".3f") -> str:
    """A number with a real minus sign, none at 0; three decimals, as LLH is given, unless the form says otherwise."""
    text = f"{value:{form}}"
    zero = "+" * form.startswith("+")
    return text.replace("-", MINUS if text.strip("-0.,") else zero)


def percent(share: float, decimals: int = 0) -> str:
    """A share in per cent, the sign on the same line: `90 %`."""
    return f"{100.0 * share:.{decimals}f}{JOINED}%"


def power(exponent: int) -> str:
    """A power of ten: `10⁻³`."""
    return f"10{str(exponent).translate(_RAISED)}"


def raised(sentence: str) -> str:
    """A text whose numbers have their powers of ten raised: `2e-16` as `2·10⁻¹⁶`."""
    return re.sub(r"(?<=\d)e[+-]?\d+\b", lambda found: f"·{power(int(found[0][1:]))}", sentence)


def lowered(number: int) -> str:
    """A number as an index: `w₁`'s 1."""
    return str(number).translate(_LOWERED)
