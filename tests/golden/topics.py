"""The topics by name: each a function from a stored case to what the product gives for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tests.golden import subject, subject_commands, subject_pages, subject_runs, subject_screens

TOPICS: Mapping[str, Callable[[Any], Any]] = {
    "links_lab": subject.lab_link,
    "links_circuits": subject.circuits_link,
    "links_ask": subject.asking_link,
    "links_linear": subject.linear_networks_link,
    "links_grid": subject.grid_link,
    "links_classes": subject.classes_link,
    "links_selectors": subject.selectors,
    "declared": subject.declared,
    "presets": subject.preset,
    "headlines": subject.headlines,
    "sentences": subject_pages.sentences,
    "exports": subject.exports,
    "page_tables": subject.page_tables,
    "page_texts": subject.page_texts,
    "shipped_files": subject.shipped_files,
    "shipped_settings": subject.shipped_settings,
    "data_sets": subject.data_sets,
    "commands": subject_commands.commands,
    "command_help": subject_commands.command_help,
    "numbers_learning": subject_runs.learning,
    "numbers_em": subject_runs.expectation_maximisation,
    "numbers_linear": subject_runs.linear,
    "numbers_estimator": subject_runs.estimator,
    "numbers_asked": subject_runs.asked,
    "screens": subject_screens.screen,
    "restarted": subject_runs.restarted,
}
