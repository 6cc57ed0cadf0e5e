"""The inbox for programs."""

from __future__ import annotations

from typing import Any

import pytest
from werkzeug.test import TestResponse

from evalhub.db import Database
from evalhub.projects.service import remove_member
from evalhub.web.session import write
from tests.inbox.worlds import Office, asked, owned
from tests.web.client import a_token
from tests.world import MOMENT


@pytest.fixture
def world(database: Database) -> Office:
    return owned(database, items=2)


class Program:
    def __init__(self, world: Office, login: str) -> None:
        self.client = world.app.test_client()
        self.headers = a_token(world.database, world.people[login])

    def get(self, path: str) -> TestResponse:
        return self.client.get(f"/api/v1{path}", headers=self.headers, base_url="http://localhost")

    def post(self, path: str, body: Any = None) -> TestResponse:
        return self.client.post(f"/api/v1{path}", json=body, headers=self.headers, base_url="http://localhost")


def test_a_flag_is_answered_and_its_ruling_comes_with_the_next_claim(world: Office) -> None:
    ann, olga = Program(world, "ann"), Program(world, "olga")
    claim = ann.post("/projects/p/claims").json
    assert claim["rulings"] == []
    flag = {"kind": "question", "criterion": "accuracy", "text": "Does a missing source count?"}
    sent = ann.post(f"/assignments/{claim['assignment']}/flag", flag)
    assert sent.status_code == 201
    [waiting] = olga.get("/inbox?state=open").json["entries"]
    assert (waiting["entry"], waiting["text"], waiting["item_alias"]) == (
        sent.json["entry"], flag["text"], claim["assignment"][:6].upper(),
    )  # fmt: skip
    answer = {"answer": "Yes.", "pin_to": "accuracy", "ruling": "A missing source is an error."}
    assert olga.post(f"/inbox/{waiting['entry']}/answer", answer).json["state"] == "answered"
    assert olga.post(f"/inbox/{waiting['entry']}/answer", answer).status_code == 409
    assert ann.get("/inbox?sent=true").json["entries"][0]["answer"] == "Yes."
    [ruling] = ann.post("/projects/p/claims").json["rulings"]
    assert (ruling["criterion"], ruling["text"]) == ("accuracy", "A missing source is an error.")
    [listed] = ann.get("/rubrics/answers/rulings").json["rulings"]
    assert (listed["versions"], listed["withdrawn_at"]) == ([1], None)


def test_entries_of_others_do_not_exist(world: Office) -> None:
    entry, ben = asked(world, "ann"), Program(world, "ben")
    assert ben.get("/inbox").json == {"entries": [], "next": None}
    assert ben.get(f"/inbox/{entry.public_id}").status_code == 404
    assert ben.post(f"/inbox/{entry.public_id}/answer", {"answer": "Yes."}).status_code == 404
    assert Program(world, "ann").post(f"/inbox/{entry.public_id}/answer", {"answer": "Yes."}).status_code == 403


def test_whoever_has_left_the_project_asks_no_more(world: Office) -> None:
    ann = Program(world, "ann")
    assignment = ann.post("/projects/p/claims").json["assignment"]
    gone, by = world.people["ann"], world.people["judy"]
    write(lambda s: remove_member(s, world.project.id, gone.id, reason="left", by=by, now=MOMENT), on=world.database)
    body = {"kind": "question", "text": "Does it count?"}
    assert ann.post(f"/assignments/{assignment}/flag", body).status_code == 403


@pytest.mark.parametrize(
    "body", [{"kind": "case", "text": "x"}, {"kind": "flag", "text": ""}, {"kind": "flag", "text": "x" * 4_001}]
)
def test_a_flag_that_does_not_fit_is_422(world: Office, body: dict[str, str]) -> None:
    ann = Program(world, "ann")
    assignment = ann.post("/projects/p/claims").json["assignment"]
    assert ann.post(f"/assignments/{assignment}/flag", body).status_code == 422
    assert Program(world, "ben").post(f"/assignments/{assignment}/flag", body).status_code == 404
