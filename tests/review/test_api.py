"""Claims and reviews by program: bodies, statuses, and that nothing about others or the source gets out."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from evalhub.db import Database
from evalhub.projects.schema import OverlapPlan
from evalhub.review.jobs import sweep
from evalhub.review.models import Draft, Rating, Review
from tests.review.test_queue import let_lapse
from tests.web.client import a_token, app_for
from tests.world import World, a_project, some_items

SCORE_RUBRIC = b"""
name: answers
version: 1
levels: [unacceptable, adequate, excellent]
criteria:
  - {id: accuracy, title: Accuracy}
  - {id: completeness, title: Completeness}
"""
GOOD = {"accuracy": "adequate", "completeness": "excellent"}


class Program:
    """A reviewer's script."""

    def __init__(self, world: World, login: str) -> None:
        self.client: FlaskClient = app_for(world.database).test_client()
        self.headers = a_token(world.database, world.people[login])

    def claim(self) -> Any:
        return self.client.post("/api/v1/projects/p/claims", headers=self.headers)

    def put(self, assignment: str, body: dict[str, Any]) -> Any:
        return self.client.put(f"/api/v1/assignments/{assignment}/review", json=body, headers=self.headers)


def a_body(claim: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {
        "scores": GOOD,
        "rubric_version": 1,
        "lease": claim["lease"],
        "idempotency_key": str(uuid.uuid4()),
        **changes,
    }


def n_rows(database: Database, table: type[Any]) -> int:
    with database.reading() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(table)) or 0


def test_a_claim_is_201_then_200_and_at_the_end_204(database: Database) -> None:
    world = a_project(database, items=1, overlap=OverlapPlan(base=1), rubric=SCORE_RUBRIC)
    ann, ben = Program(world, "ann"), Program(world, "ben")
    first = ann.claim()
    assert first.status_code == 201
    again = ann.claim()
    assert again.status_code == 200
    assert again.json["lease"] == first.json["lease"]
    assert ben.claim().status_code == 204
    assert set(first.json) == {"assignment", "lease", "leased_until", "item", "rubric", "rulings", "pair"}
    stored = ann.put(first.json["assignment"], a_body(first.json))
    assert stored.status_code == 201
    assert stored.json["next"] is None
    assert ann.claim().status_code == 204


def test_the_same_request_again_is_answered_200_with_a_replay_header(database: Database) -> None:
    world = a_project(database, rubric=SCORE_RUBRIC)
    ann = Program(world, "ann")
    claim = ann.claim().json
    body = a_body(claim)
    first, second = ann.put(claim["assignment"], body), ann.put(claim["assignment"], body)
    assert (first.status_code, second.status_code) == (201, 200)
    assert second.headers["Idempotent-Replay"] == "true"
    assert first.json["review"] == second.json["review"]
    assert n_rows(database, Review) == 1


def test_another_reviewers_assignment_does_not_exist(database: Database) -> None:
    world = a_project(database, rubric=SCORE_RUBRIC)
    claim = Program(world, "ann").claim().json
    ben = Program(world, "ben")
    foreign, missing = ben.put(claim["assignment"], a_body(claim)), ben.put("0" * 32, a_body(claim))
    assert (foreign.status_code, missing.status_code) == (404, 404)
    assert foreign.data == missing.data
    assert n_rows(database, Review) == 0


def test_no_byte_of_source_model_metadata_or_others_reaches_a_reviewer(database: Database) -> None:
    world = a_project(database, items=2, reviewers=["ann", "ben"], rubric=SCORE_RUBRIC)
    ben = Program(world, "ben")
    while (claimed := ben.claim()).status_code == 201:
        ben.put(
            claimed.json["assignment"],
            a_body(claimed.json, notes={"accuracy": "note-of-ben-canary"}, note="overall-of-ben-canary"),
        )
    ann = Program(world, "ann")
    answer = ann.claim()
    told = answer.get_data(as_text=True) + str(answer.headers)
    for canary in ("source-id", "hidden-model", "canary", world.people["ben"].public_id, "Ben"):
        assert canary not in told


