"""What README says is there is there, and what it tells a reader to type works as it stands."""

import itertools
import json
import re
import shlex
import subprocess
import tomllib
from importlib import import_module
from importlib.metadata import entry_points

import pytest

from experiments.learned_models import PRINTED
from spncore import Experiment, load
from spncore.__main__ import main, parser
from spncore.data.library import available
from spncore.sweep import Cell
from spncore.sweep.cells import grid
from spncore.sweep.command import share
from spncore.sweep.where import checked
from spnlab.__main__ import OPTIONS
from tests.papers.documents import blocks, document, section
from tests.places import ROOT

README = document("README.md")
PROJECT = tomllib.loads(document("pyproject.toml"))
[TREE] = blocks(section(README, "The tree"), "")
INSIDE = ("spncore/", "app/")  # what the tree shows the inside of
UNSAID = {"__init__.py", "py.typed"}


def tree():
    """What the tree names, by the folder it is in: {"": [...], "spncore/": [...]}."""
    found, folder = {"": []}, ""
    for indent, name in re.findall(r"^( *)(\S+)  +\S", TREE, re.MULTILINE):
        if not indent:
            folder = name
        found.setdefault(folder if indent else "", []).append(name)
    return found


def tracked(folder=""):
    """The names right below a folder of what is kept, those of folders with a slash."""
    listed = subprocess.run(["git", "ls-files", folder or "."], cwd=ROOT, check=True, capture_output=True, text=True)
    parts = [line.removeprefix(folder).partition("/") for line in listed.stdout.splitlines()]
    return {name + slash for name, slash, _ in parts}


def test_the_tree_names_everything_and_nothing_else():
    named = tree()
    assert set(named) == {"", *INSIDE}
    for folder, names in named.items():
        assert len(names) == len(set(names)) and set(names) == tracked(folder) - UNSAID, folder


def test_the_tree_has_the_order_of_the_imports():
    for folder in INSIDE:
        name = folder.rstrip("/")
        [layers] = [
            each["layers"] for each in PROJECT["tool"]["importlinter"]["contracts"] if each.get("containers") == [name]
        ]
        rank = {part: n for n, layer in enumerate(reversed(layers)) for part in layer.split(" | ")}
        order = [rank[key] for each in tree()[folder] if (key := each.rstrip("/").removesuffix(".py")) in rank]
        assert order == sorted(order) and len(order) == len(rank)


def test_the_reading_order_is_one_of_modules():
    steps = re.findall(r"[\w/]+(?: → |\n*→\s*)[\w/ →\n]+", section(README, "The tree").replace(TREE, ""))
    modules = [name for step in steps for name in step.replace("→", " ").split()]
    assert len(modules) > 12
    for name in modules:
        assert any((ROOT / part / f"{name}{end}").is_file() for part in INSIDE for end in (".py", ".js")), name


@pytest.mark.parametrize("number", range(3))
def test_a_python_block_runs_as_it_stands(number):
    code = blocks(README, "python")
    assert len(code) == 3
    exec(compile(code[number], "README.md", "exec"), {"__name__": "readme"})


def commands():
    """Every line that a reader is told to type, without what is said of it."""
    lines = [line for block in blocks(README, "sh") for line in block.splitlines() if line.strip()]
    return [part.strip() for line in lines for part in line.split("  #")[0].split(" && ")]


RUN = re.compile(r"(\.venv/bin/python -m spncore|spnlab) (fit|figure3|study|sweep|history|data) ")


def marked(command):
    return pytest.param(command, marks=[pytest.mark.slow] * ("structure=learn_spn" in command))


def needs_nltcs():
    if available("nltcs") is None:
        pytest.skip("needs the real nltcs: set SPNLAB_DATA_DIR, or python -m spncore data fetch nltcs")


@pytest.mark.parametrize("command", [marked(each) for each in commands() if RUN.match(each)])
def test_a_command_of_the_engine_runs_as_it_stands(command, tmp_path, monkeypatch, capsys):
    if re.search(" (fit|figure3) (?!.*dataset=)", command):
        needs_nltcs()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    words = shlex.split(command)
    assert main(words[1 if words[0] == "spnlab" else 3 :]) == 0
    out = [words[n + 1] for n, word in enumerate(words) if word == "--out"]
    assert all(any((tmp_path / folder).iterdir()) for folder in out) and capsys.readouterr().out


