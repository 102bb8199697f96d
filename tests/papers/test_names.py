"""Files, modules, targets and commands that the documents and the lab's texts name exist."""

import re
import subprocess
from importlib.util import find_spec

import pytest

from spncore.__main__ import parser
from tests.papers.documents import document, prose
from tests.places import ROOT

CHANGELOG = document("CHANGELOG.md")
NEWEST = CHANGELOG.split("\n## ")[1]
TEXTS = {
    "CHANGELOG.md": NEWEST,
    **{name: document(name) for name in ("README.md", "CONTRIBUTING.md", "DECISIONS.md", "data/README.md", "Makefile")},
    **{
        str(file.relative_to(ROOT)): file.read_text(encoding="utf-8")
        for file in sorted((ROOT / "app" / "text").rglob("*.md"))
    },
}
ENDINGS = ("py", "md", "json", "csv", "toml", "txt", "in", "js", "ts", "css", "npy", "cff", "png")
MADE = {"build/", "results/", "dist/", "spnlab.pot"}  # what a command makes


def kept():
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True).stdout.split(
        "\n"
    )
    return {"/" + line for line in listed if line}


def named(text):
    """What looks like a file or folder of ours: in backticks, by a slash or an ending; in links, whatever it is."""
    spans = re.findall(r"`([^`\n]+)`", prose(text))
    looks = re.compile(rf"[\w.-]+(/[\w.-]+)*(/|\.({'|'.join(ENDINGS)}))|[a-z]+(/[\w.-]+)+")
    links = re.findall(r"\]\((?!https?:|#|mailto:)([^)\s]+)\)", text)
    return [span for span in spans if looks.fullmatch(span)] + links


@pytest.mark.parametrize("name", TEXTS)
def test_files_that_are_named_exist(name):
    files, folder = kept(), (ROOT / name).parent
    for path in named(TEXTS[name]):
        known = any(
            f"/{path}" in file if path.endswith("/") else re.search(rf"/{re.escape(path)}(\.\w+|/.*)?$", file)
            for file in files
        )
        placeholder = re.search("NAME|<", path)
        assert known or placeholder or (folder / path).exists() or path.startswith(tuple(MADE)), path


@pytest.mark.parametrize("name", TEXTS)
def test_modules_that_are_run_exist(name):
    for module in re.findall(r"(?<=python -m )[a-z]\w*(?:\.\w+)*", TEXTS[name]):
        assert find_spec(module), module
        spec = find_spec(f"{module}.__main__") if find_spec(module).submodule_search_locations else find_spec(module)
        assert module.split(".")[0] in ("pytest", "pip") or "__main__" in spec.origin + spec.loader.get_source(
            spec.name
        )


@pytest.mark.parametrize("name", TEXTS)
def test_targets_and_commands_exist(name):
    targets = set(re.findall(r"^([a-z-]+):", TEXTS["Makefile"], re.MULTILINE))
    assert set(re.findall(r"`make ([a-z-]+)", TEXTS[name])) <= targets
    [commands] = [action.choices for action in parser()._actions if action.dest == "command" or action.choices]
    assert set(re.findall(r"(?:-m spncore|`spnlab) ([a-z][a-z0-9]*)", TEXTS[name])) <= {*commands, "doctor"}
    assert set(re.findall(r"`npm run ([a-z:]+)", TEXTS[name])) <= set(
        re.findall(r'"([a-z:]+)":', document("package.json"))
    )


def test_what_is_gone_is_found():
    assert named("`a/b.py` and [c](d.md), not `x = 1` or `https://a.b/c.py`") == ["a/b.py", "d.md"]
    assert not [file for file in kept() if file.endswith("/workbench.py")]
