"""A project's life drawn at random: everything that may happen to its work, in any order."""

from __future__ import annotations

import io
import json
import random
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import sqlalchemy as sa

from evalhub.accounts.service import set_domains
from evalhub.adjudication.models import Case, CaseState, CorrectionState
from evalhub.adjudication.queries.cases import CasePlace
from evalhub.adjudication.service.asking import ask_before_deciding
from evalhub.adjudication.service.decide import disputed_criteria
from evalhub.datasets.models import Item
from evalhub.db import Database, now
from evalhub.errors import BadInput, Conflict, Forbidden, NotFound
from evalhub.projects.models import Batch, BatchState, Member, MemberState, Project
from evalhub.projects.schema import OverlapPlan, ProjectRole, Rules
from evalhub.projects.service import close_project, remove_member, reopen_project, set_member
from evalhub.projects.service.settings import change_batch, change_settings, set_batch_state
from evalhub.review.jobs import sweep
from evalhub.review.models import SKIPPED_TWICE, Assignment, AssignmentState, SkipReason, Task
from evalhub.review.queries.assignments import desk_of
from evalhub.review.queries.pairs import pair_of
from evalhub.review.schema import Changed, Lease
from evalhub.review.service.adopt import AdoptionRequest, adopt
from evalhub.review.service.more import hand_out_more
from evalhub.review.service.past_ratings import import_ratings
from evalhub.review.service.revise import reopen_review
from evalhub.review.service.void import void_reviews
from evalhub.review.service.withdraw import put_back
from evalhub.rubrics.models import RubricVersion
from evalhub.training.models import Use
from evalhub.training.service.certificates import grant_certificate
from evalhub.web.session import write
from tests.adjudication.test_corrections import answer, correct
from tests.adjudication.worlds import a_decision, decided, show
from tests.datasets.test_undo import add_items, undo
from tests.datasets.test_undo import sweep as remove_rows
from tests.review.test_adopt import SECOND, THIRD, with_versions
from tests.review.test_life import SLIP, replace, restore, span_of, withdraw
from tests.review.test_pairs import BETTER, paired_items
from tests.review.test_queue import let_lapse, skip_by
from tests.training.worlds import a_training
from tests.world import MOMENT, RUBRIC, World, a_project, some_items, with_roles

FOURTH = RUBRIC.replace(b"version: 1", b"version: 4").split(b"  - {id: clarity")[0] + b"  - {id: tone, title: Tone}\n"
"""Asks accuracy as the first version does, no clarity, and something new."""
LEVELS = ("unacceptable", "adequate", "excellent")
REFUSED = (Conflict, Forbidden, NotFound)
"""What an act may meet that comes at a moment at which it cannot be done."""
REVIEWERS = ("ann", "ben", "cem", "dan", "eve")


