"""The project's own source as it is measured: which files count, their code without comments, their tokens.

`python -m tests.house.source REVISION` compares the number of tokens now with a commit's.
"""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

from pygments.lexers import get_lexer_for_filename
from pygments.token import Comment, String

from tests.places import ROOT

CODE = (".py", ".js", ".mjs", ".ts", ".css")
PRODUCT = ("app/", "spncore/")


def files(*folders: str, endings: tuple[str, ...] = CODE) -> list[str]:
    """The tracked and the new source files below these folders, all without."""
    listed = _git("ls-files", "--cached", "--others", "--exclude-standard", "--", *folders).splitlines()
    return sorted({file for file in listed if file.endswith(endings) and (ROOT / file).exists()})


def text(file: str) -> str:
    """The text of a file of this checkout."""
    return (ROOT / file).read_text(encoding="utf-8")


def num_tokens(file: str, source: str) -> int:
    """Tokens of a source text. What a formatter adds is left out: white space, comments, commas before a bracket.

    A string counts once, however it is written.
    """
    kinds = ((kind, value) for kind, value in get_lexer_for_filename(file).get_tokens(source) if value.strip())
    code = ["string" if kind in String else value for kind, value in kinds if kind not in Comment]
    return sum(
        not (token == following == "string") and not (token == "," and following in (")", "]", "}"))
        for token, following in pairwise([*code, ""])
    )


def product_tokens(revision: str | None = None) -> Counter[str]:
    """Tokens of the product by folder and language, of this checkout or of a commit."""
    found: Counter[str] = Counter()
    for file, source in _product(revision):
        language = "Python" if file.endswith(".py") else "browser"
        found[f"{file.split('/')[0]}, {language}"] += num_tokens(file, source)
    return found


def _product(revision: str | None) -> Iterator[tuple[str, str]]:
    if revision is None:
        yield from ((file, text(file)) for file in files(*PRODUCT))
        return
    for file in _git("ls-tree", "-r", "--name-only", revision, *PRODUCT).splitlines():
        if file.endswith(CODE):
            yield file, _git("show", f"{revision}:{file}")


def _git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=ROOT, check=True, capture_output=True, text=True).stdout


def main(revision: str) -> None:
    """Print tokens by part: then, now, and their ratio."""
    before, now = product_tokens(revision), product_tokens()
    for part in sorted(before | now):
        print(f"{part:24}{before[part]:>9,}{now[part]:>9,}")
    print(f"{'together':24}{before.total():>9,}{now.total():>9,}  {now.total() / before.total() - 1:+.1%}")


if __name__ == "__main__":
    main(sys.argv[1])
