"""JSON as it should have been sent: what `json.loads` lets through or chokes on is a fault with its place."""

from __future__ import annotations

import json
import math
import re
from typing import Any

from evalhub.errors import BadInput, Fault

MAX_DEPTH = 32
_TOKENS = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"?|[\[\]{}]', re.DOTALL)
"""Strings and brackets. A string without an end goes to the end of the text, or each of its quotes would be tried."""
_SURROGATE = re.compile("[\ud800-\udfff]")
_INT64 = 2**63


class _Refused(ValueError):
    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def parse_json(raw: bytes) -> Any:
    """The value of a JSON document in UTF-8.

    Raises:
        BadInput: for broken JSON, and for nesting over 32, equal keys, NaN, infinities, integers over 64 bits, lone
            surrogates and NUL characters.
    """
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _bad("encoding", f"byte {error.start + 1} is not UTF-8") from error
    if text.startswith("\ufeff"):
        raise _bad("encoding", "begins with a byte order mark; send plain UTF-8")
    _check_depth(text)
    try:
        value = json.loads(
            text,
            object_pairs_hook=_object,
            parse_constant=_refuse_constant,
            parse_float=_finite,
            parse_int=_integer,
        )
        _check_strings(value)
    except json.JSONDecodeError as error:
        raise _bad("json", f"is not JSON: {error.msg}", error.lineno, error.colno) from error
    except _Refused as error:
        raise _bad(error.code, str(error)) from error
    return value


def _bad(code: str, message: str, line: int | None = None, column: int | None = None) -> BadInput:
    return BadInput("The body cannot be read.", faults=[Fault(code, message, line=line, column=column)])


def _check_depth(text: str) -> None:
    depth = 0
    for match in _TOKENS.finditer(text):
        bracket = match.group()
        if bracket in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                line = text.count("\n", 0, match.start()) + 1
                column = match.start() - text.rfind("\n", 0, match.start())
                raise _bad("too_deep", f"is nested deeper than {MAX_DEPTH}", line, column)
        elif bracket in "]}":
            depth -= 1


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) < len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise _Refused("duplicate_key", f"the key {twice!r} is given twice in one object; keep one")
    return result


def _refuse_constant(name: str) -> Any:
    raise _Refused("number", f"{name} is not JSON; give a number or null")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise _Refused("number", "a number is too large")
    return number


def _integer(text: str) -> int:
    if len(text) > 20 or not -_INT64 <= int(text) < _INT64:
        raise _Refused("number", "an integer is too large; at most 64 bits")
    return int(text)


def _check_strings(value: Any) -> None:
    if isinstance(value, str):
        if "\0" in value:
            raise _Refused("characters", "a text holds the character NUL")
        if _SURROGATE.search(value):
            raise _Refused("characters", "a text holds half of a surrogate pair")
    elif isinstance(value, dict):
        for key, inner in value.items():
            _check_strings(key)
            _check_strings(inner)
    elif isinstance(value, list):
        for inner in value:
            _check_strings(inner)
