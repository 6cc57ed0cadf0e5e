"""A table of shaded cells with a number in each."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from evalhub.web.charts.picture import CHARACTER, Pen, Picture, fitting

ROW = 24
HEAD = 34
NARROWEST, WIDEST = 34, 84
LABEL, LEAST_LABEL = 140, 48
BROADEST = 420
"""What a picture may be wide while its cells have room; it is wider only for many narrow cells."""


@dataclass(frozen=True, slots=True)
class Cell:
    """`css` is its shade (c-heat-0 … c-heat-5, c-low, c-mid, c-high, or none); an outline marks what agrees."""

    words: str
    css: str = ""
    is_outlined: bool = False


def matrix(
    rows: Sequence[str], columns: Sequence[str], cells: Sequence[Sequence[Cell]], *, side: str, top: str
) -> Picture:
    """The cells by rows, with what rows and columns stand for (`side` and `top`) above and left."""
    n = max(len(columns), 1)
    wanted = max(min(CHARACTER * _longest(columns) + 6, WIDEST), NARROWEST)
    label = min(max(CHARACTER * _longest([side, *rows]) + 8, LEAST_LABEL), max(BROADEST - n * wanted, LABEL))
    width = max(min(wanted, (BROADEST - label) / n), NARROWEST)
    pen = Pen()
    pen.text("c-side", 0, HEAD - 8, fitting(side, label))
    pen.text("c-top", label + width * len(columns) / 2, 11, top)
    for at, words in enumerate(columns):
        pen.text("c-tick", label + width * (at + 0.5), HEAD - 8, fitting(words, width - 2))
    for at, (words, row) in enumerate(zip(rows, cells, strict=True)):
        y = HEAD + ROW * at
        pen.text("c-label", 0, y + 16, fitting(words, label - 6))
        for place, cell in enumerate(row):
            _cell(pen, cell, label + width * place, y, width)
    return pen.picture(label + width * len(columns) + 1, HEAD + ROW * len(rows) + 1)


def shade(share: float) -> str:
    """The shade of a share from 0 to 1, in five steps; 0 has one of its own."""
    return f"c-heat-{math.ceil(5 * share)}"


def _longest(words: Sequence[str]) -> int:
    return max(map(len, words), default=0)


def _cell(pen: Pen, cell: Cell, x: float, y: float, width: float) -> None:
    if cell.css:
        pen.rect(cell.css, x + 1, y + 1, width - 2, ROW - 2)
    if cell.is_outlined:
        pen.rect("c-own", x + 1.5, y + 1.5, width - 3, ROW - 3)
    if cell.words:
        pen.text("c-cell", x + width / 2, y + 16, cell.words)
