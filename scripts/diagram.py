"""Draw the way from a rubric to a scored dataset: `.venv/bin/python scripts/diagram.py`.

Writes docs/pictures/pipeline-light.svg and pipeline-dark.svg.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from pathlib import Path

PICTURES = Path(__file__).parent.parent / "docs" / "pictures"
LEFT, WIDTH, HEIGHT = -24, 1000, 330
TITLE = "From a rubric and items to a scored dataset"
DESCRIPTION = (
    "An admin's rubric, items and project make a queue. Reviewers, blind to one another, turn it into reviews. Reviews "
    "become agreement for each criterion, and where they dispute a criterion, cases, which an adjudicator settles by "
    "decisions. The scored dataset leaves with a manifest. What agreement and cases say of the rubric goes back to it."
)


@dataclass(frozen=True, slots=True)
class Scheme:
    paper: str
    ink: str
    quiet: str
    box: str
    line: str
    accent: str


SCHEMES = {
    "light": Scheme("#ffffff", "#1b1f24", "#57606a", "#f4f6f8", "#8c959f", "#0b5cad"),
    "dark": Scheme("#14171a", "#e6e9ec", "#a3acb5", "#20252b", "#77818c", "#7ab8f5"),
}


@dataclass(frozen=True, slots=True)
class Box:
    x: int
    y: int
    name: str
    says: str
    width: int = 150
    height: int = 62


BOXES = (
    Box(10, 30, "rubric", "criteria and levels"),
    Box(10, 130, "items", "prompts and answers"),
    Box(10, 230, "people", "roles, certificates"),
    Box(215, 130, "project", "who, how often, rules"),
    Box(420, 130, "queue", "exactly k reviewers"),
    Box(625, 130, "reviews", "blind, kept, versioned"),
    Box(420, 30, "agreement", "per criterion"),
    Box(625, 230, "cases", "what is disputed"),
    Box(830, 230, "decisions", "beside the ratings"),
    Box(830, 130, "scored dataset", "JSONL and manifest"),
)
ARROWS = (
    "M160 76 H186 V150 H209",
    "M160 161 H209",
    "M160 261 H186 V172 H209",
    "M365 161 H414",
    "M570 161 H619",
    "M775 161 H824",
    "M700 130 V61 H576",
    "M700 192 V224",
    "M775 261 H824",
    "M905 230 V198",
)
BACK = ("M420 46 H166", "M625 276 H600 V312 H-12 V61 H4")
WORDS = ((293, 37, "revise"), (293, 304, "questions, rulings"))


def main() -> None:
    for name, scheme in SCHEMES.items():
        (PICTURES / f"pipeline-{name}.svg").write_text(drawing(scheme))


def drawing(scheme: Scheme) -> str:
    """The diagram as an SVG of its own, in the colours of one scheme."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{LEFT} 0 {WIDTH - LEFT} {HEIGHT}" role="img" '
        'aria-labelledby="t d" font-family="system-ui, sans-serif" text-anchor="middle">',
        f'<title id="t">{escape(TITLE)}</title><desc id="d">{escape(DESCRIPTION)}</desc>',
        f'<rect x="{LEFT}" width="{WIDTH - LEFT}" height="{HEIGHT}" fill="{scheme.paper}"/>',
        '<defs><marker id="head" viewBox="0 0 8 8" refX="6" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
        f'<path d="M0 0 8 4 0 8z" fill="{scheme.line}"/></marker></defs>',
        *(_arrow(path, scheme.line) for path in ARROWS),
        *(_arrow(path, scheme.line, dashes=' stroke-dasharray="5 4"') for path in BACK),
        *(f'<text x="{x}" y="{y}" font-size="13" fill="{scheme.quiet}">{escape(text)}</text>' for x, y, text in WORDS),
        *(_box(box, scheme) for box in BOXES),
        "</svg>\n",
    ]
    return "\n".join(parts)


def _arrow(path: str, colour: str, dashes: str = "") -> str:
    return f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="1.6"{dashes} marker-end="url(#head)"/>'


def _box(box: Box, scheme: Scheme) -> str:
    middle = box.x + box.width // 2
    return (
        f'<rect x="{box.x}" y="{box.y}" width="{box.width}" height="{box.height}" rx="8" fill="{scheme.box}" '
        f'stroke="{scheme.line}"/>'
        f'<text x="{middle}" y="{box.y + 27}" font-size="17" font-weight="600" fill="{scheme.accent}">{box.name}</text>'
        f'<text x="{middle}" y="{box.y + 47}" font-size="13" fill="{scheme.ink}">{box.says}</text>'
    )


if __name__ == "__main__":
    main()
