"""Load the demo project through the services, as an admin and four reviewers would have made it."""

from __future__ import annotations

import io
import uuid
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from importlib import resources

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.accounts.models import Account
from evalhub.adjudication.models import Case, Decision
from evalhub.adjudication.schema import Cause, DecisionBody
from evalhub.adjudication.service.decide import decide
from evalhub.adjudication.service.taking import take_case
from evalhub.datasets.models import Dataset, ImportState, Item, ItemImport
from evalhub.datasets.service.imports import import_items
from evalhub.db import Database, now
from evalhub.demo.people import ADJUDICATOR, PEOPLE, account_named, account_of
from evalhub.demo.simulate import DemoDecision, Quality, Reviewer, SimulatedRating, quality, simulated_review
from evalhub.demo.train import add_training
from evalhub.migrating import shipped
from evalhub.projects.models import Project
from evalhub.projects.schema import OverlapPlan, ProjectRole
from evalhub.projects.service import NewProject, create_project, set_member
from evalhub.review.models import Task
from evalhub.review.queries.assignments import desk_of
from evalhub.review.schema import Lease
from evalhub.review.service.claim import claim_next
from evalhub.review.service.submit import submit_review
from evalhub.review.service.tasks import fill_leftovers
from evalhub.rubrics.queries import rubric_of
from evalhub.rubrics.schema.models import Rubric
from evalhub.rubrics.schema.review import EvidenceBody, ReviewBody
from evalhub.rubrics.service import add_rubric
from evalhub.web.session import write

PROJECT = "demo"
DATASET = "demo-answers"
RUBRIC = "engineering-answer.yaml"
FIRST_DELIVERY = 27
"""The items after these come in a batch of their own, which the third simulated reviewer leaves open."""
OVERLAP = 3
PSEUDONYM_KEY = sha256(b"evalhub demo").hexdigest()
"""No secret: in every demo the same gold items come at the same moments."""
SIMULATED = "Simulated for the demo; nobody wrote this review."


@dataclass(frozen=True, slots=True)
class _Grader:
    """A simulated reviewer with its account."""

    reviewer: Reviewer
    account_id: int
    public_id: str


def is_loaded(database: Database) -> bool:
    """Whether the whole demo is there: the decision is what comes last."""
    of_demo = (
        sa.select(Decision.revision).join(Project, Project.id == Decision.project_id).where(Project.name == PROJECT)
    )
    with database.reading() as session:
        return session.scalar(of_demo.where(Project.name == PROJECT).limit(1)) is not None


def load_demo(database: Database, *, by_id: int | None = None) -> None:
    """Load the demo's project; stopped half-way, it goes on where it stopped. The handlers of signals are connected.

    Args:
        by_id: who asked for it in an instance of their own: they manage it and grade in it, and there is no demo admin.
    """
    plan = quality()
    first, second = _deliveries()
    version_id = write(_add_rubric, on=database)
    dataset_id = _deliver(database, first, "first delivery (demo)")
    graders = write(partial(_graders, plan=plan), on=database)
    project_id = write(partial(_project, dataset_id=dataset_id, version_id=version_id, graders=graders), on=database)
    fill_leftovers(database)
    if not _has_second_delivery(database, dataset_id):
        for grader in graders:
            _grade_all(database, plan, project_id, grader)
    _deliver(database, second, "second delivery (demo)")
    fill_leftovers(database)
    for grader in graders[:-1]:
        _grade_all(database, plan, project_id, grader)
    write(partial(_add_members, project_id=project_id, by_id=by_id), on=database)
    write(partial(add_training, plan=plan, project_id=project_id), on=database)
    if not is_loaded(database):
        write(partial(_decide_one, decision=plan.decision), on=database)


def _deliveries() -> tuple[bytes, bytes]:
    lines = resources.files("evalhub.demo").joinpath("data/items.jsonl").read_bytes().splitlines(keepends=True)
    return b"".join(lines[:FIRST_DELIVERY]), b"".join(lines[FIRST_DELIVERY:])


def _deliver(database: Database, content: bytes, source: str) -> int:
    import_items(
        lambda fn: write(fn, on=database),
        io.BytesIO(content),
        dataset_name=DATASET,
        source_name=source,
        actor_id=None,
    )
    with database.reading() as session:
        return session.scalars(sa.select(Dataset.id).where(Dataset.name == DATASET)).one()


def _add_rubric(session: Session) -> int:
    path = shipped("rubrics") / RUBRIC
    added = add_rubric(session, path.read_bytes(), source_name=path.name, actor_id=None, now=now(session))
    return added.version.id


