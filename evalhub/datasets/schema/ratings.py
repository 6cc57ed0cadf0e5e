"""The shape of a past rating: one level given to one criterion of one item by one reviewer (JSONL or CSV)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import BinaryIO, NamedTuple

from evalhub.datasets.schema.characters import ITEM_ID, REVIEWER_NAME, SLUG, kind_of, name_fault, shown
from evalhub.datasets.schema.faults import FileFaults
from evalhub.datasets.schema.jsonl import Record, read_jsonl
from evalhub.datasets.schema.mapping import FieldMap, placed
from evalhub.datasets.schema.tabular import read_csv, with_parsed_cells
from evalhub.errors import Fault
from evalhub.rubrics.schema.models import Criterion, Rubric

MAX_NOTE = 20_000
MAX_SECONDS = 1e7
KINDS = ("human", "model")
FIELDS = frozenset(
    {
        "item_id",
        "reviewer",
        "criterion",
        "level",
        "value",
        "not_applicable",
        "note",
        "submitted_at",
        "seconds",
        "tags",
        "kind",
    }
)
TRUTHS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


class RatingRow(NamedTuple):
    """A checked rating. One of `level`, `value` and `not_applicable` is given; without a rubric `rank` stays None."""

    line: int
    item_id: str
    reviewer: str
    criterion: str
    level: str | None
    rank: int | None
    value: float | None
    not_applicable: bool
    note: str
    tags: tuple[str, ...]
    submitted_at: str | None
    """In UTC, as ISO 8601."""
    seconds: float | None
    is_model: bool

    @property
    def key(self) -> tuple[str, str, str]:
        return (self.item_id, self.criterion, self.reviewer)


def read_ratings(
    stream: BinaryIO,
    faults: FileFaults,
    rubric: Rubric | None,
    *,
    field_map: FieldMap | None = None,
    is_csv: bool = False,
) -> Iterator[RatingRow]:
    """Yield the good ratings of a file, in order; what is wrong with the others is added to `faults`.

    Without a rubric any criterion and level is taken. That a rating stands twice is for `duplicates.Seen` to find.

    Raises:
        BadInput: the file as a whole is of another kind.
    """
    records: Iterator[Record] = read_csv(stream, faults) if is_csv else read_jsonl(stream, faults)
    criteria = None if rubric is None else {criterion.key: criterion for criterion in rubric.criteria}
    for line, value in records:
        found: list[Fault] = []
        fields = value
        if type(fields) is dict and field_map is not None:
            fields = field_map.applied_to(fields)
        if type(fields) is dict and is_csv:
            fields = _from_cells(fields)
        row = rating_row(line, fields, criteria, found)
        if row is None:
            faults.add(line, placed(found, line, value, field_map))
        else:
            yield row


def rating_row(
    line: int, value: object, criteria: Mapping[str, Criterion] | None, found: list[Fault]
) -> RatingRow | None:
    """The row of one parsed record, or None after adding all that is wrong with it to `found`."""
    if type(value) is not dict:
        found.append(Fault("schema", f"the line is {kind_of(value)}; write one object a line"))
        return None
    fields = _present(value, found)
    for key, pattern in (("item_id", ITEM_ID), ("reviewer", REVIEWER_NAME), ("criterion", SLUG)):
        if key not in fields:
            found.append(Fault("schema", f'"{key}" is missing', key))
        else:
            fault = name_fault(fields[key], pattern, key)
            if fault is not None:
                found.append(fault)
    for key in OPTIONAL.keys() & fields.keys():
        problem = OPTIONAL[key](fields[key])
        if problem:
            found.append(Fault("too_long" if problem.startswith("has") else "schema", problem, key))
    if found:
        return None
    criterion = None
    if criteria is not None:
        criterion = criteria.get(fields["criterion"])  # type: ignore[call-overload] # a slug by now
        if criterion is None:
            message = f"the rubric has no criterion {shown(str(fields['criterion']))}; it has {_listed(criteria)}"
            found.append(Fault("schema", message, "criterion"))
            return None
    rank = _check_answer(fields, criterion, found)
    _check_tags(fields.get("tags", ()), criterion, found)
    return None if found else _row(line, fields, rank)


def _row(line: int, fields: Mapping[str, object], rank: int | None) -> RatingRow:
    value, seconds, tags = fields.get("value"), fields.get("seconds"), fields.get("tags")
    return RatingRow(
        line=line,
        item_id=fields["item_id"],  # type: ignore[arg-type] # every value was checked above
        reviewer=fields["reviewer"],  # type: ignore[arg-type]
        criterion=fields["criterion"],  # type: ignore[arg-type]
        level=fields.get("level"),  # type: ignore[arg-type]
        rank=rank,
        value=None if value is None else float(value),  # type: ignore[arg-type]
        not_applicable=fields.get("not_applicable") is True,
        note=fields.get("note", ""),  # type: ignore[arg-type]
        tags=tuple(tags) if type(tags) is list else (),
        submitted_at=_utc(fields.get("submitted_at")),
        seconds=None if seconds is None else float(seconds),  # type: ignore[arg-type]
        is_model=fields.get("kind") == "model",
    )


def _present(record: dict[str, object], found: list[Fault]) -> dict[str, object]:
    """The fields that hold something, `score` read as another name for the level or value."""
    fields = {key: value for key, value in record.items() if value is not None}
    if "score" in fields and not {"level", "value"} & fields.keys():
        score = fields.pop("score")
        fields["level" if type(score) is str else "value"] = score
    for key in fields.keys() - FIELDS:
        found.append(Fault("schema", f"{shown(key)} is not a field of a rating; remove it", shown(key)[1:-1]))
    return fields


def _check_answer(fields: Mapping[str, object], criterion: Criterion | None, found: list[Fault]) -> int | None:
    """The rank of the level given, if it is a level; an answer that does not fit the criterion is added to `found`."""
    answers = [key for key in ("level", "value") if key in fields]
    if fields.get("not_applicable") is True:
        answers.append("not_applicable")
    if len(answers) != 1:
        message = f"gives {' and '.join(answers)}; keep one" if answers else "has no answer"
        found.append(Fault("schema", f'{message}: "level", "value" or "not_applicable": true', "level"))
    elif criterion is not None:
        return _ANSWERS[answers[0]](fields, criterion, found)
    return None


def _check_level(fields: Mapping[str, object], criterion: Criterion, found: list[Fault]) -> int | None:
    if criterion.range is not None:
        found.append(Fault("schema", f'{criterion.key} has a range; give a number as "value"', "level"))
        return None
    given = str(fields["level"])
    level = criterion.level(given)
    if level is None:
        levels = ", ".join(level.key for level in criterion.levels)
        found.append(Fault("schema", f"{shown(given)} is not a level of {criterion.key}; it has {levels}", "level"))
        return None
    return level.rank


def _check_value(fields: Mapping[str, object], criterion: Criterion, found: list[Fault]) -> None:
    value = float(fields["value"])  # type: ignore[arg-type] # a number by now
    if criterion.range is None:
        levels = ", ".join(level.key for level in criterion.levels)
        found.append(Fault("schema", f'{criterion.key} has levels; give one of {levels} as "level"', "value"))
    elif not criterion.range.holds(value):
        steps = f"{criterion.range.min:g} to {criterion.range.max:g} in steps of {criterion.range.step:g}"
        found.append(Fault("schema", f"{value:g} is outside the range of {criterion.key}: {steps}", "value"))


def _check_not_applicable(_fields: Mapping[str, object], criterion: Criterion, found: list[Fault]) -> None:
    if not criterion.not_applicable:
        message = f'{criterion.key} has no answer "not applicable" in this rubric; give a level'
        found.append(Fault("schema", message, "not_applicable"))


_ANSWERS: dict[str, Callable[[Mapping[str, object], Criterion, list[Fault]], int | None]] = {
    "level": _check_level,
    "value": _check_value,
    "not_applicable": _check_not_applicable,
}


def _check_tags(tags: object, criterion: Criterion | None, found: list[Fault]) -> None:
    if not tags or criterion is None or not isinstance(tags, list):
        return
    known = {tag.key for tag in criterion.failure_tags}
    for position, tag in enumerate(tags):
        if tag not in known:
            message = f"{shown(tag)} is not a failure tag of {criterion.key}; it has {_listed(known) or 'none'}"
            found.append(Fault("schema", message, f"tags[{position}]"))


def _level_problem(value: object) -> str:
    if type(value) is str and 0 < len(value) <= 100:
        return ""
    return f'is {kind_of(value)}; give the id of a level as a text, like "3" (a range takes "value")'


def _value_problem(value: object) -> str:
    if type(value) in (int, float) and math.isfinite(value):  # type: ignore[arg-type]
        return ""
    return f"is {kind_of(value)}; give a number"


def _note_problem(value: object) -> str:
    if type(value) is not str:
        return f"is {kind_of(value)}; give a text"
    return f"has {len(value):,} characters; give at most {MAX_NOTE:,}" if len(value) > MAX_NOTE else ""


def _moment_problem(value: object) -> str:
    try:
        moment = datetime.fromisoformat(value) if type(value) is str else None
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        return "is not a time with a zone; write it like 2026-03-01T09:30:00Z"
    return "" if 1970 <= moment.year <= 9998 else "is not a time of this age; write it like 2026-03-01T09:30:00Z"


def _seconds_problem(value: object) -> str:
    if type(value) in (int, float) and 0 <= value <= MAX_SECONDS:  # type: ignore[operator]
        return ""
    return f"give a number of seconds from 0 to {MAX_SECONDS:,.0f}"


def _tags_problem(value: object) -> str:
    if type(value) is list and all(type(tag) is str and SLUG.fullmatch(tag) for tag in value):
        return "lists a tag twice; keep one" if len(set(value)) != len(value) else ""
    return "give a list of failure tags of the criterion"


OPTIONAL: dict[str, Callable[[object], str]] = {
    "level": _level_problem,
    "value": _value_problem,
    "not_applicable": lambda value: "" if type(value) is bool else f"is {kind_of(value)}; give true or false",
    "note": _note_problem,
    "submitted_at": _moment_problem,
    "seconds": _seconds_problem,
    "tags": _tags_problem,
    "kind": lambda value: "" if value in KINDS else 'give "human" or "model"',
}


def _from_cells(cells: dict[str, object]) -> dict[str, object]:
    """The fields of a CSV row with numbers, truth values and lists read from their cells."""
    fields = with_parsed_cells(cells, lists=frozenset({"tags"}), json_cells=frozenset(), found=[])
    for key in {"value", "seconds"} & fields.keys():
        fields[key] = _number_or_text(fields[key])
    flag = fields.get("not_applicable")
    if type(flag) is str:
        fields["not_applicable"] = TRUTHS.get(flag.lower(), flag)
    return fields


def _number_or_text(cell: object) -> object:
    try:
        return float(str(cell))
    except ValueError:
        return cell


def _utc(moment: object) -> str | None:
    return None if moment is None else datetime.fromisoformat(str(moment)).astimezone(UTC).isoformat()


def _listed(names: Mapping[str, object] | set[str]) -> str:
    return ", ".join(sorted(names)[:20])
