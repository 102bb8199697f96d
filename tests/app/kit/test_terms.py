"""Terms: one sentence each, the same wherever they unfold, and every mark in a text has its term."""

import re

import pytest

from app.kit import terms
from app.live import catalogues

MARK = re.compile(r"\[\[(\w+)")
NAMES = [key.removesuffix("_is") for key in terms.TERMS if key.endswith("_is")]


def marks():
    """Every mark in every catalogue, by the entry that has it."""
    for page in (catalogues.KIT, *catalogues.PAGES, "words"):
        for id_, entry in catalogues.catalogue(page).items():
            for name in MARK.findall(str(entry)):
                yield f"{page}.{id_}", name


def test_every_term_has_a_name_and_one_sentence():
    assert len(terms.TERMS) == 2 * len(NAMES) >= 18
    for name in NAMES:
        sentence = terms.TERMS[f"{name}_is"]
        assert terms.TERMS[name] and re.fullmatch(r"[A-Z][^!?]*\.", sentence), name
        assert not re.search(r"\. [A-Z]", sentence), f"{name}: more than one sentence"
        assert len(sentence.split()) <= 26, f"{name}: as long as a text"


def test_the_words_that_newcomers_ask_for_are_among_them():
    asked = "component sum_layer log_likelihood seed effective_rate weight learning_rate update median network"
    assert {f"term_{name}" for name in asked.split()} <= set(NAMES)


def test_every_mark_in_a_text_has_its_term():
    found = list(marks())
    assert len({name for _, name in found}) > 4
    assert not [where for where, name in found if f"term_{name}" not in NAMES]


def test_a_mark_becomes_the_term_or_other_words_for_it_with_its_sentence_folded():
    made = terms.unfolding("A [[seed]] of [[seed|six]] & <b>.")
    said = terms.sentence("seed")
    assert re.findall("<summary>(.*?)</summary>", made) == ["seed", "six"]
    assert re.findall("<span>(.*?)</span>", made) == [said, said]
    assert "<details open" not in made and "&amp; &lt;b&gt;." in made


def test_a_mark_without_a_term_is_an_error():
    with pytest.raises(KeyError):
        terms.unfolding("[[nothing]]")


def test_the_list_of_all_terms_has_each_once():
    lines = terms.glossary().splitlines()
    assert [line.split("**")[1] for line in lines] == [terms.TERMS[name] for name in NAMES]


def test_the_browser_has_the_same_sentences_on_every_page():
    for page in catalogues.PAGES:
        assert terms.TERMS.items() <= catalogues.words_of(page).items()
