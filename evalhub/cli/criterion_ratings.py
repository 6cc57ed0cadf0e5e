"""The ratings of each criterion of a file; without a rubric, the order of the levels is found or given."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from evalhub.cli.ratings_file import NOTHING, RatingLine
from evalhub.datasets.schema.faults import FileFaults
from evalhub.errors import BadInput, Fault
from evalhub.stats import Ratings, Scale


class CriterionRatings(NamedTuple):
    """The ratings of one criterion with its levels, worst first, and who said that it does not apply.

    Units and raters of `ratings` are positions in `items` and `reviewers`; `finished` says when an item's last reviewer
    did, where every rating has a time.
    """

    criterion: str
    levels: tuple[str, ...]
    ratings: Ratings
    n_not_applicable: int
    applies: Ratings
    items: tuple[str, ...]
    reviewers: tuple[str, ...]
    finished: Mapping[str, datetime] = MappingProxyType({})


def by_criterion(
    lines: Sequence[RatingLine], source: str, scale: Scale, orders: Mapping[str, tuple[str, ...]]
) -> list[CriterionRatings]:
    """The ratings of each criterion, in the order in which the file names them.

    Args:
        orders: levels from the worst a criterion, or under "" for all.

    Raises:
        BadInput: a level is not among those given, levels are words without an order on a scale that needs one, or an
            order is given for a criterion that the file does not name.
    """
    faults = FileFaults(source)
    rows_of: dict[str, list[RatingLine]] = {}
    for row in lines:
        rows_of.setdefault(row.criterion, []).append(row)
    unknown = sorted(orders.keys() - rows_of.keys() - {""})
    if unknown:
        named = f"it has {', '.join(rows_of)}"
        raise BadInput(f'--levels "{unknown[0]}=…": {source} has no such criterion; {named}', code="schema")
    found = [
        _criterion(criterion, rows, scale, orders.get(criterion, orders.get("")), faults)
        for criterion, rows in rows_of.items()
    ]
    if faults:
        raise faults.as_error(NOTHING)
    finished = _finished(lines)
    return [criterion._replace(finished=finished) for criterion in found if criterion is not None]


def _finished(lines: Iterable[RatingLine]) -> dict[str, datetime]:
    """When the last reviewer of each item finished; ratings without a time do not count."""
    finished: dict[str, datetime] = {}
    for row in lines:
        if row.submitted_at is not None:
            finished[row.item] = max(row.submitted_at, finished.get(row.item, row.submitted_at))
    return finished


def _criterion(
    criterion: str, rows: Sequence[RatingLine], scale: Scale, order: tuple[str, ...] | None, faults: FileFaults
) -> CriterionRatings | None:
    answered = [row for row in rows if row.answer is not None]
    levels = order or _order_found(criterion, answered, scale, faults)
    if levels is None:
        return None
    ranks = _ranks(answered, levels, faults)
    if ranks is None:
        return None
    names = _Names(
        items=tuple(dict.fromkeys(row.item for row in rows)),
        reviewers=tuple(dict.fromkeys(row.reviewer for row in rows)),
        groups=tuple(dict.fromkeys(row.group for row in rows)),
    )
    return CriterionRatings(
        criterion,
        tuple(levels),
        _ratings(answered, names, ranks, max(len(levels), 1), _values(criterion, levels, scale)),
        len(rows) - len(answered),
        _ratings(rows, names, [int(row.answer is not None) for row in rows], 2, None),
        names.items,
        names.reviewers,
    )


def _ranks(rows: Sequence[RatingLine], levels: Sequence[str], faults: FileFaults) -> list[int] | None:
    """The rank of each answer; None after adding those that are no level to `faults`."""
    rank_of = {canonical(level): rank for rank, level in enumerate(levels)}
    rank_of_answer = {answer: rank_of.get(canonical(answer)) for answer in {row.answer or "" for row in rows}}
    ranks = [rank_of_answer[row.answer or ""] for row in rows]
    for row, rank in zip(rows, ranks, strict=True):
        if rank is None:
            message = f'"{row.answer}" is not one of the levels {", ".join(levels)}'
            faults.add(row.line, [Fault("schema", message, "level", row.line)])
    known = [rank for rank in ranks if rank is not None]
    return known if len(known) == len(ranks) else None


def _values(criterion: str, levels: Sequence[str], scale: Scale) -> np.ndarray[tuple[int], np.dtype[np.float64]] | None:
    """The numbers that the levels stand for; none where they are words, or fall on a scale that needs only an order.

    Raises:
        BadInput: the scale is one of numbers, and the levels are words or do not rise.
    """
    numbers = [number for number in map(_number, levels) if number is not None]
    is_rising = len(numbers) == len(levels) and numbers == sorted(numbers)
    if scale in (Scale.INTERVAL, Scale.RATIO) and not is_rising:
        needs = f'{criterion}: a scale "{scale}" needs numbers'
        if len(numbers) < len(levels):
            raise BadInput(f"{needs}, and the levels are {', '.join(levels)}", code="schema")
        raise BadInput(f"{needs} that rise; leave --levels out, and they are sorted", code="schema")
    return np.array(numbers, dtype=np.float64) if numbers and is_rising else None


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


class _Names(NamedTuple):
    """The distinct names of a criterion's ratings, in the order of the file."""

    items: tuple[str, ...]
    reviewers: tuple[str, ...]
    groups: tuple[str, ...]


def _ratings(rows: Sequence[RatingLine], names: _Names, ranks: Sequence[int], n_levels: int, values: object) -> Ratings:
    item, reviewer, group = ({name: at for at, name in enumerate(listed)} for listed in names)
    return Ratings(
        np.array([item[row.item] for row in rows], dtype=np.int64),
        np.array([reviewer[row.reviewer] for row in rows], dtype=np.int64),
        np.array(ranks, dtype=np.float64),
        n_levels=n_levels,
        group=np.array([group[row.group] for row in rows], dtype=np.int64),
        values=None if values is None else np.asarray(values),
    )


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
