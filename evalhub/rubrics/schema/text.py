"""Characters that no text may hold, and those that no name may hold."""

from __future__ import annotations

import re

CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
"""Everything PostgreSQL, XML or a terminal would choke on; tab and line feed are text."""

BIDI = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Characters with the property Bidi_Control, which can make one name look like another."""


def code_point(character: str) -> str:
    return f"U+{ord(character):04X}"
