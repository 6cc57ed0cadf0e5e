"""Load the demo project through the services, as an admin and four reviewers would have made it."""

from __future__ import annotations

import io
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from importlib import resources

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.accounts.models import AccountKind, InstanceRole, InvitationPurpose
from evalhub.accounts.queries import account_of_login
from evalhub.accounts.schema import link_url
from evalhub.accounts.service import create_account, create_link
from evalhub.adjudication.models import Case
from evalhub.adjudication.schema import Cause, DecisionBody
from evalhub.adjudication.service.decide import decide
from evalhub.adjudication.service.taking import take_case
from evalhub.datasets.models import Dataset, Item
from evalhub.datasets.service.imports import import_items
from evalhub.db import Database, now
from evalhub.demo.simulate import DemoDecision, Quality, Reviewer, SimulatedRating, quality, simulated_review
from evalhub.migrating import shipped
from evalhub.projects.models import Project
from evalhub.projects.schema import OverlapPlan, ProjectRole
from evalhub.projects.service import NewProject, create_project, set_member
from evalhub.review.models import Task
from evalhub.review.queries.assignments import desk_of
from evalhub.review.schema import Lease
from evalhub.review.service.claim import claim_next
from evalhub.review.service.submit import submit_review
from evalhub.rubrics.queries import rubric_of
from evalhub.rubrics.schema.models import Rubric
from evalhub.rubrics.schema.review import EvidenceBody, ReviewBody
from evalhub.rubrics.service import add_rubric
from evalhub.web.session import write
from evalhub.wiring import connect_handlers

PROJECT = "demo"
DATASET = "demo-answers"
RUBRIC = "engineering-answer.yaml"
SECOND_DELIVERY = 9
"""The last items of the file come in a batch of their own, which the third simulated reviewer leaves open."""
OVERLAP = 3
LINK_LIFE = timedelta(hours=12)
SIMULATED = "Simulated for the demo; nobody wrote this review."


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """Somebody the visitor can sign in as."""

    login: str
    name: str
    role: InstanceRole
    project_roles: tuple[ProjectRole, ...]


REVIEWER = DemoPerson("reviewer", "Demo reviewer", InstanceRole.MEMBER, (ProjectRole.REVIEWER,))
ADJUDICATOR = DemoPerson("adjudicator", "Demo adjudicator", InstanceRole.MEMBER, (ProjectRole.ADJUDICATOR,))
ADMIN = DemoPerson("admin", "Demo admin", InstanceRole.ADMIN, (ProjectRole.MANAGER,))
PEOPLE = (REVIEWER, ADJUDICATOR, ADMIN)


@dataclass(frozen=True, slots=True)
class SignInLink:
    name: str
    url: str


@dataclass(frozen=True, slots=True)
class _Grader:
    """A simulated reviewer with its account."""

    reviewer: Reviewer
    account_id: int
    public_id: str


def is_loaded(database: Database) -> bool:
    """Whether the whole demo is there: what comes last in loading is."""
    with database.reading() as session:
        project = session.scalar(sa.select(Project.id).where(Project.name == PROJECT))
        return project is not None and account_of_login(session, ADMIN.login) is not None


def load_demo(database: Database) -> None:
    """Fill an empty instance with the demo project."""
    connect_handlers()
    plan = quality()
    first, second = _deliveries()
    version_id = write(_add_rubric, on=database)
    dataset_id = _deliver(database, first, "first delivery (demo)")
    graders = write(partial(_add_graders, plan=plan), on=database)
    project_id = write(
        partial(_make_project, dataset_id=dataset_id, version_id=version_id, graders=graders), on=database
    )
    for grader in graders:
        _grade_all(database, plan, project_id, grader)
    _deliver(database, second, "second delivery (demo)")
    for grader in graders[:-1]:
        _grade_all(database, plan, project_id, grader)
    write(partial(_add_people, project_id=project_id), on=database)
    write(partial(_decide_one, decision=plan.decision), on=database)


def sign_in_links(database: Database, base_url: str) -> list[SignInLink]:
    """A fresh one-time link for each person of the demo; earlier ones stop working."""
    return write(partial(_new_links, base_url=base_url), on=database)


def _deliveries() -> tuple[bytes, bytes]:
    lines = resources.files("evalhub.demo").joinpath("data/items.jsonl").read_bytes().splitlines(keepends=True)
    return b"".join(lines[:-SECOND_DELIVERY]), b"".join(lines[-SECOND_DELIVERY:])


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


def _add_graders(session: Session, *, plan: Quality) -> list[_Grader]:
    moment = now(session)
    graders = []
    for reviewer in plan.reviewers:
        account = create_account(
            session, kind=AccountKind.HUMAN, login=reviewer.key, display_name=reviewer.name, now=moment
        )
        graders.append(_Grader(reviewer, account.id, account.public_id))
    return graders


def _make_project(session: Session, *, dataset_id: int, version_id: int, graders: list[_Grader]) -> int:
    moment = now(session)
    new = NewProject(
        name=PROJECT,
        dataset_id=dataset_id,
        rubric_version_id=version_id,
        title="Demo: engineering answers (simulated ratings)",
        overlap=OverlapPlan(base=OVERLAP, seed=quality().seed),
    )
    project = create_project(session, new, by=None, now=moment)
    for grader in graders:
        set_member(
            session,
            project.id,
            grader.account_id,
            [ProjectRole.REVIEWER],
            by=None,
            now=moment,
            is_simulated=True,
        )
    return project.id


def _add_people(session: Session, *, project_id: int) -> None:
    moment = now(session)
    for person in PEOPLE:
        account = account_of_login(session, person.login) or create_account(
            session,
            kind=AccountKind.HUMAN,
            login=person.login,
            display_name=person.name,
            role=person.role,
            now=moment,
        )
        set_member(session, project_id, account.id, person.project_roles, by=None, now=moment)


def _decide_one(session: Session, *, decision: DemoDecision) -> None:
    case = session.scalars(
        sa.select(Case)
        .join(Task, sa.and_(Task.project_id == Case.project_id, Task.id == Case.task_id))
        .join(Item, sa.and_(Item.dataset_id == Task.dataset_id, Item.id == Task.item_id))
        .where(Item.external_id == decision.item)
    ).one()
    adjudicator = account_of_login(session, ADJUDICATOR.login)
    assert adjudicator is not None
    body = DecisionBody(
        scores=dict(decision.levels),
        rationale=decision.rationale,
        cause=Cause(decision.cause),
        revision=0,
        idempotency_key=str(uuid.uuid4()),
    )
    take_case(session, case.public_id, by=adjudicator, at=now(session))
    decide(session, case.public_id, body, by=adjudicator, at=now(session))


def _new_links(session: Session, *, base_url: str) -> list[SignInLink]:
    moment = now(session)
    return [SignInLink(person.name, _new_link(session, person, base_url, moment)) for person in PEOPLE]


def _new_link(session: Session, person: DemoPerson, base_url: str, moment: datetime) -> str:
    account = account_of_login(session, person.login)
    assert account is not None
    token = create_link(
        session,
        account_id=account.id,
        purpose=InvitationPurpose.SIGN_IN,
        by_id=None,
        now=moment,
        valid_for=LINK_LIFE,
    )
    return link_url(base_url, token)


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
