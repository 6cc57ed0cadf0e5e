"""The pages of calibration rounds in a real browser: axe-core finds nothing in any state."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.accounts.models import Account
from evalhub.calibration.models import CalibrationRound
from evalhub.calibration.schema.rounds import NewRound
from evalhub.calibration.service.rounds import close_round, create_round
from evalhub.projects.models import Project
from evalhub.projects.schema import ProjectRole
from evalhub.projects.service import set_member
from evalhub.review.models import Task
from evalhub.rubrics.models import Criterion, Level
from evalhub.web.session import write
from tests import rows
from tests.web.signed_in import Demo
from tests.web.test_accessibility import faults_of
from tests.world import MOMENT

pytestmark = pytest.mark.browser
SCREENS = [("light", 1440), ("dark", 390)]


def all_levels(session: Session, task: Task, slip: int) -> dict[str, str]:
    """A level of each criterion: the item's own, or one that is off."""
    criteria = session.scalars(sa.select(Criterion).where(Criterion.rubric_version_id == task.rubric_version_id))
    found = {}
    for criterion in criteria.all():
        levels = session.scalars(
            sa.select(Level.key).where(Level.criterion_id == criterion.id).order_by(Level.rank)
        ).all()
        found[criterion.key] = levels[(task.item_id + slip * (task.item_id % 3 == 0)) % len(levels)]
    return found


@pytest.fixture(scope="module")
def rounds(demo: Demo) -> list[str]:
    """A round of the demo's reviewers that is closed, one that follows it, and one that is open; their ids."""
    database = demo.database
    with database.reading() as session:
        project = session.scalars(sa.select(Project).where(Project.name == "demo")).one()
        people = session.scalars(sa.select(Account).where(Account.login.in_(["reviewer", "admin"]))).all()

    def both_review(session: Session) -> None:
        for account in people:
            roles = {ProjectRole.REVIEWER, ProjectRole.MANAGER}
            set_member(session, project.id, account.id, roles, by=None, now=MOMENT)

    write(both_review, on=database)
    ids: list[str] = []
    for name, follows in (("Before we begin", ""), ("After the revision", "1")):
        ids.append(create_round(database, "demo", NewRound(name=name, seed=3, n=12, follows=follows)))
        write(lambda session: fill(session, ids[-1], people, slip=2 - len(ids)), on=database)
        write(lambda session: close_round(session, project.id, ids[-1], by=None, at=MOMENT), on=database)
    return [*ids, create_round(database, "demo", NewRound(name="Once more", seed=4, n=5))]


def fill(session: Session, public_id: str, people: list[Account], *, slip: int) -> None:
    round_ = session.scalars(sa.select(CalibrationRound).where(CalibrationRound.public_id == public_id)).one()
    for task in session.scalars(sa.select(Task).where(Task.batch_id == round_.batch_id)).all():
        for place, account in enumerate(people):
            rows.reviewed(session, task, account, all_levels(session, task, slip * place))


@pytest.mark.parametrize(("scheme", "width"), SCREENS)
def test_the_pages_of_rounds_have_no_fault_in_any_state(demo: Demo, rounds: list[str], scheme: str, width: int) -> None:
    options = {"color_scheme": scheme, "viewport": {"width": width, "height": 900}}
    paths = ["/projects/demo/rounds", *(f"/projects/demo/rounds/{public_id}" for public_id in rounds)]
    paths += ["/projects/demo/calibration/more-items?n=5", f"/projects/demo/rounds/{rounds[0]}/discussion"]
    faults = []
    with demo.context("admin", **options) as context:
        page = context.new_page()
        for path in paths:
            page.goto(path)
            faults += faults_of(page)
        for button in page.get_by_role("button", name="Show what everybody answered").all():
            button.click()
        faults += faults_of(page)
        page.goto("/projects/demo/rounds")
        page.get_by_role("button", name="Hand it out").click()
        page.evaluate("document.querySelector('form.form').submit()")
        page.wait_for_selector("#error-summary")
        faults += faults_of(page)
    assert faults == []


def test_one_of_several_boxes_is_enough_to_send_a_form(demo: Demo) -> None:
    with demo.context("admin") as context:
        page = context.new_page()
        page.goto("/projects/demo/members")
        form = page.locator("section[aria-labelledby=add-heading]")
        form.get_by_label("Sign-in names").fill("reviewer")
        form.get_by_role("checkbox", name="Reviewer: grades items").check()
        with page.expect_response(lambda response: response.request.method == "POST") as sent:
            form.get_by_role("button", name="Take them in").click()
        assert sent.value.status == 303
