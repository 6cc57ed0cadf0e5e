"""Read a ratings file for `evalhub agreement`, line by line, without an instance and without a rubric."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from evalhub.datasets.schema.faults import FileFaults
from evalhub.datasets.schema.jsonl import read_jsonl
from evalhub.datasets.schema.ratings import FIELDS, OPTIONAL
from evalhub.datasets.schema.tabular import read_csv
from evalhub.errors import BadInput, Fault

ANSWERS = ("level", "value", "score")
KNOWN = FIELDS | {"score", "group"}
NAMES = ("item_id", "reviewer", "criterion")
NOTHING = "nothing was computed"
TIME_EXAMPLE = "like 2026-03-01T09:30:00Z"


class RatingLine(NamedTuple):
    """One rating as the file says it; `answer` is None for "not applicable"."""

    line: int
    item: str
    reviewer: str
    criterion: str
    answer: str | None
    group: str
    is_model: bool
    submitted_at: datetime | None


def read_rating_lines(path: Path) -> list[RatingLine]:
    """All ratings of a JSONL or CSV file.

    Raises:
        BadInput: with every bad line, a second rating of the same item, criterion and reviewer among them; or there is
            no rating at all.
    """
    faults = FileFaults(str(path))
    with path.open("rb") as stream:
        is_csv = path.suffix.lower() in (".csv", ".tsv")
        records = read_csv(stream, faults) if is_csv else read_jsonl(stream, faults)
        lines = []
        for line, value in records:
            found: list[Fault] = []
            row = _rating_line(line, value, found)
            if found or row is None:
                faults.add(line, found)
            else:
                lines.append(row)
    _find_doubled(lines, faults)
    if faults:
        raise faults.as_error(NOTHING)
    if not lines:
        raise BadInput(f"{path}: the file holds no ratings; {NOTHING}", code="empty")
    return lines


def refuse_without_times(lines: Sequence[RatingLine], source: str) -> None:
    """Refuse ratings that do not say when they were given.

    Raises:
        BadInput: with every line that does not, or once for all.
    """
    without = [row.line for row in lines if row.submitted_at is None]
    if len(without) == len(lines):
        message = f'no rating says when it was given; --by week needs "submitted_at" on each line, {TIME_EXAMPLE}'
        raise BadInput(f"{source}: {message}", code="schema")
    faults = FileFaults(source)
    for line in without:
        faults.add(line, [Fault("schema", f"is missing, and --by week needs it; {TIME_EXAMPLE}", "submitted_at", line)])
    if faults:
        raise faults.as_error(NOTHING)


def _rating_line(line: int, value: object, found: list[Fault]) -> RatingLine | None:
    if not isinstance(value, dict):
        found.append(Fault("schema", "write one object a line", line=line))
        return None
    fields = {key: given for key, given in value.items() if given is not None} if None in value.values() else value
    if not fields.keys() <= KNOWN:
        unknown = sorted(fields.keys() - KNOWN)
        found.extend(
            Fault("schema", f'"{key}" is not a field of a rating; remove it', str(key), line) for key in unknown
        )
    item, reviewer, criterion = (
        _text(fields.get("item_id")),
        _text(fields.get("reviewer")),
        _text(fields.get("criterion")),
    )
    if not (item and reviewer and criterion):
        missing = [key for key in NAMES if not _text(fields.get(key))]
        found.extend(Fault("schema", f'"{key}" is missing; give a text', key, line) for key in missing)
    answer = _answer(fields, line, found)
    moment = _moment(fields, line, found)
    if found:
        return None
    group = _text(fields.get("group")) or item
    return RatingLine(line, item, reviewer, criterion, answer, group, fields.get("kind") == "model", moment)


def _answer(fields: Mapping[str, object], line: int, found: list[Fault]) -> str | None:
    given = [key for key in ANSWERS if key in fields]
    applies_not = "not_applicable" in fields and str(fields["not_applicable"]).lower() in ("true", "1", "yes")
    if len(given) + applies_not != 1:
        what = "gives " + " and ".join(given) if given else "has no answer"
        found.append(
            Fault("schema", f'{what}; give one of "level", "value", "score" or "not_applicable": true', line=line)
        )
        return None
    if applies_not:
        return None
    answer = _text(fields[given[0]])
    if not answer:
        found.append(Fault("schema", "give a text or a finite number", given[0], line))
    return answer


def _moment(fields: Mapping[str, object], line: int, found: list[Fault]) -> datetime | None:
    if "submitted_at" not in fields:
        return None
    problem = OPTIONAL["submitted_at"](fields["submitted_at"])
    if problem:
        found.append(Fault("schema", problem, "submitted_at", line))
        return None
    return datetime.fromisoformat(str(fields["submitted_at"]))


def _text(value: object) -> str:
    """A text or number as text; nothing for what is neither."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool) or not isinstance(value, int | float):
        return ""
    return f"{value:.17g}" if math.isfinite(value) else ""


def _find_doubled(lines: Iterable[RatingLine], faults: FileFaults) -> None:
    """Add a fault for each second rating of the same thing, and for each item that is put in a second group."""
    first: dict[tuple[str, str, str], int] = {}
    group_of: dict[str, RatingLine] = {}
    for row in lines:
        key = (row.item, row.criterion, row.reviewer)
        home = group_of.setdefault(row.item, row)
        if key in first:
            message = f"{row.reviewer} rates {row.item} on {row.criterion} here and on line {first[key]}; keep one"
            faults.add(row.line, [Fault("duplicate_rating", message, line=row.line)])
        elif home.group != row.group:
            message = f'{row.item} is in group "{home.group}" on line {home.line}; an item answers one prompt'
            faults.add(row.line, [Fault("schema", message, "group", row.line)])
        first.setdefault(key, row.line)
