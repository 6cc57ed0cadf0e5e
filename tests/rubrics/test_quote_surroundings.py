"""A quote says what stands beside it, so that it is found again should offsets ever shift."""

from __future__ import annotations

from typing import Any

import pytest

from evalhub.errors import BadInput
from evalhub.rubrics.schema import check_review, parse_review_body, parse_rubric
from evalhub.rubrics.schema.review import CheckedEvidence
from tests.world import RUBRIC

TEXT = "Wörter davor, genau dies 😀 hier, und Wörter danach."


def quoted(**more: str) -> CheckedEvidence:
    start = TEXT.index("genau")
    quote: dict[str, Any] = {"side": "response", "start": start, "end": start + 12, "exact": TEXT[start : start + 12]}
    document = {
        "scores": {"accuracy": "adequate", "clarity": "adequate"},
        "evidence": {"accuracy": [quote | more]},
        "rubric_version": 1,
        "lease": "lease",
        "idempotency_key": "0" * 32,
    }
    rubric = parse_rubric(RUBRIC, "rubric.yaml")
    checked = check_review(rubric, (), parse_review_body(document), texts={"response": TEXT})
    return checked.ratings[0].evidence[0]


def test_what_stands_beside_a_quote_is_taken_from_the_text_where_it_is_left_out() -> None:
    assert quoted() == quoted(prefix="davor, ", suffix=" hier")
    assert quoted().prefix == "Wörter davor, "


def test_what_does_not_stand_beside_a_quote_is_a_fault() -> None:
    with pytest.raises(BadInput) as refused:
        quoted(prefix="elsewhere ")
    assert "prefix or suffix" in refused.value.faults[0].message


def test_surroundings_are_at_most_32_characters() -> None:
    with pytest.raises(BadInput) as refused:
        quoted(prefix="x" * 33)
    assert refused.value.faults[0].path == "evidence.accuracy[0].prefix"
