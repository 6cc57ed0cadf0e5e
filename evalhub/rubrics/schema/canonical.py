"""One way to write a document as JSON, so that equal rubrics have equal bytes."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

_LINE_BREAKS_OF_YAML = {"\u0085": "\\u0085", "\u2028": "\\u2028", "\u2029": "\\u2029", "\ufeff": "\\ufeff"}


def encode(document: Any) -> bytes:
    """Sorted keys, no spaces, UTF-8, no exponents, 2 for 2.0: JSON that is a rubric file as well.

    What YAML would take for a line break inside a string is escaped.
    """
    text = _text(document)
    for character, escape in _LINE_BREAKS_OF_YAML.items():
        text = text.replace(character, escape)
    return text.encode()


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ",".join(f"{_text(key)}:{_text(value[key])}" for key in sorted(value)) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(_text, value)) + "]"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else format(Decimal(repr(value)), "f")
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
