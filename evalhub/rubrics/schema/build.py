"""From the author's shape to the full one: defaults filled in, references between the parts checked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

from evalhub.errors import Fault
from evalhub.rubrics.schema.document import (
    CriterionDocument,
    ExampleDocument,
    FailureTagDocument,
    LevelDocument,
    NoteDocument,
    RangeDocument,
)
from evalhub.rubrics.schema.explain import fault_at
from evalhub.rubrics.schema.models import (
    Criterion,
    Example,
    FailureTag,
    Level,
    NoteRule,
    OverallLevel,
    Range,
    Scale,
)
from evalhub.rubrics.schema.tree import Node, Path


class Faults:
    """Collects what is wrong, each at its place in the file."""

    def __init__(self, root: Node) -> None:
        self.root = root
        self.listed: list[Fault] = []

    def add(self, path: Path, message: str, *, of_key: bool = False) -> None:
        self.listed.append(fault_at(self.root, path, message, of_key=of_key))

    def add_repeated(self, keys: Iterable[str], paths: Iterable[Path]) -> None:
        """One fault for each key that an earlier one equals."""
        seen: set[str] = set()
        for key, path in zip(keys, paths, strict=True):
            if key in seen:
                self.add(path, f'"{key}" is given twice; keep one')
            seen.add(key)


def title_of(key: str) -> str:
    """What an id is called where the author gave no label: "needs-work" is "Needs work"."""
    words = key.replace("_", " ").replace("-", " ").strip() if key[:1].isalpha() else key
    return words[:1].upper() + words[1:]


def build_levels(entries: Sequence[str | LevelDocument], path: Path, faults: Faults) -> tuple[Level, ...]:
    """The levels of a list, worst first, with label, score and maps_to filled in."""
    documents = [LevelDocument(id=entry) if isinstance(entry, str) else entry for entry in entries]
    last = len(documents) - 1
    levels = tuple(
        Level(
            key=document.id,
            rank=rank,
            label=document.label or title_of(document.id),
            score=float(rank) if document.score is None else document.score,
            description=document.description,
            maps_to=document.maps_to or _default_maps_to(rank, last),
        )
        for rank, document in enumerate(documents)
    )
    places = [(*path, rank) if isinstance(entry, str) else (*path, rank, "id") for rank, entry in enumerate(entries)]
    faults.add_repeated((level.key for level in levels), places)
    _check_order(levels, path, faults)
    return levels


def _default_maps_to(rank: int, last: int) -> OverallLevel:
    if rank == 0:
        return OverallLevel.UNACCEPTABLE
    return OverallLevel.EXCELLENT if rank == last else OverallLevel.ADEQUATE


def _check_order(levels: Sequence[Level], path: Path, faults: Faults) -> None:
    for lower, upper in pairwise(levels):
        if upper.score < lower.score:
            message = f"{upper.score:g} is below {lower.score:g}, the score of the level before; levels go worst first"
            faults.add((*path, upper.rank, "score"), message)
        if upper.maps_to.rank < lower.maps_to.rank:
            message = f"{upper.maps_to} is below {lower.maps_to}, where the level before maps to; levels go worst first"
            faults.add((*path, upper.rank, "maps_to"), message)
    if levels and all(level.score == levels[0].score for level in levels):
        faults.add(path, "all levels have the same score; the last must be above the first")


class CriterionBuilder:
    """Builds one criterion; `left_out` names the keys already known to be wrong, of which nothing more is said."""

    def __init__(self, document: CriterionDocument, position: int, left_out: frozenset[str], faults: Faults) -> None:
        self.document = document
        self.position = position
        self.left_out = left_out
        self.faults = faults
        self.path: Path = ("criteria", position)

    def build(self, default_levels: tuple[Level, ...] | None) -> Criterion:
        """The criterion; `default_levels` is None where the default scale itself is at fault."""
        document = self.document
        levels = self._levels(default_levels)
        scale_range = self._range() if document.range is not None else None
        return Criterion(
            key=document.id,
            position=self.position,
            title=document.title,
            description=document.description,
            guidance=document.guidance,
            group=document.group or "",
            scale=document.scale,
            weight=document.weight,
            critical=document.critical,
            points=document.points,
            levels=levels,
            range=scale_range,
            note=self._note(levels, scale_range),
            not_applicable=document.not_applicable,
            applies_to=self._applies_to(),
            failure_tags=self._failure_tags(),
            examples=self._examples(levels, scale_range),
        )

    def _add(self, step: Path, message: str) -> None:
        self.faults.add(self.path + step, message)

    def _levels(self, default: tuple[Level, ...] | None) -> tuple[Level, ...]:
        given = self.document.levels
        if given is not None and self.document.range is not None:
            self._add(("levels",), "stands beside a range; keep one of the two")
            return ()
        if isinstance(given, list):
            return build_levels(given, (*self.path, "levels"), self.faults)
        if self.document.range is not None or default is None or "range" in self.left_out:
            return ()
        texts = given or {}
        known = [level.key for level in default]
        for key in texts:
            if default and key not in known:
                message = f'there is no level "{key[:60]}"; the default levels are {", ".join(known)}'
                self.faults.add((*self.path, "levels", key), message, of_key=True)
        return tuple(
            level.model_copy(update={"description": texts[level.key]}) if level.key in texts else level
            for level in default
        )

    def _range(self) -> Range:
        document = self.document.range
        assert isinstance(document, RangeDocument)
        scale_range = Range(min=document.min, max=document.max, step=document.step)
        if self.document.scale == Scale.NOMINAL:
            self._add(("scale",), "nominal does not fit a range, whose numbers have an order; give levels")
        if self.document.scale == Scale.RATIO and document.min < 0:
            self._add(("range", "min"), f"{document.min:g} is below 0, which a ratio scale does not know")
        if document.max <= document.min:
            self._add(("range", "max"), f"{document.max:g} is not above min, {document.min:g}; give a larger number")
        elif not scale_range.holds(document.max):
            message = f"{document.step:g} does not lead from {document.min:g} to {document.max:g} in whole steps"
            self._add(("range", "step"), message)
        return scale_range

    def _answer(
        self, key: str | None, value: float | None, levels: Sequence[Level], scale: Range | None, step: Path
    ) -> dict[str, Any]:
        """A level id as its rank, or a value of the range; complains when it is neither."""
        if scale is not None:
            if value is None:
                self._add(step, "names a level; this criterion has a range: give a number")
            elif not scale.holds(value):
                self._add(step, f"{value:g} is not on the range; give a number from {scale.min:g} to {scale.max:g}")
            return {"value": value}
        if not levels:
            return {}
        ranks = {level.key: level.rank for level in levels}
        if key is None:
            self._add(step, f"is a number; this criterion has levels: give one of {', '.join(ranks)}, quoted if needed")
        elif key not in ranks:
            self._add(step, f'there is no level "{key}"; give one of {", ".join(ranks)}')
        return {"rank": ranks.get(key) if key is not None else None}

    def _note(self, levels: Sequence[Level], scale: Range | None) -> NoteRule:
        given = self.document.note
        if not isinstance(given, NoteDocument):
            return NoteRule(when=given)
        bound = given.required_at_or_below
        key, value = (bound, None) if isinstance(bound, str) else (None, bound)
        return NoteRule(when="at_or_below", **self._answer(key, value, levels, scale, ("note", "required_at_or_below")))

    def _applies_to(self) -> tuple[str, ...]:
        tags = self.document.applies_to or []
        self.faults.add_repeated(tags, ((*self.path, "applies_to", index) for index in range(len(tags))))
        return tuple(tags)

    def _failure_tags(self) -> tuple[FailureTag, ...]:
        entries = self.document.failure_tags
        documents = [FailureTagDocument(id=entry) if isinstance(entry, str) else entry for entry in entries]
        places = ((*self.path, "failure_tags", index) for index in range(len(documents)))
        self.faults.add_repeated((document.id for document in documents), places)
        return tuple(FailureTag(key=tag.id, label=tag.label or title_of(tag.id)) for tag in documents)

    def _examples(self, levels: Sequence[Level], scale: Range | None) -> tuple[Example, ...]:
        return tuple(
            self._example(example, index, levels, scale) for index, example in enumerate(self.document.examples)
        )

    def _example(self, given: ExampleDocument, index: int, levels: Sequence[Level], scale: Range | None) -> Example:
        step: Path = ("examples", index)
        if (given.level is None) == (given.value is None):
            self._add(step, "needs the level that it shows, or a value where the criterion has a range; one of the two")
            return Example(text=given.text, why=given.why)
        step = (*step, "value" if given.level is None else "level")
        return Example(text=given.text, why=given.why, **self._answer(given.level, given.value, levels, scale, step))
