"""`evalhub explain` says why an item scored what it did, as text and as JSON."""

from __future__ import annotations

from evalhub.cli.explain import lines_of
from evalhub.db import Database
from tests.reports.test_explanation import a_decided_case, explained


def test_the_text_holds_ratings_rule_decision_score_and_history(sqlite_database: Database) -> None:
    world = a_decided_case(sqlite_database)
    text = "\n".join(lines_of(explained(sqlite_database, world.project.id, "source-id-0")))
    for words in (
        "Item source-id-0 of p (dataset p-items)",
        "Model: hidden-model-0. Tags: none.",
        "Accuracy: Adequate. 2 answers, from the worst: Unacceptable, Excellent.",
        "The adjudicator: The second paragraph is wrong.",
        "    R1: Excellent",
        "Score by weighted mean: 0.75",
        "(1 × 0.5 + 1 × 1) ÷ 2 = 0.75.",
        "decision 1 by Judy (rubric unclear): Accuracy: Adequate",
        "Judy decided a case",
    ):
        assert words in text, words


def test_what_could_steer_a_terminal_is_made_visible(sqlite_database: Database) -> None:
    world = a_decided_case(sqlite_database)
    found = explained(sqlite_database, world.project.id, "source-id-0")
    steered = found.model_copy(update={"model": "evil\x1b[2J"})
    assert "\\x1b[2J" in "\n".join(lines_of(steered))