@dataclass
class Life:
    """A project and the chance that leads it; `past` tells what happened, for whoever looks into a failure."""

    world: World
    chance: random.Random
    logins: list[str] = field(default_factory=lambda: list(REVIEWERS))
    held: dict[str, Lease] = field(default_factory=dict)
    """The last lease of each reviewer who left it lying."""
    past: list[str] = field(default_factory=list)

    @property
    def database(self) -> Database:
        return self.world.database

    @property
    def project_id(self) -> int:
        return self.world.project.id

    def live(self, steps: int) -> None:
        """So many acts, of which most are reviews."""
        acts, weights = zip(*ACTS.items(), strict=True)
        for act in self.chance.choices(acts, weights, k=steps):
            self.past.append(act.__name__)
            with suppress(*REFUSED):
                act(self)

    def settle_down(self) -> None:
        """Everything is open, nobody holds anything, and all grade until nothing is left for them."""
        with suppress(Conflict):
            write(lambda s: reopen_project(s, self.project_id, by=None, now=MOMENT), on=self.database)
        for batch in self.found(sa.select(Batch).where(Batch.state == BatchState.CLOSED)):
            with suppress(*REFUSED):
                self.set_batch(batch, BatchState.OPEN)
        let_lapse(self.database)
        sweep(self.database)
        for login in [*self.logins, *self.logins]:
            with suppress(Forbidden):
                while (lease := self.world.claim(login)) is not None:
                    self.submit(login, lease)
        sweep(self.database)

    # What is looked up.

    def found(self, statement: sa.Select[Any]) -> list[Any]:
        """The rows of the project."""
        table = statement.column_descriptions[0]["entity"]
        with self.database.reading() as session:
            return list(session.scalars(statement.where(table.project_id == self.project_id)))

    def one_of(self, rows: list[Any]) -> Any:
        if not rows:
            raise NotFound("Nothing is there for this act.")
        return self.chance.choice(rows)

    def login_of(self, account_id: int) -> str:
        return next(login for login, account in self.world.people.items() if account.id == account_id)

    def items(self) -> list[str]:
        with self.database.reading() as session:
            found = sa.select(Item.external_id).where(Item.dataset_id == self.world.project.dataset_id)
            return sorted(set(session.scalars(found)))

    # Reviews.

    def scores(self, keys: list[str]) -> dict[str, str | None]:
        """Mostly good ones, so that agreement and disputes both come up."""
        given: dict[str, str | None] = {key: self.chance.choices(LEVELS, (1, 2, 4))[0] for key in keys}
        if "clarity" in given and self.chance.random() < 0.15:
            given["clarity"] = None
        return given

    def submit(self, login: str, lease: Lease) -> None:
        with self.database.reading() as session:
            desk = desk_of(session, lease.assignment, self.world.people[login].id)
            beside = pair_of(session, desk)
            rubric = desk.rubric
        more: Mapping[str, Any] = BETTER if beside is not None and beside.is_graded else {}
        keys = [criterion.key for criterion in rubric.criteria]
        self.world.submit(login, lease, self.scores(keys), rubric_version=rubric.version, **more)

    def review(self) -> None:
        login = self.chance.choice(self.logins)
        lease = self.world.claim(login)
        if lease is None:
            return
        act = self.chance.random()
        if act < 0.1:
            self.held[login] = lease
        elif act < 0.2:
            skip_by(self.world, login, lease, reason=self.chance.choice(list(SkipReason)))
        else:
            self.submit(login, lease)

    def lapse(self) -> None:
        let_lapse(self.database)
        if self.chance.random() < 0.7:
            sweep(self.database)

    def submit_late(self) -> None:
        login = self.one_of(sorted(self.held))
        self.submit(login, self.held.pop(login))

    def revise(self) -> None:
        row = self.one_of(self.found(sa.select(Assignment).where(Assignment.state == AssignmentState.SUBMITTED)))
        login, account = self.login_of(row.reviewer_id), self.world.people[self.login_of(row.reviewer_id)]
        reopen = partial(reopen_review, assignment=row.public_id, reviewer_id=account.id, reviewer=account.public_id)
        write(reopen, on=self.database)
        self.submit(login, Lease(self.project_id, row.task_id, account.id, row.public_id, row.lease, MOMENT, False))

    # Cases.

    def a_case(self) -> Case:
        found: Case = self.one_of(self.found(sa.select(Case).where(Case.state == CaseState.OPEN)))
        return found

    def decide(self) -> None:
        case = self.a_case()
        with self.database.reading() as session:
            task = session.get_one(Task, (case.project_id, case.task_id))
            keys = [criterion.key for criterion in disputed_criteria(session, task).values()]
        decided(self.world, "judy", case, a_decision(self.scores(keys), revision=case.revision))

    def ask_one_more(self) -> None:
        case = self.a_case()
        judy = self.world.people["judy"]
        write(lambda s: ask_before_deciding(s, case.public_id, by=judy), on=self.database)

    def correct(self) -> None:
        case = self.one_of(self.found(sa.select(Case)))
        place = CasePlace(case.project_id, case.task_id)
        of_task = sa.select(Assignment).where(
            Assignment.task_id == place.task_id, Assignment.state == AssignmentState.SUBMITTED
        )
        login = self.login_of(self.one_of(self.found(of_task)).reviewer_id)
        show(self.world, login, case)
        with suppress(BadInput):  # it is what they gave already
            which = correct(self.world, login, case, self.chance.choice(LEVELS))
            if self.chance.random() < 0.8:
                said = self.chance.choice([CorrectionState.ACCEPTED, CorrectionState.DECLINED])
                answer(self.world, case, which, said)

    # Items.

    def withdraw(self) -> None:
        withdraw(self.world, self.chance.choice(self.items()))

    def restore(self) -> None:
        restore(self.world, self.chance.choice(self.items()))

    def replace(self) -> None:
        name = self.chance.choice(self.items())
        content = {"prompt": f"Question of {name}?", "response": f"Better answer {self.chance.random()}."}
        replace(self.world, name, **content, model="hidden-model-1")

    def put_back(self) -> None:
        task = self.one_of(self.found(sa.select(Task).where(Task.held_reason == SKIPPED_TWICE)))
        write(partial(put_back, project_id=self.project_id, task=task.public_id, by=None), on=self.database)

    def import_items(self) -> None:
        n = len(self.items())
        if n < 16:
            add_items(self.database, f"more-{n}", f"more-{n + 1}")

    def import_ratings(self) -> None:
        lines = [
            {"item_id": name, "reviewer": "past", "criterion": "accuracy", "level": self.chance.choice(LEVELS)}
            for name in self.chance.sample(self.items(), 2)
        ]
        text = "".join(json.dumps(line) + "\n" for line in lines)
        stream = io.BytesIO(text.encode())
        with suppress(BadInput):  # the same person's other answer is there already, or the item is withdrawn
            import_ratings(self.database, stream, project_id=self.project_id, source_name="past", actor_id=None)

    def undo_import(self) -> None:
        batch = self.one_of(self.found(sa.select(Batch).where(Batch.import_id.is_not(None))))
        undo(self.database, batch.import_id)
        remove_rows(self.database)

    def plan_more(self) -> None:
        hand_out_more(self.database, self.world.project.name, 2, seed=self.chance.randrange(2**31))

    # People.

    def void(self) -> None:
        row = self.one_of(self.found(sa.select(Assignment).where(Assignment.state == AssignmentState.SUBMITTED)))
        limits = self.chance.choice([{"assignment": row.public_id}, {"since": row.submitted_at}])
        void_reviews(self.database, span_of(self.world, self.login_of(row.reviewer_id), **limits), SLIP)

    def leave(self) -> None:
        account, judy = self.world.people[self.chance.choice(self.logins)], self.world.people["judy"]
        write(
            lambda s: remove_member(s, self.project_id, account.id, reason="left", by=judy, now=MOMENT),
            on=self.database,
        )

    def come_back(self) -> None:
        left = self.found(sa.select(Member).where(Member.state == MemberState.REMOVED))
        self.take_in(self.login_of(self.one_of(left).account_id))

    def one_comes(self) -> None:
        if len(self.logins) < 7:
            self.logins.append(f"new{len(self.logins)}")
            with_roles(self.world, self.logins[-1], ProjectRole.REVIEWER)

    def take_in(self, login: str) -> None:
        account_id = self.world.people[login].id
        write(
            lambda s: set_member(s, self.project_id, account_id, {ProjectRole.REVIEWER}, by=None, now=MOMENT),
            on=self.database,
        )

    def learn(self) -> None:
        account_id = self.world.people[self.chance.choice(self.logins)].id
        domains = self.chance.choice([[], ["law"]])
        write(
            lambda s: set_domains(s, account_id, domains, by_id=None, now=MOMENT),
            on=self.database,
        )

    def certify(self) -> None:
        account_id = self.world.people[self.chance.choice(self.logins)].id
        granted = partial(grant_certificate, reason="Known.", by=None)
        write(lambda s: granted(s, self.project_id, account_id, at=now(s)), on=self.database)

    # The project.

    def adopt(self) -> None:
        with self.database.reading() as session:
            current = session.scalars(
                sa.select(RubricVersion.number)
                .join(Project, Project.rubric_version_id == RubricVersion.id)
                .where(Project.id == self.project_id)
            ).one()
        changed = self.chance.choice(list(Changed))
        version = self.chance.choice([one for one in (1, 2, 3, 4) if one != current])
        n = 2 if changed is Changed.SAMPLE else None
        adopt(self.database, self.project_id, AdoptionRequest(version, changed, "asked two things at once", n))
        self.past.append(f"adopted {version} {changed}")

    def close(self) -> None:
        write(lambda s: close_project(s, self.project_id, by=None, now=MOMENT), on=self.database)

    def reopen(self) -> None:
        write(lambda s: reopen_project(s, self.project_id, by=None, now=MOMENT), on=self.database)

    def close_batch(self) -> None:
        self.set_batch(self.one_of(self.found(sa.select(Batch))), BatchState.CLOSED)

    def reopen_batch(self) -> None:
        self.set_batch(self.one_of(self.found(sa.select(Batch))), BatchState.OPEN)

    def set_batch(self, batch: Batch, state: BatchState) -> None:
        write(lambda s: set_batch_state(s, self.project_id, batch.id, state, by=None, now=MOMENT), on=self.database)

    def change_settings(self) -> None:
        changes = {"one_more": self.chance.random() < 0.5}
        write(lambda s: change_settings(s, self.project_id, changes, by=None, now=MOMENT), on=self.database)

    def prefer_batch(self) -> None:
        batch, priority = self.one_of(self.found(sa.select(Batch))), self.chance.randrange(3)
        write(
            lambda s: change_batch(s, self.project_id, batch.id, {"priority": priority}, by=None, now=MOMENT),
            on=self.database,
        )


