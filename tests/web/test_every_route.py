"""Every route × every kind of account × what is theirs, what is another project's, and what there is not.

What a policy lets whom do stands here once more, by its name: a route with another policy has to be entered. A page's
form is sent without its token, so that 400 says that the policy had nothing against it.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Mapping
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from evalhub.accounts import service as accounts
from evalhub.accounts.models import Account, ApiToken, InstanceRole
from evalhub.adjudication.models import Case
from evalhub.audit.service import chain_all
from evalhub.datasets.models import ItemImport, UploadKind
from evalhub.datasets.service.uploads import begin_upload
from evalhub.db import Base, Database
from evalhub.export.models import Export
from evalhub.inbox.schema import EntryKind
from evalhub.inbox.service import send_entry
from evalhub.jobs.service import enqueue
from evalhub.projects.models import Batch
from evalhub.projects.schema import ProjectRole
from evalhub.review.models import Assignment, Task
from evalhub.rubrics.service.drafts import create_draft
from evalhub.training.models import Use
from evalhub.training.service.attempts import start_practice
from evalhub.training.service.golds import NewGold, add_gold
from evalhub.web.context import utc_now
from evalhub.web.cookies import cookie_name
from evalhub.web.policies import policy_of, scope_of
from evalhub.web.principal import Scope
from evalhub.web.session import write
from tests.calibration import rounds
from tests.training.worlds import GOLD
from tests.web.client import app_for, settings_for
from tests.world import MOMENT, RUBRIC, World, a_project, an_account, some_items, with_roles

NOWHERE = "/no/such/page"
UNKNOWN = "0" * 32
SAFE = {"GET", "HEAD"}
EVERYBODY = ("admin", "manager", "viewer", "adjudicator", "reviewer", "outsider")
MEMBERS = ("manager", "viewer", "adjudicator", "reviewer")


class May(NamedTuple):
    """Who gets through, and who is told no; from all others the thing is kept."""

    through: tuple[str, ...]
    no: tuple[str, ...] = ()


def of_members(*through: str) -> May:
    return May(through, tuple({*MEMBERS, "admin"} - set(through)))


POLICIES = {
    "signed_in": May(EVERYBODY),
    "admin": May(("admin",), (*MEMBERS, "outsider")),
    "see_project": May((*MEMBERS, "admin")),
    "see_figures": of_members("viewer", "manager", "admin"),
    "manage_project": of_members("manager", "admin"),
    "review_in_project": of_members("reviewer"),
    "see_cases": of_members("adjudicator", "manager", "admin"),
    "take_export": of_members("manager", "admin"),
    "read_log": of_members("manager", "admin"),
    "change_items": of_members("manager", "admin"),
    "change_items_of": May(("manager", "admin")),
    "see_job": May(("reviewer", "viewer", "manager", "admin")),
    "steer_job": May(("reviewer", "manager", "admin"), ("viewer",)),
    "hold_assignment": May(("reviewer",)),
    "see_outcome": May(("reviewer",)),
    "reconcile_case": May(()),
    "go_on_learning": May(()),
    "read_feedback": May(()),
    "talk_about_round": May(()),
    "see_case": May(("adjudicator", "manager", "admin")),
    "settle_case": May(("adjudicator",), ("manager", "admin")),
    "return_review": May(("manager", "admin"), ("adjudicator",)),
    "unblock_case": May(()),
    "read_entry": May(("reviewer", "admin")),
    "answer_entry": May(("admin",), ("reviewer",)),
    "own_entry": May(("reviewer",)),
    "own_rubric": May(("admin",), (*MEMBERS, "outsider")),
}
"""The reviewer holds the assignment, wrote the entry and started the job; a case is open that nobody has taken."""


class Place(NamedTuple):
    """A project in use, and what its parts are called in addresses."""

    world: World
    names: Mapping[str, str]


def in_use(database: Database, name: str, people: Mapping[str, str]) -> Place:
    """A project with one of everything that an address can name."""
    items = some_items(9)
    items[8]["gold"] = GOLD
    logins = (people["reviewer"], f"{name}-second")
    world = a_project(database, items=items, reviewers=logins, adjudicators=[people["adjudicator"]], name=name)
    with_roles(world, people["manager"], ProjectRole.MANAGER)
    with_roles(world, people["viewer"], ProjectRole.VIEWER)
    new = NewGold("source-id-8", Use.PRACTICE)
    gold = write(lambda s: add_gold(s, world.project.id, new, by=None, at=MOMENT).public_id, on=database)
    round_ = rounds.start(world, n=2)
    for login, level in zip(logins, ("excellent", "unacceptable"), strict=True):
        world.review_all(login, {"accuracy": level, "clarity": "adequate"})
    held = write(partial(_held_by, project_id=world.project.id, account_id=world.people[logins[0]].id), on=database)
    made = write(partial(_parts, world=world, reviewer=world.people[logins[0]]), on=database)
    parts = {"item": "source-id-1", "round_id": round_.public_id, "gold": gold, **held, **made}
    return Place(world, {"p": name, "d": f"{name}-items", **NUMBERS, **parts})


def _held_by(session: Session, *, project_id: int, account_id: int) -> dict[str, str]:
    """A live review that came in, with its case."""
    row = session.execute(
        sa.select(Assignment.public_id, Case.public_id, Task.public_id)
        .join(Task, sa.and_(Task.project_id == Assignment.project_id, Task.id == Assignment.task_id))
        .join(Case, sa.and_(Case.project_id == Assignment.project_id, Case.task_id == Assignment.task_id))
        .where(Assignment.project_id == project_id, Assignment.reviewer_id == account_id)
        .limit(1)
    ).one()
    return {"assignments": row[0], "cases": row[1], "task": row[2]}


def _parts(session: Session, *, world: World, reviewer: Account) -> dict[str, str]:
    project = world.project
    admin = session.scalars(sa.select(Account).where(Account.role == InstanceRole.ADMIN)).one()
    entry = send_entry(
        session,
        rubric_version_id=project.rubric_version_id,
        text="Does a missing source count?",
        sender=session.get_one(Account, reviewer.id),
        at=MOMENT,
        kind=EntryKind.QUESTION,
        criterion="accuracy",
        project_id=project.id,
    )
    export = Export(
        project_id=project.id,
        shape="bundle",
        options={},
        manifest_sha256="0" * 64,
        n_items=1,
        made_at=MOMENT,
        made_by_id=admin.id,
        counts={},
    )
    session.add(export)
    attempt = start_practice(session, project.id, reviewer.id, at=utc_now())
    job = enqueue(session, "report", {}, project_id=project.id, by_id=reviewer.id)
    uploads = {
        kind: begin_upload(
            session,
            kind,
            target=target,
            name="x.jsonl",
            companion=None,
            folder=Path("/nowhere"),
            options=options,
            by_id=admin.id,
        )
        for kind, target, options in (
            (UploadKind.ITEMS, f"{project.name}-items", {"format": "jsonl"}),
            (UploadKind.RATINGS, project.name, {"is_csv": False}),
        )
    }
    draft = create_draft(session, RUBRIC.decode(), owner_id=admin.id, now=MOMENT)
    accounts.create_token(session, account_id=reviewer.id, name="theirs", now=MOMENT)
    session.flush()
    return {
        "inbox": entry.public_id,
        "export": export.public_id,
        "export_id": export.public_id,
        "attempt": attempt.public_id,
        "job": job.public_id,
        "uploads of items": uploads[UploadKind.ITEMS].public_id,
        "uploads of ratings": uploads[UploadKind.RATINGS].public_id,
        "draft": draft.public_id,
        "token_id": session.scalars(
            sa.select(ApiToken.public_id).where(ApiToken.account_id == reviewer.id).limit(1)
        ).one(),
        "account": reviewer.public_id,
        "login": str(reviewer.login),
        "import_id": str(session.scalar(sa.select(ItemImport.id).where(ItemImport.dataset_id == project.dataset_id))),
        "batch": str(session.scalars(sa.select(Batch.id).where(Batch.project_id == project.id)).first()),
    }


NUMBERS = {"number": "1", "other": "1", "lower": "1"}
OURS = {"reviewer": "ann", "adjudicator": "judy", "manager": "mia", "viewer": "vera"}
THEIRS = {"reviewer": "rita", "adjudicator": "jack", "manager": "olga", "viewer": "vic"}


def is_program(path: str) -> bool:
    return path.startswith("/api/") or path == "/metrics"


class Site:
    """The app of both projects with somebody of each kind signed in, by cookie for pages and by token for programs."""

    def __init__(self, database: Database) -> None:
        self.database, self.app = database, app_for(database)
        admin = write(lambda s: an_account(s, "ada", role=InstanceRole.ADMIN), on=database)
        self.ours, self.theirs = in_use(database, "p", OURS), in_use(database, "hers", THEIRS)
        people = self.ours.world.people
        self.people = {
            "admin": admin,
            **{role: people[login] for role, login in OURS.items()},
            "outsider": self.theirs.world.people["olga"],
        }
        self.clients = {who: self._signed_in(account) for who, account in self.people.items()}
        self.tokens = {who: self.token(account) for who, account in self.people.items()}
        for who in self.people:
            for path in (NOWHERE, "/api/v1/nothing"):
                self.open(who, "GET", path)
        chain_all(database)

    def _signed_in(self, account: Account) -> FlaskClient:
        secret = write(
            lambda s: accounts.open_session(s, account.id, life=timedelta(hours=1), now=utc_now()), on=self.database
        )
        client, settings = self.app.test_client(), settings_for(self.database)
        client.set_cookie(cookie_name(settings, "evalhub"), secret, domain=settings.host)
        return client

    def token(self, account: Account, *scopes: Scope, **more: Any) -> dict[str, str]:
        given = {"scopes": scopes or tuple(Scope), **more}
        token = write(
            lambda s: accounts.create_token(s, account_id=account.id, name="n", now=utc_now(), **given),
            on=self.database,
        )
        return {"Authorization": f"Bearer {token}"}

    def open(self, who: str, method: str, path: str, *, with_token: bool = False) -> TestResponse:
        """Send nothing, or of a page's form the token alone."""
        options: dict[str, Any] = {"method": method, "base_url": "http://localhost"}
        if is_program(path):
            return self.app.test_client().open(path, headers=self.tokens[who], **options)
        client = self.clients[who]
        if with_token and method not in SAFE:
            asked = client.get("/sign-in", headers={"Accept": "application/json"}, base_url="http://localhost").json
            options["data"] = {"csrf_token": (asked or {})["csrf_token"]}
        return client.open(path, **options)

    def written(self) -> dict[str, int]:
        """What each table holds, as one number, without when somebody was last seen."""
        with self.database.reading() as session:
            return {
                table.name: hash(repr(session.execute(sa.select(*columns).order_by(*table.primary_key.columns)).all()))
                for table in Base.metadata.sorted_tables
                if (columns := [column for column in table.columns if not column.name.startswith("last_")])
            }


