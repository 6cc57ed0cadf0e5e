"""Numbers as charts and sentences show them."""

from __future__ import annotations

from evalhub.stats import Figure
from evalhub.stats.verdict import RELIABLE, TENTATIVE
from evalhub.web.charts import Axis, Band

MINUS = "−"
LOW_ENDS = (0.0, -0.1, -0.25, -0.5, -1.0)


def number(value: float | None, digits: int = 2) -> str:
    """A number with a true minus, never "−0"; a dash where there is none."""
    if value is None:
        return "–"
    words = f"{value:.{digits}f}"
    return words.lstrip("-") if float(words) == 0 else words.replace("-", MINUS)


def interval(figure: Figure, digits: int = 2) -> str:
    if figure.ci_low is None or figure.ci_high is None:
        return ""
    return f"{number(figure.ci_low, digits)} to {number(figure.ci_high, digits)}"


def with_interval(figure: Figure) -> str:
    """Like "0.62 (0.51 to 0.70)"."""
    if figure.value is None:
        return "undefined"
    found = interval(figure)
    return f"{number(figure.value)} ({found})" if found else f"{number(figure.value)}, no interval"


def percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.0f} %"


def alpha_axis(lowest: float) -> Axis:
    """From 0, or from a round number below the lowest value that is shown, to 1, with the bands of the verdict."""
    low = next((end for end in LOW_ENDS if lowest >= end), LOW_ENDS[-1])
    ends = [(low, f"{low:g}".replace("-", MINUS))] + ([(0.0, "0")] if low < 0 else [])
    ticks = (*ends, (TENTATIVE, ".667"), (RELIABLE, ".8"), (1.0, "1"))
    return Axis(
        low,
        1.0,
        ticks,
        (Band(low, TENTATIVE, "c-low"), Band(TENTATIVE, RELIABLE, "c-mid"), Band(RELIABLE, 1.0, "c-high")),
    )
