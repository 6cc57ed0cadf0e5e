"""The lines of a scored dataset.

Every key is always present and has one type; nothing is null. Where a state says that a value does not count, the value
is "", 0 or false, and means nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from evalhub.db import canonical_json
from evalhub.export.schema.options import ItemState
from evalhub.export.schema.text import rfc3339
from evalhub.rubrics.schema import Criterion, CriterionOutcome, Overall, Rubric, score

SCORED = "evalhub.scored/1"


@dataclass(frozen=True, slots=True)
class Grader:
    """Who rated, as outsiders may know them; a model is named."""

    pseudonym: str
    kind: str
    name: str
    is_simulated: bool

    @property
    def is_model(self) -> bool:
        return self.kind == "model"


@dataclass(frozen=True, slots=True)
class GivenRating:
    """One current rating.

    `planned` ratings count for every figure; of those beyond the overlap only one more reviewer's is in the consensus,
    and a model's is nowhere.
    """

    criterion: Criterion
    rubric_version: int
    """Of the question that was answered, which need not be the item's."""
    grader: Grader
    rank: int | None
    value: float | None
    planned: bool
    note: str
    tags: Sequence[str]
    evidence: Sequence[Mapping[str, Any]]
    round: str
    submitted_at: datetime
    active_seconds: float

    @property
    def place(self) -> tuple[str, int, str]:
        """In the order of the lines."""
        return self.criterion.key, self.rubric_version, self.grader.pseudonym

    @property
    def is_rated(self) -> bool:
        return self.rank is not None or self.value is not None

    @property
    def counts(self) -> bool:
        return self.planned and not self.grader.is_model


@dataclass(frozen=True, slots=True)
class Settled:
    """What a criterion came to, and where it was asked; see `adjudication.schema.Outcome`."""

    state: str
    rank: int | None
    value: float | None
    method: str
    n_ratings: int
    counts: Sequence[int]
    agreement: float | None
    adjudicator: str
    rationale: str
    decisions: int
    rubric_version: int = 0
    """Of the question that was answered."""
    task_id: int = 0
    """Where it was; written to no file."""


@dataclass(frozen=True, slots=True)
class ExportedItem:
    """An item with everything that was said about it, ready to be written."""

    external_id: str
    dataset: str
    group: str
    prompt: str
    messages: Sequence[Mapping[str, str]]
    response: str
    reference: str
    model: str
    tags: Sequence[str]
    metadata_json: str
    content_sha256: str
    rubric: Rubric
    """With the pass rule that holds for the project."""
    rubric_sha256: str
    state: ItemState
    finalized_at: datetime | None
    outcomes: Mapping[str, Settled]
    ratings: Sequence[GivenRating]
    """People's, by criterion, version and pseudonym; also answers to what the record's version asks otherwise."""
    criteria: frozenset[str] | None
    """Keys of the only criteria wanted; None for all."""

    @property
    def item_id(self) -> str:
        return f"i:{self.external_id}"

    @property
    def is_scored(self) -> bool:
        return any(rating.counts for rating in self.ratings)


def item_record(item: ExportedItem) -> dict[str, Any]:
    """The line of items.jsonl; one of unscored.jsonl where nothing counts."""
    overall = overall_of(item.rubric, item.outcomes, item.tags)
    head = {
        "schema": SCORED,
        "item_id": item.item_id,
        "dataset": item.dataset,
        "group": item.group,
        "prompt": item.prompt,
        "messages": [dict(turn) for turn in item.messages],
        "response": item.response,
        "reference": item.reference,
        "model": item.model,
        "tags_json": canonical_json(list(item.tags)),
        "metadata_json": item.metadata_json,
        "content_sha256": item.content_sha256,
        "rubric": item.rubric.name,
        "rubric_version": item.rubric.version,
        "rubric_sha256": item.rubric_sha256,
        "state": item.state.value,
        **overall_fields(overall),
    }
    tail = {
        "root_causes_json": canonical_json(_root_causes(item)),
        "finalized_at": rfc3339(item.finalized_at) if item.finalized_at else "",
    }
    if not item.is_scored:
        return head | tail
    body = {
        "criteria": [
            _criterion(criterion, item.outcomes.get(criterion.key), item.rubric.version)
            for criterion in shown_criteria(item)
        ],
        "ratings": [_rating(rating) for rating in item.ratings],
    }
    return head | body | tail


def shown_criteria(item: ExportedItem) -> list[Criterion]:
    """The criteria that apply to the item or were rated, in the rubric's order."""
    return [
        criterion
        for criterion in item.rubric.criteria
        if (item.criteria is None or criterion.key in item.criteria)
        and (criterion.applies(item.tags) or criterion.key in item.outcomes)
    ]


