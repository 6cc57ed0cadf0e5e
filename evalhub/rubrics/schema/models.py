"""What a rubric means, with every shorthand of the YAML written out.

The attributes are named for the program (`key`, `rank`); `as_document()` gives the author's shape back, with every
default stated, so that a normalised rubric is itself a rubric file.
"""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from hashlib import sha256
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from evalhub.rubrics.schema import canonical


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Scale(StrEnum):
    ORDINAL = "ordinal"
    NOMINAL = "nominal"
    INTERVAL = "interval"
    RATIO = "ratio"


class Scoring(StrEnum):
    WEIGHTED_MEAN = "weighted_mean"
    POINTS = "points"
    PENALTY = "penalty"
    WORST_LEVEL = "worst_level"


class OverallLevel(StrEnum):
    """The three levels of the dashboards, which every scale maps to."""

    UNACCEPTABLE = "unacceptable"
    ADEQUATE = "adequate"
    EXCELLENT = "excellent"

    @property
    def rank(self) -> int:
        return list(OverallLevel).index(self)


class Level(Frozen):
    key: str
    rank: int
    label: str
    score: float
    description: str = ""
    maps_to: OverallLevel

    def as_document(self) -> dict[str, Any]:
        return {
            "id": self.key,
            "label": self.label,
            "score": self.score,
            "description": self.description,
            "maps_to": self.maps_to.value,
        }


class Range(Frozen):
    """The numbers min, min + step, … max."""

    min: float
    max: float
    step: float = 1

    def holds(self, value: float) -> bool:
        """Whether the number is one of the steps, in decimal arithmetic: 0.3 is a step of 0.1."""
        low, high, step, given = (Decimal(repr(number)) for number in (self.min, self.max, self.step, value))
        return low <= given <= high and (given - low) % step == 0

    def maps_to(self, value: float) -> OverallLevel:
        if value <= self.min:
            return OverallLevel.UNACCEPTABLE
        return OverallLevel.EXCELLENT if value >= self.max else OverallLevel.ADEQUATE

    def as_document(self) -> dict[str, Any]:
        return {"min": self.min, "max": self.max, "step": self.step}


class NoteRule(Frozen):
    """When a reviewer has to explain a rating; the bound is a rank, or a value for a range."""

    when: Literal["optional", "required", "at_or_below"] = "optional"
    rank: int | None = None
    value: float | None = None

    def requires(self, *, rank: int | None = None, value: float | None = None) -> bool:
        """Whether a note is due; with neither rank nor value the answer is "not applicable"."""
        if self.when == "at_or_below":
            if rank is not None and self.rank is not None:
                return rank <= self.rank
            return value is not None and self.value is not None and value <= self.value
        return self.when == "required"


class FailureTag(Frozen):
    key: str
    label: str


class Example(Frozen):
    """An answer that shows a level (its rank), or a value where the criterion has a range."""

    rank: int | None = None
    value: float | None = None
    text: str
    why: str = ""


