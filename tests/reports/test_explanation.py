"""Why an item scored what it did says the same as the export, to whoever may read it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given as drawn
from hypothesis import strategies as st

from evalhub.adjudication.models import CorrectionState
from evalhub.adjudication.schema import Cause
from evalhub.calibration.schema.consensus import Answer
from evalhub.datasets.models import Item
from evalhub.db import Database
from evalhub.export.schema.options import Options
from evalhub.export.schema.records import Settled
from evalhub.export.service.jsonl import item_lines
from evalhub.projects.models import Project
from evalhub.projects.schema import ProjectRole
from evalhub.reports.queries.explanation import OPERATOR, Reader, explanation_of
from evalhub.reports.schema.explanation import Explanation, RecordExplained
from evalhub.reports.schema.rules import rule_words
from evalhub.reports.schema.steps import combined, explained_score
from evalhub.review.models import SkipReason
from evalhub.review.service.skip import skip_item
from evalhub.rubrics.schema import Rubric, Scoring, parse_rubric
from tests.adjudication.test_corrections import answer, correct
from tests.adjudication.worlds import a_decision, decided, differing, show, take, the_case
from tests.calibration.test_real_data import loaded
from tests.export.test_bundle import rated
from tests.web.client import Browser, a_token, app_for
from tests.world import World, a_project, with_roles

VIEWER = Reader(names=False, training=False, decides_cases=False)


def explained(database: Database, project_id: int, item: str, reader: Reader = OPERATOR) -> Explanation:
    with database.reading() as session:
        item_id = session.scalars(
            sa.select(Item.id)
            .join(Project, Project.dataset_id == Item.dataset_id)
            .where(Project.id == project_id, Item.external_id == item)
        ).one()
    with database.reading() as session:
        return explanation_of(session, project_id, item_id, reader)


def says_what_the_export_says(database: Database, project_id: int, *, at_most: int = 10_000) -> int:
    """Compare every scored item; how many there were."""
    lines = [json.loads(line) for line in item_lines(database, project_id, Options())][:at_most]
    for line in lines:
        [record] = explained(database, project_id, line["item_id"].removeprefix("i:"), VIEWER).records
        check_record(record, line)
    return len(lines)


def check_record(record: RecordExplained, line: dict[str, Any]) -> None:
    assert (record.rubric, record.rubric_version, record.state) == (
        line["rubric"],
        line["rubric_version"],
        line["state"],
    )
    score = record.score
    assert (score.defined, score.score or 0.0, score.level) == (
        line["overall_defined"],
        line["overall_score"],
        line["overall_level"],
    )
    assert (bool(score.passed), score.failed) == (line["passed"], line["failed"])
    assert [one.criterion for one in record.criteria] == [one["criterion"] for one in line["criteria"]]
    for one, exported in zip(record.criteria, line["criteria"], strict=True):
        for name in ("state", "level", "method", "n_ratings", "rationale"):
            assert getattr(one, name) == exported[name]
        assert (one.rank or 0, one.value or 0.0) == (exported["rank"], exported["value"])
        assert (one.agreement or 0.0) == exported["agreement"]
        assert list(one.counts) == exported["counts"] or one.state == "undefined"
        ratings = [rating for rating in line["ratings"] if rating["criterion"] == one.criterion]
        assert [(said.who, said.rank or 0, said.note) for said in one.said] == [
            (rating["reviewer"][:10], rating["rank"], rating["note"]) for rating in ratings
        ]


def test_it_says_what_the_export_says_of_every_item(database: Database) -> None:
    world = rated(database)
    assert says_what_the_export_says(database, world.project.id) == 10


def test_it_says_what_the_export_says_of_real_data(sqlite_database: Database, shared: Path) -> None:
    loaded(sqlite_database, shared / "data/ttcw")
    with sqlite_database.reading() as session:
        project_id = session.scalars(sa.select(Project.id)).one()
    assert says_what_the_export_says(sqlite_database, project_id) > 0


def test_it_says_what_the_export_says_of_a_decided_item(sqlite_database: Database) -> None:
    world = a_decided_case(sqlite_database)
    assert says_what_the_export_says(sqlite_database, world.project.id) == 1
    [record] = explained(sqlite_database, world.project.id, "source-id-0").records
    accuracy = record.criteria[0]
    assert accuracy.method == "adjudicated"
    assert accuracy.rationale == "The second paragraph is wrong."
    assert accuracy.rule.startswith("2 answers, from the worst: Unacceptable, Excellent. An adjudicator decided it")


def a_decided_case(database: Database) -> World:
    world = differing(database, {"accuracy": "excellent"}, {"accuracy": "unacceptable"})
    case = the_case(world)
    take(world, "judy", case)
    decided(world, "judy", case, a_decision({"accuracy": "adequate"}, cause=Cause.RUBRIC_UNCLEAR))
    return world


SCORED = """
name: steps
version: 1
scoring: {scoring}
levels: [bad, fair, good]
criteria:
  - {{id: a, title: A, weight: 3{points_a}}}
  - {{id: b, title: B, weight: 1, critical: true{points_b}}}
  - {{id: c, title: C, not_applicable: true{points_c}}}
