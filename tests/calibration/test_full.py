"""The parts of the full report, each against what it stands for."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from io import BytesIO

import numpy as np
import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter
from sqlalchemy.orm import Session

from evalhub.adjudication.models import Case, CaseCriterion
from evalhub.adjudication.service.cases import open_cases
from evalhub.calibration.queries.finished import week_label, week_of
from evalhub.calibration.schema.report import CalibrationReport, OverallKind
from evalhub.calibration.service import full_report
from evalhub.db import Database
from evalhub.projects.models import Project
from evalhub.projects.schema import Flags, PassRule, Rules
from evalhub.review.models import Rating
from evalhub.review.service.past_ratings import import_ratings
from evalhub.rubrics.models import Criterion, RubricVersion
from evalhub.rubrics.queries import rubric_of
from evalhub.rubrics.schema import CriterionOutcome, score
from evalhub.rubrics.service import add_rubric
from evalhub.stats import PatternCounts, Ratings, Scale, alpha, ranked
from evalhub.web.session import write
from tests import rows
from tests.calibration.test_report import graded
from tests.rows import NOW
from tests.world import a_project

RUBRIC = """\
name: graded
version: 1
title: Graded
levels: [unacceptable, adequate, excellent]
pass: {level_at_least: adequate}
criteria:
- {id: accuracy, title: Accuracy, critical: true, weight: 3}
- {id: clarity, title: Clarity, not_applicable: true, weight: 2}
- {id: code, title: Code, applies_to: [code]}
"""
LEVELS = ("unacceptable", "adequate", "excellent")


def a_drawn_project(session: Session, *, items: int = 24, rules: Rules | None = None) -> Project:
    """Three reviewers of five on every item, drawn with a seed; every third item has code."""
    rng = np.random.default_rng(5)
    stated = [{"tags": ["code"] if at % 3 == 0 else [], "group_key": f"g{at // 2}"} for at in range(items)]
    on, version = rows.dataset(session, stated), rows.rubric_version(session, RUBRIC)
    project = rows.project(session, on, version, need=3, rules=rules)
    people = [rows.account(session, f"drawn{at}-{project.id}") for at in range(5)]
    for at, task in enumerate(rows.tasks_of(session, project)):
        for place in rng.permutation(5)[:3]:
            scores: dict[str, str | None] = {"accuracy": LEVELS[int(rng.integers(0, 3))]}
            scores["clarity"] = None if rng.random() < 0.2 else LEVELS[int(rng.integers(1, 3))]
            if at % 3 == 0:
                scores["code"] = LEVELS[int(rng.integers(0, 3))]
            rows.reviewed(session, task, people[int(place)], scores, at=NOW + timedelta(days=at % 20))
    return project


def everything_flagged() -> Rules:
    return Rules(flags=Flags(pass_flip=True, influence=0.01))


def sheets_of(session: Session, project: Project) -> dict[tuple[int, int], dict[str, CriterionOutcome]]:
    """What each reviewer answered on each task, by criterion."""
    found: dict[tuple[int, int], dict[str, CriterionOutcome]] = defaultdict(dict)
    statement = sa.select(Rating, Criterion.key).join(Criterion, Criterion.id == Rating.criterion_id)
    for rating, key in session.execute(statement.where(Rating.project_id == project.id)):
        outcome = CriterionOutcome("not_applicable" if rating.not_applicable else "rated", rating.level, rating.value)
        found[rating.task_id, rating.reviewer_id][key] = outcome
    return found


def test_the_overall_figures_are_those_of_each_reviewers_own_totals(database: Database) -> None:
    with database.writing() as session:
        project = a_drawn_project(session)
        found = full_report(session, project.id)
        rubric = rubric_of(session.get_one(RubricVersion, project.rubric_version_id))
        items = {task.id: ["code"] if (task.item_id - 1) % 3 == 0 else [] for task in rows.tasks_of(session, project)}
        sheets = sheets_of(session, project)
    totals = {place: score(rubric, sheet, items[place[0]]) for place, sheet in sheets.items()}
    defined = {place: total for place, total in totals.items() if total.defined}
    task, reviewer = np.array(list(defined)).T
    numbers: dict[OverallKind, tuple[list[float], Scale]] = {
        OverallKind.SCORE: ([total.score or 0.0 for total in defined.values()], Scale.INTERVAL),
        OverallKind.LEVEL: ([total.level.rank if total.level else 0.0 for total in defined.values()], Scale.ORDINAL),
        OverallKind.PASSED: ([float(bool(total.passed)) for total in defined.values()], Scale.NOMINAL),
    }
    assert [line.kind for line in found.overall] == list(numbers)
    for line in found.overall:
        values, scale = numbers[line.kind]
        ratings = Ratings.of_values(task, reviewer, np.round(values, 12), (task - 1) // 2)
        expected = alpha(PatternCounts.of(ratings), scale=scale, values=ratings.values)
        assert line.figure.value == pytest.approx(expected.value, abs=1e-9)
        assert line.figure.ci_low == pytest.approx(expected.ci_low, abs=1e-9)
        assert (line.figure.n_items, line.figure.n_groups) == (expected.n_items, expected.n_groups)
        assert [mean.k for mean in line.means] == ([1, 2, 3] if line.kind is OverallKind.SCORE else [])


def test_a_projects_own_pass_rule_decides_what_passes(sqlite_database: Database) -> None:
    with sqlite_database.writing() as session:
        project = a_drawn_project(session, rules=Rules(pass_rule=PassRule(score_at_least=0.0)))
        passed = full_report(session, project.id).overall[-1]
        strict = a_drawn_project(session, rules=Rules(pass_rule=PassRule(score_at_least=1.0)))
        other = full_report(session, strict.id).overall[-1]
    assert passed.kind is other.kind is OverallKind.PASSED
    assert passed.figure.value != other.figure.value


def test_one_criterion_alone_says_nothing_of_the_overall_score(sqlite_database: Database) -> None:
    with sqlite_database.writing() as session:
        project = graded(session, ["right wrong", "right right"])
        assert full_report(session, project.id, criterion="style").overall == ()


def test_flags_and_triage_are_those_of_the_cases_that_the_ratings_open(database: Database) -> None:
    with database.writing() as session:
        project = a_drawn_project(session, rules=Rules(flags=Flags(pass_flip=True)))
        tasks = {task.id: task.public_id for task in rows.tasks_of(session, project)}
        open_cases(session, project.id, list(tasks), at=NOW)
        found = full_report(session, project.id)
        flags = session.scalars(sa.select(CaseCriterion.flags).where(CaseCriterion.project_id == project.id)).all()
        cases = session.scalars(sa.select(Case).where(Case.project_id == project.id)).all()
    raised = Counter(flag for listed in flags for flag in listed)
    assert raised["pass_flip"] > 0
    by_flag = found.as_dict()["flags"]["by_flag"]
    assert {flag: n for flag, n in by_flag.items() if n} == raised
    assert found.n_flagged == len(flags)
    assert found.n_triage == found.n_flagged_items == len(cases)
    urgent = sorted(cases, key=lambda case: (-case.triage, case.task_id))
    assert [(line.task, line.triage) for line in found.triage] == [
        (tasks[case.task_id], case.triage) for case in urgent[:50]
    ]


def test_influence_is_flagged_where_an_item_lowers_alpha_enough(sqlite_database: Database) -> None:
    with sqlite_database.writing() as session:
        levels = ["right right", "wrong wrong", "partly partly"] * 5
        project = graded(session, [*levels, "wrong right"])
        project.rules = Rules(flags=Flags(influence=0.01)).model_dump(mode="json")
        session.flush()
        accuracy, style = full_report(session, project.id).criteria
    assert accuracy.flagged == {"span": 1, "no_consensus": 1, "influence": 1}
    assert style.flagged == {}


def test_triage_lines_tell_who_gave_what_to_the_disputed_criteria(sqlite_database: Database) -> None:
    with sqlite_database.writing() as session:
        project = graded(session, ["wrong right", "right right", "partly na"])
        found = full_report(session, project.id)
    first, second = found.triage
    assert (first.item, second.item) == ("item1", "item3")
    ((key, flags, answers),) = first.criteria
    assert (key, flags) == ("accuracy", ("span", "no_consensus"))
    assert [(answer.reviewer, answer.rank) for answer in answers] == [(0, 0), (1, 2)]
    ((_, _, answers),) = second.criteria
    assert [(answer.reviewer, answer.rank) for answer in answers] == [(0, 1), (1, None)]


def test_the_items_that_cross_a_boundary_most_are_shown_with_what_each_gave(sqlite_database: Database) -> None:
    with sqlite_database.writing() as session:
        project = graded(session, ["wrong right", "right right", "wrong wrong", "partly right", "na right"])
        (accuracy, _) = full_report(session, project.id).criteria
    found = {(one.lower, one.upper): [item.item for item in one.items] for one in accuracy.boundaries}
    assert found == {(0, 1): ["item1"], (1, 2): ["item1", "item4"]}
    item = accuracy.boundaries[0].items[0]
    assert [(answer.reviewer, answer.rank) for answer in item.answers] == [(0, 0), (1, 2)]
    for boundary, figure in zip(accuracy.boundaries, ranked(accuracy.figures.boundaries), strict=True):
        assert (boundary.lower, boundary.share, boundary.points) == (figure.lower, figure.share, figure.points)


def test_reviewers_are_named_by_their_place_among_people_in_the_order_of_their_names(sqlite_database: Database) -> None:
    with sqlite_database.writing() as session:
        project = rows.project(session, rows.dataset(session, 4), rows.rubric_version(session), need=2)
        zoe, ann = rows.account(session, "Zoe"), rows.account(session, "Ann")
        rows.member(session, project, ann, is_reviewer=True, is_simulated=True)
        for task, level in zip(rows.tasks_of(session, project), ["wrong", "partly", "right", "right"], strict=True):
            rows.reviewed(session, task, zoe, {"accuracy": "right"})
            rows.reviewed(session, task, ann, {"accuracy": level})
        found = full_report(session, project.id)
    assert [(person.name, person.is_simulated, person.n_items) for person in found.people] == [
        ("Ann (simulated)", True, 4),
        ("Zoe", False, 4),
    ]
    assert (found.n_reviewers, found.n_simulated) == (2, 1)
    section = found.criteria[0]
    assert [line.figures.level_use for line in section.reviewers] == [(1, 1, 2), (0, 0, 4)]
    assert [line.severity and line.severity.severity < 0 for line in section.reviewers] == [True, False]
    ((pair),) = section.pairs
    assert (pair.rater_a, pair.rater_b, pair.n_items) == (0, 1, 4)


def test_an_item_belongs_to_the_week_in_which_its_last_reviewer_finished(database: Database) -> None:
    with database.writing() as session:
        project = rows.project(session, rows.dataset(session, 3), rows.rubric_version(session), need=2)
        people = [rows.account(session) for _ in range(2)]
        days = [(0, 1), (6, 7), (20, 3)]
        for task, pair in zip(rows.tasks_of(session, project), days, strict=True):
            for person, day in zip(people, pair, strict=True):
                rows.reviewed(session, task, person, {"accuracy": "right"}, at=NOW + timedelta(days=day))
        periods = full_report(session, project.id).criteria[0].periods
    assert [(period.label, period.n_items) for period in periods] == [
        ("2026-W02", 1),
        ("2026-W03", 1),
        ("2026-W04", 1),
    ]
    assert [period.is_provisional for period in periods] == [False, False, True]
    assert {period.rubric_versions for period in periods} == {(1,)}


@given(st.integers(0, 4_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)))
def test_week_labels_are_those_of_the_calendar(moment: datetime) -> None:
    year, week, _ = moment.isocalendar()
    assert week_label(week_of(moment)) == f"{year}-W{week:02d}"


def test_past_ratings_without_a_time_are_in_no_week_and_a_note_says_so(database: Database) -> None:
    world = a_project(database, items=4)

    def past(task: int, reviewer: str, **more: str) -> str:
        row = {"item_id": f"source-id-{task}", "reviewer": reviewer, "criterion": "accuracy", "level": "excellent"}
        return json.dumps(row | more)

    lines = [past(task, name) for task in range(3) for name in ("x", "y")]
    lines += [past(3, name, submitted_at="2026-02-03T10:00:00Z") for name in ("x", "y")]
    import_ratings(
        database, BytesIO("\n".join(lines).encode()), project_id=world.project.id, source_name="r", actor_id=None
    )
    with database.reading() as session:
        found = full_report(session, world.project.id)
    assert [(period.label, period.n_items) for period in found.criteria[0].periods] == [("2026-W06", 1)]
    assert found.notes == ("3 of 4 items are in no week: ratings of theirs were imported without a time.",)


def test_reviews_beyond_the_plan_are_left_out_and_counted_in_a_note(database: Database) -> None:
    with database.writing() as session:
        project = graded(session, ["right wrong", "right right"])
        before = full_report(session, project.id)
        task = rows.tasks_of(session, project)[0]
        task.slots, task.free_slots, task.is_open = 3, 4, True
        session.flush()
        added = rows.reviewed(session, task, rows.account(session), {"accuracy": "wrong"})
        session.execute(sa.update(Rating).where(Rating.reviewer_id == added.reviewer_id).values(planned=False))
        after = full_report(session, project.id)
    assert added.slot == 2
    assert after.notes == ("Left out of every figure: 1 review asked for because others differed.",)
    assert after.criteria[0].figures == before.criteria[0].figures


def test_pooled_versions_are_named_in_a_note(database: Database) -> None:
    with database.writing() as session:
        project = graded(session, ["right wrong", "right right"])
        reworded = rows.SIMPLE_RUBRIC.replace("version: 1", "version: 2").replace("title: Style", "title: Manner")
        version = add_rubric(session, reworded.encode(), source_name="2.yaml", actor_id=None, now=NOW).version
        session.flush()
        project.rubric_version_id = version.id
        found = full_report(session, project.id)
    accuracy, style = found.criteria
    assert (accuracy.versions, accuracy.n_ratings) == ((1, 2), 4)
    assert (style.versions, style.n_ratings) == ((2,), 0)
    assert "Accuracy: ratings of the rubric's versions 1 and 2 are pooled" in found.notes[0]


def test_the_report_comes_back_from_its_json_as_it_was(sqlite_database: Database) -> None:
    with sqlite_database.writing() as session:
        project = a_drawn_project(session, rules=everything_flagged())
        found = full_report(session, project.id)
    adapter = TypeAdapter(CalibrationReport)
    assert adapter.validate_json(adapter.dump_json(found)) == found
    assert json.loads(json.dumps(found.as_dict(), allow_nan=False))["criteria"][0]["criterion"] == "accuracy"


def test_progress_tells_the_criteria_done_of_all(sqlite_database: Database) -> None:
    told: list[tuple[int, int | None, str]] = []
    with sqlite_database.writing() as session:
        project = graded(session, ["right wrong"])
        full_report(session, project.id, progress=lambda *said: told.append(said))
    assert [(done, total) for done, total, _ in told] == [(0, 2), (0, 2), (1, 2), (2, 2)]
    assert [stage for _, _, stage in told][1:3] == ["Accuracy", "Style"]


def test_somebody_whose_first_review_comes_while_the_report_is_made_is_left_out_of_it(
    postgres_database: Database,
) -> None:
    project = write(lambda session: graded(session, ["right wrong", "right right", "wrong"]), on=postgres_database)

    def one_more(session: Session) -> None:
        scores = {"accuracy": "right", "style": "good"}
        rows.reviewed(session, rows.tasks_of(session, project)[2], rows.account(session, "Late"), scores)

    def come_late(done: int, _total: int | None, stage: str) -> None:
        if (done, stage) == (0, "Accuracy"):
            write(one_more, on=postgres_database)

    with postgres_database.reading() as session:
        found = full_report(session, project.id, progress=come_late)
    assert (len(found.people), found.criteria[0].n_ratings) == (2, 5)


def test_a_range_has_no_tables_by_level_but_pairs_and_severities(sqlite_database: Database) -> None:
    criterion = "{id: p, title: P, scale: interval, range: {min: 0, max: 9}}"
    rubric = f"name: points\nversion: 1\ntitle: P\ncriteria:\n- {criterion}\n"
    with sqlite_database.writing() as session:
        project = rows.project(session, rows.dataset(session, 4), rows.rubric_version(session, rubric), need=2)
        one, other = rows.account(session), rows.account(session)
        for task, value in zip(rows.tasks_of(session, project), (1, 4, 6, 9), strict=True):
            rows.reviewed(session, task, one, {"p": value})
            rows.reviewed(session, task, other, {"p": max(value - 2, 0)})
        (section,) = full_report(session, project.id).criteria
    assert section.boundaries == ()
    assert {(line.figures.level_use, line.figures.confusion) for line in section.reviewers} == {((), ())}
    assert [line.severity and round(line.severity.severity, 3) for line in section.reviewers] == [0.875, -0.875]
    assert len(section.pairs) == 1