def test_what_a_reviewer_gets_does_not_depend_on_whether_another_has_submitted(database: Database) -> None:
    world = a_project(database, items=1, rubric=SCORE_RUBRIC)
    ann, ben = Program(world, "ann"), Program(world, "ben")
    ann.claim()
    before = ann.claim().json
    claim = ben.claim().json
    ben.put(claim["assignment"], a_body(claim))
    after = ann.claim().json
    assert {**before, "leased_until": ""} == {**after, "leased_until": ""}


def test_score_requests_of_the_corpus_are_answered_as_its_manifest_says(database: Database, shared: Path) -> None:
    manifest = json.loads((shared / "corpus/manifest.json").read_text())
    cases = [case for case in manifest["files"] if case["kind"] == "score_request"]
    assert len(cases) == 8
    world = a_project(database, items=1, overlap=OverlapPlan(base=2), rubric=SCORE_RUBRIC)
    ann = Program(world, "ann")
    replaced = ann.claim().json["lease"]
    let_lapse(database)
    sweep(database)
    claim = ann.claim().json
    used = str(uuid.uuid4())
    values = {"<valid>": claim["lease"], "<replaced>": replaced, "<uuid>": str(uuid.uuid4())}
    for case in cases:
        if case["path"].endswith("same_key_other_body.json"):
            continue
        _check_refused(ann, claim["assignment"], shared / "corpus" / case["path"], case["expect"], values)
    assert (n_rows(database, Review), n_rows(database, Rating)) == (0, 0)
    assert n_rows(database, Draft) == 1  # of the two conflicts, whose text is kept

    assert ann.put(claim["assignment"], a_body(claim, idempotency_key=used)).status_code == 201
    case = next(case for case in cases if case["path"].endswith("same_key_other_body.json"))
    values["<used with another body>"] = used
    _check_refused(ann, claim["assignment"], shared / "corpus" / case["path"], case["expect"], values)
    assert n_rows(database, Review) == 1


def _check_refused(
    program: Program, assignment: str, file: Path, expect: dict[str, Any], values: dict[str, str]
) -> None:
    text = file.read_text()
    for placeholder, value in values.items():
        text = text.replace(placeholder, value)
    answer = program.put(assignment, json.loads(text))
    assert answer.status_code == expect["http"], (file.name, answer.json)
    assert answer.json["error"]["code"] == expect["error_code"], (file.name, answer.json)


@pytest.mark.parametrize(
    ("sent", "status"),
    [(b"[" * 100_000, 422), (b'{"scores": {}, "scores": {}}', 422), (b"\xff", 422), (b'{"a": NaN}', 422), (b"", 422)],
)
def test_a_body_that_is_no_strict_json_is_refused(sqlite_database: Database, sent: bytes, status: int) -> None:
    world = a_project(sqlite_database, rubric=SCORE_RUBRIC)
    ann = Program(world, "ann")
    claim = ann.claim().json
    answer = ann.client.put(
        f"/api/v1/assignments/{claim['assignment']}/review",
        data=sent,
        headers={**ann.headers, "Content-Type": "application/json"},
    )
    assert answer.status_code == status
    assert answer.json["error"]["code"]


def test_items_name_what_a_reviewer_may_see_and_nothing_else(sqlite_database: Database) -> None:
    rows = [{**some_items(1)[0], "context": "c", "reference": "r", "tags": ["t"]}]
    world = a_project(sqlite_database, items=rows, rubric=SCORE_RUBRIC)
    item = Program(world, "ann").claim().json["item"]
    assert set(item) == {"alias", "messages", "prompt", "context", "response", "tags", "reference"}
    assert (item["context"], item["reference"], item["tags"]) == ("c", "r", ["t"])
