"""An item of a file as its reviewers will see it."""

from __future__ import annotations

import json
from dataclasses import dataclass

from markupsafe import Markup

from evalhub.datasets.schema.items import ItemRow
from evalhub.web.rendering import render_markdown

SIDES = (("prompt", "Prompt"), ("context", "Context"), ("reference", "Reference"))


@dataclass(frozen=True, slots=True)
class ShownItem:
    line: int
    sides: tuple[tuple[str, Markup], ...]
    """Name and text of what stands before the answer."""
    turns: tuple[tuple[str, Markup], ...]
    """Role and text."""
    response: Markup


def shown_item(row: ItemRow) -> ShownItem:
    """What a reviewer sees of it: neither its id nor its model nor its metadata."""
    texts = ((label, getattr(row, name)) for name, label in SIDES)
    turns = json.loads(row.messages) if row.messages else []
    return ShownItem(
        line=row.line,
        sides=tuple((label, render_markdown(text)) for label, text in texts if text is not None),
        turns=tuple((turn["role"], render_markdown(turn["content"])) for turn in turns),
        response=render_markdown(row.response),
    )
