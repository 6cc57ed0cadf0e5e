"""A reviewer grades while everything around them breaks; what they typed must be there in the end.

Each seeded run is one reviewer with one item in a real browser before a real server. At random moments the server is
killed and started again, the tab is loaded again, the session's cookie is dropped, the network is cut, or the answer to
a request that the server has carried out gets lost.
"""

from __future__ import annotations

import contextlib
import json
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from playwright.sync_api import Browser, BrowserContext, Error, Page, Route

from evalhub.accounts.models import Account
from evalhub.accounts.passwords import hash_password
from evalhub.accounts.service import open_session
from evalhub.db import Database
from evalhub.projects.schema import OverlapPlan
from evalhub.review.models import Assignment, AssignmentState, Draft, Review, Task
from evalhub.review.queries.invariants import broken_invariants
from evalhub.review.service.revise import submitted_body
from evalhub.web.context import utc_now
from evalhub.web.session import write
from tests.browser.grader import Grader
from tests.browser.typed import Fields, fields_of_body
from tests.servers import Server, start_server
from tests.web.client import PASSWORD
from tests.world import World, a_project

EVENTS = ("kill", "reload", "sign out", "cut", "lose an answer")
RUBRIC = b"""
name: answers
version: 1
confidence: true
levels: [poor, fair, good]
criteria:
  - {id: accuracy, title: Accuracy, critical: true}
  - {id: clarity, title: Clarity, failure_tags: [wordy, vague], note: {required_at_or_below: poor}}
  - {id: depth, title: Depth, not_applicable: true}
"""


@dataclass
class Stage:
    """The server, which may be away, and the world that it serves."""

    world: World
    folder: Path
    server: Server
    _away: threading.Thread | None = None
    _faults: list[BaseException] = field(default_factory=list)

    @property
    def port(self) -> int:
        return int(self.server.url.rsplit(":", 1)[1])

    def sign_in(self, context: BrowserContext, login: str) -> None:
        """Give the browser the cookie of a session, without the time that a password takes."""
        life, account_id = timedelta(hours=12), self.world.people[login].id
        secret = write(
            lambda session: open_session(session, account_id, life=life, now=utc_now()), on=self.world.database
        )
        context.add_cookies([{"name": f"evalhub-{self.port}", "value": secret, "url": self.server.url}])

    def kill(self, *, after: float, away: float) -> None:
        """Kill the server some seconds from now, and start it again after some more; returns at once."""
        self.wait()
        self._away = threading.Thread(target=self._kill, args=(after, away))
        self._away.start()

    def wait(self) -> None:
        """Until the server is there."""
        if self._away is not None:
            self._away.join()
            self._away = None
        if self._faults:
            raise self._faults.pop()

    def _kill(self, after: float, away: float) -> None:
        try:
            time.sleep(after)
            self.server.kill()
            time.sleep(away)
            self.server = start_server(self.world.database, self.folder, workers=1, threads=4, port=self.port)
        except BaseException as fault:  # noqa: BLE001 -- told to the one who waits
            self._faults.append(fault)


@contextlib.contextmanager
def stage(database: Database, folder: Path, *, runs: int) -> Iterator[Stage]:
    """A project with a reviewer for each run, served."""
    world = a_project(
        database,
        items=2 * runs + 2,  # a submission leases the next one
        reviewers=[f"r{run}" for run in range(runs)],
        adjudicators=[],
        overlap=OverlapPlan(base=1),
        rubric=RUBRIC,
    )
    hashed = hash_password(PASSWORD)
    write(lambda session: session.execute(sa.update(Account).values(password_hash=hashed)), on=database)
    found = Stage(world, folder, start_server(database, folder, workers=1, threads=4))
    try:
        yield found
    finally:
        found.wait()
        found.server.stop()


