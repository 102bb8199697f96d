"""How the project and the paper are cited says the same everywhere."""

import re

from app.kit.text import page_text
from spncore import __version__
from spncore.files.provenance import citation
from tests.places import ROOT

CITATION = (ROOT / "CITATION.cff").read_text(encoding="utf-8")


def test_the_citation_file_has_the_keys_of_its_format_and_this_version():
    keys = re.findall(r"^([a-z-]+):", CITATION, re.MULTILINE)
    required = {"cff-version", "message", "title", "authors"}
    known = required | {"type", "version", "license", "references"}
    assert required <= set(keys) <= known and len(keys) == len(set(keys))
    assert f"\nversion: {__version__}\n" in CITATION and "\nlicense: MIT\n" in CITATION


def test_the_paper_is_cited_alike_in_the_citation_file_the_lab_and_the_data_s_readme():
    bib = dict(re.findall(r"(\w+) += \{(.*)\}", page_text("citation.bib")))
    paper = CITATION[CITATION.index("references:") :]
    named = dict(re.findall(r"^ *-? (title|name|year): (.*)$", paper, re.MULTILINE))
    people = re.findall(r"family-names: (.*)\n +given-names: (.*)", paper)
    assert named == {"title": bib["title"], "name": bib["booktitle"], "year": bib["year"]}
    assert [f"{family}, {given}" for family, given in people] == bib["author"].split(" and ")
    readme = " ".join((ROOT / "data" / "README.md").read_text(encoding="utf-8").split())
    assert bib["title"] in readme and all(family in readme for family, _ in people)


def test_a_file_that_is_taken_away_cites_the_same():
    bib = dict(re.findall(r"(\w+) += \{(.*)\}", page_text("citation.bib")))
    said = citation()
    [title] = re.findall(r'^title: "SPN Lab: (.*)"$', CITATION, re.MULTILINE)
    assert said.startswith(f"SPN Lab {__version__}: {title}, ") and "\n" not in said
    assert f"{bib['author']} ({bib['year']}), {bib['title']}, {bib['booktitle']}" in said
