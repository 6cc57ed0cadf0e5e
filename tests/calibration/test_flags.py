"""When a criterion is disputed."""

from __future__ import annotations

import pytest

from evalhub.calibration.schema.consensus import Answer
from evalhub.calibration.schema.flags import Flag, Question, flags_of, triage
from evalhub.projects.schema import Flags

ALL = Flags()
ORDINAL = Question("ordinal", 3)
CRITICAL = Question("ordinal", 3, critical=True)
RANGE = Question("interval", 0, low=0, high=10)


def ranks(*given: int | None) -> list[Answer]:
    return [Answer() if rank is None else Answer(rank=rank) for rank in given]


def values(*given: float) -> list[Answer]:
    return [Answer(value=value) for value in given]


def test_two_levels_apart_is_a_span_and_one_is_not() -> None:
    assert flags_of(ORDINAL, ranks(0, 2, 2), ALL) == (Flag.SPAN,)
    assert flags_of(ORDINAL, ranks(0, 1, 1), ALL) == ()


def test_nominal_levels_have_no_span() -> None:
    assert flags_of(Question("nominal", 3), ranks(0, 2, 2), ALL) == ()


def test_a_range_is_far_apart_from_a_third_of_it() -> None:
    assert flags_of(RANGE, values(1, 1, 4), ALL) == ()
    assert flags_of(Question("interval", 0, low=0, high=9), values(1, 1, 4), ALL) == (Flag.SPAN,)
    assert flags_of(Question("interval", 0, low=0, high=0.9), values(0.1, 0.1, 0.4), ALL) == (Flag.SPAN,)


def test_the_worst_level_of_a_critical_criterion_from_some_is_flagged() -> None:
    assert flags_of(CRITICAL, ranks(0, 1, 1), ALL) == (Flag.CRITICAL,)
    assert flags_of(CRITICAL, ranks(0, 0, 0), ALL) == ()
    assert flags_of(CRITICAL, ranks(1, 2, 2), ALL) == ()
    assert flags_of(ORDINAL, ranks(0, 1, 1), ALL) == ()


def test_not_applicable_from_some_but_not_all_is_flagged() -> None:
    assert flags_of(ORDINAL, ranks(1, 1, None), ALL) == (Flag.APPLICABILITY,)
    assert flags_of(ORDINAL, ranks(None, None), ALL) == ()


def test_answers_without_consensus_are_flagged() -> None:
    assert flags_of(ORDINAL, ranks(0, 1), ALL) == (Flag.NO_CONSENSUS,)
    assert flags_of(ORDINAL, [], ALL) == ()


@pytest.mark.parametrize(
    ("off", "question", "answers"),
    [
        ("span", ORDINAL, ranks(0, 2, 2)),
        ("critical", CRITICAL, ranks(0, 1, 1)),
        ("applicability", ORDINAL, ranks(1, 1, None)),
        ("no_consensus", ORDINAL, ranks(0, 1)),
    ],
)
def test_a_project_can_switch_a_rule_off(off: str, question: Question, answers: list[Answer]) -> None:
    assert flags_of(question, answers, ALL)
    assert flags_of(question, answers, Flags(**{off: False})) == ()


def test_triage_puts_the_rule_before_the_distance() -> None:
    def place(question: Question, answers: list[Answer]) -> float:
        return triage([(question, answers, flags_of(question, answers, ALL))])

    critical = place(CRITICAL, ranks(0, 1, 1))
    span = place(ORDINAL, ranks(0, 2, 2))
    wider = place(ORDINAL, ranks(0, 2, 2, 0, 1))
    applicable = place(ORDINAL, ranks(1, 1, None))
    undecided = place(ORDINAL, ranks(0, 1))
    assert critical > span > applicable > undecided
    assert 4 <= span < 8
    assert wider < span
