"""Shares of a whole beside one another, a bar a row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from evalhub.web.charts.picture import CHARACTER, WIDTH, Pen, Picture, fitting

ROW, BAR = 30, 20
TOP = 22
NARROWEST = 36
"""A part that its words would not fit into has none; the table has them all."""
MOST_LABEL = 130


class Part(NamedTuple):
    css: str
    share: float
    words: str


class Stack(NamedTuple):
    """`amount` stands at the end of the row; `parts` come to 1, or are none."""

    label: str
    amount: str
    parts: Sequence[Part]


def stacked(rows: Sequence[Stack], parts: Sequence[tuple[str, str]]) -> Picture:
    """A bar a row, parted in the order of `parts` (class and name), whose names stand above the first one."""
    pen = Pen()
    left = min(MOST_LABEL, 10 + CHARACTER * max((len(row.label) for row in rows), default=0))
    right = WIDTH - 10 - CHARACTER * max((len(row.amount) for row in rows), default=0)
    x = 0.0
    for css, name in parts:
        pen.rect(css, x, 4, 10, 10)
        pen.text("c-label-weak", x + 14, 13, name)
        x += 14 + CHARACTER * (len(name) + 2)
    for at, row in enumerate(rows):
        y, x = TOP + at * ROW, float(left)
        pen.text("c-label", 0, y + 15, fitting(row.label, left - 6))
        for part in row.parts:
            width = part.share * (right - left)
            if width > 0:
                pen.rect(part.css, x, y, width, BAR)
            if width >= NARROWEST:
                pen.text("c-cell", x + width / 2, y + 14, part.words)
            x += width
        pen.text("c-value-weak", WIDTH, y + 15, row.amount)
    return pen.picture(WIDTH, TOP + len(rows) * ROW)
