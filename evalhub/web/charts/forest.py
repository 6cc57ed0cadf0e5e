"""Estimates with their intervals, one below the other, against bands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evalhub.web.charts.picture import CHARACTER, WIDTH, Pen, Picture, fitting

EDGE = 8
"""Room on both sides, so that no dot at an end is cut."""
ROW = 36
BAR = 13
AXIS = 20


@dataclass(frozen=True, slots=True)
class Band:
    """A stretch of the axis; `css` is c-low, c-mid or c-high."""

    low: float
    high: float
    css: str


@dataclass(frozen=True, slots=True)
class Axis:
    """From where to where, with its ticks and their words."""

    low: float
    high: float
    ticks: tuple[tuple[float, str], ...]
    bands: tuple[Band, ...] = ()

    def share(self, value: float) -> float:
        """Where a value lies between the ends, 0 to 1; beyond them it is at the end."""
        return min(max((value - self.low) / (self.high - self.low), 0.0), 1.0)


@dataclass(frozen=True, slots=True)
class Estimate:
    """A row: `words` stand at its right end; `because` takes the place of the bar where there is no value.

    `is_weak` greys it: there is a value, but it rests on too little.
    """

    label: str
    words: str
    value: float | None
    low: float | None = None
    high: float | None = None
    is_weak: bool = False
    because: str = ""


def forest(estimates: Sequence[Estimate], axis: Axis) -> Picture:
    """Each row a line of words above a bar; ticks below the last one.

    An interval that leaves the axis goes on to its edge, without a tick there.
    """
    pen = Pen()
    for at, estimate in enumerate(estimates):
        _row(pen, estimate, axis, ROW * at)
    bottom = ROW * len(estimates)
    for value, words in axis.ticks:
        pen.text("c-tick", _x(axis, value), bottom + 12, words)
    return pen.picture(WIDTH, bottom + AXIS)


def _row(pen: Pen, estimate: Estimate, axis: Axis, top: float) -> None:
    weak = "-weak" if estimate.is_weak or estimate.value is None else ""
    room = WIDTH - 2 * EDGE - CHARACTER * (len(estimate.words) + 1)
    pen.text(f"c-label{weak}", EDGE, top + 12, fitting(estimate.label, room))
    pen.text(f"c-value{weak}", WIDTH - EDGE, top + 12, estimate.words)
    y = top + 17
    middle = y + BAR / 2
    if estimate.value is None:
        pen.rect("c-ground", EDGE, y, WIDTH - 2 * EDGE, BAR)
        pen.text("c-because", WIDTH / 2, middle + 4, fitting(estimate.because, WIDTH - 4 * EDGE))
        return
    _ground(pen, axis, y)
    if estimate.low is not None and estimate.high is not None:
        ends = [_x(axis, end) for end in (estimate.low, estimate.high) if axis.low <= end <= axis.high]
        pen.whisker(f"c-whisker{weak}", _x(axis, estimate.low), _x(axis, estimate.high), middle, ends=ends)
    pen.dot(f"c-dot{weak}", _x(axis, estimate.value), middle, 4)


def _ground(pen: Pen, axis: Axis, y: float) -> None:
    for band in axis.bands or (Band(axis.low, axis.high, "c-ground"),):
        pen.rect(band.css, _x(axis, band.low), y, _x(axis, band.high) - _x(axis, band.low), BAR)
    for value, _ in axis.ticks[1:-1]:
        pen.line("c-grid", _x(axis, value), y, _x(axis, value), y + BAR)


def _x(axis: Axis, value: float) -> float:
    return EDGE + (WIDTH - 2 * EDGE) * axis.share(value)