def targets():
    return set(re.findall(r"^([a-z-]+):", document("Makefile"), re.MULTILINE))


SCRIPT = re.compile(r"\.venv/bin/python -m (experiments\.\w+)$")


@pytest.mark.slow
@pytest.mark.parametrize("name", [SCRIPT.match(each)[1] for each in commands() if SCRIPT.match(each)])
def test_a_script_prints_its_table(name, monkeypatch, capsys):
    script = import_module(name)
    if hasattr(script, "GROUPS"):  # all of them take minutes
        needs_nltcs()
        first_of = script.GROUPS[0]
        monkeypatch.setattr(script, "GROUPS", [lambda: itertools.islice(first_of(), 2)])
    script.main()
    assert len(capsys.readouterr().out.splitlines()) > 3


def container(words):
    assert "EXPOSE 8501" in document("Dockerfile")
    assert words in (["docker", "build", "-t", "spnlab", "."], ["docker", "run", "-p", "8501:8501", "spnlab"])


def installed(words):
    assert words[2] == ".[lab]" and "lab" in PROJECT["project"]["optional-dependencies"]


def opened(words):
    assert words == ["spnlab"] and PROJECT["project"]["scripts"]["spnlab"] == "spnlab.__main__:main"


OTHERWISE = {  # what is not run here is held against what would run it
    r"make \w+$": lambda words: targets() >= {words[1]} or pytest.fail(words[1]),
    r"docker (build|run) ": container,
    r"pip install ": installed,
    r"spnlab$": opened,
}


@pytest.mark.parametrize("command", [each for each in commands() if not (RUN.match(each) or SCRIPT.match(each))])
def test_any_other_command_is_one_that_there_is(command):
    [hold] = [hold for form, hold in OTHERWISE.items() if re.match(form, command)]
    hold(shlex.split(command))


def test_the_options_that_are_named_beside_the_lab_s_command_are_its_own():
    [line] = [line for block in blocks(README, "sh") for line in block.splitlines() if line.startswith("spnlab   ")]
    assert set(re.findall(r"--[a-z-]+", line)) == set(OPTIONS)


def package(requirement):
    return re.match(r"[\w.-]+", requirement)[0]


def test_every_package_has_a_line_that_says_why():
    table = re.findall(r"^\| \*?([\w, .-]+?)\*? \| (.+) \|$", section(README, "Dependencies"), re.MULTILINE)[1:]
    named = [name for names, why in table for name in names.split(", ") if why.strip("-")]
    project = PROJECT["project"]
    asked = [PROJECT["build-system"]["requires"], project["dependencies"], *project["optional-dependencies"].values()]
    tools = [line for line in document("requirements-dev.in").splitlines() if line]
    browser = json.loads(document("package.json"))["devDependencies"]
    needed = {package(each) for some in (*asked, tools) for each in some} | set(browser)
    assert len(named) == len(set(named)) and set(named) == needed


def table(heading, first):
    """The rows below a section's table whose first column is headed so, cells without spaces around them."""
    lines = section(README, heading).splitlines()
    start = next(n for n, line in enumerate(lines) if line.startswith(f"| {first} |"))
    rows = itertools.takewhile(lambda line: line.startswith("|"), lines[start + 2 :])
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in rows]


def test_every_finding_has_a_line_with_the_version_that_it_installs():
    told = {name.strip("`"): version.replace(" ", "==") for name, version, *_ in table("Findings", "script")}
    kept = {file.stem: file.read_text(encoding="utf-8") for file in (ROOT / "findings").iterdir()}
    assert told.keys() == kept.keys()
    assert all(f" {told[name]} " in script for name, script in kept.items())


def captions():
    """The paragraph above each table of timings."""
    paragraphs = section(README, "Measured").split("\n\n")
    return [above for above, below in itertools.pairwise(paragraphs) if below.startswith("| what exactly |")]


