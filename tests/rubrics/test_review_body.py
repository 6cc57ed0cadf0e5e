"""A review is read strictly and checked against its rubric, with every fault at once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from evalhub.errors import BadInput
from evalhub.rubrics.schema import CheckedReview, Rubric, check_review, parse_review_body, parse_rubric

KEY = "0b5a9a0e-6d2a-4d3c-9a55-0d7b6f0f2b11"


@pytest.fixture
def rubric() -> Rubric:
    return parse_rubric(
        b"""\
name: r
version: 1
levels: [unacceptable, adequate, excellent]
confidence: true
criteria:
  - id: accuracy
    title: Accuracy
    note: {required_at_or_below: unacceptable}
    failure_tags: [wrong-fact, broken-code]
  - id: depth
    title: Depth
    range: {min: 0, max: 1, step: 0.1}
    not_applicable: true
  - id: style
    title: Style
    applies_to: [prose]
""",
        "r.yaml",
    )


def body(**changes: Any) -> dict[str, Any]:
    plain = {
        "scores": {"accuracy": "adequate", "depth": 0.3},
        "rubric_version": 1,
        "lease": "token",
        "idempotency_key": KEY,
    }
    return plain | changes


def check(rubric: Rubric, item_tags: list[str] | None = None, /, **changes: Any) -> CheckedReview:
    return check_review(
        rubric, item_tags or [], parse_review_body(body(**changes)), texts={"response": "One two three"}
    )


def faults_of(rubric: Rubric, item_tags: list[str] | None = None, /, **changes: Any) -> list[tuple[str, str]]:
    with pytest.raises(BadInput) as caught:
        check(rubric, item_tags, **changes)
    return [(fault.code, fault.path) for fault in caught.value.faults]


def test_a_complete_review_becomes_one_rating_a_criterion(rubric: Rubric) -> None:
    review = check(
        rubric,
        notes={"accuracy": " Why.\r\n"},
        tags={"accuracy": ["broken-code", "wrong-fact", "broken-code"]},
        evidence={"accuracy": [{"side": "response", "start": 4, "end": 7, "exact": "two"}]},
        note="All in all.",
        confidence=3,
    )
    first, second = review.ratings
    assert (first.criterion_key, first.level_rank, first.value, first.note) == ("accuracy", 1, None, "Why.")
    assert first.tags == ("wrong-fact", "broken-code")
    assert (first.evidence[0].exact, first.evidence[0].prefix, first.evidence[0].suffix) == ("two", "One ", " three")
    assert (second.criterion_key, second.level_rank, second.value) == ("depth", None, 0.3)
    assert (review.note, review.confidence) == ("All in all.", 3)


def test_null_is_not_applicable_where_the_rubric_allows_it(rubric: Rubric) -> None:
    assert check(rubric, scores={"accuracy": "adequate", "depth": None}).ratings[1].not_applicable
    assert faults_of(rubric, scores={"accuracy": None, "depth": 1}) == [("schema", "scores.accuracy")]


def test_a_criterion_is_asked_only_of_items_with_its_tags(rubric: Rubric) -> None:
    scores = {"accuracy": "adequate", "depth": 0, "style": "excellent"}
    assert len(check(rubric, ["prose"], scores=scores).ratings) == 3
    assert faults_of(rubric, scores=scores) == [("schema", "scores.style")]
    assert faults_of(rubric, ["prose"]) == [("schema", "scores.style")]


def test_a_task_may_ask_for_some_criteria_only(rubric: Rubric) -> None:
    parsed = parse_review_body(body(scores={"depth": 1}))
    assert [rating.criterion_key for rating in check_review(rubric, [], parsed, criteria={"depth"}).ratings] == [
        "depth"
    ]


@pytest.mark.parametrize(
    ("changes", "faults"),
    [
        ({"scores": {"accuracy": "superb", "depth": 1}}, ["scores.accuracy"]),
        ({"scores": {"accuracy": 1, "depth": 1}}, ["scores.accuracy"]),
        ({"scores": {"accuracy": "adequate", "depth": True}}, ["scores.depth"]),
        ({"scores": {"accuracy": "adequate", "depth": "1"}}, ["scores.depth"]),
        ({"scores": {"accuracy": "adequate", "depth": 0.35}}, ["scores.depth"]),
        ({"scores": {"accuracy": "adequate", "depth": 2}}, ["scores.depth"]),
        ({"scores": {"accuracy": "adequate", "depth": float("nan")}}, ["scores.depth"]),
        ({"scores": {"accuracy": "adequate", "depth": [1]}}, ["scores.depth"]),
        ({"scores": {"accuracy": "adequate", "depth": 1, "tone": "x"}}, ["scores.tone"]),
        ({"scores": {}}, ["scores.accuracy", "scores.depth"]),
        ({"scores": {"accuracy": "unacceptable", "depth": 1}}, ["notes.accuracy"]),
        ({"scores": {"accuracy": "unacceptable", "depth": 1}, "notes": {"accuracy": " \n"}}, ["notes.accuracy"]),
        ({"notes": {"tone": "x"}}, ["notes.tone"]),
        ({"notes": {"accuracy": "x\0"}}, ["notes.accuracy"]),
        ({"note": "\x1b[2J"}, ["note"]),
        ({"tags": {"accuracy": ["typo"]}}, ["tags.accuracy"]),
        ({"tags": {"depth": ["wrong-fact"]}}, ["tags.depth"]),
        ({"confidence": 4}, ["confidence"]),
        ({"confidence": True}, ["confidence"]),
        ({"rubric_version": "1"}, ["rubric_version"]),
        ({"reviewer_id": 1}, ["reviewer_id"]),
        ({"idempotency_key": "x"}, ["idempotency_key"]),
        (
            {"evidence": {"accuracy": [{"side": "model", "start": 0, "end": 3, "exact": "One"}]}},
            ["evidence.accuracy[0].side"],
        ),
        (
            {"evidence": {"accuracy": [{"side": "response", "start": 0, "end": 4, "exact": "One"}]}},
            ["evidence.accuracy[0]"],
        ),
        (
            {"evidence": {"accuracy": [{"side": "response", "start": 1, "end": 4, "exact": "One"}]}},
            ["evidence.accuracy[0].exact"],
        ),
        (
            {"evidence": {"accuracy": [{"side": "response", "start": -1, "end": 2, "exact": "One"}]}},
            ["evidence.accuracy[0].start"],
        ),
    ],
)
def test_a_fault_is_named_by_its_path(rubric: Rubric, changes: dict[str, Any], faults: list[str]) -> None:
    assert faults_of(rubric, **changes) == [("schema", path) for path in faults]


def test_a_note_over_the_limit_is_too_long(rubric: Rubric) -> None:
    assert faults_of(rubric, note="n" * 20_001) == [("too_long", "note")]
    assert faults_of(rubric, notes={"accuracy": "n" * 20_001}) == [("too_long", "notes.accuracy")]
    assert check(rubric, note="n" * 20_000)


@pytest.mark.parametrize("document", [None, [], "x", {}, {"scores": []}])
def test_what_is_no_review_at_all_is_refused(document: object) -> None:
    with pytest.raises(BadInput):
        parse_review_body(document)


def test_the_hash_of_a_request_tells_other_bodies_apart_and_ignores_the_order_of_keys() -> None:
    one = parse_review_body(body(scores={"accuracy": "adequate", "depth": 1}))
    same = parse_review_body(body(scores={"depth": 1, "accuracy": "adequate"}))
    other = parse_review_body(body(scores={"depth": 1, "accuracy": "adequate"}, note="changed"))
    assert one.request_sha256 == same.request_sha256 != other.request_sha256


@pytest.mark.parametrize(
    "name", ["unknown_level", "missing_criterion", "reviewer_id_in_body", "note_200k", "level_by_index"]
)
def test_the_corpus_of_reviews_is_refused_as_its_manifest_says(shared: Path, name: str) -> None:
    rubric = parse_rubric((shared / "corpus/rubric_yaml/ok_baseline.yaml").read_bytes(), "r.yaml")
    manifest = json.loads((shared / "corpus" / "manifest.json").read_text())["files"]
    expect = next(case["expect"] for case in manifest if case["path"] == f"score_request/{name}.json")
    document = json.loads((shared / f"corpus/score_request/{name}.json").read_text()) | {"idempotency_key": KEY}
    with pytest.raises(BadInput) as caught:
        check_review(rubric, [], parse_review_body(document))
    assert caught.value.code == expect["error_code"]
