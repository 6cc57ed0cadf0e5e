"""Estimates over time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from evalhub.web.charts.forest import Axis
from evalhub.web.charts.picture import CHARACTER, WIDTH, Pen, Picture, spread

LEFT, RIGHT, TOP = 34, 6, 20
PLOT = 130
NARROWEST = 14
LABEL = 58
"""Room for "2026-W47" below the axis."""


class Look(StrEnum):
    """Each a shape of its own: disc, ring, triangle."""

    PLAIN = "plain"
    PROVISIONAL = "provisional"
    RAISED = "raised"


@dataclass(frozen=True, slots=True)
class Point:
    """A period; `mark` is written above the line that begins with it, `note` under its dot on the axis."""

    label: str
    value: float | None
    low: float | None = None
    high: float | None = None
    look: Look = Look.PLAIN
    mark: str = ""
    note: str = ""


def trend(points: Sequence[Point], axis: Axis) -> Picture:
    """Points from left to right, joined where neighbours have values; the axis runs upwards."""
    pen = Pen()
    width = max(WIDTH, LEFT + RIGHT + NARROWEST * len(points))
    _ground(pen, axis, width)
    places = spread(len(points), LEFT, width - RIGHT)
    step = max(1, round(LABEL * len(points) / (width - LEFT - RIGHT) + 0.49))
    for at, (x, point) in enumerate(zip(places, points, strict=True)):
        if point.mark:
            edge = x - (width - LEFT - RIGHT) / len(points) / 2
            pen.line("c-mark", edge, TOP - 6, edge, TOP + PLOT)
            pen.text("c-mark-words", min(edge + 3, width - CHARACTER * len(point.mark)), TOP - 8, point.mark)
        if at % step == 0:
            pen.text("c-tick", min(max(x, LABEL / 2), width - LABEL / 2), TOP + PLOT + 26, point.label)
        if point.note:
            pen.text("c-tick", x, TOP + PLOT + 12, point.note)
    _joins(pen, axis, places, points)
    for x, point in zip(places, points, strict=True):
        _point(pen, axis, x, point)
    return pen.picture(width, TOP + PLOT + 32)


def _ground(pen: Pen, axis: Axis, width: float) -> None:
    for band in axis.bands:
        pen.rect(band.css, LEFT, _y(axis, band.high), width - LEFT - RIGHT, _y(axis, band.low) - _y(axis, band.high))
    for value, words in axis.ticks:
        pen.line("c-grid", LEFT, _y(axis, value), width - RIGHT, _y(axis, value))
        pen.text("c-value-weak", LEFT - 5, _y(axis, value) + 4, words)


def _joins(pen: Pen, axis: Axis, places: Sequence[float], points: Sequence[Point]) -> None:
    known = [(x, _y(axis, p.value)) for x, p in zip(places, points, strict=True) if p.value is not None]
    for (x1, y1), (x2, y2) in pairwise(known):
        pen.line("c-join", x1, y1, x2, y2)


def _point(pen: Pen, axis: Axis, x: float, point: Point) -> None:
    if point.value is None:
        return
    if point.low is not None and point.high is not None:
        pen.line("c-whisker-weak", x, _y(axis, point.low), x, _y(axis, point.high))
    y = _y(axis, point.value)
    if point.look is Look.RAISED:
        pen.triangle("c-raised", x, y, 6)
    else:
        pen.dot("c-ring" if point.look is Look.PROVISIONAL else "c-dot", x, y, 4)


def _y(axis: Axis, value: float) -> float:
    return TOP + PLOT * (1 - axis.share(value))
