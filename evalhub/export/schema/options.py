"""What an export holds, and what it leaves out."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, field_validator

from evalhub.export.schema.text import rfc3339


class Shape(StrEnum):
    BUNDLE = "bundle"
    JSONL = "jsonl"


class ItemState(StrEnum):
    FINAL = "final"
    ADJUDICATION_PENDING = "adjudication_pending"
    INCOMPLETE = "incomplete"


Choice = Annotated[str, Field(min_length=1, max_length=4096)]
Choices = Annotated[tuple[Choice, ...], Field(max_length=1000)]


class Options(BaseModel):
    """Filters, each off while it is empty; several values of one filter are alternatives."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    state: tuple[ItemState, ...] = Field(default=(), description="Items in one of these states")
    model: Choices = Field(default=(), description="Items of one of these models")
    tag: Choices = Field(default=(), description="Items with one of these tags")
    criterion: Choices = Field(default=(), description="These criteria; the overall score stays that of all")
    batch: Choices = Field(default=(), description="Items of one of these imports")
    as_of: AwareDatetime | None = Field(
        default=None,
        description="Leaves out the items that came in, or whose reviews or case changed, after this moment",
    )
    without_text: bool = Field(
        default=False, description="Leaves prompts, responses, notes, quotes, rationales and metadata empty"
    )

    @field_validator("state", "model", "tag", "criterion", "batch")
    @classmethod
    def _sorted(cls, values: Collection[str]) -> tuple[str, ...]:
        """So that the order in which somebody asks leaves no trace in the files."""
        return tuple(sorted(set(values)))

    @field_validator("as_of")
    @classmethod
    def _utc(cls, moment: datetime | None) -> datetime | None:
        try:
            return moment.astimezone(UTC) if moment else None
        except OverflowError as error:
            raise ValueError("lies outside the years 1 to 9999") from error

    def filters(self) -> list[tuple[str, list[str]]]:
        """The filters that are on, in the order in which they are applied to an item."""
        values = {
            "batch": list(self.batch),
            "model": list(self.model),
            "tag": list(self.tag),
            "as_of": [rfc3339(self.as_of)] if self.as_of else [],
            "state": [str(state) for state in self.state],
            "criterion": list(self.criterion),
        }
        return [(name, given) for name, given in values.items() if given]

    def as_document(self) -> dict[str, Any]:
        """The options that are on, as the manifest and the table of exports keep them."""
        document: dict[str, Any] = dict(self.filters())
        if self.as_of:
            document["as_of"] = rfc3339(self.as_of)
        return document | ({"without_text": True} if self.without_text else {})

    def as_arguments(self) -> list[str]:
        """The same as options of the command line."""
        given: list[str] = []
        for name, values in self.filters():
            for value in values:
                given += [f"--{name.replace('_', '-')}", value]
        return [*given, *(["--without-text"] if self.without_text else [])]
