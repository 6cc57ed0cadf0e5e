"""Read a ratings file for `evalhub agreement`: no instance and no rubric, so the order of levels is found or given."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from evalhub.datasets.schema.faults import FileFaults
from evalhub.datasets.schema.jsonl import read_jsonl
from evalhub.datasets.schema.ratings import FIELDS
from evalhub.datasets.schema.tabular import read_csv
from evalhub.errors import BadInput, Fault
from evalhub.stats import Ratings, Scale

ANSWERS = ("level", "value", "score")
KNOWN = FIELDS | {"score", "group"}
NAMES = ("item_id", "reviewer", "criterion")
NOTHING = "nothing was computed"


class RatingLine(NamedTuple):
    """One rating as the file says it; `answer` is None for "not applicable"."""

    line: int
    item: str
    reviewer: str
    criterion: str
    answer: str | None
    group: str
    is_model: bool


class CriterionRatings(NamedTuple):
    """The ratings of one criterion with its levels, worst first, and who said that it does not apply.

    Units and raters of `ratings` are positions in `items` and `reviewers`.
    """

    criterion: str
    levels: tuple[str, ...]
    ratings: Ratings
    n_not_applicable: int
    applies: Ratings
    items: tuple[str, ...]
    reviewers: tuple[str, ...]


def read_rating_lines(path: Path) -> list[RatingLine]:
    """All ratings of a JSONL or CSV file.

    Raises:
        BadInput: with every bad line, a second rating of the same item, criterion and reviewer among them.
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
    return lines


def by_criterion(
    lines: Sequence[RatingLine], source: str, scale: Scale, orders: Mapping[str, tuple[str, ...]]
) -> list[CriterionRatings]:
    """The ratings of each criterion, in the order in which the file names them.

    Args:
        orders: levels from the worst a criterion, or under "" for all.

    Raises:
        BadInput: a level is not among those given, or levels are words without an order on a scale that needs one.
    """
    faults = FileFaults(source)
    rows_of: dict[str, list[RatingLine]] = {}
    for row in lines:
        rows_of.setdefault(row.criterion, []).append(row)
    found = [
        _criterion(criterion, rows, scale, orders.get(criterion, orders.get("")), faults)
        for criterion, rows in rows_of.items()
    ]
    if faults:
        raise faults.as_error(NOTHING)
    return [criterion for criterion in found if criterion is not None]


def _rating_line(line: int, value: object, found: list[Fault]) -> RatingLine | None:
    if not isinstance(value, dict):
        found.append(Fault("schema", "write one object a line", line=line))
        return None
    fields = {key: given for key, given in value.items() if given is not None}
    found.extend(
        Fault("schema", f'"{key}" is not a field of a rating; remove it', str(key), line)
        for key in fields
        if key not in KNOWN
    )
    names = {key: _text(fields.get(key)) for key in (*NAMES, "group")}
    found.extend(Fault("schema", f'"{key}" is missing; give a text', key, line) for key in NAMES if not names[key])
    answer = _answer(fields, line, found)
    if found:
        return None
    return RatingLine(
        line,
        names["item_id"],
        names["reviewer"],
        names["criterion"],
        answer,
        names["group"] or names["item_id"],
        fields.get("kind") == "model",
    )


def _answer(fields: Mapping[str, object], line: int, found: list[Fault]) -> str | None:
    given = [key for key in ANSWERS if key in fields]
    applies_not = str(fields.get("not_applicable", "")).lower() in ("true", "1", "yes")
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


def _criterion(
    criterion: str, rows: Sequence[RatingLine], scale: Scale, order: tuple[str, ...] | None, faults: FileFaults
) -> CriterionRatings | None:
    answered = [row for row in rows if row.answer is not None]
    levels = order or _order_found(criterion, answered, scale, faults)
    if levels is None:
        return None
    rank_of = {canonical(level): rank for rank, level in enumerate(levels)}
    ranks = [rank_of.get(canonical(row.answer or "")) for row in answered]
    for row, rank in zip(answered, ranks, strict=True):
        if rank is None:
            message = f'"{row.answer}" is not one of the levels {", ".join(levels)}'
            faults.add(row.line, [Fault("schema", message, "level", row.line)])
    if None in ranks:
        return None
    numbers = [_number(level) for level in levels]
    values = None if None in numbers or not numbers else np.array(numbers, dtype=np.float64)
    if values is None and levels and scale in (Scale.INTERVAL, Scale.RATIO):
        raise BadInput(f'{criterion}: a scale "{scale}" needs numbers, and the levels are {", ".join(levels)}')
    return CriterionRatings(
        criterion,
        tuple(levels),
        _ratings(answered, ranks, max(len(levels), 1), values),
        len(rows) - len(answered),
        _ratings(rows, [int(row.answer is not None) for row in rows], 2, None),
        tuple(dict.fromkeys(row.item for row in answered)),
        tuple(dict.fromkeys(row.reviewer for row in answered)),
    )


def _order_found(
    criterion: str, rows: Sequence[RatingLine], scale: Scale, faults: FileFaults
) -> tuple[str, ...] | None:
    """The levels sorted as numbers; words only where no order is needed."""
    labels = {canonical(row.answer or ""): row for row in reversed(rows)}
    words = [row for label, row in labels.items() if _number(label) is None]
    if not words:
        return tuple(sorted(labels, key=float))
    if scale is Scale.NOMINAL:
        return tuple(sorted(labels))
    row = min(words, key=lambda word: word.line)
    message = (
        f'{criterion}: "{row.answer}" is a word, and words have no order; '
        "give it with --levels worst,…,best, or use --scale nominal"
    )
    faults.add(row.line, [Fault("schema", message, "level", row.line)])
    return None


def _ratings(rows: Sequence[RatingLine], levels: Sequence[int | None], n_levels: int, values: object) -> Ratings:
    return Ratings(
        _numbered([row.item for row in rows]),
        _numbered([row.reviewer for row in rows]),
        np.array(levels, dtype=np.float64),
        n_levels=n_levels,
        group=_numbered([row.group for row in rows]),
        values=None if values is None else np.asarray(values),
    )


def _numbered(names: Sequence[str]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    position: dict[str, int] = {}
    return np.array([position.setdefault(name, len(position)) for name in names], dtype=np.int64)


def _number(label: str) -> float | None:
    try:
        number = float(label)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def canonical(label: str) -> str:
    """One spelling for each number, so that 3, 3.0 and "3" are one level."""
    number = _number(label)
    return label if number is None else f"{number:.17g}"