@dataclass
class Run:
    """One reviewer, from the open page to the stored review."""

    number: int
    stage: Stage
    browser: Browser
    chance: random.Random
    happened: list[str] = field(default_factory=list)

    def play(self) -> list[str]:
        """The invariants that did not hold."""
        login = f"r{self.number}"
        lease = self.stage.world.claim(login)
        assert lease is not None
        path = f"/assignments/{lease.assignment}"
        with self.browser.new_context(base_url=self.stage.server.url) as context:
            self.stage.sign_in(context, login)
            page = context.new_page()
            page.goto(path)
            grader = Grader(page, path, login, PASSWORD, self.chance)
            is_submitted = self._grade(grader, context)
            kept = _kept_in_browser(context, lease.assignment)
        return self._broken(grader, kept, lease.assignment, is_submitted=is_submitted)

    def _grade(self, grader: Grader, context: BrowserContext) -> bool:
        """Do every step, with one to three events between; whether it was submitted in the end."""
        steps = [*grader.steps(), grader.submit]
        moments = Counter(self.chance.choices(range(len(steps)), k=self.chance.choice([1, 1, 2, 3])))
        if self.chance.random() < 0.3:
            moments[len(steps) - 1] += 1  # what happens just as it is submitted matters most
        for place, step in enumerate(steps):
            for _ in range(moments[place]):
                self._break_something(grader.page, context)
            grader.do(step)
            grader.pause(self.chance.choice([0, 0, 0.05, 0.3, 0.8]))
        gives_up = self.chance.random() < 0.15
        self._heal(context)
        if not gives_up:
            grader.finish()
        return not gives_up

    def _break_something(self, page: Page, context: BrowserContext) -> None:
        event = self.chance.choice(EVENTS)
        self.happened.append(event)
        if event == "kill":
            self.stage.kill(after=self.chance.uniform(0, 0.9), away=self.chance.uniform(0, 0.5))
        elif event == "reload":
            self._heal(context, but_for=("kill",))
            _load_again(page)
        elif event == "sign out":
            context.clear_cookies()
        elif event == "cut":
            context.set_offline(True)
            if self.chance.random() < 0.5:
                page.wait_for_timeout(700)
                context.set_offline(False)
        else:
            page.route("**/assignments/**", _lose_the_answer, times=1)

    def _heal(self, context: BrowserContext, *, but_for: Sequence[str] = ()) -> None:
        context.set_offline(False)
        if "kill" not in but_for:
            self.stage.wait()

    def _broken(self, grader: Grader, kept: Fields, assignment: str, *, is_submitted: bool) -> list[str]:
        with self.stage.world.database.reading() as session:
            row = session.scalars(sa.select(Assignment).where(Assignment.public_id == assignment)).one()
            of_row = {"project_id": row.project_id, "task_id": row.task_id}
            reviews = session.scalars(sa.select(Review).filter_by(**of_row)).all()
            draft = session.get(Draft, (row.project_id, row.task_id, row.reviewer_id))
            task = session.get_one(Task, (row.project_id, row.task_id))
            body: Any = draft.body if draft else {}
            if reviews:
                body = submitted_body(session, row, task.rubric_version_id).model_dump(mode="json")
        stored = fields_of_body(body)
        faults = grader.typed.lost(stored)
        faults += grader.typed.missing(stored) if reviews else grader.typed.missing(stored, kept)
        if len(reviews) > 1:
            faults.append(f"stored {len(reviews)} times: revisions {[review.revision for review in reviews]}")
        if is_submitted and (not reviews or row.state is not AssignmentState.SUBMITTED):
            faults.append(f"the page showed it as stored, and it is {row.state}")
        return faults


@dataclass(frozen=True)
class Played:
    happened: list[str]
    faults: list[str]
    """Each names the run, the seed and what happened."""


def play(stage: Stage, browser: Browser, number: int, seed: int) -> Played:
    """One run, and the invariants that did not hold."""
    run = Run(number, stage, browser, random.Random(f"{seed}/{number}"))
    try:
        faults = run.play()
    except (AssertionError, Error) as error:
        faults = [f"{type(error).__name__}: {error}"]
        stage.wait()
    of_run = f"run {number} of seed {seed} ({', '.join(run.happened)})"
    return Played(run.happened, [f"{of_run}: {fault}" for fault in faults])


def broken_by_all(world: World) -> list[str]:
    """What is wrong with the project after all runs: too many reviews of a task, or what `evalhub doctor` finds."""
    with world.database.reading() as session:
        counts = session.execute(
            sa.select(Task.id, Task.slots, sa.func.count())
            .join(Review, sa.and_(Review.project_id == Task.project_id, Review.task_id == Task.id))
            .group_by(Task.id, Task.slots)
        ).all()
        too_many = [f"task {task} has {n} reviews for {slots} slots" for task, slots, n in counts if n > slots]
        return too_many + broken_invariants(session, world.project.id)


def _load_again(page: Page) -> None:
    """As a person does: again, until something comes."""
    for _ in range(200):
        try:
            page.reload()
        except Error:
            page.wait_for_timeout(100)
        else:
            return
    raise AssertionError("the page cannot be loaded again")


def _lose_the_answer(route: Route) -> None:
    """The server does what it was asked, and the browser never hears of it."""
    with contextlib.suppress(Error):  # the server may be away as well
        route.fetch(max_redirects=0)
    route.abort("connectionreset")


def _kept_in_browser(context: BrowserContext, assignment: str) -> Fields:
    """What the browser keeps of the item's answers for want of a server."""
    page = context.new_page()
    page.goto("/livez")
    entries: dict[str, str] = page.evaluate("({...localStorage})")
    return next((fields_of_body(json.loads(text)["body"]) for name, text in entries.items() if assignment in name), {})
