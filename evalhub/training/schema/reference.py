"""Reference answers: what each criterion of a gold item should get, and why."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from evalhub.errors import Fault
from evalhub.rubrics.schema.models import Criterion, Rubric
from evalhub.rubrics.schema.review import CheckedReview
from evalhub.training.schema.judging import Known


@dataclass(frozen=True, slots=True)
class ReferenceAnswer:
    """Quotes as {side, start, end, exact, prefix, suffix}; offsets count code points of the raw text."""

    known: Known
    reason: str = ""
    evidence: tuple[Mapping[str, Any], ...] = ()


Reference = Mapping[str, ReferenceAnswer]
"""By criterion key."""


def reference_of_review(review: CheckedReview) -> dict[str, ReferenceAnswer]:
    """What a manager graded on the review form; the notes are the reasons."""
    return {
        rating.criterion_key: ReferenceAnswer(
            Known(rating.level_rank, rating.value), rating.note, tuple(asdict(quote) for quote in rating.evidence)
        )
        for rating in review.ratings
    }


def imported_reference(rubric: Rubric, gold: Mapping[str, Any], faults: list[Fault]) -> dict[str, ReferenceAnswer]:
    """The answers of an item's imported `gold` field; what does not fit the rubric is added to `faults`."""
    found: dict[str, ReferenceAnswer] = {}
    for key, given in gold.items():
        criterion = rubric.criterion(key)
        known = _known(criterion, given) if criterion is not None else None
        if known is None:
            faults.append(Fault("schema", "is no criterion of the rubric, or no level or number of it", f"gold.{key}"))
        else:
            found[key] = ReferenceAnswer(known, given.get("why", ""))
    return found


def _known(criterion: Criterion, given: Mapping[str, Any]) -> Known | None:
    if criterion.range is not None:
        value = given.get("value")
        return Known(value=float(value)) if value is not None and criterion.range.holds(value) else None
    level = criterion.level(str(given.get("level")))
    return Known(rank=level.rank) if level is not None else None


def reference_faults(rubric: Rubric, item_tags: Collection[str], reference: Reference) -> Iterator[Fault]:
    """What keeps answers from being a reference: a stranger, none at all, or a critical criterion without one."""
    asked = {criterion.key: criterion for criterion in rubric.applicable(item_tags)}
    for key in reference:
        if key not in asked:
            yield Fault("schema", "is not asked of this item", f"gold.{key}")
    for key, criterion in asked.items():
        if criterion.critical and key not in reference:
            yield Fault("schema", "is critical and needs a reference", f"gold.{key}")
    if not reference:
        yield Fault("schema", "give the reference of one criterion at least", "gold")
