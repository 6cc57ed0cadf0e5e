"""How an uploaded file is to be read, what a check of it found, and what its import would mean."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from evalhub.datasets.schema.formats import Companion
from evalhub.datasets.schema.items import CHECKS
from evalhub.datasets.schema.mapping import FieldMap
from evalhub.datasets.schema.ratings import FIELDS
from evalhub.datasets.schema.reading import FileShape
from evalhub.errors import Fault

OWN_FORMATS = ("jsonl", "csv")


class ItemOptions(BaseModel):
    """How a file of items is read; a mapping goes with JSON lines and CSV alone."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: str
    field_map: dict[str, str] = {}
    """Path in the record by field."""
    leaves_others: bool = False
    """Whether fields that are none of an item's are left aside without a mapping as well."""
    skip_failed: bool = False

    def shape(self, companions: tuple[Companion, ...]) -> FileShape:
        return FileShape(self.format, self._map(), companions, skip_failed=self.skip_failed)

    def _map(self) -> FieldMap | None:
        if self.format not in OWN_FORMATS or not (self.field_map or self.leaves_others):
            return None
        return FieldMap(tuple(self.field_map.items()), frozenset(CHECKS))


class RatingOptions(BaseModel):
    """How a file of past ratings is read, and who its reviewers are."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    is_csv: bool
    field_map: dict[str, str] = {}
    reviewer_map: dict[str, str] = {}
    """Sign-in name of a member by name in the file."""

    def map(self) -> FieldMap | None:
        return FieldMap(tuple(self.field_map.items()), FIELDS) if self.field_map else None


class Note(BaseModel):
    """One thing that a check met, with its place in the file."""

    kind: Literal["fault", "warning", "left out"]
    line: int | None
    column: int | None
    path: str
    code: str
    message: str

    @classmethod
    def of(cls, kind: Literal["fault", "warning", "left out"], fault: Fault) -> Self:
        return cls(kind=kind, **fault.as_detail())


class Listed(BaseModel):
    """Notes of one kind: how many there are, and the first hundred."""

    total: int = 0
    first: list[Note] = []


class Report(BaseModel):
    """What a check found; of a file that is refused the counts are those of its good records."""

    model_config = ConfigDict(extra="forbid")

    message: str = ""
    """Why the file is refused; empty where it is good."""
    code: str = ""
    faults: Listed = Field(default_factory=Listed)
    warnings: Listed = Field(default_factory=Listed)
    left_out: Listed = Field(default_factory=Listed)
    added: int = 0
    """Items or ratings that the import would add."""
    unchanged: int = 0
    words: int = 0
    """Of all that a reviewer reads in its items."""
    sha256: str = ""
    counts: dict[str, dict[str, int]] = {}
    """Of ratings: how many by reviewer, and how many by criterion."""
    items: int = 0
    """Of ratings: how many items they are about."""


class Projected(BaseModel):
    """What an import means for one open project."""

    model_config = ConfigDict(frozen=True)

    project: str
    title: str
    reviewers: float
    """Reviewers an item, by the project's plan."""
    minutes: float
    """What one review is taken to last."""
    reviews_behind: int
    """How many past reviews `minutes` is the median of; 0 where it was reckoned from the words."""
    reviews: int
    """Planned reviews of the new items."""

    @property
    def hours(self) -> float:
        return self.reviews * self.minutes / 60
