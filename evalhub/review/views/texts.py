"""Texts of an item as a page shows them, rendered and as they are."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from markupsafe import Markup

from evalhub.web.rendering import render_markdown, render_plain


@dataclass(frozen=True, slots=True)
class Text:
    """One text of an item, rendered and as it is."""

    html: Markup
    raw: str

    @classmethod
    def of(cls, raw: str) -> Text:
        return cls(rendered(raw), raw)

    @property
    def plain(self) -> Markup:
        return render_plain(self.raw)


@dataclass(frozen=True, slots=True)
class Turn:
    role: str
    html: Markup
    raw: str

    @property
    def plain(self) -> Markup:
        return render_plain(self.raw)


@lru_cache(maxsize=4096)
def rendered(text: str) -> Markup:
    """The text as safe HTML; kept, because an item is shown to several reviewers."""
    return render_markdown(text)
