"""The page of all components, and the colours that they are made of."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from evalhub.accounts.models import InstanceRole
from evalhub.db import Database
from tests.web.client import Browser, a_person, app_for

WEB = Path(__file__).parents[2] / "evalhub" / "web"
STYLES = (WEB / "static" / "css" / "evalhub.css").read_text("utf-8")
COMPONENTS = (WEB / "templates" / "components.html").read_text("utf-8")
DESIGN = (WEB / "templates" / "design.html").read_text("utf-8")
NUMBERED = re.compile(r"(?:heading-|c-heat-|digits-|r)\d+")
"""Classes that are put together where they are used."""
WORDS, MARKS = 4.5, 3.0
"""WCAG 2.2: 1.4.3 for text, 1.4.11 for the borders of controls and what a picture says."""
GROUNDS = ("ground", "panel", "sunken")
PAIRS = [
    *[(ink, ground, WORDS) for ink in ("ink", "muted", "accent", "good", "warn", "bad") for ground in GROUNDS],
    *[(f"hl-{what}", "panel", WORDS) for what in ("keyword", "string", "number", "comment", "name")],
    ("accent-ink", "accent", WORDS), ("ink", "accent-soft", WORDS), ("ink", "mark", WORDS),
    *[("control", ground, MARKS) for ground in ("ground", "panel")],
]  # fmt: skip

PARTS = {"mark", "flashes", "level_class", "csrf_field", "post_button", "error_summary"}
"""Macros that the frame or another macro shows, or whose button must do something."""


def tokens(scheme: str) -> dict[str, str]:
    light, dark, *_ = re.findall(r":root \{([^}]*--ground[^}]*)\}", STYLES)
    found = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{3,6})\b", light))
    return found if scheme == "light" else found | dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{3,6})\b", dark))


def luminance(colour: str) -> float:
    """Relative luminance. Source: WCAG 2.2, definition of relative luminance."""
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_pair_of_colours_can_be_told_apart(scheme: str) -> None:
    colours = tokens(scheme)
    too_near = {
        (ink, ground): round(contrast(colours[ink], colours[ground]), 2)
        for ink, ground, least in PAIRS
        if contrast(colours[ink], colours[ground]) < least
    }
    assert too_near == {}


def test_every_colour_is_in_a_pair() -> None:
    paired = {colour for ink, ground, _ in PAIRS for colour in (ink, ground)}
    assert set(tokens("light")) - paired == {"line"}, "a line only decorates; what must be seen is a control"


def test_every_component_is_on_the_page_of_components() -> None:
    named = set(re.findall(r"{% macro (\w+)\(", COMPONENTS)) - PARTS
    missing = {name for name in named if not re.search(rf"\b{name}\(", DESIGN)}
    assert missing == set()


def test_no_space_stands_between_a_time_and_the_full_stop_after_it(sqlite_database: Database) -> None:
    admin = a_person(sqlite_database, "ann", role=InstanceRole.ADMIN)
    page = Browser(app_for(sqlite_database)).sign_in_as(admin).get("/design").html
    assert "</time>; never opened: " in page
    assert ">never</span>. 1 item, 2,000 ratings." in page


def test_every_component_is_used_by_some_other_page() -> None:
    pages = "\n".join(
        path.read_text("utf-8") for path in WEB.parent.glob("*/templates/**/*.html") if path.name != "design.html"
    )
    named = re.findall(r"{% macro (\w+)\(", COMPONENTS)
    assert [name for name in named if len(re.findall(rf"(?<!macro )\b{name}\(", pages)) == 0] == []


def test_every_class_of_the_styles_is_in_some_page_or_script() -> None:
    package = WEB.parent
    sources = [*package.glob("*/templates/**/*.html"), *package.glob("**/*.js"), *package.glob("*/**/*.py")]
    told = "\n".join(path.read_text("utf-8") for path in sources)
    for sheet in (WEB / "static" / "css").glob("*.css"):
        rules = re.sub(r"/\*.*?\*/", "", sheet.read_text("utf-8"), flags=re.DOTALL)
        selectors = " ".join(re.findall(r"([^{}]+)\{", rules))
        classes = set(re.findall(r"\.([a-z][a-z0-9-]*)", selectors))
        unused = {name for name in classes if not re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", told)}
        assert {name for name in unused if not NUMBERED.fullmatch(name)} == set(), sheet.name


def test_the_page_of_components_is_for_admins(sqlite_database: Database) -> None:
    app = app_for(sqlite_database)
    page = Browser(app).sign_in_as(a_person(sqlite_database, "root", role=InstanceRole.ADMIN)).get("/design")
    assert page.headings == ["Design"]
    Browser(app).sign_in_as(a_person(sqlite_database, "ann")).get("/design", status=403)


def test_only_screens_are_dark_so_that_print_is_not() -> None:
    for sheet in (WEB / "static" / "css").glob("*.css"):
        queries = re.findall(r"@media ([^{]*prefers-color-scheme: dark[^{]*)", sheet.read_text("utf-8"))
        assert [query for query in queries if not query.startswith("screen and")] == [], sheet.name
