"""What to do next, case by case."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from evalhub.calibration.schema.actions import next_actions
from evalhub.calibration.schema.report import Action, ActionKind
from evalhub.calibration.schema.section import CriterionSection, ReviewerLine
from evalhub.calibration.shown import plan_sentences
from evalhub.stats import Figure, Ratings, Reason, Verdict, VerdictCode
from evalhub.stats.crossings import RaterCrossing
from evalhub.stats.drift import ReviewerPeriod
from evalhub.stats.severity import Severity
from tests.calibration.reports import a_criterion, a_section, drawn_ratings

NAMES = ["Ann", "Ben", "Chi", "Dora", "Emil"]
NOISY = a_section(a_criterion(), drawn_ratings(150, 5, noise=1.4), weeks=2)
CLEAR = a_section(a_criterion("clarity"), drawn_ratings(150, 5, noise=0.1, seed=2), weeks=2)


def quiet(section: CriterionSection) -> CriterionSection:
    """The section without raised weeks and reviewers who stand apart: what is left is what a test adds."""
    return replace(
        section,
        periods=tuple(replace(period, is_raised=False) for period in section.periods),
        reviewers=tuple(replace(line, severity=None) for line in section.reviewers),
    )


def judged(section: CriterionSection, code: VerdictCode, **alpha: Any) -> CriterionSection:
    figures = section.figures
    return replace(
        section, figures=replace(figures, verdict=Verdict(code, code.value), alpha=replace(figures.alpha, **alpha))
    )


def severity(rater: int, shrunk: float, **more: Any) -> Severity:
    given = {
        "component": 0,
        "n_items": 80,
        "se": 0.05,
        "ci_low": None,
        "ci_high": None,
        "plain": shrunk,
        "confounded_with": None,
    }
    return Severity(rater=rater, severity=shrunk, shrunk=shrunk, **(given | more))


def with_severities(section: CriterionSection, *found: Severity) -> CriterionSection:
    by_rater = {one.rater: one for one in found}
    lines = tuple(ReviewerLine(line.figures, by_rater.get(line.figures.rater)) for line in section.reviewers)
    return replace(section, reviewers=lines)


def of_kind(kind: ActionKind, *sections: CriterionSection) -> list[Action]:
    return [action for action in next_actions(sections, NAMES) if action.kind is kind]


def the_only(*sections: CriterionSection) -> Action:
    (action,) = next_actions(sections, NAMES)
    return action


def test_nothing_is_to_be_done_where_all_can_be_relied_on() -> None:
    for code in (VerdictCode.RELIABLE, VerdictCode.TENTATIVE):
        action = the_only(judged(quiet(NOISY), code, ci_low=0.71), judged(quiet(CLEAR), code, ci_low=0.84))
        assert action.kind is ActionKind.NOTHING
        assert "0.71" in action.words


def test_the_worst_boundary_is_to_be_rewritten_where_no_reviewer_accounts_for_it() -> None:
    section = judged(quiet(NOISY), VerdictCode.UNRELIABLE)
    boundary, action = section.boundaries[0], the_only(section)
    assert (action.kind, action.criterion, action.boundary) == (ActionKind.REWRITE, "accuracy", 0)
    assert action.items == tuple(item.task for item in boundary.items)
    assert f"{boundary.n_crossing} items" in action.words
    assert f"{boundary.points:.2f} of alpha" in action.words
    assert "No number of items will do: mend the rubric." in action.words


def test_the_reviewer_who_makes_most_of_a_boundary_is_to_be_trained_instead() -> None:
    section = judged(quiet(NOISY), VerdictCode.UNRELIABLE)
    first = section.boundaries[0]
    raters = (RaterCrossing(rater=1, n_pairs=90, n_crossing=40, share=0.71, below=36, above=4), *first.raters)
    culprit = replace(first, culprit=1, raters=raters)
    action = the_only(replace(section, boundaries=(culprit, *section.boundaries[1:])))
    assert (action.kind, action.reviewer, action.boundary) == (ActionKind.RETRAIN, 1, 0)
    assert action.words.startswith("Retrain Ben on Accuracy: 71% of the disagreement")
    assert "below in 36 of 40" in action.words
    graded = [item.task for item in first.items if any(answer.reviewer == 1 for answer in item.answers)]
    assert list(action.items) == graded


def test_a_boundary_with_nothing_to_win_is_no_advice() -> None:
    section = judged(quiet(NOISY), VerdictCode.UNRELIABLE)
    first, second = section.boundaries
    assert the_only(replace(section, boundaries=(replace(first, points=0.0), second))).boundary == 1


def test_the_worst_level_of_a_critical_criterion_is_rewritten_while_it_is_not_confirmed() -> None:
    section = judged(quiet(a_section(a_criterion(critical=True), drawn_ratings(150, 5))), VerdictCode.UNDECIDED)
    worst, *others = section.figures.specific_agreement
    section = replace(
        section, figures=replace(section.figures, specific_agreement=(replace(worst, value=0.3), *others))
    )
    (action,) = of_kind(ActionKind.REWRITE, section)
    assert action.boundary is not None
    assert section.boundaries[action.boundary].lower == 0


def test_a_criterion_without_boundaries_is_rewritten_as_a_whole() -> None:
    nominal = replace(judged(quiet(NOISY), VerdictCode.UNRELIABLE), boundaries=())
    action = the_only(nominal)
    assert (action.kind, action.boundary) == (ActionKind.REWRITE, None)
    assert "another reviewer confirms “" in action.words


@pytest.mark.parametrize(
    ("others", "named"),
    [
        ([severity(1, 0.1), severity(2, 0.1)], [0]),
        ([severity(1, 0.1)], []),
        ([severity(1, 0.1), severity(2, 0.1, component=1)], []),
    ],
)
def test_a_clearly_strict_reviewer_is_to_be_trained_among_three_or_more_of_a_component(
    others: list[Severity], named: list[int]
) -> None:
    section = with_severities(judged(quiet(NOISY), VerdictCode.UNRELIABLE), severity(0, -0.4), *others)
    found = of_kind(ActionKind.RETRAIN, section)
    assert [action.reviewer for action in found] == named
    assert all("Ann on Accuracy: 0.40 of a level stricter" in action.words for action in found)


@pytest.mark.parametrize(
    "unclear",
    [
        severity(0, -0.2),
        severity(0, -0.4, se=0.25),
        severity(0, -0.4, se=None),
        severity(0, -0.4, confounded_with=2),
    ],
)
def test_a_reviewer_who_is_not_clearly_apart_is_not_named(unclear: Severity) -> None:
    section = judged(quiet(NOISY), VerdictCode.UNRELIABLE)
    assert not of_kind(ActionKind.RETRAIN, with_severities(section, unclear, severity(1, 0.1), severity(2, 0.1)))


def test_at_most_two_reviewers_are_named_on_a_criterion_those_farthest_apart() -> None:
    section = judged(quiet(NOISY), VerdictCode.UNRELIABLE)
    found = with_severities(section, *(severity(at, shrunk) for at, shrunk in enumerate([0.3, -0.5, 0.4, -0.3])))
    assert {action.reviewer for action in of_kind(ActionKind.RETRAIN, found)} == {1, 2}


def test_more_items_are_handed_out_where_they_would_decide() -> None:
    section = judged(quiet(NOISY), VerdictCode.UNDECIDED)
    assert section.gate_plan is not None
    assert section.width_plan is not None
    open_plan = replace(section.gate_plan, is_hopeless=False)
    cleared = replace(section, gate_plan=replace(open_plan, more_items=38))
    (action,) = of_kind(ActionKind.MORE_ITEMS, cleared)
    assert (action.n_items, action.criterion) == (38, "accuracy")
    assert "above 0.667" in action.words
    narrowed = replace(
        section, gate_plan=replace(open_plan, more_items=None), width_plan=replace(section.width_plan, more_items=51)
    )
    (action,) = of_kind(ActionKind.MORE_ITEMS, narrowed)
    assert action.n_items == 51
    assert "± 0.10" in action.words


@pytest.mark.parametrize(
    ("high", "words"),
    [
        (0.6, "No number of items will do: mend the rubric."),
        (0.7, "More items alone are unlikely to clear 0.667, if agreement stays as seen: mend the rubric."),
        (None, "More items alone are unlikely to clear 0.667, if agreement stays as seen: mend the rubric."),
    ],
)
def test_an_alpha_below_the_gate_asks_for_no_items_and_says_so_firmly_only_where_its_bound_is_below_too(
    high: float | None, words: str
) -> None:
    section = judged(quiet(NOISY), VerdictCode.UNDECIDED, ci_high=high)
    assert section.gate_plan is not None
    assert section.gate_plan.is_hopeless
    assert not of_kind(ActionKind.MORE_ITEMS, section)
    assert words in of_kind(ActionKind.REWRITE, section)[0].words
    assert words in plan_sentences(section)


def test_too_few_items_are_made_up_to_what_a_verdict_needs() -> None:
    few = quiet(a_section(a_criterion("safety"), drawn_ratings(6, 5, seed=3), weeks=1))
    assert few.figures.verdict.code is VerdictCode.INSUFFICIENT
    action = the_only(few)
    assert (action.kind, action.n_items) == (ActionKind.MORE_ITEMS, 4)
    assert "10 items with two ratings, there are 6" in action.words
    nobody = quiet(a_section(a_criterion(), Ratings([], [], [], n_levels=3), weeks=0))
    assert the_only(nobody).n_items == 10


def test_where_nothing_was_graded_nothing_is_ordered() -> None:
    nothing = quiet(a_section(a_criterion(), Ratings([], [], [], n_levels=3), weeks=0))
    action = the_only(replace(nothing, n_ratings=0), replace(nothing, n_ratings=0))
    assert action.kind is ActionKind.NOTHING
    assert "no review that counts was submitted in the time" in action.words
    assert len(next_actions([replace(nothing, n_ratings=0), nothing], NAMES)) == 2


def test_items_of_few_prompts_are_counted_by_their_prompts() -> None:
    section = judged(quiet(NOISY), VerdictCode.INSUFFICIENT, n_groups=4, n_pairable=24)
    action = the_only(section)
    assert action.n_items == 36
    assert "items of 10 prompts" in action.words


def test_varied_items_are_wanted_where_one_level_has_nearly_all() -> None:
    assert the_only(judged(quiet(NOISY), VerdictCode.LOW_VARIATION)).kind is ActionKind.ADD_VARIED
    alike = quiet(a_section(a_criterion(), Ratings([1, 1, 2, 2], [0, 1, 0, 1], [2, 2, 2, 2], n_levels=3), weeks=1))
    assert alike.figures.alpha.undefined_because is Reason.NO_VARIATION
    action = the_only(alike)
    assert action.kind is ActionKind.ADD_VARIED
    assert "only one level was given" in action.words


@pytest.mark.parametrize(("value", "n_groups", "is_said"), [(0.4, 30, True), (0.8, 30, False), (0.4, 9, False)])
def test_the_scope_is_to_be_settled_where_reviewers_differ_on_it(value: float, n_groups: int, is_said: bool) -> None:
    applies = Figure(value, None, None, n_items=30, n_pairable=30, n_groups=n_groups, n_reviewers=3)
    section = replace(judged(quiet(CLEAR), VerdictCode.RELIABLE), applies=applies)
    action = the_only(section)
    assert (action.kind is ActionKind.SETTLE_SCOPE) == is_said
    if is_said:
        assert f"alpha of whether it applies is 0.40, with 4 of {section.n_ratings} answers" in action.words


def test_raised_weeks_and_reviewers_are_named_but_not_in_the_week_that_still_runs() -> None:
    section = judged(quiet(CLEAR), VerdictCode.RELIABLE)
    first, last = section.periods
    assert last.is_provisional
    moved = ReviewerPeriod(
        rater=3, period=0, n_items=30, difference=-0.6, se=0.1, p_value=0.001, q_value=0.01, is_raised=True
    )
    raised = replace(
        section,
        periods=(replace(first, is_raised=True, changed_mix=True), replace(last, is_raised=True)),
        period_reviewers=(moved, replace(moved, period=1), replace(moved, rater=2, is_raised=False)),
    )
    week, reviewer = next_actions([raised], NAMES)
    assert week.kind is reviewer.kind is ActionKind.WATCH_DRIFT
    assert first.label in week.words
    assert "another mix" in week.words
    assert reviewer.words == f"Look at Clarity in {first.label}: Dora was 0.60 stricter than otherwise."


def test_critical_criteria_come_first_and_then_the_points_to_be_won() -> None:
    def worth(key: str, points: float, *, critical: bool = False) -> CriterionSection:
        section = judged(quiet(NOISY), VerdictCode.UNRELIABLE)
        boundaries = tuple(replace(boundary, points=points) for boundary in section.boundaries)
        return replace(section, criterion=a_criterion(key, critical=critical), boundaries=boundaries)

    few = replace(judged(quiet(NOISY), VerdictCode.INSUFFICIENT, n_groups=4), criterion=a_criterion("few"))
    sections = [few, worth("a", 0.1), worth("b", 0.3), worth("c", 0.05, critical=True)]
    assert [action.criterion for action in next_actions(sections, NAMES)] == ["c", "b", "a", "few"]


def test_a_sentence_names_people_only_by_the_names_it_is_given() -> None:
    section = with_severities(
        judged(quiet(NOISY), VerdictCode.UNRELIABLE), severity(0, -0.4), severity(1, 0.1), severity(2, 0.1)
    )
    letters = [f"Reviewer {letter}" for letter in "ABCDE"]
    words = " ".join(action.words for action in next_actions([section], letters))
    assert "Reviewer A" in words
    assert not any(name in words for name in NAMES)