def overall_of(rubric: Rubric, outcomes: Mapping[str, Settled], tags: Sequence[str]) -> Overall:
    """The score of the whole item, from all of its criteria."""
    consensus = {
        key: CriterionOutcome(outcome.state, outcome.rank, outcome.value)  # type: ignore[arg-type] # never `undefined`
        for key, outcome in outcomes.items()
    }
    return score(rubric, consensus, tags)


def overall_fields(overall: Overall) -> dict[str, Any]:
    return {
        "overall_defined": overall.defined,
        "overall_score": overall.score or 0.0,
        "overall_level": overall.level.value if overall.level else "",
        "passed": bool(overall.passed),
        "failed": overall.failed,
    }


def rating_record(item: ExportedItem, rating: GivenRating) -> dict[str, Any]:
    """The line of ratings.jsonl: scalars only."""
    head = _long_head(item, rating.grader, rating.rubric_version)
    return head | {"simulated": rating.grader.is_simulated} | _rating(rating)


def model_rating_record(item: ExportedItem, rating: GivenRating) -> dict[str, Any]:
    """The line of model_ratings.jsonl, which names the model that rated."""
    return _long_head(item, rating.grader, rating.rubric_version) | {"judge": rating.grader.name} | _rating(rating)


def review_record(
    item: ExportedItem,
    grader: Grader,
    *,
    state: str,
    revision: int,
    note: str,
    confidence: int | None,
    rubric_version: int,
    submitted_at: datetime,
    active_seconds: float,
) -> dict[str, Any]:
    """The line of reviews.jsonl; the confidence, 1 to 3, counts only where it was given."""
    return _long_head(item, grader, rubric_version) | {
        "simulated": grader.is_simulated,
        "reviewer": grader.pseudonym,
        "state": state,
        "revision": revision,
        "note": note,
        "confidence_given": confidence is not None,
        "confidence": confidence or 0,
        "submitted_at": rfc3339(submitted_at),
        "active_seconds": active_seconds,
    }


def _long_head(item: ExportedItem, grader: Grader, rubric_version: int) -> dict[str, Any]:
    return {
        "item_id": item.item_id,
        "group": item.group,
        "model": item.model,
        "rubric": item.rubric.name,
        "rubric_version": rubric_version,
        "reviewer_kind": grader.kind,
    }


def _criterion(criterion: Criterion, outcome: Settled | None, version: int) -> dict[str, Any]:
    if outcome is None:
        nothing = [0] * max(len(criterion.levels), 1)
        outcome = Settled("undefined", None, None, "", 0, nothing, None, "", "", 0, version)
    return {
        "criterion": criterion.key,
        "rubric_version": outcome.rubric_version,
        "state": outcome.state,
        "level": level_key(criterion, outcome.rank),
        "rank": outcome.rank or 0,
        "value": outcome.value or 0.0,
        "method": outcome.method,
        "n_ratings": outcome.n_ratings,
        "counts": list(outcome.counts),
        "agreement": outcome.agreement or 0.0,
        "adjudicator": outcome.adjudicator,
        "rationale": outcome.rationale,
        "decisions": outcome.decisions,
    }


def _rating(rating: GivenRating) -> dict[str, Any]:
    return {
        "criterion": rating.criterion.key,
        "rubric_version": rating.rubric_version,
        "reviewer": rating.grader.pseudonym,
        "state": "rated" if rating.is_rated else "not_applicable",
        "level": level_key(rating.criterion, rating.rank),
        "rank": rating.rank or 0,
        "value": rating.value or 0.0,
        "note": rating.note,
        "evidence_json": canonical_json(list(rating.evidence)) if rating.evidence else "[]",
        "tags_json": canonical_json(list(rating.tags)) if rating.tags else "[]",
        "planned": rating.planned,
        "round": rating.round,
        "submitted_at": rfc3339(rating.submitted_at),
        "active_seconds": rating.active_seconds,
    }


def level_key(criterion: Criterion, rank: int | None) -> str:
    return "" if rank is None else criterion.levels[rank].key


def _root_causes(item: ExportedItem) -> list[dict[str, Any]]:
    """How many reviewers ticked each failure tag, by criterion and tag, where the question is the record's."""
    ticked = Counter(
        (rating.criterion.key, tag)
        for rating in item.ratings
        if rating.counts
        and (outcome := item.outcomes.get(rating.criterion.key))
        and outcome.rubric_version == rating.rubric_version
        for tag in rating.tags
    )
    return [{"criterion": key, "n": n, "tag": tag} for (key, tag), n in sorted(ticked.items())]
