"""The lines about pairs of answers in a scored dataset."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from evalhub.export.schema.records import Grader
from evalhub.export.schema.text import rfc3339


@dataclass(frozen=True, slots=True)
class PairSaid:
    """What a reviewer last said about two answers, each known by item id and model."""

    pair: str
    group: str
    left: tuple[str, str]
    right: tuple[str, str]
    preferred: str
    """"left", "right" or "neither"."""
    strength: int
    reason: str
    planned: bool
    revision: int
    submitted_at: datetime


def preference_record(said: PairSaid, grader: Grader) -> dict[str, Any]:
    """The line of preferences.jsonl: scalars only. The strength is 1 for better, 2 for much better, 0 for neither."""
    (item_left, model_left), (item_right, model_right) = said.left, said.right
    return {
        "pair": said.pair,
        "group": said.group,
        "item_left": item_left,
        "item_right": item_right,
        "model_left": model_left,
        "model_right": model_right,
        "reviewer": grader.pseudonym,
        "reviewer_kind": grader.kind,
        "simulated": grader.is_simulated,
        "preferred": said.preferred,
        "preferred_item": {"left": item_left, "right": item_right}.get(said.preferred, ""),
        "strength": said.strength,
        "reason": said.reason,
        "planned": said.planned,
        "revision": said.revision,
        "submitted_at": rfc3339(said.submitted_at),
    }
