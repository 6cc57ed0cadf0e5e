"""What changed from one rubric to another, and which figures can still be compared."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from evalhub.rubrics.schema.models import Criterion, Rubric


class ChangeKind(StrEnum):
    WORDING = "wording"
    LEVELS = "levels"
    WEIGHT = "weight"
    """Whatever decides how much a criterion counts: weight, points, critical, the rules of scoring and passing."""
    FORM = "form"
    """What reviewers are asked besides the level: notes, failure tags, confidence, order and grouping."""
    ADDED = "added"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Change:
    """One difference; `criterion` is "" for the rubric itself, the texts are ready to be shown."""

    kind: ChangeKind
    criterion: str
    field: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class RubricDiff:
    """The changes, and what they mean for figures.

    `carried_over` names the criteria whose grades are answers to the same question in both, so that agreement can be
    taken together; `overall_comparable` says whether overall scores can.
    """

    changes: tuple[Change, ...]
    carried_over: tuple[str, ...]
    changed: tuple[str, ...]
    added: tuple[str, ...]
    removed: tuple[str, ...]
    overall_comparable: bool
    pass_comparable: bool

    def sentences(self) -> list[str]:
        """What the changes mean, for people."""
        found = []
        if self.carried_over:
            found.append(
                f"The same question in both, so that grades and agreement can be compared: {_list(self.carried_over)}."
            )
        if self.changed:
            found.append(f"Another question now; its grades and agreement cannot be compared: {_list(self.changed)}.")
        if self.added:
            found.append(f"Only in the later one: {_list(self.added)}.")
        if self.removed:
            found.append(f"Only in the earlier one: {_list(self.removed)}.")
        found.append(f"Overall scores {'can' if self.overall_comparable else 'cannot'} be compared.")
        if self.overall_comparable and not self.pass_comparable:
            found.append("Which answers pass cannot be compared, because the rule changed.")
        return found


def _list(keys: tuple[str, ...]) -> str:
    return ", ".join(keys)


_KINDS = {
    "title": ChangeKind.WORDING,
    "description": ChangeKind.WORDING,
    "guidance": ChangeKind.WORDING,
    "examples": ChangeKind.WORDING,
    "source": ChangeKind.WORDING,
    "license": ChangeKind.WORDING,
    "scale": ChangeKind.LEVELS,
    "range": ChangeKind.LEVELS,
    "not_applicable": ChangeKind.LEVELS,
    "weight": ChangeKind.WEIGHT,
    "points": ChangeKind.WEIGHT,
    "critical": ChangeKind.WEIGHT,
    "scoring": ChangeKind.WEIGHT,
    "pass": ChangeKind.WEIGHT,
    "applies_to": ChangeKind.WEIGHT,
    "note": ChangeKind.FORM,
    "failure_tags": ChangeKind.FORM,
    "group": ChangeKind.FORM,
    "confidence": ChangeKind.FORM,
}


def diff(before: Rubric, after: Rubric) -> RubricDiff:
    """The changes that lead from one rubric to the other; name and version do not count."""
    old = {criterion.key: criterion for criterion in before.criteria}
    new = {criterion.key: criterion for criterion in after.criteria}
    both = [key for key in old if key in new]
    changes = list(_field_changes("", before.as_document(), after.as_document()))
    for key in both:
        changes += _criterion_changes(old[key], new[key])
    if both != [key for key in new if key in old]:
        order = (", ".join(both), ", ".join(key for key in new if key in old))
        changes.append(Change(ChangeKind.FORM, "", "order of criteria", *order))
    changes += [Change(ChangeKind.REMOVED, key, "", old[key].title, "") for key in old if key not in new]
    changes += [Change(ChangeKind.ADDED, key, "", "", new[key].title) for key in new if key not in old]
    carried = tuple(key for key in both if old[key].fingerprint == new[key].fingerprint)
    overall = (
        len(carried) == len(old) == len(new)
        and before.scoring == after.scoring
        and all(_counts_the_same(old[key], new[key]) for key in both)
    )
    return RubricDiff(
        changes=tuple(changes),
        carried_over=carried,
        changed=tuple(key for key in both if key not in carried),
        added=tuple(key for key in new if key not in old),
        removed=tuple(key for key in old if key not in new),
        overall_comparable=overall,
        pass_comparable=overall and before.pass_rule == after.pass_rule,
    )


def _counts_the_same(old: Criterion, new: Criterion) -> bool:
    def rules(criterion: Criterion) -> tuple[Any, ...]:
        maps_to = tuple(level.maps_to for level in criterion.levels)
        return criterion.weight, criterion.points, criterion.critical, criterion.applies_to, maps_to

    return rules(old) == rules(new)


def _field_changes(criterion: str, old: dict[str, Any], new: dict[str, Any]) -> Iterator[Change]:
    for field, kind in _KINDS.items():
        if old.get(field) != new.get(field):
            yield Change(kind, criterion, field, _shown(old.get(field)), _shown(new.get(field)))


def _criterion_changes(old: Criterion, new: Criterion) -> Iterator[Change]:
    yield from _field_changes(old.key, old.as_document(), new.as_document())
    before, after = [level.key for level in old.levels], [level.key for level in new.levels]
    if before != after:
        yield Change(ChangeKind.LEVELS, old.key, "levels", ", ".join(before), ", ".join(after))
    for level in old.levels:
        other = new.level(level.key)
        if other is None:
            continue
        for field, kind in (
            ("label", ChangeKind.WORDING),
            ("description", ChangeKind.WORDING),
            ("score", ChangeKind.LEVELS),
            ("maps_to", ChangeKind.LEVELS),
        ):
            was, now = getattr(level, field), getattr(other, field)
            if was != now:
                yield Change(kind, old.key, f"levels.{level.key}.{field}", _shown(was), _shown(now))


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, list):
        return "; ".join(_shown(item) for item in value)
    if isinstance(value, dict):
        is_tag = value.keys() == {"id", "label"}
        pairs = (f"{key}: {_shown(item)}" for key, item in value.items())
        return f"{value['label']} ({value['id']})" if is_tag else ", ".join(pairs)
    return "" if value is None else str(value)
