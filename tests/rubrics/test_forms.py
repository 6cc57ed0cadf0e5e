"""The review form of a rubric, sent as a browser sends it."""

from __future__ import annotations

from typing import Any

import pytest
from werkzeug.datastructures import MultiDict

from evalhub.rubrics.forms import NOT_APPLICABLE, ReviewForm, review_form
from evalhub.rubrics.schema import Rubric, parse_rubric

SENT = {
    "level-accuracy": "adequate",
    "level-depth": "0,3",
    "rubric_version": "1",
    "lease": "token",
    "idempotency_key": "0b5a9a0e-6d2a-4d3c-9a55-0d7b6f0f2b11",
}


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
    not_applicable: true
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


def sent(rubric: Rubric, **changes: Any) -> ReviewForm:
    fields = MultiDict({**SENT, **{name.replace("__", "-"): value for name, value in changes.items()}})
    return review_form(rubric)(fields)


def test_a_complete_form_is_a_review(rubric: Rubric) -> None:
    form = sent(
        rubric,
        note__accuracy="Why.",
        tags__accuracy=["wrong-fact", "broken-code"],
        evidence__accuracy='[{"side": "response", "start": 0, "end": 3, "exact": "One"}]',
        note="In all.",
        confidence="2",
    )
    assert form.validate(), form.errors
    body = form.review()
    assert body.scores == {"accuracy": "adequate", "depth": 0.3}
    assert body.notes == {"accuracy": "Why."}
    assert body.tags == {"accuracy": ["wrong-fact", "broken-code"]}
    assert body.evidence["accuracy"][0].exact == "One"
    assert (body.note, body.confidence, body.rubric_version, body.lease) == ("In all.", 2, 1, "token")


def test_not_applicable_is_a_choice_among_levels_and_a_box_beside_a_number(rubric: Rubric) -> None:
    form = sent(rubric, level__accuracy=NOT_APPLICABLE, na__depth="y", level__depth="")
    assert form.validate(), form.errors
    assert form.review().scores == {"accuracy": None, "depth": None}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"level__accuracy": ""}, "level-accuracy"),
        ({"level__accuracy": "superb"}, "level-accuracy"),
        ({"level__accuracy": "unacceptable"}, "note-accuracy"),
        ({"level__depth": "many"}, "level-depth"),
        ({"level__depth": "0.35"}, "level-depth"),
        ({"level__depth": "nan"}, "level-depth"),
        ({"tags__accuracy": ["typo"]}, "tags-accuracy"),
        ({"evidence__accuracy": "[{"}, "evidence-accuracy"),
        ({"evidence__accuracy": '[{"side": "response", "start": 0, "end": 9, "exact": "One"}]'}, "evidence-accuracy"),
        ({"note__accuracy": "n" * 20_001}, "note-accuracy"),
        ({"note__accuracy": "x\0"}, "note-accuracy"),
        ({"confidence": "9"}, "confidence"),
        ({"rubric_version": "one"}, "rubric_version"),
        ({"idempotency_key": ""}, "idempotency_key"),
        ({"level__accuracy": ["adequate", "excellent"]}, "level-accuracy"),
    ],
)
def test_a_fault_stands_at_its_field(rubric: Rubric, changes: dict[str, Any], field: str) -> None:
    form = sent(rubric, **changes)
    assert not form.validate()
    assert set(form.errors) == {field}


def test_only_what_applies_is_asked(rubric: Rubric) -> None:
    assert [row.criterion.key for row in review_form(rubric)().criteria()] == ["accuracy", "depth"]
    assert [row.criterion.key for row in review_form(rubric, ["prose"])().criteria()] == ["accuracy", "depth", "style"]
    assert [row.criterion.key for row in review_form(rubric, criteria={"depth"})().criteria()] == ["depth"]


def test_a_half_filled_form_is_a_draft(rubric: Rubric) -> None:
    form = sent(rubric, level__accuracy=NOT_APPLICABLE, level__depth="", note__depth="So so.", confidence="1")
    assert form.document() == {
        "scores": {"accuracy": None},
        "notes": {"depth": "So so."},
        "tags": {},
        "evidence": {},
        "note": "",
        "confidence": 1,
    }
