"""When an item counts as right, and the words of the rule."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from evalhub.errors import Fault
from evalhub.rubrics.schema import Rubric
from evalhub.rubrics.schema.parser import parse_rubric
from evalhub.training.schema.judging import Closeness, Known, closeness, judged
from evalhub.training.schema.reference import imported_reference, reference_faults
from evalhub.training.schema.rules import Rule, StatedRule

RUBRIC = b"""
name: many
version: 1
levels: [unacceptable, adequate, excellent]
criteria:
  - {id: accuracy, title: Accuracy, critical: true}
  - {id: clarity, title: Clarity, not_applicable: true}
  - {id: tone, title: Tone, scale: nominal, levels: [{id: dry}, {id: warm}, {id: odd}]}
  - {id: points, title: Points, scale: interval, range: {min: 0, max: 10}}
"""


@pytest.fixture(scope="module")
def rubric() -> Rubric:
    return parse_rubric(RUBRIC, "many.yaml")


@pytest.mark.parametrize(
    ("key", "given", "reference", "expected"),
    [
        ("accuracy", Known(1), Known(1), Closeness.EXACT),
        ("accuracy", Known(0), Known(1), Closeness.NEAR),
        ("accuracy", Known(0), Known(2), Closeness.FAR),
        ("tone", Known(0), Known(2), Closeness.NEAR),
        ("clarity", Known(), Known(), Closeness.EXACT),
        ("clarity", Known(), Known(2), Closeness.FAR),
        ("points", Known(value=6.0), Known(value=7.0), Closeness.EXACT),
        ("points", Known(value=5.0), Known(value=7.0), Closeness.NEAR),
        ("points", Known(value=3.0), Known(value=7.0), Closeness.FAR),
    ],
)
def test_how_far_an_answer_is_from_its_reference(
    rubric: Rubric, key: str, given: Known, reference: Known, expected: Closeness
) -> None:
    criterion = rubric.criterion(key)
    assert criterion is not None
    assert closeness(criterion, given, reference, near=0.1) is expected


@pytest.mark.parametrize(
    ("given", "is_right"),
    [
        ({"accuracy": 1, "clarity": 1, "tone": 1}, True),
        ({"accuracy": 1, "clarity": 0, "tone": 1}, True),
        ({"accuracy": 1, "clarity": 0, "tone": 0}, False),
        ({"accuracy": 0, "clarity": 1, "tone": 1}, False),
        ({"accuracy": 1, "clarity": None, "tone": 1}, False),
    ],
    ids=["all exact", "two thirds exact", "one third exact", "a critical one is off", "not applicable is far"],
)
def test_when_an_item_is_right(rubric: Rubric, given: dict[str, int | None], is_right: bool) -> None:
    criteria = {criterion.key: criterion for criterion in rubric.criteria}
    reference = {key: Known(1) for key in ("accuracy", "clarity", "tone")}
    found = judged(criteria, {key: Known(rank) for key, rank in given.items()}, reference, near=0.1)
    assert found.is_right is is_right


def test_a_criterion_without_an_answer_is_far(rubric: Rubric) -> None:
    criteria = {criterion.key: criterion for criterion in rubric.criteria}
    found = judged(criteria, {}, {"clarity": Known(1)}, near=0.1)
    assert (found.closeness["clarity"], found.is_right) == (Closeness.FAR, False)


def test_known_levels_of_an_import_become_a_reference_and_every_fault_is_told(rubric: Rubric) -> None:
    faults: list[Fault] = []
    gold = {"accuracy": {"level": "adequate", "why": "A slip."}, "points": {"value": 7}}
    found = imported_reference(rubric, gold, faults)
    assert faults == []
    assert found["accuracy"].known == Known(1)
    assert found["accuracy"].reason == "A slip."
    assert found["points"].known == Known(value=7.0)
    imported_reference(rubric, {"accuracy": {"level": "superb"}, "x": {"level": "a"}, "points": {"value": 11}}, faults)
    assert [fault.path for fault in faults] == ["gold.accuracy", "gold.x", "gold.points"]


def test_a_reference_has_every_critical_criterion(rubric: Rubric) -> None:
    assert [fault.path for fault in reference_faults(rubric, (), {})] == ["gold.accuracy", "gold"]


def test_the_rule_states_its_error_rates(rubric: Rubric) -> None:
    told = " ".join(StatedRule.of(Rule()).sentences(rubric.criteria))
    for words in ("11 items", "9 right ones pass", "at most 3.3 %", "at most 9.0 %", "within 10 % of its range"):
        assert words in told


@pytest.mark.parametrize("rates", [{"p_low": 0.9}, {"p_low": 0.88, "p_high": 0.9, "alpha": 0.01}, {"alpha": 0.0}])
def test_rates_that_cannot_be_kept_are_refused(rates: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        Rule(**rates)
