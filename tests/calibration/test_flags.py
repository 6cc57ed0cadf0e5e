"""When a criterion is disputed."""

from __future__ import annotations

from collections import Counter

import pytest

from evalhub.calibration.schema.consensus import Answer
from evalhub.calibration.schema.flags import Flag, Question, flags_of, triage
from evalhub.calibration.schema.flips import flipped
from evalhub.calibration.schema.influence import lowers_alpha
from evalhub.projects.schema import Flags
from evalhub.rubrics.schema import parse_rubric

ALL = Flags()
ORDINAL = Question("ordinal", 3)
CRITICAL = Question("ordinal", 3, critical=True)
RANGE = Question("interval", 0, low=0, high=10)

FLIPPING = b"""
name: r
version: 1
pass: {level_at_least: adequate}
levels: [unacceptable, adequate, excellent]
criteria:
  - {id: accuracy, title: Accuracy}
  - {id: clarity, title: Clarity}
  - {id: style, title: Style, not_applicable: true}
"""


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


def test_triage_weighs_the_distance_by_all_criteria_and_puts_a_flip_last() -> None:
    heavy, light = Question("ordinal", 3, weight=5), Question("ordinal", 3, weight=1)
    apart, alike = ranks(0, 1), ranks(1, 1)
    flag = (Flag.NO_CONSENSUS,)
    on_heavy = triage([(heavy, apart, flag), (light, alike, ())])
    on_light = triage([(heavy, alike, ()), (light, apart, flag)])
    flipped = triage([(heavy, alike, ()), (light, apart, (*flag, Flag.FLIP))])
    assert on_heavy > flipped > on_light
    assert triage([(light, ranks(1, 1, None), (Flag.APPLICABILITY,))]) > on_heavy
    assert triage([(light, alike, (Flag.FLIP,))]) > triage([(light, alike, flag)]) == 0


def test_a_passing_and_a_failing_total_dispute_the_criteria_on_which_they_differ() -> None:
    rubric = parse_rubric(FLIPPING, "rubric.yaml")
    passes = {"accuracy": Answer(2), "clarity": Answer(1), "style": Answer(2)}
    fails = {**passes, "clarity": Answer(0)}
    assert flipped(rubric, [passes, fails], ()) == {"clarity"}
    assert flipped(rubric, [passes, {**passes, "clarity": Answer(2)}], ()) == set()
    assert flipped(rubric, [fails, {**fails, "accuracy": Answer(1)}], ()) == set()
    assert flipped(rubric, [passes, {**fails, "style": Answer()}], ()) == {"clarity", "style"}


def test_a_total_that_is_undefined_flips_nothing() -> None:
    rubric = parse_rubric(FLIPPING, "rubric.yaml")
    passes = {"accuracy": Answer(2), "clarity": Answer(2), "style": Answer(2)}
    assert flipped(rubric, [passes, {"accuracy": Answer(0)}], ()) == set()


def test_an_item_without_which_alpha_would_be_higher_is_influential_from_the_tenth_on() -> None:
    criterion = parse_rubric(FLIPPING, "rubric.yaml").criteria[0]
    counts = Counter({(2, 0, 0): 4, (0, 0, 2): 4, (1, 0, 1): 1})

    def is_influential(known: Counter[tuple[int, ...]], threshold: float = 0.05) -> bool:
        return lowers_alpha(criterion, (1, 0, 1), known, (1, 0, 1), threshold=threshold)

    assert not is_influential(counts)
    assert is_influential(counts + Counter({(2, 0, 0): 1}))
    assert not is_influential(counts + Counter({(2, 0, 0): 1}), threshold=0.9)


def test_an_item_is_judged_by_its_answers_whatever_stands_in_the_counts() -> None:
    criterion = parse_rubric(FLIPPING, "rubric.yaml").criteria[0]
    counts = Counter({(2, 0, 0): 10, (0, 0, 2): 10, (1, 0, 1): 1})

    def is_influential(*judged: int) -> bool:
        return lowers_alpha(criterion, judged, counts, (1, 0, 1), threshold=0.05)

    assert is_influential(1, 0, 1)
    assert not is_influential(0, 1, 1)
    assert not is_influential(2, 0, 0)
    assert not is_influential(0, 0, 0)