ACTS: Mapping[Callable[[Life], None], float] = {
    Life.review: 100,
    Life.lapse: 4,
    Life.submit_late: 4,
    Life.revise: 3,
    Life.decide: 6,
    Life.ask_one_more: 3,
    Life.correct: 5,
    Life.withdraw: 4,
    Life.restore: 6,
    Life.replace: 3,
    Life.put_back: 3,
    Life.import_items: 3,
    Life.import_ratings: 1,
    Life.undo_import: 2,
    Life.plan_more: 2,
    Life.void: 5,
    Life.leave: 3,
    Life.come_back: 5,
    Life.one_comes: 1,
    Life.learn: 3,
    Life.certify: 8,
    Life.adopt: 4,
    Life.close: 1,
    Life.reopen: 4,
    Life.close_batch: 1,
    Life.reopen_batch: 3,
    Life.change_settings: 2,
    Life.prefer_batch: 1,
}
"""Each with how often it comes; one that cannot be done just then is passed over."""


def a_life(database: Database, seed: int) -> Life:
    """A project of one of four kinds, with four versions of its rubric."""
    chance = random.Random(seed)
    kind, need = seed % 4, chance.choice([1, 2, 2, 3])
    rows = [{**row, **({"skills": ["law"]} if at % 4 == 3 else {})} for at, row in enumerate(some_items(8, groups=4))]
    plan = OverlapPlan(base=need)
    if kind == 1:
        rules, plan = Rules(one_more=True), OverlapPlan(base=1, share=0.5, need=2)
        world = a_project(database, items=rows, reviewers=REVIEWERS, overlap=plan, rules=rules)
    elif kind == 2:
        world = a_project(database, items=paired_items(3, alone=2), reviewers=REVIEWERS, overlap=plan, pairs=True)
    elif kind == 3:
        world = a_training(
            database,
            items=6,
            gold={Use.GOLD: 3},
            reviewers=REVIEWERS,
            overlap=need,
            gold_share=0.2,
            requires_certificate=True,
        )
    else:
        world = a_project(database, items=rows, reviewers=REVIEWERS, overlap=plan)
    life = Life(with_versions(world, SECOND, THIRD, FOURTH), chance)
    for login in REVIEWERS[:3]:
        account_id = world.people[login].id
        write(partial(set_domains, account_id=account_id, domains=["law"], now=MOMENT), on=database)
    if kind == 3:
        for _ in REVIEWERS:
            with suppress(*REFUSED):
                life.certify()
    return life
