from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.adjudication.models import Case, CaseState
from evalhub.db import Database
from evalhub.projects.models import Project
from evalhub.projects.schema import OverlapPlan
from evalhub.reports.queries.at_work import failures, held_now, waiting_since
from evalhub.reports.queries.dashboard import DayOfWork, Outcome, outcome, work_by_day
from evalhub.reports.work import Pace, pace, paces, reviews_chart
from evalhub.review.models import AssignmentState, Purpose
from evalhub.review.queries.progress import funnel
from evalhub.training.models import Use
from tests import rows
from tests.reports.worlds import graded, with_viewer
from tests.training.worlds import a_training, begin
from tests.web.client import Browser, app_for
from tests.world import a_project as a_world

TODAY = date(2026, 3, 31)
MIDNIGHT = datetime.fromisoformat("2026-03-31T00:00:00+00:00")


def a_project(session: Session, *, items: int, need: int = 2) -> Project:
    return rows.project(session, rows.dataset(session, items), rows.rubric_version(session), need=need)


def reviewers(session: Session, *projects: Project) -> list[rows.Account]:
    found = [rows.account(session) for _ in range(2)]
    for project in projects:
        for one in found:
            rows.member(session, project, one)
    return found


def test_work_is_counted_on_the_day_in_utc_and_a_reviewer_of_this_project_alone(database: Database) -> None:
    with database.writing() as session:
        project, other = a_project(session, items=3), a_project(session, items=1)
        ann, ben = reviewers(session, project, other)
        tasks = rows.tasks_of(session, project)
        for task, by, at, seconds in [
            (tasks[0], ann, MIDNIGHT - timedelta(microseconds=1), 60.0),
            (tasks[1], ann, MIDNIGHT, 30.0),
            (tasks[2], ann, MIDNIGHT + timedelta(hours=23), 90.5),
            (tasks[0], ben, MIDNIGHT, 10.0),
            (rows.tasks_of(session, other)[0], ben, MIDNIGHT, 1000.0),
        ]:
            rows.reviewed(session, task, by, {"accuracy": "right"}, at=at).active_seconds = seconds
        rows.reviewed(session, tasks[1], ben, {"accuracy": "right"}, state=AssignmentState.IMPORTED, at=MIDNIGHT)
        session.flush()
        found = work_by_day(session, project.id)
        assert set(found) == {
            DayOfWork(ann.public_id, TODAY - timedelta(days=1), 1, 60.0),
            DayOfWork(ann.public_id, TODAY, 2, 120.5),
            DayOfWork(ben.public_id, TODAY, 1, 10.0),
        }


@pytest.mark.parametrize("purpose", [Purpose.PRACTICE, Purpose.QUALIFICATION, Purpose.GOLD])
def test_training_is_time_at_work_but_no_review_of_the_project(database: Database, purpose: Purpose) -> None:
    with database.writing() as session:
        project = a_project(session, items=2)
        ann, _ = reviewers(session, project)
        live, training = rows.tasks_of(session, project)
        training.purpose = purpose
        for task in (live, training):
            rows.reviewed(session, task, ann, {"accuracy": "right"}, at=MIDNIGHT).active_seconds = 30.0
        session.flush()
        assert work_by_day(session, project.id) == [DayOfWork(ann.public_id, TODAY, 1, 60.0)]


def test_the_batches_of_training_are_not_listed(sqlite_database: Database) -> None:
    world = with_viewer(a_training(sqlite_database, gold={Use.QUALIFICATION: 5}))
    begin(world, "ann", Use.QUALIFICATION)
    page = Browser(app_for(sqlite_database)).sign_in_as(world.people["vera"]).get("/projects/p")
    assert "items.jsonl" in page.text
    assert "Qualification 1" not in page.text


