"""What was graded, as `review/_read.html` shows it, for the pages of cases."""

from __future__ import annotations

from typing import Any

from evalhub.datasets.models import Item
from evalhub.review.views.texts import Text, Turn, rendered


def what_was_graded(item: Item, alias: str) -> dict[str, Any]:
    return {
        "item_alias": alias,
        "prompt": _text(item.prompt),
        "context": _text(item.context),
        "reference": _text(item.reference),
        "turns": [Turn(m["role"], rendered(m["content"]), m["content"]) for m in item.messages or ()],
        "n_older_turns": 0,
        "response": _text(item.response),
    }


def _text(raw: str | None) -> Text | None:
    return None if raw is None else Text(rendered(raw), raw)
