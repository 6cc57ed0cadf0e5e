"""A chart that leaves the page: the same drawing with its colours written into it."""

from __future__ import annotations

import textwrap
from xml.etree import ElementTree

SVG = "http://www.w3.org/2000/svg"
MARGIN = 12
HEAD = 40
LINE = 13
SMALL_CHARACTER = 4.9
SCALE = 1.5

INK, MUTED, GRID, PAPER = "#1b1c20", "#565b64", "#8b9099", "#ffffff"
LOW, MID, HIGH = "#d55e00", "#e69f00", "#0072b2"
"""Vermilion, orange and blue of Okabe and Ito (2008), told apart with every kind of colour blindness."""

_WORDS = {"font-size": "12", "fill": INK}
_MIDDLE = {**_WORDS, "text-anchor": "middle"}
_STROKE = {"fill": "none", "stroke": INK, "stroke-width": "1.6"}

LOOKS: dict[str, dict[str, str]] = {
    "c-low": {"fill": LOW, "fill-opacity": ".26"},
    "c-mid": {"fill": MID, "fill-opacity": ".3"},
    "c-high": {"fill": HIGH, "fill-opacity": ".26"},
    "c-bar": {"fill": HIGH},
    "c-ground": {"fill": MUTED, "fill-opacity": ".12"},
    **{f"c-heat-{step}": {"fill": HIGH, "fill-opacity": f".{step * 9:02d}"} for step in range(6)},
    "c-own": {"fill": "none", "stroke": INK, "stroke-width": "1.2"},
    "c-grid": {"fill": "none", "stroke": GRID, "stroke-width": "1"},
    "c-join": {"fill": "none", "stroke": HIGH, "stroke-width": "1.6"},
    "c-mark": {"fill": "none", "stroke": INK, "stroke-width": "1", "stroke-dasharray": "3 3"},
    "c-whisker": _STROKE,
    "c-whisker-weak": {**_STROKE, "stroke": MUTED, "stroke-width": "1.2"},
    "c-dot": {"fill": INK},
    "c-dot-weak": {"fill": PAPER, "stroke": MUTED, "stroke-width": "1.6"},
    "c-ring": {"fill": PAPER, "stroke": INK, "stroke-width": "1.6"},
    "c-raised": {"fill": LOW, "stroke": INK, "stroke-width": "1.2"},
    "c-label": _WORDS,
    "c-label-weak": {**_WORDS, "fill": MUTED},
    "c-value": {**_WORDS, "text-anchor": "end"},
    "c-value-weak": {**_WORDS, "text-anchor": "end", "fill": MUTED},
    "c-side": {**_WORDS, "fill": MUTED},
    "c-top": {**_MIDDLE, "fill": MUTED},
    "c-tick": {**_MIDDLE, "fill": MUTED},
    "c-because": {**_MIDDLE, "fill": MUTED, "font-style": "italic"},
    "c-cell": _MIDDLE,
    "c-mark-words": {**_WORDS, "fill": MUTED},
}
"""What `static/css/report.css` says of each class, in the light scheme."""


def as_file(svg: str) -> str:
    """A chart's SVG as a file of its own: on white, under its title and above its method, its classes as attributes.

    Args:
        svg: one `svg` element as `templates/charts.html` writes it, well-formed XML with a title and a description.
    """
    ElementTree.register_namespace("", SVG)
    root = ElementTree.fromstring(str(svg).replace("<svg", f'<svg xmlns="{SVG}"', 1))  # noqa: S314 -- our own drawing
    title, method = (root.findtext(f"{{{SVG}}}{tag}", "") for tag in ("title", "desc"))
    width, height = (float(number) for number in root.attrib["viewBox"].split()[2:])
    lines = textwrap.wrap(method, int((width + MARGIN) / SMALL_CHARACTER))
    for element in root.iter():
        element.attrib.update(LOOKS.get(element.attrib.pop("class", ""), {}))
        element.attrib.pop("id", None)
    for name in ("aria-labelledby", "role"):
        root.attrib.pop(name, None)
    across, down = width + 2 * MARGIN, HEAD + height + LINE * (len(lines) + 1) + MARGIN
    box = {"x": f"{-MARGIN}", "y": f"{-HEAD}", "width": f"{across:g}", "height": f"{down:g}"}
    root.attrib.update(
        {
            "viewBox": " ".join(box.values()),
            "width": f"{SCALE * across:g}",
            "height": f"{SCALE * down:g}",
            "font-family": "system-ui, Segoe UI, Roboto, Helvetica, Arial, sans-serif",
        }
    )
    root.insert(2, ElementTree.Element(f"{{{SVG}}}rect", {**box, "fill": PAPER}))
    _write(root, title, 14 - HEAD + MARGIN, {"font-size": "14", "font-weight": "600", "fill": INK})
    for at, line in enumerate(lines):
        _write(root, line, height + LINE * (at + 1.3), {"font-size": "9.5", "fill": MUTED})
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _write(root: ElementTree.Element, words: str, y: float, look: dict[str, str]) -> None:
    ElementTree.SubElement(root, f"{{{SVG}}}text", {"x": "0", "y": f"{y:g}", **look}).text = words