def test_an_item_is_final_when_every_reviewer_is_done_and_no_case_is_open(database: Database) -> None:
    with database.writing() as session:
        project = a_project(session, items=5)
        ann, ben = reviewers(session, project)
        plain, disputed, decided, half, held = rows.tasks_of(session, project)
        for task in (plain, disputed, decided, held):
            for by in (ann, ben):
                rows.reviewed(session, task, by, {"accuracy": "right"})
        rows.reviewed(session, half, ann, {"accuracy": "right"})
        held.held, held.is_open = True, False
        for task, state in ((disputed, CaseState.OPEN), (decided, CaseState.DECIDED), (half, CaseState.OPEN)):
            session.add(Case(project_id=project.id, task_id=task.id, state=state, triage=1.0, opened_at=rows.NOW))
        session.flush()
        assert outcome(session, project.id, funnel(session, project.id).scored) == Outcome(in_adjudication=1, final=2)


WORK = [
    DayOfWork("ann", TODAY - timedelta(days=28), 100, 3600.0),
    DayOfWork("ann", TODAY - timedelta(days=27), 3, 1800.0),
    DayOfWork("ben", TODAY - timedelta(days=7), 7, 0.0),
    DayOfWork("ben", TODAY - timedelta(days=6), 5, 900.0),
    DayOfWork("ann", TODAY, 2, 900.0),
]


def test_the_chart_holds_four_weeks_with_the_days_on_which_nobody_worked() -> None:
    chart = reviews_chart(WORK, TODAY)
    assert len(chart.rows) == 28
    assert chart.rows[0] == ("2026-03-04", 3)
    assert chart.rows[-1] == ("2026-03-31", 2)
    assert sum(n for _, n in chart.rows if isinstance(n, int)) == 17
    assert chart.method.startswith("17 reviews of 2 reviewers")


def test_without_work_the_chart_says_why_it_is_empty() -> None:
    chart = reviews_chart(WORK[:1], TODAY)
    assert chart.picture is None
    assert chart.because == "Nobody has sent a review in the last 28 days."


def test_a_week_is_today_and_the_six_days_before() -> None:
    assert pace(WORK, TODAY) == Pace(hours=2.0, reviews_last_week=7)
    assert paces(WORK, TODAY) == {"ann": Pace(1.75, 2), "ben": Pace(0.25, 5)}


def test_the_dashboard_shows_work_to_those_who_may_see_it_and_keeps_its_charts(sqlite_database: Database) -> None:
    world = graded(sqlite_database, {"a": ("excellent",)})
    viewer = Browser(app_for(sqlite_database)).sign_in_as(world.people["vera"])
    p = f"/projects/{world.project.name}"
    page = viewer.get(p)
    assert "Reviews a day" in page.text
    assert "Alpha by criterion" in page.text
    for name in ("reviews-a-day", "alpha"):
        for ending, media_type in (("csv", "text/csv"), ("svg", "image/svg+xml")):
            answer = viewer.client.get(f"{p}/charts/{name}.{ending}")
            assert (answer.status_code, answer.mimetype) == (200, media_type)
    viewer.get(f"{p}/charts/other.csv", status=404)
    reviewer = Browser(viewer.app).sign_in_as(world.people["ann"])
    assert "Reviews a day" not in reviewer.get(p).text
    reviewer.get(f"{p}/charts/alpha.csv", status=403)


def test_every_tile_leads_to_something_on_the_page_or_to_a_page(sqlite_database: Database) -> None:
    world = graded(sqlite_database, {"a": ("excellent",)})
    viewer = Browser(app_for(sqlite_database)).sign_in_as(world.people["vera"])
    page = viewer.get(f"/projects/{world.project.name}")
    places = [link for link in page.links if link.startswith("#") and link != "#main"]
    assert places
    for link in places:
        assert f'id="{link[1:]}"' in page.html
    for link in page.links:
        if link.startswith("/projects/") and "/charts/" not in link:
            viewer.get(link)


@pytest.mark.parametrize("reviews", [1, 12])
def test_the_dashboard_asks_as_often_however_much_work_there_is(sqlite_database: Database, reviews: int) -> None:
    world = graded(sqlite_database, {"a": ("excellent",)}, prompts=reviews)
    viewer = Browser(app_for(sqlite_database)).sign_in_as(world.people["vera"])
    viewer.get(f"/projects/{world.project.name}")
    asked: list[str] = []
    sa.event.listen(sqlite_database.engine, "before_cursor_execute", lambda *of: asked.append(of[2]))
    viewer.get(f"/projects/{world.project.name}")
    n_asked = len([statement for statement in asked if statement.startswith("SELECT")])
    assert n_asked <= 50