"""


def a_rubric(scoring: Scoring) -> Rubric:
    points = {Scoring.POINTS: (5, 2, -1), Scoring.PENALTY: (-5, -2, -1)}.get(scoring)
    given = {f"points_{key}": f", points: {points[at]}" if points else "" for at, key in enumerate("abc")}
    return parse_rubric(SCORED.format(scoring=scoring.value, **given).encode(), source="steps.yaml")


@drawn(
    scoring=st.sampled_from(Scoring),
    ranks=st.lists(st.one_of(st.none(), st.integers(0, 2)), min_size=3, max_size=3),
)
def test_the_steps_come_to_the_score(scoring: Scoring, ranks: list[int | None]) -> None:
    rubric = a_rubric(scoring)
    outcomes = {
        criterion.key: Settled("not_applicable" if rank is None else "rated", rank, None, "", 1, (), None, "", "", 0)
        for criterion, rank in zip(rubric.criteria, ranks, strict=True)
    }
    found = explained_score(rubric, outcomes, (), dict.fromkeys("abc", "an answer"))
    assert found.defined == (found.score is not None)
    if found.score is None:
        assert found.because in found.sentences[0]
    elif found.failed:
        assert "B is critical" in found.sentences[1]
    else:
        assert combined(scoring, found.steps) == pytest.approx(found.score, abs=1e-12)


def test_a_rule_is_said_with_the_answers_that_it_was_applied_to() -> None:
    criterion = a_rubric(Scoring.WEIGHTED_MEAN).criteria[0]

    def words(method: str, *ranks: int | None, state: str = "rated", in_case: bool = False) -> str:
        outcome = Settled(state, 1, None, method, len(ranks), (), None, "", "", 2)
        return rule_words(criterion, outcome, [Answer(rank) for rank in ranks], has_open_case=in_case)

    assert words("single", 1) == "One reviewer answered, and the answer stands."
    assert words("unanimous", 1, 1) == "Both reviewers gave this answer."
    assert words("unanimous", 1, 1, 1) == "All 3 reviewers gave this answer."
    assert words("median", 2, 0, 1) == "3 answers, from the worst: Bad, Fair, Good: the middle answer stands."
    assert words("majority", 1, 1, 0, None) == "More than half gave it: 2 of 3."
    assert words("not_applicable", None, None, 1) == "More than half said that it does not apply: 2 of 3."
    assert "decision 2; the earlier ones are kept" in words("adjudicated", 0, 2)
    assert "until it is decided" in words("", 0, 2, state="pending", in_case=True)
    assert "the rule gives no level" in words("", 0, 1, state="pending")
    assert rule_words(criterion, None, [], has_open_case=False) == "Nobody has answered it yet."


def test_the_history_keeps_skips_decisions_and_every_step_in_order(sqlite_database: Database) -> None:
    world = a_project(sqlite_database, items=1, reviewers=["ann", "ben", "cas"])
    lease = world.claim("cas")
    assert lease is not None
    skip_item(
        sqlite_database,
        assignment=lease.assignment,
        reviewer_id=world.people["cas"].id,
        reviewer=world.people["cas"].public_id,
        lease=lease.token,
        reason=SkipReason.OUTSIDE_MY_FIELD,
        note="Not my language.",
    )
    world.review_all("ann", {"accuracy": "excellent", "clarity": "excellent"})
    found = explained(sqlite_database, world.project.id, "source-id-0")
    [task] = found.tasks
    assert {(review.who, review.state) for review in task.reviews} == {("Ann", "submitted"), ("Cas", "skipped")}
    assert [(one.who, one.what, one.detail) for one in found.timeline] == [
        ("evalhub", "imported the item", ""),
        ("Cas", "took an item to review", ""),
        ("Cas", "passed an item on", "outside my field: Not my language."),
        ("Ann", "took an item to review", ""),
        ("Ann", "submitted a review", ""),
    ]
    assert [one.state for one in found.records] == ["incomplete"]


def as_(world: World, login: str) -> Browser:
    return Browser(app_for(world.database)).sign_in_as(world.people[login])


def test_the_page_and_the_interface_say_the_same(sqlite_database: Database) -> None:
    world = with_roles(a_decided_case(sqlite_database), "mia", ProjectRole.MANAGER)
    page = as_(world, "mia").get("/projects/p/items/source-id-0")
    assert page.headings == ["Item source-id-0"]
    for words in ("The second paragraph is wrong.", "R1", "hidden-model-0", "Answer number 0.", "decided a case"):
        assert words in page.text
    client = app_for(sqlite_database).test_client()
    answered = client.get("/api/v1/projects/p/items/source-id-0", headers=a_token(sqlite_database, world.people["mia"]))
    assert answered.get_json() == explained(sqlite_database, world.project.id, "source-id-0").model_dump(mode="json")
    task = answered.get_json()["tasks"][0]["task"]
    assert as_(world, "mia").get(f"/projects/p/items/{task}").headings == page.headings
    as_(world, "mia").get("/projects/p/items/nothing", status=404)


def test_the_page_leads_to_its_case_whoever_may_open_it(sqlite_database: Database) -> None:
    world = with_roles(a_decided_case(sqlite_database), "mia", ProjectRole.MANAGER)
    with_roles(world, "vera", ProjectRole.VIEWER)
    case = the_case(world).public_id
    with_roles(world, "r1", ProjectRole.MANAGER, ProjectRole.REVIEWER)
    for login, is_linked in (("mia", True), ("vera", False), ("r1", False)):
        page = as_(world, login).get("/projects/p/items/source-id-0")
        assert "Decision 1" in page.text
        assert (f'href="/cases/{case}"' in page.html) == is_linked, login
    as_(world, "mia").get(f"/cases/{case}")
    as_(world, "r1").get(f"/cases/{case}", status=404)


def test_viewers_know_people_by_pseudonyms_and_reviewers_see_nothing(sqlite_database: Database) -> None:
    world = with_roles(a_decided_case(sqlite_database), "vera", ProjectRole.VIEWER)
    page = as_(world, "vera").get("/projects/p/items/source-id-0")
    assert "r:" in page.text
    assert not {"R1", "R2", "Judy"} & set(page.text.replace(":", " ").split())
    as_(world, "r1").get("/projects/p/items/source-id-0", status=403)
    as_(world, "r1").get("/projects/p/items", status=403)


def test_whoever_may_still_grade_an_item_sees_no_work_on_it_whatever_their_role(sqlite_database: Database) -> None:
    world = a_project(sqlite_database, items=2, reviewers=["ann", "ben"])
    with_roles(world, "mia", ProjectRole.MANAGER, ProjectRole.REVIEWER)
    world.review_all("ann", {"accuracy": "unacceptable", "clarity": "excellent"})
    mia = as_(world, "mia")
    page = mia.get("/projects/p/items/source-id-0")
    assert "Hidden from you for now" in page.text
    assert not any(word in page.html for word in ("Ann", "hidden-model", "Answer number", "unacceptable", "sha256"))
    headers = a_token(sqlite_database, world.people["mia"])
    client = mia.app.test_client()
    assert client.get("/api/v1/projects/p/items/source-id-0", headers=headers).status_code == 403
    world.review_all("ben", {"accuracy": "unacceptable", "clarity": "excellent"})
    assert "Hidden from you for now" in mia.get("/projects/p/items/source-id-0").text
    mia.post("/projects/p/close")
    assert "Ann" in mia.get("/projects/p/items/source-id-0").text


def test_whoever_may_decide_an_open_case_learns_neither_names_nor_the_model(sqlite_database: Database) -> None:
    world = differing(sqlite_database, {"accuracy": "excellent"}, {"accuracy": "unacceptable"})
    with_roles(world, "judy", ProjectRole.MANAGER, ProjectRole.ADJUDICATOR)
    judy = as_(world, "judy")
    page = judy.get("/projects/p/items/source-id-0")
    assert "hidden until its case is decided" in page.text
    assert not any(word in page.html for word in ("hidden-model", "R1", "R2"))
    assert "hidden-model" not in judy.get("/projects/p/items").html
    assert "source-id-0" not in judy.get("/projects/p/items?model=hidden-model-0").text
    case = the_case(world)
    take(world, "judy", case)
    decided(world, "judy", case, a_decision({"accuracy": "adequate"}))
    assert "hidden-model-0" in judy.get("/projects/p/items/source-id-0").text


def test_an_accepted_correction_stands_beside_the_rating_and_in_the_rule(sqlite_database: Database) -> None:
    world = differing(sqlite_database, {"accuracy": "unacceptable"}, {})
    case = the_case(world)
    decided(world, "judy", case, a_decision({"accuracy": "excellent"}))
    show(world, "r1", case)
    answer(world, case, correct(world, "r1", case, "excellent"), CorrectionState.ACCEPTED)
    found = explained(sqlite_database, world.project.id, "source-id-0")
    accuracy = found.records[0].criteria[0]
    assert [(said.answer, said.corrected_to) for said in accuracy.said if said.who == "R1"] == [
        ("Unacceptable", "Excellent")
    ]
    assert accuracy.rule.startswith("2 answers, from the worst: Excellent, Excellent.")
    assert found.tasks[0].case is not None
    assert found.tasks[0].case.corrections[0].reason == "I misread the table."
