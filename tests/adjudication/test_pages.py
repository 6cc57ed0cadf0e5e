"""The pages of cases, and what reviewers see of the resolution; blindness beats role."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.accounts.models import Account
from evalhub.adjudication.models import CaseState
from evalhub.db import Database
from evalhub.projects.models import Member
from evalhub.projects.schema import ProjectRole
from evalhub.projects.service import remove_member
from evalhub.web.session import write
from tests.adjudication.worlds import a_decision, assignment_of, decided, differing, show, take, the_case
from tests.web.client import Browser, Page, a_token, app_for
from tests.world import MOMENT, World, a_project, with_roles

NOTE = "CANARY: the second table is wrong."


@pytest.fixture
def world(sqlite_database: Database) -> World:
    return differing(sqlite_database, {"accuracy": "unacceptable"}, {}, items=2)


def browser_of(world: World, login: str) -> Browser:
    return Browser(app_for(world.database)).sign_in_as(world.people[login])


def fields_of(page: Page, **answers: str) -> dict[str, str]:
    hidden = {name: re.search(rf'name="{name}"[^>]* value="([^"]*)"', page.html) for name in HIDDEN}
    return {name: found[1] for name, found in hidden.items() if found} | answers


HIDDEN = ("revision", "idempotency_key")


def test_the_queue_shows_how_the_answers_lie_and_the_case_can_be_decided(world: World) -> None:
    browser, case = browser_of(world, "judy"), the_case(world)
    queue = browser.get("/projects/p/cases")
    assert "Accuracy" in queue.text
    assert "far apart" in queue.text
    assert "source-id" not in queue.html
    assert "hidden-model" not in queue.html
    untaken = browser.get(f"/cases/{case.public_id}")
    assert "Reviewer A" not in untaken.text
    browser.post(f"/cases/{case.public_id}/open")
    page = browser.get(f"/cases/{case.public_id}")
    assert "Reviewer A" in page.text
    assert "Reviewer B" in page.text
    for hidden in ("R1", "R2", "hidden-model", "source-id"):
        assert hidden not in page.html
    sent = fields_of(
        page, **{"level-accuracy": "adequate", "rationale": "Half of it is right.", "cause": "rubric_unclear"}
    )
    assert browser.post(f"/cases/{case.public_id}/decision", sent).status_code == 303
    decided_page = browser.get(f"/cases/{case.public_id}")
    assert "Half of it is right." in decided_page.text
    assert "hidden-model" in decided_page.html
    assert "R1" in decided_page.text
    assert the_case(world).state is CaseState.DECIDED
    assert "Nothing to settle" in browser.get("/projects/p/cases").text
    assert "decided" in browser.get("/projects/p/cases?state=decided&criterion=accuracy").text


def test_a_conversation_is_read_in_its_case_and_on_the_page_of_its_item(sqlite_database: Database) -> None:
    turns = [{"role": role, "content": f"Turn {n}."} for n, role in enumerate(("user", "assistant", "user"), start=1)]
    item = {"id": "talk", "messages": turns, "response": "The answer.", "model": "m"}
    world = with_roles(a_project(sqlite_database, items=[item]), "mia", ProjectRole.MANAGER)
    world.review_all("ann", {"accuracy": "unacceptable", "clarity": "adequate"})
    world.review_all("ben", {"accuracy": "excellent", "clarity": "adequate"})
    take(world, "judy", the_case(world))
    for login, path in (("judy", f"/cases/{the_case(world).public_id}"), ("mia", "/projects/p/items/talk")):
        page = browser_of(world, login).get(path)
        assert all(f"Turn {n}." in page.text for n in (1, 2, 3))


def test_simulated_reviewers_are_called_simulated(world: World) -> None:
    case = the_case(world)
    with world.database.writing() as session:
        session.execute(sa.update(Member).where(Member.account_id == world.people["r1"].id).values(is_simulated=True))
        session.commit()
    take(world, "judy", case)
    page = browser_of(world, "judy").get(f"/cases/{case.public_id}")
    assert len(re.findall(r"Reviewer [AB] \(simulated\)", page.text)) == 2  # one of the two, at both criteria


def test_an_incomplete_decision_keeps_what_was_typed(world: World) -> None:
    browser, case = browser_of(world, "judy"), the_case(world)
    browser.get("/projects/p/cases")
    browser.post(f"/cases/{case.public_id}/open")
    page = browser.get(f"/cases/{case.public_id}")
    url = f"/cases/{case.public_id}/decision"
    answer = browser.post(url, fields_of(page, rationale="Because <b>I</b> say so."), status=422)
    assert "Because &lt;b&gt;I&lt;/b&gt; say so." in answer.get_data(as_text=True)
    sent = fields_of(page, rationale="Because.", cause="reviewer_slip")
    answer = browser.post(url, sent, status=422)
    assert "is not decided" in answer.get_data(as_text=True)
    assert the_case(world).state is CaseState.OPEN


def test_a_key_that_no_page_made_is_refused(world: World) -> None:
    browser, case = browser_of(world, "judy"), the_case(world)
    browser.post(f"/cases/{case.public_id}/open", status=303)
    sent = fields_of(browser.get(f"/cases/{case.public_id}")) | {"idempotency_key": "a" * 32 + "\n"}
    sent |= {"level-accuracy": "adequate", "rationale": "Wrong.", "cause": "reviewer_slip"}
    browser.post(f"/cases/{case.public_id}/decision", sent, status=422)


def test_a_decision_needs_the_case_taken(world: World) -> None:
    browser, case = browser_of(world, "judy"), the_case(world)
    browser.get("/projects/p/cases")
    sent = {"level-accuracy": "adequate", "rationale": "x", "cause": "reviewer_slip", "revision": "0"}
    assert browser.post(f"/cases/{case.public_id}/decision", sent, status=404).status_code == 404


def test_a_grader_with_every_role_finds_no_case_of_their_item(world: World) -> None:
    with_roles(world, "r1", ProjectRole.REVIEWER, ProjectRole.ADJUDICATOR, ProjectRole.MANAGER)
    browser, case = browser_of(world, "r1"), the_case(world)
    queue = browser.get("/projects/p/cases")
    assert case.public_id not in queue.html
    assert "1 more is not listed" in queue.text
    assert browser.get(f"/cases/{case.public_id}", status=404).status == 404
    assert browser.post(f"/cases/{case.public_id}/open", status=404).status_code == 404


def test_strangers_and_reviewers_find_no_cases(world: World) -> None:
    case = the_case(world)
    reviewer = browser_of(world, "r2")
    assert reviewer.get("/projects/p/cases", status=403).status == 403
    assert reviewer.get(f"/cases/{case.public_id}", status=404).status == 404


def test_reviewers_see_the_resolution_only_after_they_asked(world: World) -> None:
    case = the_case(world)
    decided(world, "judy", case, a_decision({"accuracy": "adequate"}, rationale=NOTE))
    own = assignment_of(world, "r1", case)
    assert own is not None
    browser, url = browser_of(world, "r1"), f"/assignments/{own.public_id}/resolution"
    before = browser.get(url)
    assert NOTE not in before.html
    assert browser.post(url).status_code == 303
    after = browser.get(url)
    assert NOTE in after.text
    assert "differs from yours" in after.text
    assert "Judy" not in after.text
    sent = {"criterion": "accuracy", "level": "adequate", "reason": "I see it now."}
    assert browser.post(f"/assignments/{own.public_id}/correction", sent).status_code == 303
    assert "I see it now." in browser.get(url).text
    judge = browser_of(world, "judy")
    page = judge.get(f"/cases/{case.public_id}")
    assert "I see it now." in page.text
    key = re.search(r'name="correction" value="([^"]*)"', page.html)
    assert key is not None
    answered = judge.post(f"/cases/{case.public_id}/corrections", {"correction": key[1], "accept": "y"})
    assert answered.status_code == 303
    assert "accepted" in judge.get(f"/cases/{case.public_id}").text


def test_whoever_left_the_project_learns_nothing_more_of_others(world: World) -> None:
    decided(world, "judy", the_case(world), a_decision({"accuracy": "excellent"}))
    own = assignment_of(world, "r1", the_case(world))
    assert own is not None
    browser = browser_of(world, "r1")
    browser.get(f"/assignments/{own.public_id}/resolution")
    browser.post(f"/assignments/{own.public_id}/resolution", status=303)
    project_id, ids = world.project.id, {login: person.id for login, person in world.people.items()}

    def remove(session: Session) -> None:
        by = session.get_one(Account, ids["judy"])
        remove_member(session, project_id, ids["r1"], reason="left", by=by, now=MOMENT)

    write(remove, on=world.database)
    browser.get(f"/assignments/{own.public_id}/resolution", status=403)
    browser.post(f"/assignments/{own.public_id}/resolution", status=403)
    sent = {"criterion": "accuracy", "level": "adequate", "reason": "I misread it."}
    browser.post(f"/assignments/{own.public_id}/correction", sent, status=403)


def test_programs_list_and_decide_cases(world: World) -> None:
    client = app_for(world.database).test_client()
    header = a_token(world.database, world.people["judy"])
    listed = client.get("/api/v1/projects/p/cases", headers=header).get_json()
    [case] = listed["cases"]
    assert [one["criterion"] for one in case["disputed"]] == ["accuracy"]
    assert case["disputed"][0]["levels"][0] == {"level": "unacceptable", "n": 1}
    body = a_decision({"accuracy": "adequate"}).model_dump(mode="json")
    url = f"/api/v1/cases/{case['id']}/decision"
    first = client.put(url, json=body, headers=header)
    assert (first.status_code, first.get_json()["revision"]) == (201, 1)
    again = client.put(url, json=body, headers=header)
    assert (again.status_code, again.headers["Idempotent-Replay"]) == (200, "true")
    assert client.put(url, json={**body, "scores": {}, "revision": 1}, headers=header).status_code == 422
    grader = a_token(world.database, world.people["r1"])
    assert client.put(url, json=body, headers=grader).status_code == 404
    assert client.get("/api/v1/projects/p/cases?state=nonsense", headers=header).status_code == 422


def test_a_review_is_sent_back_and_its_reviewer_reads_why_and_nothing_else(world: World) -> None:
    browser, case = browser_of(world, "judy"), the_case(world)
    browser.get("/projects/p/cases")
    url = f"/cases/{case.public_id}/return"
    browser.post(url, {"letter": "A", "reason": "x"}, status=403)
    browser.post(f"/cases/{case.public_id}/open")
    browser.get(f"/cases/{case.public_id}")
    browser.post(url, {"letter": "Z", "reason": "x"}, status=404)
    assert "Say why." in browser.post(url, {"letter": "A", "reason": ""}, status=422).get_data(as_text=True)
    for letter in "AB":
        browser.post(url, {"letter": letter, "reason": NOTE})
    assert browser.get(f"/cases/{case.public_id}").text.count("has the review again") == 2
    again = browser.post(url, {"letter": "A", "reason": "And again."}, status=409).get_data(as_text=True)
    assert "sent back already" in again
    own = assignment_of(world, "r1", case)
    assert own is not None
    page = browser_of(world, "r1").get(f"/assignments/{own.public_id}")
    assert "Returned to you" in page.text
    assert NOTE in page.text
    assert "Judy" not in page.html
    assert "Reviewer" not in page.text
    assert "Submit again" in page.text


def test_a_manager_who_may_see_a_case_may_send_a_review_back_too(world: World) -> None:
    with_roles(world, "max", ProjectRole.MANAGER)
    browser, case = browser_of(world, "max"), the_case(world)
    page = browser.get(f"/cases/{case.public_id}")
    assert "Send back to Reviewer A" in page.text
    assert "Decide" not in page.html
    browser.post(f"/cases/{case.public_id}/return", {"letter": "A", "reason": NOTE})


def test_two_adjudicators_at_once_lose_no_words(world: World) -> None:
    with_roles(world, "jack", ProjectRole.ADJUDICATOR)
    case, pages = the_case(world), {}
    browsers = {login: browser_of(world, login) for login in ("judy", "jack")}
    for login, browser in browsers.items():
        browser.get("/projects/p/cases")
        browser.post(f"/cases/{case.public_id}/open")
        pages[login] = browser.get(f"/cases/{case.public_id}")
    url = f"/cases/{case.public_id}/decision"
    sent = {"level-accuracy": "adequate", "cause": "rubric_unclear"}
    browsers["judy"].post(url, fields_of(pages["judy"], **sent, rationale="Judy's words."))
    answer = browsers["jack"].post(url, fields_of(pages["jack"], **sent, rationale="Jack's words."), status=409)
    html = answer.get_data(as_text=True)
    assert "Somebody has decided this case in the meantime" in html
    assert "Judy&#39;s words." in html
    assert "Jack&#39;s words." in html
    again = {name: re.search(rf'name="{name}"[^>]* value="([^"]*)"', html)[1] for name in HIDDEN}  # type: ignore[index]
    assert again["revision"] == "1"
    browsers["jack"].post(url, again | sent | {"rationale": "Jack's words."})
    history = browsers["judy"].get(f"/cases/{case.public_id}").text
    assert history.index("Jack's words.") < history.index("Judy's words.")


def test_the_queue_is_narrowed_and_forgets_what_it_does_not_know(world: World) -> None:
    browser, case = browser_of(world, "judy"), the_case(world)
    queue = "/projects/p/cases"
    for narrowed in ("criterion=accuracy", "flag=span", "taken=nobody", "q=Answer", f"q={case.public_id[:6].upper()}"):
        assert "Take" in browser.get(f"{queue}?{narrowed}").text, narrowed
    for narrowed in ("waits=correction", "taken=mine", "taken=others", "q=100%25", "flag=influence"):
        assert "No such case" in browser.get(f"{queue}?{narrowed}").text, narrowed
    assert "Take" in browser.get(f"{queue}?criterion=nonsense&state=x&batch=x&waits=x&after=broken").text
    browser.post(f"/cases/{case.public_id}/open")
    assert "Open" in browser.get(f"{queue}?taken=mine").text


def test_a_declined_correction_says_why_and_keeps_what_was_typed(world: World) -> None:
    case = the_case(world)
    show(world, "r1", case)
    own = assignment_of(world, "r1", case)
    assert own is not None
    reviewer = browser_of(world, "r1")
    url = f"/assignments/{own.public_id}"
    reviewer.get(f"{url}/resolution")
    reviewer.post(f"{url}/correction", {"criterion": "accuracy", "level": "adequate", "reason": "I misread it."})
    judge = browser_of(world, "judy")
    judge.get("/projects/p/cases")
    judge.post(f"/cases/{case.public_id}/open")
    page = judge.get(f"/cases/{case.public_id}")
    key = re.search(r'name="correction" value="([^"]*)"', page.html)
    assert key is not None
    answer = f"/cases/{case.public_id}/corrections"
    assert "say why" in judge.post(answer, {"correction": key[1]}, status=422).get_data(as_text=True)
    judge.post(answer, {"correction": key[1], "reason": "The table is right."})
    assert "The table is right." in judge.get(f"/cases/{case.public_id}").text
    assert "The table is right." in reviewer.get(f"{url}/resolution").text


def test_a_decision_is_answered_once_and_left_standing(world: World) -> None:
    case = the_case(world)
    decided(world, "judy", case, a_decision({"accuracy": "adequate"}))
    show(world, "r1", case)
    own = assignment_of(world, "r1", case)
    assert own is not None
    reviewer, url = browser_of(world, "r1"), f"/assignments/{own.public_id}"
    assert "Answer this decision" in reviewer.get(f"{url}/resolution").text
    reviewer.post(f"{url}/answer", {"text": ""}, status=422)
    reviewer.post(f"{url}/answer", {"text": "Look at line 4."})
    again = reviewer.post(f"{url}/answer", {"text": "And line 5."}, status=409).get_data(as_text=True)
    assert "answered this decision already" in again
    assert "Answer this decision" not in reviewer.get(f"{url}/resolution").text
    judge = browser_of(world, "judy")
    assert "Take" in judge.get("/projects/p/cases?state=decided&waits=answer").text
    page = judge.get(f"/cases/{case.public_id}")
    assert "Look at line 4." in page.text
    judge.post(f"/cases/{case.public_id}/answers")
    judge.post(f"/cases/{case.public_id}/answers", status=409)
    assert "No such case" in judge.get("/projects/p/cases?state=decided&waits=answer").text
    assert "read: the decision stands" in reviewer.get(f"{url}/resolution").text


def test_a_correction_can_be_sent_before_anything_of_others_is_shown(world: World) -> None:
    """The case is decided, so the review cannot be reopened; what was decided need not be looked at first."""
    case = the_case(world)
    decided(world, "judy", case, a_decision({"accuracy": "adequate"}, rationale=NOTE))
    own = assignment_of(world, "r1", case)
    assert own is not None
    browser, url = browser_of(world, "r1"), f"/assignments/{own.public_id}"
    page = browser.get(f"{url}/resolution")
    assert NOTE not in page.text
    assert "I was wrong about Accuracy" in page.text
    browser.post(f"{url}/correction", {"criterion": "accuracy", "level": "adequate", "reason": "I misread it."})
    page = browser.get(f"{url}/resolution")
    assert "I misread it." in page.text
    assert NOTE not in page.text


def test_a_returned_review_whose_item_was_settled_meanwhile_says_so(world: World) -> None:
    case, browser = the_case(world), browser_of(world, "judy")
    browser.get("/projects/p/cases")
    browser.post(f"/cases/{case.public_id}/open")
    browser.get(f"/cases/{case.public_id}")
    for letter in "AB":
        browser.post(f"/cases/{case.public_id}/return", {"letter": letter, "reason": NOTE})
    decided(world, "judy", case, a_decision({"accuracy": "adequate"}))
    own = assignment_of(world, "r1", case)
    assert own is not None
    page = browser_of(world, "r1").get(f"/assignments/{own.public_id}")
    assert "was settled while your review was open again" in page.text
    assert "Returned to you" not in page.text
