"""What may stand in an id, a name or a tag, so that two that look alike are alike."""

from __future__ import annotations

import re

from evalhub.errors import Fault

ITEM_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:|@+-]{0,199}")
MODEL_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:|@+/-]{0,199}")
REVIEWER_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:@+-]{0,99}")
SLUG = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
ALLOWED = {
    ITEM_ID: "1 to 200 letters, digits or . _ : | @ + -, beginning with a letter or digit",
    MODEL_NAME: "1 to 200 letters, digits or . _ : | @ + / -, beginning with a letter or digit",
    REVIEWER_NAME: "1 to 100 letters, digits or . _ : @ + -, beginning with a letter or digit",
    SLUG: "1 to 64 small letters, digits or _ -, beginning with a letter or digit",
}
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")
_BIDI = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_INVISIBLE = re.compile("[\u00ad\u200b\u2028\u2029\u2060-\u2064\ufeff]")


def name_fault(value: object, pattern: re.Pattern[str], path: str) -> Fault | None:
    """Say what keeps `value` from being an id or name of this pattern."""
    if type(value) is not str:
        return Fault("schema", f"is {kind_of(value)}; give a text", path)
    if pattern.fullmatch(value):
        return None
    return hidden_character(value, path) or Fault("schema", f"{shown(value)} is refused; give {ALLOWED[pattern]}", path)


def label_fault(value: object, path: str, *, longest: int = 100) -> Fault | None:
    """Say what keeps `value` from being a tag, a skill or a group: free text, but one that shows all that it holds."""
    if type(value) is not str:
        return Fault("schema", f"is {kind_of(value)}; give a text", path)
    if value.isascii() and value.isprintable() and value and len(value) <= longest and value.strip() == value:
        return None
    if not value.strip() or value.strip() != value:
        problem = "is blank, or begins or ends with a space; give a text without"
    elif _INVISIBLE.search(value):
        problem = f"{shown(value)} holds an invisible character; remove it"
    elif len(value) > longest:
        problem = f"has {len(value)} characters; give at most {longest}"
    else:
        problem = ""
    return hidden_character(value, path) or (Fault("schema", problem, path) if problem else None)


def hidden_character(value: str, path: str) -> Fault | None:
    """A control or bidirectional character, which would make a name look like another."""
    if _BIDI.search(value):
        return Fault(
            "bidi_control", f"{shown(value)} holds a character that turns the reading direction; remove it", path
        )
    if _CONTROL.search(value):
        return Fault("control_character", f"{shown(value)} holds a control character; remove it", path)
    return None


def shown(value: str) -> str:
    """The text in quotes for a message, at most 60 characters, with everything invisible as an escape."""
    cut = value if len(value) <= 60 else value[:59] + "…"
    return "'" + "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in cut) + "'"


def kind_of(value: object) -> str:
    """The JSON kind of a value, in words."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    names = {str: "a text", int: "a number", float: "a number", list: "a list", dict: "an object"}
    return names.get(type(value), type(value).__name__)
