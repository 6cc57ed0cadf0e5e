"""Characters that a reader cannot see, shown by their code points.

A bidirectional override makes the reader see other words than the model wrote, a tag character carries text that
only a machine reads; whoever grades a text must see both.
"""

from __future__ import annotations

import re

_UNSEEN = re.compile(
    "["
    "\x00-\x08\x0b-\x1f\x7f-\x9f"  # control characters but tab and line feed
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
    "]"
)
_JOINERS = "\u200c\u200d"
_EMOJI_STYLES = "\ufe0e\ufe0f"
_LOW_EMOJI = "#*0123456789©®‼⁉"


def mark_unseen(html: str) -> str:
    """Replace every unseen character of escaped HTML by its marked code point.

    Only for HTML whose attributes hold none: `rendering` lets only closed values and ASCII addresses into them.
    """
    return _UNSEEN.sub(_marked, html)


def _marked(found: re.Match[str]) -> str:
    character = found.group()
    if _belongs_to_a_glyph(character, found.string, found.start()):
        return character
    return f'<span class="unseen">U+{ord(character):04X}</span>'


def _belongs_to_a_glyph(character: str, text: str, at: int) -> bool:
    """Whether a joiner or a variation selector shapes the letters or emoji beside it, as in Persian or 👩‍🔬."""
    before = text[at - 1] if at else ""
    after = text[at + 1] if at + 1 < len(text) else ""
    if character in _EMOJI_STYLES:
        return _is_shaped(before) or (before != "" and before in _LOW_EMOJI)
    return character in _JOINERS and (_is_shaped(before) or before == "\ufe0f") and _is_shaped(after)


def _is_shaped(neighbour: str) -> bool:
    return neighbour > "\u0590" and not "\u2000" <= neighbour <= "\u206f" and not _UNSEEN.match(neighbour)