@pytest.mark.parametrize("caption", captions(), ids=lambda caption: caption[:40])
def test_a_table_of_timings_says_when_and_by_which_command(caption):
    assert re.search(r"\b2026-\d\d-\d\d\b", caption)
    named = [ROOT / name.replace(".", "/") for name in re.findall(r"`python\s-m\s([\w.]+)", caption)]
    assert named or "by hand" in caption
    assert all(each.with_suffix(".py").is_file() or (each / "__main__.py").is_file() for each in named)


def test_a_printed_value_names_the_place_where_it_was_read():
    rows = table("Measured", "learner")
    printed = [row for row in rows if row[0].startswith("*")]
    assert printed and all("github.com/" in row[0] or "doi.org/" in row[0] for row in printed)
    assert {row[0].strip("*") for row in printed} == set(PRINTED)
    for row in printed:
        assert row[1:] == [f"{value:.2f}".replace("-", "−") for value in PRINTED[row[0].strip("*")]]


SWEEPS = section(README, "Sweeps")


def typed(name):
    """Lines of the recipes that call a program, with what a shell would put in place of its variables."""
    lines = [line.removeprefix("srun ") for block in blocks(SWEEPS, "bash") for line in block.splitlines()]
    shell = {"$SLURM_ARRAY_TASK_ID": "7", "$HOME": "/home/me", "$address": "tcp://node-1:8786", "$(hostname)": "node-1"}
    for variable, value in shell.items():
        lines = [line.replace(variable, value) for line in lines]
    return [shlex.split(line.rstrip(" &"))[1:] for line in lines if line.startswith(f"{name} ")]


def test_a_sweep_of_a_recipe_is_one_that_there_is():
    told = [parser("spnlab").parse_args(words) for words in typed("spnlab")]
    [shared], tables = [each for each in told if each.shard], [each for each in told if each.out]
    assert len(tables) == 2 and all(each.settings == shared.settings for each in tables)
    assert 1 <= len(share(grid(Cell(Experiment()), {"depth": [1, 2], "seed": [*range(50)]}), Rows(), shared.shard)) <= 3
    assert [checked(each.cluster) for each in tables if each.cluster] == ["tcp://node-1:8786"]


class Rows(dict):
    """Rows by any name."""

    def __missing__(self, name):
        return load("two-clusters")


def understood(program, words):
    """The options that dask's own command line makes of these words; it refuses what it does not know."""
    return import_module(f"distributed.cli.dask_{program}").main.make_context(program, list(words)).params


def test_what_a_recipe_starts_of_dask_is_understood_by_it():
    pytest.importorskip("distributed", reason="needs the extra cluster")
    [(name, *scheduler), (other, *worker)] = typed("dask")
    assert (name, other) == ("scheduler", "worker") and {"scheduler", "worker"} <= entry_points(group="dask_cli").names
    assert understood(name, scheduler)["port"] == "8786" and understood(other, worker)["nthreads"] == 1


def test_the_parts_of_the_kubernetes_recipe_fit_each_other():
    yaml = pytest.importorskip("yaml", reason="needs the extra cluster")
    [text] = blocks(SWEEPS, "yaml")
    scheduler, service, workers, policy = yaml.safe_load_all(text)
    for each in (scheduler, workers):
        labels = each["spec"]["template"]["metadata"]["labels"]
        wanted = each["spec"]["selector"]["matchLabels"] | policy["spec"]["podSelector"]["matchLabels"]
        [entry] = policy["spec"]["ingress"]
        assert labels.items() >= (wanted | entry["from"][0]["podSelector"]["matchLabels"]).items()
    programs = [each["spec"]["template"]["spec"]["containers"][0]["command"] for each in (scheduler, workers)]
    of_scheduler, of_worker = (understood(words[2].rpartition("_")[2], words[3:]) for words in programs)
    [port] = service["spec"]["ports"]
    assert of_scheduler["port"] == str(port["port"]) and of_worker["nthreads"] == 1
    assert of_worker["scheduler"] == f"tcp://{service['metadata']['name']}:{port['port']}"
    assert service["spec"]["selector"].items() <= scheduler["spec"]["template"]["metadata"]["labels"].items()
    assert "--extra cluster" in document("Makefile") and "distributed==" in document("requirements.txt")
