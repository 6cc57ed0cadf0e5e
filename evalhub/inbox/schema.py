"""Values of the inbox: what can be sent, and about what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

TEXT_LIMIT = 4_000
OPEN_LIMIT = 20
"""Entries of one sender to one rubric that may wait for an answer at a time."""
ALIAS_LENGTH = 6


class EntryKind(StrEnum):
    FLAG = "flag"
    QUESTION = "question"
    DISAGREEMENT = "disagreement"
    CASE = "case"
    BOUNDARY = "boundary"


class EntryState(StrEnum):
    OPEN = "open"
    ANSWERED = "answered"
    CHANGED = "changed"


KIND_WORDS: dict[EntryKind, str] = {
    EntryKind.FLAG: "Report",
    EntryKind.QUESTION: "Question",
    EntryKind.DISAGREEMENT: "Disagreement in training",
    EntryKind.CASE: "Case",
    EntryKind.BOUNDARY: "Boundary between levels",
}
STATE_WORDS: dict[EntryState, str] = {
    EntryState.OPEN: "Open",
    EntryState.ANSWERED: "Answered",
    EntryState.CHANGED: "Rubric changed",
}
TELLS_OF_GRADES = (EntryKind.DISAGREEMENT, EntryKind.CASE)
"""Their texts speak of levels that were given to the item, so they are kept from whoever may still grade it."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a box is filtered by: the name of a rubric, a kind, a state; empty or None is any."""

    rubric: str = ""
    kind: EntryKind | None = None
    state: EntryState | None = None


EVERYTHING = Wanted()


@dataclass(frozen=True, slots=True)
class About:
    """The item that an entry is about.

    `subject` is the public id of the sender's assignment or of the case, whose beginning is all that is shown for the
    item; `quote` a span of its raw text, in the shape of a review's evidence.
    """

    project_id: int
    dataset_id: int
    item_id: int
    subject: str
    quote: Mapping[str, Any] | None = None

    def columns(self) -> dict[str, Any]:
        """What an entry keeps of it."""
        return {
            "project_id": self.project_id,
            "dataset_id": self.dataset_id,
            "item_id": self.item_id,
            "subject": self.subject,
            "alias": self.subject[:ALIAS_LENGTH].upper(),
            "quote": dict(self.quote) if self.quote else None,
        }
