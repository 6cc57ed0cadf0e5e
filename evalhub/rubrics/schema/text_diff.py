"""What changed between two texts, line by line."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import SequenceMatcher
from enum import StrEnum
from typing import NamedTuple

CONTEXT_LINES = 3
LINES_LIMIT = 5_000
"""Of either text; beyond it the comparison could take minutes."""


class LineKind(StrEnum):
    SAME = "same"
    REMOVED = "removed"
    ADDED = "added"
    LEFT_OUT = "left out"
    """Stands for the equal lines between two places."""


class DiffLine(NamedTuple):
    """A line with its numbers, from 1, in the texts that hold it."""

    kind: LineKind
    before: int | None
    after: int | None
    text: str


def text_diff(before: str, after: str) -> list[DiffLine] | None:
    """The changed lines with three equal ones around; empty when nothing changed, None when a text is too long."""
    old, new = before.split("\n"), after.split("\n")
    if max(len(old), len(new)) > LINES_LIMIT:
        return None
    lines: list[DiffLine] = []
    for group in SequenceMatcher(None, old, new).get_grouped_opcodes(CONTEXT_LINES):
        if lines or group[0][1] > 0:
            lines.append(DiffLine(LineKind.LEFT_OUT, None, None, ""))
        for what, i, i_end, j, j_end in group:
            lines += _lines_of(what, old[i:i_end], new[j:j_end], i, j)
    return lines


def _lines_of(what: str, old: list[str], new: list[str], i: int, j: int) -> Iterator[DiffLine]:
    """The lines of one stretch; i and j of all lines stand before it."""
    if what == "equal":
        for n, text in enumerate(old, 1):
            yield DiffLine(LineKind.SAME, i + n, j + n, text)
        return
    for n, text in enumerate(old, 1):
        yield DiffLine(LineKind.REMOVED, i + n, None, text)
    for n, text in enumerate(new, 1):
        yield DiffLine(LineKind.ADDED, None, j + n, text)
