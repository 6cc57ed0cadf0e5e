"""Taking items out and voiding reviews in the browser, by programs and by command: each says what it will do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from evalhub.accounts.models import InstanceRole
from evalhub.db import Database
from evalhub.export.schema.options import Options
from evalhub.export.schema.verify import verify_bundle
from evalhub.export.service import make_bundle
from evalhub.jobs.models import Job
from evalhub.projects.schema import OverlapPlan, ProjectRole
from evalhub.review.models import AssignmentState, SkipReason, Task
from evalhub.review.service import void as void_service
from tests.cli.conftest import Evalhub
from tests.review.test_life import BAD, FIRST, a_disputed_project, replace, states_of, task_of, withdraw
from tests.review.test_queue import GOOD, skip_by
from tests.web.client import Browser, Page, a_person, a_token, app_for
from tests.world import MOMENT, World, a_project, with_roles

ITEM = f"/projects/p/items/{FIRST}"


@pytest.fixture
def world(sqlite_database: Database) -> World:
    return with_roles(a_disputed_project(sqlite_database), "mia", ProjectRole.MANAGER)


def browser_of(world: World, login: str) -> Browser:
    return Browser(app_for(world.database)).sign_in_as(world.people[login])


def said_after(browser: Browser, path: str, sent: dict[str, str] | None = None) -> str:
    """The page that a form leads to."""
    return browser.get(browser.post(path, sent or {}).headers["Location"]).text


def test_a_manager_reads_what_a_withdrawal_does_and_withdraws_and_restores(world: World) -> None:
    browser = browser_of(world, "mia")
    page = browser.get(f"{ITEM}/withdraw")
    assert "Nobody is given the item any more" in page.text
    again = Page(browser.post(f"{ITEM}/withdraw", {"reason": ""}, status=422))
    assert "Say why" in again.text
    assert browser.post(f"{ITEM}/withdraw", {"reason": "It is cut off."}).headers["Location"] == ITEM
    assert "Withdrawn" in browser.get(ITEM).text
    assert "already" in browser.get(f"{ITEM}/withdraw").text
    page = browser.get(f"{ITEM}/restore")
    assert "It is cut off." in page.text
    browser.post(f"{ITEM}/restore", {"reason": "It was whole."})
    assert not task_of(world).held
    twice = Page(browser.post(f"{ITEM}/restore", {"reason": "It was whole."}, status=409))
    assert "is not withdrawn" in twice.text


def test_a_manager_replaces_the_texts_of_an_item(world: World) -> None:
    browser = browser_of(world, "mia")
    page = browser.get(f"{ITEM}/replace")
    assert "Answer number 0." in page.text
    sent = {"prompt": "Question 0?", "response": "The whole answer.", "reason": ""}
    again = Page(browser.post(f"{ITEM}/replace", sent, status=422))
    assert "The whole answer." in again.html
    sent["reason"] = "It was cut off."
    assert "revision 2" in said_after(browser, f"{ITEM}/replace", sent)
    assert task_of(world, revision=2).is_open
    blank = {**sent, "prompt": "", "context": "Only this."}
    assert "prompt" in Page(browser.post(f"{ITEM}/replace", blank, status=422)).text.lower()


def test_only_who_manages_every_project_of_the_dataset_changes_its_items(world: World) -> None:
    a_project_beside(world)
    browser = browser_of(world, "mia")
    browser.get(f"{ITEM}/withdraw", status=403)
    browser.get("/projects/p/reviews/void")
    root = a_person(world.database, "root", role=InstanceRole.ADMIN)
    Browser(app_for(world.database)).sign_in_as(root).get(f"{ITEM}/withdraw")
    browser_of(world, "ann").get(f"{ITEM}/withdraw", status=403)


def a_project_beside(world: World) -> None:
    from evalhub.projects.service import NewProject, create_project
    from evalhub.web.session import write

    new = NewProject(
        name="beside",
        dataset_id=world.project.dataset_id,
        rubric_version_id=world.project.rubric_version_id,
        overlap=OverlapPlan(base=1),
    )
    write(lambda s: create_project(s, new, by=None, now=MOMENT).id, on=world.database)


def test_whoever_may_still_grade_an_item_is_not_shown_its_model_to_replace_it(sqlite_database: Database) -> None:
    world = a_project(sqlite_database, items=1)
    with_roles(world, "ann", ProjectRole.MANAGER, ProjectRole.REVIEWER)
    browser = browser_of(world, "ann")
    assert "hidden-model" not in browser.get(f"{ITEM}/withdraw").html
    assert "may still grade" in browser.get(f"{ITEM}/replace", status=403).text


def test_items_that_two_passed_on_are_listed_and_handed_out_again(sqlite_database: Database) -> None:
    world = a_project(sqlite_database, items=1, reviewers=["ann", "ben", "cem"])
    with_roles(world, "mia", ProjectRole.MANAGER)
    browser = browser_of(world, "mia")
    assert "Nothing was taken out" in browser.get("/projects/p/taken-out").text
    for login in ("ann", "ben"):
        lease = world.claim(login)
        assert lease is not None
        skip_by(world, login, lease, reason=SkipReason.UNREADABLE)
    page = browser.get("/projects/p/taken-out")
    assert "unreadable" in page.text
    path = f"/projects/p/taken-out/{task_of(world).public_id}/put-back"
    assert "Handed out again" in said_after(browser, path)
    assert task_of(world).is_open
    assert "not in the list any more" in said_after(browser, path)


def test_whoever_held_a_withdrawn_item_reads_so_and_keeps_the_draft(sqlite_database: Database) -> None:
    world = a_project(sqlite_database, items=1)
    browser = browser_of(world, "ann")
    path = browser.post("/projects/p/next").headers["Location"]
    lease = world.claim("ann")
    assert lease is not None
    browser.post(f"{path}/draft", {"lease": lease.token, "draft_revision": "0", "note": "half a thought"})
    withdraw(world)
    page = browser.get(path)
    assert "taken out of the queue while you held it" in page.text
    assert "half a thought" in page.text
    assert "Submit" not in page.text


def test_a_void_says_what_it_will_do_asks_why_and_does_it(world: World) -> None:
    browser = browser_of(world, "mia")
    page = browser.get("/projects/p/reviews/void?reviewer=ben&since=&until=")
    assert "Figures change on Accuracy, Clarity." in page.text
    assert "Void 2 reviews" in page.text
    hidden = page.forms[-1]["fields"]
    sent = {name: hidden[name] for name in ("reviewer", "since", "until")}
    assert "Say why" in Page(browser.post("/projects/p/reviews/void", {**sent, "reason": ""}, status=422)).text
    assert "2 reviews were voided" in said_after(browser, "/projects/p/reviews/void", {**sent, "reason": "Ill."})
    assert states_of(world, task_of(world).id)["ben"] is AssignmentState.VOIDED
    assert "No review of this person" in browser.get("/projects/p/reviews/void?reviewer=ben").text
    assert "valid choice" in browser.get("/projects/p/reviews/void?reviewer=nobody").text.lower()


def test_much_is_voided_in_the_background(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("evalhub.review.views.void.MANY", 1)
    monkeypatch.setattr(void_service, "AT_ONCE", 1)
    browser = browser_of(world, "mia")
    sent = {"reviewer": "ben", "since": "", "until": "", "reason": "Ill."}
    place = browser.post("/projects/p/reviews/void", sent).headers["Location"]
    assert place.startswith("/jobs/")
    with world.database.reading() as session:
        job = session.scalars(sa.select(Job)).one()
    from evalhub.jobs.running import JobRun
    from evalhub.review.jobs import void

    run = JobRun(project_id=job.project_id, by_id=job.created_by_id, arguments=job.arguments)
    assert [void(world.database, run)["voided"] for _ in range(2)] == [2, 0]
    assert browser.get(place).status == 200


def test_whoever_was_voided_goes_on_to_see_what_they_gave(world: World) -> None:
    browser = browser_of(world, "mia")
    browser.post("/projects/p/reviews/void", {"reviewer": "ben", "since": "", "until": "", "reason": "Ill."})
    own = browser_of(world, "ben")
    listed = own.get("/reviews?show=voided")
    page = own.get(next(link for link in listed.links if link.startswith("/assignments/")))
    assert "was voided" in page.text
    assert 'value="unacceptable" checked' in page.html or 'value="excellent" checked' in page.html


def test_programs_withdraw_restore_replace_and_void(world: World) -> None:
    client = app_for(world.database).test_client()
    headers = a_token(world.database, world.people["mia"])

    def ask(method: str, path: str, body: dict[str, Any]) -> Any:
        answer = client.open(f"/api/v1{path}", method=method, json=body, headers=headers)
        return answer.status_code, answer.json

    item = f"/datasets/p-items/items/{FIRST}"
    assert ask("POST", f"{item}/withdraw", {"reason": "broken"}) == (
        200,
        {"item": FIRST, "tasks": 1, "leases_ended": 0},
    )
    status, answer = ask("POST", f"{item}/withdraw", {"reason": "broken"})
    assert (status, answer["error"]["code"]) == (409, "withdrawn")
    assert ask("POST", f"{item}/restore", {"reason": "mended"})[0] == 200
    body = {"reason": "cut off", "item": {"id": FIRST, "prompt": "Question 0?", "response": "All of it."}}
    assert ask("PUT", item, body) == (201, {"item": FIRST, "revision": 2, "tasks": 1})
    assert ask("PUT", item, body)[0] == 200
    assert ask("PUT", item, {"reason": "x", "item": {"id": "other"}})[0] == 422
    asked = {"reviewer": "ben", "reason": "ill"}
    status, planned = ask("POST", "/projects/p/voids", {**asked, "dry_run": True})
    assert (status, planned["voided"], planned["plan"]["reviews"]) == (200, 0, 2)
    status, done = ask("POST", "/projects/p/voids", asked)
    assert (status, done["voided"], done["plan"]["to_queue"]) == (200, 2, 1)
    assert ask("POST", "/projects/p/voids", {"reviewer": "nobody", "reason": "ill"})[0] == 422


def test_to_outsiders_neither_dataset_nor_item_exists(world: World) -> None:
    client = app_for(world.database).test_client()
    headers = a_token(world.database, world.people["ann"])
    for path in ("/datasets/p-items/items/none/withdraw", f"/datasets/none/items/{FIRST}/withdraw"):
        assert client.post(f"/api/v1{path}", json={"reason": "x"}, headers=headers).status_code == 404


def test_the_command_line_does_the_same(sqlite_database: Database, tmp_path: Path) -> None:
    evalhub = Evalhub(tmp_path / "instance", sqlite_database.url.render_as_string(hide_password=False))
    world = a_disputed_project(sqlite_database)
    assert "is withdrawn" in evalhub("item", "withdraw", "p", FIRST, "--reason", "broken").stdout
    assert evalhub("item", "withdraw", "p-items", FIRST, "--reason", "broken").exit_code == 2
    assert evalhub("item", "restore", "p-items", FIRST, "--reason", "mended", "--json").exit_code == 0
    file = tmp_path / "one.jsonl"
    file.write_text(json.dumps({"id": FIRST, "prompt": "Question 0?", "response": "All of it."}))
    shown = json.loads(evalhub("item", "replace", "p", str(file), "--reason", "cut off", "--json").stdout)
    assert shown == {"revision": 2, "n_tasks": 1, "is_new": True}
    file.write_text(file.read_text() + "\n" + json.dumps({"id": "b", "prompt": "?", "response": "!"}))
    assert "holds 2 items" in evalhub("item", "replace", "p", str(file), "--reason", "x").stderr
    void = ("review", "void", "p", "--reviewer", "ben", "--reason", "ill")
    assert "would void 2" in evalhub(*void, "--dry-run").stdout
    assert json.loads(evalhub(*void, "--json").stdout)["voided"] == 2
    assert evalhub("doctor").exit_code in (0, 3)
    assert states_of(world, task_of(world).id)["ben"] is AssignmentState.VOIDED


def test_exports_are_right_after_each_act(world: World, tmp_path: Path) -> None:
    def exported(name: str) -> tuple[set[str], int]:
        folder = tmp_path / name
        make_bundle(world.database, world.project.id, Options(), folder, by_id=None, now=MOMENT)
        verify_bundle(folder)
        manifest = json.loads((folder / "manifest.json").read_text())
        data = folder / "data"
        files = [data / "items.jsonl", data / "unscored.jsonl"]
        lines = [json.loads(line) for file in files if file.exists() for line in file.read_text().splitlines()]
        return {f"{line['item_id']} {line['state']}" for line in lines}, manifest["withdrawn"]

    second = "i:source-id-1 final"
    assert exported("before") == ({f"i:{FIRST} adjudication_pending", second}, 0)
    withdraw(world)
    assert exported("withdrawn") == ({second}, 1)
    replace(world)
    assert exported("replaced") == ({f"i:{FIRST} incomplete", second}, 0)
    for login in ("ann", "ben"):
        world.review_all(login, GOOD)
    assert exported("graded anew") == ({f"i:{FIRST} final", second}, 0)
    browser_of(world, "mia").post(
        "/projects/p/reviews/void", {"reviewer": "ben", "since": "", "until": "", "reason": "Ill."}
    )
    assert exported("voided") == ({f"i:{FIRST} incomplete", "i:source-id-1 incomplete"}, 0)
    world.review_all("cem", BAD)
    states, _ = exported("graded by another")
    assert states == {f"i:{FIRST} adjudication_pending", "i:source-id-1 adjudication_pending"}
    with world.database.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).where(Task.is_open)) == 0
