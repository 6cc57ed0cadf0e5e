"""Counts from left to right, as bars."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from evalhub.web.charts.picture import WIDTH, Pen, Picture, spread

LEFT, RIGHT, TOP = 34, 6, 10
PLOT = 110
LABEL = 48
"""Room for "27 Nov" below the axis."""
STEPS = (1, 2, 5)


class Bar(NamedTuple):
    label: str
    value: int


def bars(counts: Sequence[Bar]) -> Picture:
    """A bar a count, from 0 up to a round number; labels as far as they fit, the last one always."""
    pen = Pen()
    top = _round_up(max((bar.value for bar in counts), default=0))
    for value in (0, top // 2, top) if top % 2 == 0 else (0, top):
        pen.line("c-grid", LEFT, _y(value, top), WIDTH - RIGHT, _y(value, top))
        pen.text("c-value-weak", LEFT - 5, _y(value, top) + 4, f"{value:,}")
    width = (WIDTH - LEFT - RIGHT) / max(len(counts), 1)
    step = max(1, -(-LABEL // int(max(width, 1))))
    for at, (x, bar) in enumerate(zip(spread(len(counts), LEFT, WIDTH - RIGHT), counts, strict=True)):
        if bar.value:
            height = _y(0, top) - _y(bar.value, top)
            pen.rect("c-bar", x - width * 0.4, _y(bar.value, top), width * 0.8, height)
        if (len(counts) - 1 - at) % step == 0:
            pen.text("c-tick", min(x, WIDTH - LABEL / 2), TOP + PLOT + 14, bar.label)
    return pen.picture(WIDTH, TOP + PLOT + 20)


def _y(value: float, top: int) -> float:
    return TOP + PLOT * (1 - value / top)


def _round_up(value: int) -> int:
    """The least of 1, 2, 5, 10, 20, 50, … that is not below the value."""
    size = 1
    while True:
        for step in STEPS:
            if step * size >= value:
                return step * size
        size *= 10
