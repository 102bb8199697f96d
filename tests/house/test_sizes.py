"""No file and no function that cannot be read in one sitting; nothing said twice; the formatter has its way."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator

from tests.house.source import files, num_tokens, text

FILE_LINES, FUNCTION_LINES, COLUMNS = 350, 40, 120
BLOCK = 8  # lines that must not stand twice
OPT_OUTS = 20
OPT_OUT = "fmt: " + "skip"
PYTHON, BROWSER = (".py",), (".js", ".mjs", ".ts")
FUNCTION = ast.FunctionDef | ast.AsyncFunctionDef


def functions(file: str) -> Iterator[tuple[str, int]]:
    """Every function of a Python file with its number of lines."""
    for node in ast.walk(ast.parse(text(file))):
        if isinstance(node, FUNCTION):
            yield f"{file}:{node.lineno} {node.name}", (node.end_lineno or node.lineno) - node.lineno + 1


def lines_that_count(source: str) -> list[tuple[int, str]]:
    """Lines with their numbers, without imports, comments, blanks and lone punctuation."""
    kept, in_import = [], False
    for number, line in enumerate(source.splitlines(), 1):
        bare = line.strip()
        if in_import or bare.startswith(("from ", "import ", "export {")):
            in_import = not in_import and bare.endswith(("(", "{")) or in_import and not bare.startswith((")", "}"))
        elif any(letter.isalnum() for letter in bare) and not bare.startswith(("#", "//", "*", "/*")):
            kept.append((number, bare))
    return kept


def blocks_that_stand_twice(sources: dict[str, str]) -> list[str]:
    """Places of every run of BLOCK lines that stands in more than one place."""
    places: defaultdict[tuple[str, ...], list[str]] = defaultdict(list)
    for file, source in sources.items():
        lines = lines_that_count(source)
        for begin in range(len(lines) - BLOCK + 1):
            places[tuple(line for _, line in lines[begin : begin + BLOCK])].append(f"{file}:{lines[begin][0]}")
    return [" = ".join(at) for at in places.values() if len(at) > 1]


def test_no_file_is_longer_than_one_sitting():
    long = {file: n for file in files() if (n := len(text(file).splitlines())) > FILE_LINES}
    assert not long


def test_no_function_is_longer_than_a_screen():
    long = {name: n for file in files(endings=PYTHON) for name, n in functions(file) if n > FUNCTION_LINES}
    assert not long


def test_no_line_of_the_browser_s_half_is_wider_than_the_rest():
    wide = [
        f"{file}:{number}"
        for file in files(endings=BROWSER)
        for number, line in enumerate(text(file).splitlines(), 1)
        if len(line) > COLUMNS
    ]
    assert not wide


def test_nothing_stands_twice_in_the_app():
    assert not blocks_that_stand_twice({file: text(file) for file in files("app/")})


def test_the_formatter_has_its_way():
    places = [file for file in files(endings=PYTHON) for _ in range(text(file).count(OPT_OUT))]
    assert len(places) <= OPT_OUTS, places


def test_a_block_that_stands_twice_is_found_and_imports_are_not_counted():
    block = "\n".join(f"x{i} = {i}" for i in range(BLOCK))
    imports = "\n".join(f"from a{i} import b{i}" for i in range(BLOCK))
    assert blocks_that_stand_twice({"a.py": block, "b.py": "y = 1\n\n" + block}) == ["a.py:1 = b.py:3"]
    assert not blocks_that_stand_twice({"a.py": imports, "b.py": imports})


def test_tokens_leave_out_comments_and_layout():
    assert num_tokens("a.py", "x = 1  # one\n\n") == num_tokens("a.py", "x=1") == 3
    assert num_tokens("a.py", "f(\n    1,\n    2,\n)\n") == num_tokens("a.py", "f(1, 2)") == 6
    assert num_tokens("a.js", "// one\nconst x = `a ${b} c`;\n") == num_tokens("a.js", "const x = `a ${b} c`;")
