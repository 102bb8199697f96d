"""The skeletons that CONTRIBUTING prints, put where they belong and asked what every row there is asked."""

import dataclasses
import importlib.util
import itertools
import re
import subprocess
import sys
import threading
from collections import ChainMap
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from types import MappingProxyType

import pytest

from spncore import arrays, structures
from spncore.circuits.overparam import TOPOLOGIES
from spncore.data import catalogue, library
from spncore.learning.optimisers import OPTIMISERS
from spncore.record import ExperimentError
from spncore.structures import STRUCTURES, nodes
from spncore.studies.command import STUDIES
from tests.papers.documents import blocks, document, section
from tests.spncore.circuits import test_overparam
from tests.spncore.data import test_library
from tests.spncore.learning import test_optimisers
from tests.spncore.structures import test_registry
from tests.spncore.studies import test_studies

CONTRIBUTING = document("CONTRIBUTING.md")
TABLES = {"train": b"0,1\n1,1\n0,1\n", "valid": b"1,0\n", "test": b"0,0\n1,1\n"}  # what the skeleton's hashes are of


def skeleton(kind):
    """The code below a heading, a block per file."""
    return blocks(section(CONTRIBUTING, f"Add a{kind}"), "python")


def made(code, *modules):
    """The last thing that a block defines, which is put into these modules."""
    before = {name: value for module in modules for name, value in vars(module).items()}
    after = dict(before)
    exec(compile(code, "CONTRIBUTING.md", "exec"), after)
    return [value for name, value in after.items() if name not in before and name != "__builtins__"][-1]


def contract(module, key, like, name):
    """The tests of a module that a row must pass as another one does, each ready to be called."""
    for test in vars(module).values():
        marks = [mark.args for mark in getattr(test, "pytestmark", []) if mark.name == "parametrize"]
        if any(key in names for names, _ in marks):
            for chosen in itertools.product(*(cases(*mark, key, like, name) for mark in marks)):
                yield partial(test, **ChainMap(*chosen))


def cases(names, values, key, like, name):
    """A parameter's cases; where it is the row, those of the other row under the new name."""
    names = (names,) if isinstance(names, str) else names
    found = [dict(zip(names, each if len(names) > 1 else [each], strict=True)) for each in values]
    return [case | {key: name} for case in found if case[key] == like] if key in names else found


def passes(module, key, like, at_least):
    tests = list(contract(module, key, like, "new"))
    assert len(tests) >= at_least
    for test in tests:
        test()


def test_every_recipe_that_adds_something_has_a_skeleton():
    *recipes, last = re.findall(r"^## Add a(.+)", CONTRIBUTING, re.MULTILINE)
    assert len(recipes) == 6 and all(skeleton(recipe) for recipe in recipes)
    pages = section(CONTRIBUTING, f"Add a{last}")
    assert "(tests/app/kit/skeleton_page.py)" in pages and "which a test drives" in pages


def test_the_optimiser(monkeypatch):
    optimiser, by_hand = skeleton("n optimiser")
    monkeypatch.setitem(OPTIMISERS, "new", made(optimiser, sys.modules["spncore.learning.optimisers"]))
    monkeypatch.setitem(test_optimisers.BY_HAND, "new", made(by_hand, test_optimisers))
    passes(test_optimisers, "name", "gradient_ascent", 6)


def test_the_setting():
    [code] = skeleton(" setting")
    record = made(code, dataclasses, sys.modules["spncore.record"])
    assert record().rounds == 3 and record(rounds=9).rounds == 9
    with pytest.raises(ExperimentError, match="rounds: 10 is out of range; allowed: 1 to 9"):
        record(rounds=10)


def test_the_structure(monkeypatch):
    [code] = skeleton(" structure")
    monkeypatch.setitem(STRUCTURES, "new", structures._random(made(code, arrays, structures, nodes)))
    passes(test_registry, "name", "rat", 15)


def test_the_topology(monkeypatch):
    [code] = skeleton(" topology of consecutive sums")
    monkeypatch.setitem(TOPOLOGIES, "new", made(code, sys.modules["spncore.circuits.overparam"]))
    passes(test_overparam, "topology", "private", 41)


def test_the_data_set_by_its_row_from_a_server_to_the_cache(monkeypatch, tmp_path):
    [code] = skeleton(" data set")
    info = made(code, catalogue)
    for split, table in TABLES.items():
        (tmp_path / info.file_name(split)).write_bytes(table)
    row = MappingProxyType({**catalogue.DATASETS, info.name: info})
    monkeypatch.setattr(test_library, "DATASETS", row)
    test_library.test_every_registry_row_is_complete(info)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.delenv(library.DATA_DIR, raising=False)
    monkeypatch.setattr(library, "user_cache_dir", lambda *_, **__: str(tmp_path / "cache"))
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path))) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        urls = {split: f"http://127.0.0.1:{server.server_port}/{info.file_name(split)}" for split in TABLES}
        monkeypatch.setattr(library, "DATASETS", {info.name: info._replace(urls=urls)})
        loaded = {split: library.load(info.name, split) for split in TABLES}
        server.shutdown()
    assert {split: (data.num_rows, data.num_variables) for split, data in loaded.items()} == info.shapes
    assert loaded["train"].rows.tolist() == [[0, 1], [1, 1]] and loaded["train"].counts.tolist() == [2, 1]
    assert loaded["train"].variables == ("robin", "wren")


class Quiet(SimpleHTTPRequestHandler):
    """Serves a folder without a word."""

    def log_message(self, *_):
        pass


def test_the_study(monkeypatch, tmp_path, capsys):
    [code] = skeleton(" study")
    file = tmp_path / "components.py"
    file.write_text(code, encoding="utf-8")
    spec = importlib.util.spec_from_file_location("spncore.studies.components", file)
    study = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, study)
    spec.loader.exec_module(study)
    monkeypatch.setitem(STUDIES, "components", study)
    monkeypatch.setitem(test_studies.SMALL, "components", ["most=4"])
    headline = (lambda rows: rows[-1]["llh"], lambda result, record: result.llh[record.most - 1])
    monkeypatch.setitem(test_studies.HEADLINES, "components", headline)
    name = "test_a_study_tells_how_far_it_is_survives_its_file_and_its_table_gives_its_numbers"
    getattr(test_studies, name)("components")
    test_studies.test_a_study_stops_when_it_is_asked_to("components")
    test_studies.test_the_command_names_the_settings_of_a_study("components", capsys)


def test_code_in_the_documents_is_formatted_as_the_rest():
    for name in ("README.md", "CONTRIBUTING.md"):
        for code in blocks(document(name), "python"):
            words = [sys.executable, "-m", "ruff", "format", "--line-length", "120", "-"]
            done = subprocess.run(words, input=code, capture_output=True, text=True, check=True, encoding="utf-8")
            assert done.stdout == code
