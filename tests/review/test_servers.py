"""Two server processes, thirty-two reviewers at once, and a server that is killed in the middle."""

from __future__ import annotations

import http.client
import json
import random
import sqlite3
import threading
import time
import uuid
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa

from evalhub.db import Database
from evalhub.projects.schema import OverlapPlan
from evalhub.review.jobs import sweep
from evalhub.review.models import Assignment, AssignmentState, Review
from evalhub.review.queries.invariants import broken_invariants
from tests.review.test_pairs import paired_items
from tests.review.test_queue import let_lapse, reviews_by_task
from tests.servers import serving, start_server
from tests.web.client import a_token
from tests.world import World, a_project

pytestmark = pytest.mark.slow

SCORES = {"accuracy": "adequate", "clarity": "excellent"}


class ApiClient:
    """One reviewer's script with a connection of its own."""

    def __init__(self, url: str, token: dict[str, str]) -> None:
        self.netloc = urlsplit(url).netloc
        self.headers = {**token, "Content-Type": "application/json"}
        self.connection = http.client.HTTPConnection(self.netloc, timeout=60)

    def send(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        sent = None if body is None else json.dumps(body)
        try:
            self.connection.request(method, path, sent, self.headers)
            response = self.connection.getresponse()
            text = response.read()
        except (http.client.HTTPException, OSError):
            self.connection.close()
            raise
        return response.status, json.loads(text) if text else None

    def submit(self, claim: dict[str, Any], key: str) -> tuple[int, Any]:
        body: dict[str, Any] = {"scores": SCORES, "rubric_version": 1, "lease": claim["lease"], "idempotency_key": key}
        if claim["pair"] and claim["pair"]["preference"]:
            body["preference"] = {"choice": "left_better"}
        return self.send("PUT", f"/api/v1/assignments/{claim['assignment']}/review", body)


def grade_until_nothing_is_left(client: ApiClient, seen: list[int], chance: random.Random) -> None:
    claim: Any = None
    while True:
        if claim is None:
            status, claim = client.send("POST", "/api/v1/projects/p/claims")
            seen.append(status)
            if status == 204:
                return
        if chance.random() < 0.03:  # somebody goes for lunch; claims again later
            claim = None
            continue
        status, answer = client.submit(claim, str(uuid.uuid4()))
        seen.append(status)
        claim = answer.get("next") if status in (200, 201) else None


@pytest.mark.parametrize(("overlap", "pairs"), [(2, False), (3, True)])
def test_thirty_two_reviewers_on_two_servers_reach_the_exact_overlap(
    database: Database, tmp_path: Path, overlap: int, pairs: bool
) -> None:
    logins = [f"r{i:02}" for i in range(32)]
    items = paired_items(24, alone=12)
    world = a_project(database, items=items, reviewers=logins, overlap=OverlapPlan(base=overlap), pairs=pairs)
    statuses: list[list[int]] = []
    with serving(database, tmp_path / "a", workers=1) as one, serving(database, tmp_path / "b", workers=1) as two:
        threads = []
        for place, login in enumerate(logins):
            client = ApiClient((one, two)[place % 2].url, a_token(database, world.people[login]))
            seen: list[int] = []
            statuses.append(seen)
            chance = random.Random(place)
            threads.append(threading.Thread(target=grade_until_nothing_is_left, args=(client, seen, chance)))
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(120)
    counted = Counter(status for seen in statuses for status in seen)
    assert all(len(seen) > 0 and seen[-1] == 204 for seen in statuses), counted
    assert not [status for status in counted if status >= 500], counted
    assert reviews_by_task(database) == Counter(dict.fromkeys(range(1, 61), overlap))
    assert_sound(world)


def test_expired_leases_come_back_through_the_servers_own_sweep(database: Database, tmp_path: Path) -> None:
    world = a_project(database, items=1, overlap=OverlapPlan(base=1))
    with serving(database, tmp_path, workers=1) as server:
        ann = ApiClient(server.url, a_token(database, world.people["ann"]))
        ben = ApiClient(server.url, a_token(database, world.people["ben"]))
        assert ann.send("POST", "/api/v1/projects/p/claims")[0] == 201
        assert ben.send("POST", "/api/v1/projects/p/claims")[0] == 204
        let_lapse(database)
        wait_until_expired(database)
        status, again = ann.send("POST", "/api/v1/projects/p/claims")
        assert status == 201
        let_lapse(database)
        wait_until_expired(database)
        status, claim = ben.send("POST", "/api/v1/projects/p/claims")
        assert status == 201
        assert claim["assignment"] != again["assignment"]


def test_nothing_acknowledged_is_lost_or_doubled_when_the_server_is_killed(database: Database, tmp_path: Path) -> None:
    """Submissions are sent again with the same key after each kill, as the page does."""
    logins = [f"r{i}" for i in range(8)]
    world = a_project(database, items=50, reviewers=logins, overlap=OverlapPlan(base=2))
    tokens = {login: a_token(database, world.people[login]) for login in logins}
    acknowledged: dict[str, str] = {}
    running = {"url": "", "is_over": False}
    server = start_server(database, tmp_path, workers=2)
    port = urlsplit(server.url).port
    running["url"] = server.url

    def work(login: str) -> None:
        client, claim, key = ApiClient(server.url, tokens[login]), None, ""
        while not running["is_over"]:
            try:
                if claim is None:
                    status, claim = client.send("POST", "/api/v1/projects/p/claims")
                    if status == 204:
                        return
                    key = str(uuid.uuid4())
                status, answer = client.submit(claim, key)
                if status in (200, 201):
                    acknowledged[key] = answer["review"]
                claim = None
            except (http.client.HTTPException, OSError):
                time.sleep(0.05)  # the same claim with the same key again

    threads = [threading.Thread(target=work, args=(login,)) for login in logins]
    for thread in threads:
        thread.start()
    chance = random.Random(7)
    for _ in range(2):
        time.sleep(chance.uniform(0.2, 0.6))
        server.kill()
        server = start_server(database, tmp_path, workers=2, port=port)
    for thread in threads:
        thread.join(90)
    running["is_over"] = True
    server.stop()
    with database.reading() as session:
        stored = dict(session.execute(sa.select(Review.idempotency_key, Review.public_id)).all())
        doubled = session.execute(
            sa.select(Review.task_id, Review.reviewer_id)
            .group_by(Review.task_id, Review.reviewer_id)
            .having(sa.func.count() > 1)
        ).all()
    assert {key: stored.get(key) for key in acknowledged} == acknowledged
    assert doubled == []
    if database.is_sqlite:
        with sqlite3.connect(str(database.url.database)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    let_lapse(database)
    sweep(database)
    for login in logins:
        world.review_all(login, SCORES)
    assert reviews_by_task(database) == Counter(dict.fromkeys(range(1, 51), 2))
    assert_sound(world)


def assert_sound(world: World) -> None:
    with world.database.reading() as session:
        assert broken_invariants(session, world.project.id) == []


def wait_until_expired(database: Database) -> None:
    end = time.monotonic() + 20
    while time.monotonic() < end:
        with database.reading() as session:
            if session.scalar(sa.select(sa.func.count()).where(Assignment.state == AssignmentState.LEASED)) == 0:
                return
        time.sleep(0.1)
    raise AssertionError("the sweep did not take the lease back")