class Criterion(Frozen):
    """One question; it has either levels (worst first) or a range, never both."""

    key: str
    position: int
    title: str
    description: str = ""
    guidance: str = ""
    group: str = ""
    scale: Scale = Scale.ORDINAL
    weight: float = 1
    critical: bool = False
    points: float | None = None
    levels: tuple[Level, ...] = ()
    range: Range | None = None
    note: NoteRule = NoteRule()
    not_applicable: bool = False
    applies_to: tuple[str, ...] = ()
    failure_tags: tuple[FailureTag, ...] = ()
    examples: tuple[Example, ...] = ()

    def level(self, key: str) -> Level | None:
        return next((level for level in self.levels if level.key == key), None)

    def applies(self, item_tags: Collection[str]) -> bool:
        return not self.applies_to or any(tag in item_tags for tag in self.applies_to)

    def share(self, *, rank: int | None = None, value: float | None = None) -> float:
        """Where the answer lies between the worst (0) and the best (1)."""
        if self.range is not None and value is not None:
            return (value - self.range.min) / (self.range.max - self.range.min)
        assert rank is not None
        low, high = self.levels[0].score, self.levels[-1].score
        return (self.levels[rank].score - low) / (high - low)

    def maps_to(self, *, rank: int | None = None, value: float | None = None) -> OverallLevel:
        if self.range is not None and value is not None:
            return self.range.maps_to(value)
        assert rank is not None
        return self.levels[rank].maps_to

    def is_worst(self, *, rank: int | None = None, value: float | None = None) -> bool:
        if self.range is not None and value is not None:
            return value <= self.range.min
        return rank == 0

    @cached_property
    def fingerprint(self) -> str:
        """What makes two grades the same question: wording, examples, levels and the rules of answering."""
        document = self.as_document()
        question: dict[str, Any] = {
            key: document[key]
            for key in ("title", "description", "guidance", "examples", "scale", "range", "not_applicable", "note")
            if key in document
        }
        shown = ("id", "label", "description", "score")
        question["levels"] = [{key: level.as_document()[key] for key in shown} for level in self.levels]
        return sha256(canonical.encode(question)).hexdigest()

    def as_document(self) -> dict[str, Any]:
        document: dict[str, Any] = {
            "id": self.key,
            "title": self.title,
            "scale": self.scale.value,
            "weight": self.weight,
            "critical": self.critical,
            "note": self._note_document(),
            "not_applicable": self.not_applicable,
        }
        if self.range is None:
            document["levels"] = [level.as_document() for level in self.levels]
        else:
            document["range"] = self.range.as_document()
        optional = {
            "description": self.description,
            "guidance": self.guidance,
            "group": self.group,
            "applies_to": list(self.applies_to),
            "failure_tags": [{"id": tag.key, "label": tag.label} for tag in self.failure_tags],
            "examples": [self._example_document(example) for example in self.examples],
        }
        document |= {key: value for key, value in optional.items() if value}
        return document if self.points is None else document | {"points": self.points}

    def _answer(self, *, rank: int | None, value: float | None) -> str | float:
        if rank is not None:
            return self.levels[rank].key
        assert value is not None
        return value

    def _note_document(self) -> str | dict[str, str | float]:
        if self.note.when != "at_or_below":
            return self.note.when
        return {"required_at_or_below": self._answer(rank=self.note.rank, value=self.note.value)}

    def _example_document(self, example: Example) -> dict[str, str | float]:
        place = "level" if example.rank is not None else "value"
        document = {place: self._answer(rank=example.rank, value=example.value), "text": example.text}
        return document | ({"why": example.why} if example.why else {})


class PassRule(Frozen):
    """One of the two is given."""

    score_at_least: float | None = None
    level_at_least: OverallLevel | None = None

    def as_document(self) -> dict[str, Any]:
        if self.level_at_least is not None:
            return {"level_at_least": self.level_at_least.value}
        return {"score_at_least": self.score_at_least}


class Rubric(Frozen):
    name: str
    version: int
    title: str
    description: str = ""
    scoring: Scoring = Scoring.WEIGHTED_MEAN
    pass_rule: PassRule | None = None
    confidence: bool = False
    criteria: tuple[Criterion, ...]
    source: str = ""
    license: str = ""

    def criterion(self, key: str) -> Criterion | None:
        return next((criterion for criterion in self.criteria if criterion.key == key), None)

    def applicable(self, item_tags: Collection[str]) -> tuple[Criterion, ...]:
        """The criteria that an item with these tags is graded on."""
        return tuple(criterion for criterion in self.criteria if criterion.applies(item_tags))

    def only(self, keys: Collection[str] | None) -> Rubric:
        """The rubric with these of its criteria; as it is where `keys` is None."""
        if keys is None:
            return self
        asked = tuple(criterion for criterion in self.criteria if criterion.key in keys)
        return self.model_copy(update={"criteria": asked})

    @cached_property
    def sha256(self) -> str:
        return sha256(canonical.encode(self.as_document())).hexdigest()

    def as_document(self) -> dict[str, Any]:
        document: dict[str, Any] = {
            "name": self.name,
            "version": self.version,
            "title": self.title,
            "scoring": self.scoring.value,
            "confidence": self.confidence,
            "criteria": [criterion.as_document() for criterion in self.criteria],
        }
        optional = {"description": self.description, "source": self.source, "license": self.license}
        document |= {key: value for key, value in optional.items() if value}
        return document if self.pass_rule is None else document | {"pass": self.pass_rule.as_document()}