@pytest.fixture(scope="module")
def site(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One for all, because none of the tests writes."""
    path = tmp_path_factory.mktemp("routes") / "evalhub.db"
    shutil.copyfile(sqlite_template, path)
    database = Database(f"sqlite:///{path}")
    yield Site(database)
    database.close()


def routes(app: Flask) -> Iterator[tuple[Rule, str]]:
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            if policy_name(app, rule) != "anyone":
                yield rule, method


def path_of(app: Flask, rule: Rule, method: str, names: Mapping[str, str]) -> str:
    """The address of a route, with the names of one project's things, or unknown ones."""
    values: dict[str, Any] = {}
    for name in rule.arguments:
        first = rule.rule.removeprefix("/api/v1").split("/")[1]
        key = {"public_id": first, "upload": f"uploads of {'items' if first == 'datasets' else 'ratings'}"}.get(name)
        values[name] = names.get(key or name, UNKNOWN)
    if rule.rule.startswith(("/rubrics/<name>", "/api/v1/rubrics/<name>")):
        values |= {"name": names.get("rubric", UNKNOWN)}
    for name in re.findall(r"<int:(\w+)>", rule.rule):
        values[name] = int(names.get(name, "99"))
    values |= {name: choice for choice, name in re.findall(r"<any\((\w+)[^)]*\):(\w+)>", rule.rule)}
    return app.url_map.bind("localhost").build(rule.endpoint, values, method=method)


def policy_name(app: Flask, rule: Rule) -> str:
    return getattr(policy_of(app, rule.endpoint), "__name__", "")


def expected_of(app: Flask, rule: Rule, who: str) -> int | None:
    """403 or 404 where the policy stops them."""
    may = POLICIES[policy_name(app, rule)]
    return None if who in may.through else 403 if who in may.no else 404


def asked(may: May, at: int, *, is_new: bool) -> Iterator[str]:
    """Everybody where the policy is met first; else the outsider, one who gets through, one of the rest by turns."""
    if is_new:
        yield from EVERYBODY
        return
    others = [who for who in EVERYBODY[:-1] if who not in may.through] or [EVERYBODY[-1]]
    yield from dict.fromkeys([*may.through[-1:], "outsider", others[at % len(others)]])


def acts(rule: Rule, method: str) -> bool:
    """Whether sending nothing may already do something: programs need no token of a form."""
    return rule.rule.startswith("/api/") and method not in SAFE


def test_a_route_lets_those_through_whom_its_policy_names_and_tells_the_others_nothing(site: Site) -> None:
    before, faults, seen = site.written(), [], set[str]()
    for at, (rule, method) in enumerate(routes(site.app)):
        path = path_of(site.app, rule, method, {**site.ours.names, "rubric": "answers"})
        policy = policy_name(site.app, rule)
        for who in asked(POLICIES[policy], at, is_new=policy not in seen):
            expected = expected_of(site.app, rule, who)
            if expected is None and (acts(rule, method) or (method in SAFE and policy in seen)):
                continue
            answer = site.open(who, method, path)
            status = answer.status_code
            if expected is None:
                right = status < 500 and (status == 400 if method not in SAFE else status not in (401, 403))
            else:
                missing = path_of(site.app, rule, method, {})
                right = status == expected
                right = right and (status == 403 or answer.data == site.open(who, method, missing).data)
            if not right:
                faults.append(f"{method} {path} by the {who}: {status} instead of {expected or 'letting them through'}")
        seen.add(policy)
    assert "\n".join(faults) == ""
    assert site.written() == before


PARTS = {"item", "task", "round_id", "export", "export_id", "gold", "attempt", "upload", "batch", "import_id"}
"""What belongs to one project or dataset."""


@pytest.mark.parametrize("whose", ["another project's", "nobody's"])
def test_what_is_not_of_the_project_is_not_found_in_it(site: Site, whose: str) -> None:
    parts = {**site.theirs.names, "item": site.theirs.names["task"]} if whose == "another project's" else {}
    names = {**parts, **{key: site.ours.names[key] for key in ("p", "d", "account")}}
    before, faults = site.written(), []
    for rule, method in routes(site.app):
        if not rule.arguments & {"p", "d"} or not rule.arguments & PARTS:
            continue
        who = "reviewer" if policy_name(site.app, rule) == "review_in_project" else "admin"
        path = path_of(site.app, rule, method, names)
        status = site.open(who, method, path, with_token=True).status_code
        if status != 404 and (method in SAFE or status not in (409, 415, 422)):
            faults.append(f"{method} {path} by the {who}: {status}")
    assert "\n".join(faults) == ""
    assert site.written() == before


@pytest.mark.parametrize("scopes", [(Scope.READ,), (Scope.REVIEW,), (Scope.MANAGE,)])
def test_a_token_writes_nothing_that_its_scopes_do_not_name(site: Site, scopes: tuple[Scope, ...]) -> None:
    """Of every route, also of one whose policy has nothing against the account."""
    tokens = {who: site.token(site.people[who], *scopes) for who in ("admin", "reviewer")}
    chain_all(site.database)
    before, faults = site.written(), []
    for rule, method in routes(site.app):
        if not acts(rule, method) or scope_of(site.app, rule.endpoint, method) in scopes:
            continue
        path = path_of(site.app, rule, method, {**site.ours.names, "rubric": "answers"})
        for who, headers in tokens.items():
            status = site.app.test_client().open(path, method=method, headers=headers).status_code
            if status != 403:
                faults.append(f"{method} {path} by the {who}: {status}")
    assert "\n".join(faults) == ""
    assert site.written() == before
