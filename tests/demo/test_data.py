"""The demo's answers, their intended quality, and the ratings drawn from it."""

from __future__ import annotations

import re
from importlib import resources
from io import BytesIO

import pytest

from evalhub.datasets.schema.faults import FileFaults
from evalhub.datasets.schema.items import ItemRow
from evalhub.datasets.schema.reading import read_items
from evalhub.demo.simulate import quality, simulated_review
from evalhub.migrating import shipped
from evalhub.rubrics.schema.models import Rubric
from evalhub.rubrics.schema.parser import parse_rubric

ITEMS = resources.files("evalhub.demo").joinpath("data/items.jsonl").read_bytes()


@pytest.fixture(scope="module")
def items() -> dict[str, ItemRow]:
    faults = FileFaults("items.jsonl")
    rows = {row.external_id: row for row in read_items(BytesIO(ITEMS), faults)}
    assert not faults
    return rows


@pytest.fixture(scope="module")
def rubric() -> Rubric:
    path = shipped("rubrics") / "engineering-answer.yaml"
    return parse_rubric(path.read_bytes(), source=str(path))


def test_every_prompt_has_an_answer_of_each_of_three_models(items: dict[str, ItemRow]) -> None:
    by_prompt: dict[str, set[str | None]] = {}
    for row in items.values():
        by_prompt.setdefault(row.group_key, set()).add(row.model)
    assert len(items) >= 24
    assert len(by_prompt) >= 10
    assert all(len(models) == 3 for models in by_prompt.values())


def test_no_answer_names_the_model_that_is_said_to_have_written_it(items: dict[str, ItemRow]) -> None:
    names = {str(row.model).split("-", maxsplit=1)[0] for row in items.values()}
    assert not [row.external_id for row in items.values() if row.warning]
    assert not [row.external_id for row in items.values() for name in names if name in row.response.lower()]


def test_the_answers_hold_code_tables_and_maths(items: dict[str, ItemRow]) -> None:
    responses = [row.response for row in items.values()]
    assert sum("```" in text for text in responses) >= 15
    assert sum(bool(re.search(r"^\|[-| ]+\|$", text, re.MULTILINE)) for text in responses) >= 20
    assert sum("$$" in text for text in responses) >= 10


def test_every_item_has_its_intended_quality_for_every_criterion(items: dict[str, ItemRow], rubric: Rubric) -> None:
    plan = quality()
    keys = {criterion.key for criterion in rubric.criteria}
    assert set(plan.items) == set(items)
    assert all(set(item.levels) == keys for item in plan.items.values())
    assert set(plan.notes) == keys
    assert all(set(by_level) == {"0", "1", "2"} and all(by_level.values()) for by_level in plan.notes.values())


def test_every_quote_of_a_note_stands_exactly_once_in_its_answer(items: dict[str, ItemRow]) -> None:
    plan = quality()
    quotes = [(key, note.quote) for key, item in plan.items.items() for note in item.notes if note.quote]
    assert len(quotes) > 50
    assert [key for key, quote in quotes if items[key].response.count(quote) != 1] == []


def test_every_simulated_reviewer_is_called_simulated() -> None:
    assert all("(simulated)" in reviewer.name for reviewer in quality().reviewers)


def test_the_same_seed_draws_the_same_review(rubric: Rubric) -> None:
    plan = quality()
    item_id = next(iter(plan.items))
    first = simulated_review(plan, plan.reviewers[0], item_id, rubric.criteria)
    assert first == simulated_review(plan, plan.reviewers[0], item_id, rubric.criteria)
    assert {rating.criterion for rating in first} == {criterion.key for criterion in rubric.criteria}


def test_a_severer_reviewer_gives_lower_levels(rubric: Rubric) -> None:
    plan = quality()
    sums = [
        sum(
            rating.rank or 0
            for item in plan.items
            for rating in simulated_review(plan, reviewer, item, rubric.criteria)
        )
        for reviewer in sorted(plan.reviewers, key=lambda reviewer: -reviewer.severity)
    ]
    assert sums == sorted(sums)


def test_notes_and_tags_are_those_that_the_rubric_asks_for(rubric: Rubric) -> None:
    plan = quality()
    for reviewer in plan.reviewers:
        for item in plan.items:
            for rating in simulated_review(plan, reviewer, item, rubric.criteria):
                criterion = rubric.criterion(rating.criterion)
                assert criterion is not None
                assert rating.note or not criterion.note.requires(rank=rating.rank)
                assert set(rating.tags) <= {tag.key for tag in criterion.failure_tags}
