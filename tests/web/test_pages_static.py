"""What templates, styles and scripts may hold, whatever page they make."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterable
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "evalhub"
STATIC = PACKAGE / "web" / "static"
TEMPLATES = sorted(PACKAGE.glob("*/templates/**/*.html"))
KILOBYTE = 1024

# What the content security policy would block, or what Jinja does not escape.
REFUSED_IN_TEMPLATES = {
    "inline script": re.compile(r"<script(?![^>]*\ssrc=)", re.IGNORECASE),
    "inline style": re.compile(r"<style|\sstyle\s*=", re.IGNORECASE),
    "event handler": re.compile(r"\son[a-z]+\s*=", re.IGNORECASE),
    "unescaped value": re.compile(r"\|\s*safe\b|autoescape\s+false"),
    "unquoted attribute": re.compile(r"[\w-]=\{\{"),
    "foreign address": re.compile(r"""(?:src|href|action)\s*=\s*["'](?:https?:)?//""", re.IGNORECASE),
}


def read(paths: Iterable[Path]) -> str:
    return "\n".join(path.read_text("utf-8") for path in paths)


def named(path: Path) -> str:
    return str(path.relative_to(PACKAGE))


@pytest.mark.parametrize("template", TEMPLATES, ids=named)
def test_a_template_holds_nothing_that_the_policy_would_block(template: Path) -> None:
    text = template.read_text("utf-8")
    assert [what for what, pattern in REFUSED_IN_TEMPLATES.items() if pattern.search(text)] == []


@pytest.mark.parametrize("template", TEMPLATES, ids=named)
def test_a_page_has_a_title_and_posts_with_a_token(template: Path) -> None:
    text = template.read_text("utf-8")
    if '{% extends "base.html" %}' in text:
        assert "{% block title %}" in text
    forms = re.findall(r"<form\b[^>]*method=\"post\".*?</form>", text, re.IGNORECASE | re.DOTALL)
    for form in forms:
        assert re.search(r"csrf_token|csrf_field\(|hidden\(", form), form[:120]


def test_every_static_file_that_a_template_names_exists() -> None:
    names = re.findall(r"static_url\('([^']+)'\)", read(TEMPLATES))
    assert names
    assert [name for name in names if not (STATIC / name).is_file()] == []


def test_styles_and_scripts_load_nothing_from_elsewhere() -> None:
    text = read([*STATIC.rglob("*.css"), *STATIC.rglob("*.js")])
    assert not re.search(r"@import|https?://|\burl\(|\beval\(|innerHTML|document\.write", text)


def test_what_the_review_page_loads_fits_its_budget() -> None:
    item = (PACKAGE / "review" / "templates" / "review" / "item.html").read_text("utf-8")
    scripts = [STATIC / name for name in re.findall(r"static_url\('(js/[^']+)'\)", item)]
    packed = {path: len(gzip.compress(path.read_bytes())) for path in [*scripts, STATIC / "css" / "evalhub.css"]}
    assert len(packed) + 2 <= 5  # the page itself and its icon
    assert sum(packed[path] for path in scripts) <= 15 * KILOBYTE
    assert sum(packed.values()) <= 30 * KILOBYTE
    assert not re.search(r"^import", read(scripts), re.MULTILINE)  # each import is one more request
