"""What somebody should hear of on their home page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

KEPT = timedelta(days=30)
"""How long a notice stands; afterwards its page still tells."""


class NoticeKind(StrEnum):
    RESOLUTION = "resolution"
    RECONCILE = "reconcile"
    CORRECTION = "correction"
    ANSWER = "answer"
    CERTIFICATE = "certificate"
    CERTIFICATES = "certificates"
    """Those of others, for the project's managers."""
    RUBRIC = "rubric"


ASKS = (NoticeKind.RECONCILE,)
"""Kinds that stand until what they ask for is done."""


@dataclass(frozen=True, slots=True)
class Notice:
    """Something new.

    `subject` is what it leads to: the public id of an assignment or an entry, or the name of a project or rubric;
    `title` names the project or rubric, `detail` the item, the version or the reason.
    """

    kind: NoticeKind
    subject: str
    at: datetime
    title: str
    detail: str = ""

    @property
    def key(self) -> str:
        """What putting it away is stored under; the same matter decided anew is another notice."""
        return f"{self.kind}:{self.subject}:{int(self.at.timestamp() * 1000)}"

    @property
    def may_be_put_away(self) -> bool:
        return self.kind not in ASKS


@dataclass(frozen=True, slots=True)
class Seen:
    """What somebody has put away: some, and all up to a moment."""

    keys: frozenset[str]
    until: datetime | None

    def __contains__(self, notice: Notice) -> bool:
        if not notice.may_be_put_away:
            return False
        return notice.key in self.keys or (self.until is not None and notice.at <= self.until)