def _has_second_delivery(database: Database, dataset_id: int) -> bool:
    complete = sa.select(sa.func.count()).where(
        ItemImport.dataset_id == dataset_id, ItemImport.state == ImportState.COMPLETE
    )
    with database.reading() as session:
        return (session.scalar(complete) or 0) > 1


def _graders(session: Session, *, plan: Quality) -> list[_Grader]:
    accounts = [account_named(session, reviewer.key, reviewer.name) for reviewer in plan.reviewers]
    return [
        _Grader(reviewer, account.id, account.public_id)
        for reviewer, account in zip(plan.reviewers, accounts, strict=True)
    ]


def _project(session: Session, *, dataset_id: int, version_id: int, graders: list[_Grader]) -> int:
    there = session.scalar(sa.select(Project.id).where(Project.name == PROJECT))
    if there is not None:
        return there
    moment = now(session)
    new = NewProject(
        name=PROJECT,
        dataset_id=dataset_id,
        rubric_version_id=version_id,
        title="Demo: engineering answers (simulated ratings)",
        overlap=OverlapPlan(base=OVERLAP, seed=quality().seed),
        pseudonym_key=PSEUDONYM_KEY,
    )
    project = create_project(session, new, by=None, now=moment)
    for grader in graders:
        set_member(
            session, project.id, grader.account_id, [ProjectRole.REVIEWER], by=None, now=moment, is_simulated=True
        )
    return project.id


def _add_members(session: Session, *, project_id: int, by_id: int | None) -> None:
    moment = now(session)
    for person in PEOPLE if by_id is None else (ADJUDICATOR,):
        set_member(session, project_id, account_of(session, person).id, person.project_roles, by=None, now=moment)
    if by_id is not None:
        roles = {ProjectRole.MANAGER, ProjectRole.REVIEWER}
        set_member(session, project_id, by_id, roles, by=session.get(Account, by_id), now=moment)


def _decide_one(session: Session, *, decision: DemoDecision) -> None:
    case = session.scalars(
        sa.select(Case)
        .join(Task, sa.and_(Task.project_id == Case.project_id, Task.id == Case.task_id))
        .join(Item, sa.and_(Item.dataset_id == Task.dataset_id, Item.id == Task.item_id))
        .where(Item.external_id == decision.item)
    ).one()
    adjudicator = account_of(session, ADJUDICATOR)
    body = DecisionBody(
        scores=dict(decision.levels),
        rationale=decision.rationale,
        cause=Cause(decision.cause),
        revision=0,
        idempotency_key=str(uuid.uuid4()),
    )
    take_case(session, case.public_id, by=adjudicator, at=now(session))
    decide(session, case.public_id, body, by=adjudicator, at=now(session))


def _grade_all(database: Database, plan: Quality, project_id: int, grader: _Grader) -> None:
    """Claim and submit, as a browser would, until nothing is left for this reviewer."""
    lease = claim_next(database, project_id=project_id, reviewer_id=grader.account_id)
    while isinstance(lease, Lease):
        with database.reading() as session:
            desk = desk_of(session, lease.assignment, grader.account_id)
        rubric = rubric_of(desk.rubric_version)
        ratings = simulated_review(plan, grader.reviewer, desk.item.external_id, rubric.applicable(desk.item.tags))
        stored = submit_review(
            database,
            assignment=lease.assignment,
            reviewer_id=grader.account_id,
            reviewer=grader.public_id,
            body=_body(rubric, ratings, desk.item.response, lease.token),
        )
        lease = stored.next if isinstance(stored.next, Lease) else None


def _body(rubric: Rubric, ratings: tuple[SimulatedRating, ...], response: str, token: str) -> ReviewBody:
    return ReviewBody(
        scores={rating.criterion: _answer(rubric, rating) for rating in ratings},
        notes={rating.criterion: rating.note for rating in ratings if rating.note},
        tags={rating.criterion: list(rating.tags) for rating in ratings if rating.tags},
        evidence={rating.criterion: [_evidence(rating.quote, response)] for rating in ratings if rating.quote},
        note=SIMULATED,
        rubric_version=rubric.version,
        lease=token,
        idempotency_key=str(uuid.uuid4()),
    )


def _answer(rubric: Rubric, rating: SimulatedRating) -> str | None:
    criterion = rubric.criterion(rating.criterion)
    assert criterion is not None
    return None if rating.rank is None else criterion.levels[rating.rank].key


def _evidence(quote: str, response: str) -> EvidenceBody:
    start = response.index(quote)
    return EvidenceBody(side="response", start=start, end=start + len(quote), exact=quote)
