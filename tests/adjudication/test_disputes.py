"""What opens a case beyond the answers to one criterion: influence on alpha, and passing against failing."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.adjudication.models import CaseCriterion, CaseState
from evalhub.adjudication.service.cases import open_cases
from evalhub.datasets.models import Item
from evalhub.db import Database
from evalhub.projects.schema import Flags, PassRule, Rules
from evalhub.review.jobs import fold
from evalhub.review.models import AgreementPattern, Task
from evalhub.rubrics.models import Criterion
from evalhub.web.session import write
from tests.adjudication.worlds import cases_of, the_case
from tests.world import MOMENT, World, a_project

LEVELS = ("unacceptable", "excellent")


def flags_by_item(world: World) -> dict[tuple[str, str], list[str]]:
    with world.database.reading() as session:
        rows = session.execute(
            sa.select(Item.external_id, Criterion.key, CaseCriterion.flags)
            .join(Task, sa.and_(Task.project_id == CaseCriterion.project_id, Task.id == CaseCriterion.task_id))
            .join(Item, sa.and_(Item.dataset_id == Task.dataset_id, Item.id == Task.item_id))
            .join(Criterion, Criterion.id == CaseCriterion.criterion_id)
        )
        return {(item, key): flags for item, key, flags in rows}


def graded(database: Database, flags: Flags, *, items: int, differs_on: int, **more: Any) -> World:
    """Two reviewers who give both levels in turn, and differ by one level on one item's accuracy."""
    rules = Rules(flags=flags, **more)
    reviewers = ["ann", "ben", "cem"]
    world = a_project(database, items=items, reviewers=reviewers, rules=rules, order="as-imported")
    alike = {f"source-id-{i}": {"accuracy": LEVELS[i % 2], "clarity": "adequate"} for i in range(items)}
    other = {f"source-id-{differs_on}": {"accuracy": "adequate", "clarity": "adequate"}}
    world.review_all("ann", alike)
    world.review_all("ben", {**alike, **other})
    return world


def test_an_item_that_lowers_alpha_is_disputed_while_its_answers_differ_whatever_becomes_of_others(
    database: Database,
) -> None:
    world = graded(database, Flags.named(set(), influence=0.01), items=12, differs_on=11)
    assert flags_by_item(world) == {("source-id-11", "accuracy"): ["influence"]}
    case = the_case(world)
    assert case.triage < 1
    fold(database)

    def agree_on_much_more(session: Session) -> None:
        session.execute(sa.update(AgreementPattern).values(n=AgreementPattern.n * 1000))
        open_cases(session, case.project_id, [case.task_id], at=MOMENT)

    write(agree_on_much_more, on=database)
    assert the_case(world).state is CaseState.OPEN


def test_passing_by_some_and_failing_by_others_disputes_what_they_differ_on(database: Database) -> None:
    world = graded(
        database,
        Flags.named({"pass_flip"}),
        items=2,
        differs_on=0,
        pass_rule=PassRule(level_at_least="adequate"),
    )
    assert flags_by_item(world) == {("source-id-0", "accuracy"): ["pass_flip"]}


def test_the_same_difference_without_a_flip_opens_no_case(database: Database) -> None:
    world = graded(
        database,
        Flags.named({"pass_flip"}),
        items=2,
        differs_on=1,
        pass_rule=PassRule(level_at_least="adequate"),
    )
    assert cases_of(world) == []


def test_a_flip_that_one_more_reviewer_does_not_settle_opens_the_case(database: Database) -> None:
    passing = PassRule(level_at_least="adequate")
    world = graded(database, Flags.named({"pass_flip"}), items=1, differs_on=0, pass_rule=passing, one_more=True)
    assert cases_of(world) == []
    world.review_all("cem", {"accuracy": "adequate", "clarity": "adequate"})
    assert flags_by_item(world) == {("source-id-0", "accuracy"): ["pass_flip"]}
