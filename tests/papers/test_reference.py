"""The reference: everything public has a docstring and stands in it, names in it exist, its examples run."""

import ast
import doctest
import re
import subprocess
import sys
from importlib import import_module

import pdoc.doc
import pytest

from tests.places import ROOT

FILES = sorted((ROOT / "spncore").rglob("*.py"))
NAMES = {file: ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for file in FILES}
DEFINITIONS = (ast.FunctionDef, ast.ClassDef)
BEGINNERS = (  # where a newcomer starts, an example stands
    "spncore.data.library.load",
    "spncore.inference.queries.conditionals",
    "spncore.inference.values.log_values",
    "spncore.loop.until",
    "spncore.runs.experiment.Experiment",
    "spncore.runs.study.Study",
    "spncore.runs.training.fit",
    "spncore.runs.training.run",
    "spncore.structures.learn_spn.learn_spn",
)


def public(node, prefix=""):
    """The public definitions in a module or class, by their path within the module."""
    for child in node.body:
        if isinstance(child, DEFINITIONS) and not child.name.startswith("_"):
            yield prefix + child.name, child
            if isinstance(child, ast.ClassDef):
                yield from public(child, f"{prefix}{child.name}.")


def shown(namespace, prefix=""):
    """The paths of what the reference shows of a module or class."""
    for name, member in namespace.members.items():
        yield prefix + name
        if isinstance(member, pdoc.doc.Class):
            yield from shown(member, f"{prefix}{name}.")


@pytest.mark.parametrize("file", FILES, ids=NAMES.values())
def test_everything_public_has_a_docstring_and_stands_in_the_reference(file):
    tree = ast.parse(file.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree), "a module's first line says what it is for"
    there = dict(public(tree))
    assert not [name for name, node in there.items() if not ast.get_docstring(node)]
    assert not set(there) - set(shown(pdoc.doc.Module(import_module(NAMES[file]))))


def test_make_docs_builds_all_modules():
    planned = subprocess.run(
        ["make", "-n", "docs", "-o", ".venv/.ready", f"PYTHON={sys.executable}"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert set(NAMES.values()) <= set(planned.split())


def exists(name, module):
    """Whether a dotted name leads somewhere: in its module, or from a module of ours or of Python's."""
    first, *rest = name.split(".")
    begins = [vars(module)[first]] if first in vars(module) else []
    begins += [import_module(full) for full in NAMES.values() if full.split(".")[-1] == first]
    begins += [import_module(first)] if first in sys.stdlib_module_names else []
    return any(led(begin, rest) for begin in begins)


def led(begin, rest):
    """Whether attributes lead on, annotated fields and modules of a package included."""
    for name in rest:
        if name in getattr(begin, "__annotations__", {}):
            return True
        if f"{getattr(begin, '__name__', '')}.{name}" in NAMES.values():
            import_module(f"{begin.__name__}.{name}")
        if not hasattr(begin, name):
            return False
        begin = getattr(begin, name)
    return True


@pytest.mark.parametrize("file", FILES, ids=NAMES.values())
def test_dotted_names_in_docstrings_exist(file):
    tree = ast.parse(file.read_text(encoding="utf-8"))
    texts = [ast.get_docstring(node) or "" for node in ast.walk(tree) if isinstance(node, (ast.Module, *DEFINITIONS))]
    names = [name for text in texts for name in re.findall(r"`([a-z_]\w*(?:\.\w+)+)`", text, re.IGNORECASE)]
    assert not [name for name in names if not exists(name, import_module(NAMES[file]))]


def test_a_name_that_is_gone_is_found():
    module = import_module("spncore.tables.estimator")
    assert exists("spncore.tables.structures.TABLE_STRUCTURES", module)
    assert not exists("table_structures.TABLE_STRUCTURES", module)


def test_examples_run_and_a_newcomer_meets_one_at_each_beginning():
    found, runner = set(), doctest.DocTestRunner()
    for name in NAMES.values():
        for each in doctest.DocTestFinder(exclude_empty=True).find(import_module(name), name):
            if each.examples:
                found.add(each.name)
                assert not runner.run(each).failed, each.name
    assert set(BEGINNERS) <= found
