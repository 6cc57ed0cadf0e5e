"""What a chart consists of, and the pen that draws it."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, field

WIDTH = 360
"""Of most charts, in units that are pixels on a phone; text is 12 of them high."""
CHARACTER = 6.4
"""The mean width of a character, generously."""

Value = str | int | float | None


@dataclass(frozen=True, slots=True)
class Path:
    """Shapes of one class."""

    css: str
    d: str


@dataclass(frozen=True, slots=True)
class Text:
    css: str
    x: str
    y: str
    words: str


@dataclass(frozen=True, slots=True)
class Picture:
    width: int
    height: int
    paths: tuple[Path, ...]
    texts: tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture with the numbers that it shows.

    `name` is its place in addresses and file names; `description` says in a sentence what it shows, `method` on how
    much it rests and how it was computed. Without a picture `because` says why there is none.
    """

    name: str
    title: str
    description: str
    method: str
    headings: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]
    picture: Picture | None
    because: str = ""


@dataclass(eq=False, slots=True)
class Pen:
    """Collects shapes by their class; the class that is used first lies lowest."""

    _shapes: dict[str, list[str]] = field(default_factory=dict)
    _texts: list[Text] = field(default_factory=list)

    def line(self, css: str, x1: float, y1: float, x2: float, y2: float) -> None:
        self._add(css, f"M{short(x1)} {short(y1)}L{short(x2)} {short(y2)}")

    def rect(self, css: str, x: float, y: float, width: float, height: float) -> None:
        self._add(css, f"M{short(x)} {short(y)}h{short(width)}v{short(height)}h{short(-width)}z")

    def dot(self, css: str, x: float, y: float, radius: float) -> None:
        r, across = short(radius), short(2 * radius)
        self._add(css, f"M{short(x - radius)} {short(y)}a{r} {r} 0 1 0 {across} 0a{r} {r} 0 1 0 -{across} 0z")

    def triangle(self, css: str, x: float, y: float, radius: float) -> None:
        self._add(css, f"M{short(x)} {short(y - radius)}l{short(radius)} {short(1.8 * radius)}h{short(-2 * radius)}z")

    def diamond(self, css: str, x: float, y: float, radius: float) -> None:
        r = short(radius)
        self._add(css, f"M{short(x - radius)} {short(y)}l{r} -{r} {r} {r} -{r} {r}z")

    def whisker(self, css: str, x1: float, x2: float, y: float, *, ends: Sequence[float]) -> None:
        """A horizontal interval with a tick at each of its ends that is shown."""
        self.line(css, x1, y, x2, y)
        for x in ends:
            self.line(css, x, y - 4, x, y + 4)

    def text(self, css: str, x: float, y: float, words: str) -> None:
        self._texts.append(Text(css, short(x), short(y), words))

    def picture(self, width: float, height: float) -> Picture:
        paths = tuple(Path(css, "".join(shapes)) for css, shapes in self._shapes.items())
        return Picture(round(width), round(height), paths, tuple(self._texts))

    def _add(self, css: str, d: str) -> None:
        self._shapes.setdefault(css, []).append(d)


def short(number: float) -> str:
    """A coordinate to a tenth of a unit, without needless characters."""
    return f"{round(number, 1) + 0.0:.1f}".removesuffix(".0")


def fitting(words: str, width: float) -> str:
    """As much of the words as fits, ended by "…" where something is left out."""
    most = max(int(width / CHARACTER), 2)
    return words if len(words) <= most else words[: most - 1].rstrip() + "…"


def as_csv(chart: Chart) -> str:
    """The numbers behind a chart, in full precision; an empty field is an undefined figure."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerows([_as_text(value) for value in row] for row in (chart.headings, *chart.rows))
    return out.getvalue()


def spread(n: int, low: float, high: float) -> Sequence[float]:
    """The middles of n equal parts between two places."""
    return [low + (high - low) * (at + 0.5) / n for at in range(n)]


def _as_text(value: Value) -> Value:
    """A text that a spreadsheet would take for a formula gets a mark that it does not show."""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value
