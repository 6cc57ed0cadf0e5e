"""The list of a project's items: what it shows, to whom, and what it can be narrowed to."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import fields

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.adjudication.models import Case, CaseState
from evalhub.db import Database
from evalhub.projects.models import Project
from evalhub.projects.schema import OverlapPlan, ProjectRole
from evalhub.projects.service import remove_member
from evalhub.reports.queries.dashboard import outcome
from evalhub.reports.queries.items import Onlooker, item_page
from evalhub.reports.queries.narrowed import stages
from evalhub.reports.queries.offered import FILTERS, offered
from evalhub.reports.schema.items import ItemFilter, ItemLine, Stage, Wanted
from evalhub.review.models import AssignmentState, RatingTag, Task
from evalhub.review.queries.progress import funnel
from evalhub.review.queries.stuck import n_stuck
from evalhub.review.service.past_ratings import import_ratings
from evalhub.web.listing import listing_of
from evalhub.web.session import write
from tests import rows
from tests.review.test_adopt import grade, submit_all, take_up, with_versions
from tests.review.test_indexes import plans_of
from tests.review.test_life import replace
from tests.web.client import Browser, a_token, app_for
from tests.world import MOMENT, World, a_project, with_roles

NOBODY = Onlooker(0, decides_cases=False)
RIGHT = {"accuracy": "right", "style": "good"}
WRONG = {"accuracy": "wrong", "style": "good"}


def listed(
    session: Session, project: Project, wanted: ItemFilter | None = None, *, by: Onlooker = NOBODY, sort: str = "added"
) -> list[ItemLine]:
    listing = listing_of({"sort": sort}, at="", sorts=("added", "item"), filters=FILTERS)
    return list(item_page(session, project, by, wanted or ItemFilter(), listing).lines)


def ids(session: Session, project: Project, wanted: ItemFilter, by: Onlooker = NOBODY) -> list[str]:
    return [line.external_id for line in listed(session, project, wanted, by=by)]


def of_every_stage(session: Session) -> Project:
    """Items named after how far they have come, and the same of another project beside."""
    names = ["waiting", "held", "half", "leased", "disputed", "decided", "plain"]
    made = [{"external_id": name, "tags": ["odd"] if at % 2 else []} for at, name in enumerate(names)]
    version = rows.rubric_version(session)
    projects = [rows.project(session, rows.dataset(session, made), version, need=2) for _ in range(2)]
    for project in projects:
        ann, ben = (rows.account(session) for _ in range(2))
        for who in (ann, ben):
            rows.member(session, project, who)
        tasks = dict(zip(names, rows.tasks_of(session, project), strict=True))
        tasks["held"].held, tasks["held"].is_open, tasks["held"].held_reason = True, False, "unreadable"
        rows.reviewed(session, tasks["half"], ann, RIGHT)
        leased = rows.reviewed(session, tasks["leased"], ann, {}, state=AssignmentState.EXCLUDED)
        tasks["leased"].free_slots = 2
        leased.state, leased.slot, leased.leased_until = AssignmentState.LEASED, 0, rows.NOW
        for name in ("disputed", "decided", "plain"):
            rows.reviewed(session, tasks[name], ann, RIGHT)
            rows.reviewed(session, tasks[name], ben, WRONG if name == "disputed" else RIGHT)
        for name, state in (("disputed", CaseState.OPEN), ("decided", CaseState.DECIDED)):
            case = Case(project_id=project.id, task_id=tasks[name].id, state=state, triage=1.0, opened_at=rows.NOW)
            session.add(case)
    session.flush()
    return projects[0]


def test_every_item_is_at_one_stage_and_stands_with_what_it_came_to(database: Database) -> None:
    with database.writing() as session:
        project = of_every_stage(session)
        lines = {line.external_id: line for line in listed(session, project)}
        assert {name: line.stage for name, line in lines.items()} == {
            "waiting": Stage.WAITING,
            "held": Stage.HELD,
            "half": Stage.IN_REVIEW,
            "leased": Stage.IN_REVIEW,
            "disputed": Stage.IN_ADJUDICATION,
            "decided": Stage.FINAL,
            "plain": Stage.FINAL,
        }
        held = [sa.func.sum(sa.case((condition, 1), else_=0)) for condition in stages().values()]
        counts = session.execute(sa.select(*held).where(Task.project_id == project.id)).one()
        assert sum(map(int, counts)) == len(lines)
        plain = lines["plain"]
        assert (plain.done, plain.slots, plain.updated_at) == (2, 2, rows.NOW)
        assert plain.overall is not None
        assert plain.overall.score == 1.0
        assert lines["half"].overall is None
        assert lines["held"].held_reason == "unreadable"
        assert list(lines["disputed"].undecided) == ["accuracy"]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (ItemFilter(wanted=Wanted.SCORED), ["disputed", "decided", "plain"]),
        (ItemFilter(wanted=Wanted.BEGUN), ["half", "leased", "disputed", "decided", "plain"]),
        (ItemFilter(wanted=Wanted.IN_ADJUDICATION), ["disputed"]),
        (ItemFilter(wanted=Wanted.WAITING), ["waiting"]),
        (ItemFilter(level=("accuracy", "wrong")), ["disputed"]),
        (ItemFilter(level=("style", "wrong")), []),
        (ItemFilter(tag="odd"), ["held", "leased", "decided"]),
        (ItemFilter(tag="od"), []),
        (ItemFilter(model="model-a", text="d"), ["disputed", "decided"]),
        (ItemFilter(text="Question 7"), ["plain"]),
        (ItemFilter(text="Answer"), ["waiting", "held", "half", "leased", "disputed", "decided", "plain"]),
        (ItemFilter(model="model-b"), []),
    ],
)
def test_the_list_is_narrowed(database: Database, wanted: ItemFilter, expected: list[str]) -> None:
    with database.writing() as session:
        assert ids(session, of_every_stage(session), wanted) == expected


def test_the_list_counts_what_the_dashboard_counts(sqlite_database: Database) -> None:
    with sqlite_database.writing() as session:
        project = of_every_stage(session)
        whole = funnel(session, project.id)
        came_to = outcome(session, project.id, whole.scored)

        def n(wanted: Wanted) -> int:
            return len(ids(session, project, ItemFilter(wanted=wanted)))

        assert n(Wanted.SCORED) == whole.scored
        assert n(Wanted.WAITING) == whole.waiting
        assert n(Wanted.HELD) == whole.held
        assert n(Wanted.IN_ADJUDICATION) == came_to.in_adjudication
        assert n(Wanted.FINAL) == came_to.final


def test_a_reviewer_and_a_failure_tag_narrow_the_list_to_what_they_touched(sqlite_database: Database) -> None:
    with sqlite_database.writing() as session:
        project = of_every_stage(session)
        half = rows.tasks_of(session, project)[2]
        offers = offered(session, project, names=True)
        ann = next(account for account, _ in offers.reviewers.values())
        assert "half" in ids(session, project, ItemFilter(reviewer_id=ann))
        assert "waiting" not in ids(session, project, ItemFilter(reviewer_id=ann))
        criterion = session.scalars(
            sa.text("select id from criterion where key = 'style'").columns(id=sa.Integer)
        ).first()
        session.add(
            RatingTag(project_id=project.id, task_id=half.id, reviewer_id=ann, criterion_id=criterion, tag="wordy")
        )
        session.flush()
        assert ids(session, project, ItemFilter(failure=("style", "wordy"))) == ["half"]
        assert ids(session, project, ItemFilter(failure=("accuracy", "wordy"))) == []


def manager_who_grades(database: Database) -> World:
    """ann has graded both items, of three reviewers; mia manages, and may still grade them."""
    world = a_project(database, items=2, reviewers=["ann"])
    with_roles(world, "mia", ProjectRole.MANAGER, ProjectRole.REVIEWER)
    world.review_all("ann", {"accuracy": "unacceptable", "clarity": "excellent"})
    return world


TELLING: Mapping[str, object] = {
    "wanted": Wanted.BEGUN,
    "model": "hidden-model-0",
    "reviewer_id": 2,
    "level": ("accuracy", "unacceptable"),
    "failure": ("clarity", "wordy"),
    "text": "source",
}


def test_a_line_of_what_one_may_still_grade_tells_nothing_and_no_filter_finds_it(sqlite_database: Database) -> None:
    world = manager_who_grades(sqlite_database)
    assert {one.name for one in fields(ItemFilter)} - TELLING.keys() == {"tag", "batch_id"}
    with sqlite_database.reading() as session:
        mia = Onlooker(world.people["mia"].id, decides_cases=False)
        lines = listed(session, world.project, by=mia)
        assert lines
        for line in lines:
            nothing = ItemLine(line.ref, line.external_id, line.tags, line.batch, is_hidden=True)
            assert line == nothing
        for name, value in TELLING.items():
            found = ids(session, world.project, ItemFilter(**{name: value}), mia)  # type: ignore[arg-type]
            assert found == [], name
    browser = Browser(app_for(sqlite_database)).sign_in_as(world.people["mia"])
    page = browser.get("/projects/p/items")
    assert "source-id-0" in page.text
    assert "hidden: you may still grade it" in page.text
    assert "hidden-model" not in page.html


def test_pages_follow_one_another_and_keep_the_filters(sqlite_database: Database) -> None:
    world = with_roles(a_project(sqlite_database, items=60), "vera", ProjectRole.VIEWER)
    headers = a_token(sqlite_database, world.people["vera"])
    client = app_for(sqlite_database).test_client()
    found: list[str] = []
    after = ""
    while True:
        answer = client.get(f"/api/v1/projects/p/items?state=waiting&sort=-item{after}", headers=headers).get_json()
        found += [item["item"] for item in answer["items"]]
        assert answer["total"] == 60
        if answer["next"] is None:
            break
        after = f"&after={answer['next']}"
    assert found == sorted((f"source-id-{i}" for i in range(60)), reverse=True)
    refused = client.get("/api/v1/projects/p/items?state=strange&level=a:b", headers=headers)
    assert refused.status_code == 422
    assert [one["path"] for one in refused.get_json()["error"]["details"]] == ["state", "level"]
    browser = Browser(app_for(sqlite_database)).sign_in_as(world.people["vera"])
    page = browser.get("/projects/p/items?state=waiting&sort=item")
    assert any("after=" in link and "state=waiting" in link for link in page.links)
    assert "Nothing fits" in browser.get("/projects/p/items?state=final").text
    assert "60 items" in browser.get("/projects/p/items?state=strange").text


def test_a_page_is_read_by_the_keys_of_tasks_and_items(sqlite_database: Database) -> None:
    with sqlite_database.writing() as session:
        project = of_every_stage(session)
        for sort, index in (("added", "USING INDEX sqlite_autoindex_task_1"), ("item", "item USING INDEX")):
            assert index in plans_of(sqlite_database, lambda sort=sort: listed(session, project, sort=sort))  # type: ignore[misc]


def test_an_item_that_was_replaced_stands_there_once(sqlite_database: Database) -> None:
    world = a_project(sqlite_database, items=2)
    replace(world)
    with sqlite_database.reading() as session:
        assert sorted(line.external_id for line in listed(session, world.project)) == ["source-id-0", "source-id-1"]
        assert ids(session, world.project, ItemFilter(wanted=Wanted.HELD)) == []


def test_a_disputed_regrade_puts_its_item_into_adjudication(sqlite_database: Database) -> None:
    world = with_versions(a_project(sqlite_database, items=1))
    for login in ("ann", "ben"):
        grade(world, login, 1)
    take_up(world)
    for login, level in (("ann", "unacceptable"), ("ben", "excellent")):
        lease = world.claim(login)
        assert lease is not None
        submit_all(world, login, lease, level)
    with sqlite_database.reading() as session:
        assert ids(session, world.project, ItemFilter(wanted=Wanted.IN_ADJUDICATION)) == ["source-id-0"]
        assert ids(session, world.project, ItemFilter(wanted=Wanted.FINAL)) == []
        judge = Onlooker(world.people["judy"].id, decides_cases=True)
        [line] = listed(session, world.project, by=judge)
        assert (line.stage, line.model) == (Stage.IN_ADJUDICATION, None)


def test_an_item_with_past_ratings_is_as_far_on_the_dashboard_as_in_the_list(sqlite_database: Database) -> None:
    world = a_project(sqlite_database, items=2)
    line = b'{"item_id": "source-id-0", "reviewer": "past", "criterion": "accuracy", "level": "adequate"}'
    import_ratings(
        sqlite_database, io.BytesIO(line), project_id=world.project.id, source_name="past.jsonl", actor_id=None
    )
    with sqlite_database.reading() as session:
        far = funnel(session, world.project.id)
        assert (far.scored, far.in_review, outcome(session, world.project.id, far.scored).final) == (1, 0, 1)
        assert ids(session, world.project, ItemFilter(wanted=Wanted.SCORED)) == ["source-id-0"]
        assert (far.slots_done, far.slots_needed) == (1, 4)


def test_a_regrade_that_nobody_is_left_for_leads_to_its_item(sqlite_database: Database) -> None:
    world = with_versions(a_project(sqlite_database, items=2, reviewers=["ann"], overlap=OverlapPlan(base=1)))
    for _ in range(2):
        lease = world.claim("ann")
        assert lease is not None
        submit_all(world, "ann", lease)
    take_up(world)
    ann, judy = world.people["ann"], world.people["judy"]
    write(lambda s: remove_member(s, world.project.id, ann.id, reason="", by=judy, now=MOMENT), on=sqlite_database)
    with sqlite_database.reading() as session:
        stuck = ids(session, world.project, ItemFilter(wanted=Wanted.STUCK))
        assert (len(stuck), n_stuck(session, world.project.id)) == (2, 2)
