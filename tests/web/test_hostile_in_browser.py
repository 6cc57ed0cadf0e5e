"""What models wrote, in a real browser that no content security policy protects."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from evalhub.web.rendering import render_markdown, render_plain

pytestmark = pytest.mark.browser

CSS = Path(__file__).parents[2] / "evalhub" / "web" / "static" / "css" / "evalhub.css"
MATHS_WITH_A_SCRIPT = "$\\text{<img src=x onerror=document.title=1>}$ $\\href{javascript:document.title=1}{x}$"


def test_hostile_responses_do_nothing(shared: Path, chromium: Browser) -> None:
    files = sorted((shared / "corpus" / "hostile_output_jsonl").glob("*.jsonl"))
    texts = {file.stem: json.loads(file.read_text("utf-8"))["response"] for file in files}
    happened: list[str] = []
    with chromium.new_context() as context:
        page = context.new_page()
        page.on("request", lambda request: happened.append(request.url))
        page.on("dialog", lambda dialog: happened.append(dialog.message))
        for name, text in {**texts, "maths": MATHS_WITH_A_SCRIPT}.items():
            for shown in (render_markdown(text), render_plain(text)):
                page.set_content(f'<!doctype html><title>ours</title><div class="prose">{shown}</div>')
                for link in page.locator("a[href]").all():
                    assert (link.get_attribute("href") or "").startswith(("https://", "http://", "mailto:"))
                assert page.title() == "ours", name
    assert happened == []


def test_stacked_marks_stay_in_their_box(shared: Path, chromium: Browser) -> None:
    file = shared / "corpus" / "hostile_output_jsonl" / "zalgo.jsonl"
    text = json.loads(file.read_text("utf-8"))["response"]
    with chromium.new_context() as context:
        page = context.new_page()
        page.set_content(
            f'<!doctype html><style>{CSS.read_text("utf-8")}</style><div class="prose">{render_markdown(text)}</div>'
        )
        assert page.locator(".prose").evaluate("box => getComputedStyle(box).overflowY") in ("clip", "hidden")