def test_every_number_of_the_funnel_leads_to_its_rows(sqlite_database: Database) -> None:
    world = graded(sqlite_database, {"a": ("excellent",)}, prompts=3)
    viewer = Browser(app_for(sqlite_database)).sign_in_as(world.people["vera"])
    page = viewer.get("/projects/p")
    for query, n in (("", 3), ("?state=begun", 3), ("?state=scored", 3), ("?state=final", 3), ("?model=a", 3)):
        assert f"/projects/p/items{query}" in page.links
        assert f"{n} items" in viewer.get(f"/projects/p/items{query}").text
    assert "/projects/p/items?state=in_adjudication" in page.links
    assert "Every planned review is in." in page.text
    chart = viewer.client.get("/projects/p/charts/levels-by-model.svg")
    assert (chart.status_code, chart.mimetype) == (200, "image/svg+xml")


def test_who_holds_what_is_listed_but_not_to_whoever_may_still_grade_it(database: Database) -> None:
    with database.writing() as session:
        project, other = a_project(session, items=2), a_project(session, items=1)
        ann, ben = reviewers(session, project, other)
        for at in (project, other):
            task = rows.tasks_of(session, at)[0]
            lease = rows.reviewed(session, task, ann, {}, state=AssignmentState.EXCLUDED)
            lease.state, lease.slot = AssignmentState.LEASED, 0
            lease.claimed_at, lease.leased_until = rows.NOW, rows.NOW + timedelta(hours=1)
        session.flush()
        [seen] = held_now(session, project.id, account_id=0)
        assert (seen.item, seen.since, seen.has_draft) == ("item1", rows.NOW, False)
        [hidden] = held_now(session, project.id, account_id=ben.id)
        assert (hidden.item, hidden.ref, hidden.reviewer) == (None, None, seen.reviewer)


def test_what_waits_longest_is_of_the_oldest_batch_with_an_untouched_item(database: Database) -> None:
    with database.writing() as session:
        project = a_project(session, items=1)
        ann, _ = reviewers(session, project)
        assert waiting_since(session, project.id) == rows.NOW
        rows.reviewed(session, rows.tasks_of(session, project)[0], ann, {"accuracy": "right"})
        assert waiting_since(session, project.id) is None


def test_failure_tags_stand_by_how_often_they_were_ticked(sqlite_database: Database) -> None:
    world = with_viewer(a_world(sqlite_database, items=2))
    low = {"accuracy": "adequate", "clarity": "unacceptable"}
    lease = world.claim("ann")
    while lease is not None:
        world.submit("ann", lease, low, tags={"clarity": ["wordy"]})
        lease = world.claim("ann")
    lease = world.claim("ben")
    assert lease is not None
    world.submit("ben", lease, low, tags={"clarity": ["vague"]})
    with sqlite_database.reading() as session:
        found = failures(session, session.get_one(Project, world.project.id))
    assert [(one.key, one.n, round(one.up_to, 2)) for one in found] == [
        ("clarity:wordy", 2, 0.67),
        ("clarity:vague", 1, 1.0),
    ]
    page = Browser(app_for(sqlite_database)).sign_in_as(world.people["vera"]).get("/projects/p")
    assert "Clarity: Wordy" in page.text
    assert "/projects/p/items?failure=clarity%3Awordy" in page.links


def test_items_that_nobody_is_left_for_are_warned_of(sqlite_database: Database) -> None:
    world = with_viewer(a_world(sqlite_database, items=2, overlap=OverlapPlan(base=3)))
    viewer = Browser(app_for(sqlite_database)).sign_in_as(world.people["vera"])
    assert "2 items wait for more reviewers than are left" in viewer.get("/projects/p").text
    assert "2 items" in viewer.get("/projects/p/items?state=stuck").text
