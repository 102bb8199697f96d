"""The equations of the maths page: how each is written, what in the engine computes it, which test checks it."""

import inspect
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pkgutil import resolve_name
from typing import Any

from app.live.catalogues import FOLDER


@dataclass(frozen=True)
class Equation:
    """One displayed equation; `source` is what the paper calls it, `computed_by` what in the engine computes it."""

    source: str
    latex: str
    computed_by: Sequence[str]
    test: str  # file::function under tests/spncore

    @property
    def functions(self) -> list[Callable[..., Any]]:
        """What computes it."""
        return [resolve_name(name) for name in self.computed_by]

    @property
    def code(self) -> str:
        """The source of the functions."""
        return "\n\n".join(map(inspect.getsource, self.functions))


WRITTEN = tomllib.loads((FOLDER / "maths" / "equations.toml").read_text(encoding="utf-8"))
EQUATIONS: Mapping[str, Equation] = {name: Equation(**said) for name, said in WRITTEN.items()}
