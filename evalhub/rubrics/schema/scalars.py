"""What a plain scalar of a rubric file is, where every version of YAML agrees, and `Misread` where they do not."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from yaml import ScalarNode
from yaml.resolver import Resolver

_BOOLEANS = {spelling: word == "true" for word in ("true", "false") for spelling in (word, word.title(), word.upper())}
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]{0,14})")
_DECIMAL = re.compile(r"[-+]?(0|[1-9][0-9]{0,14})\.[0-9]{1,15}")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_NUMBER_OF_YAML_1_2 = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|0o[0-7]+|0x[0-9a-fA-F]+")
_ONE_LETTER = set("yYnN")
_LONGEST = 300
"""Longer scalars are prose; no reader takes them for anything else that would be accepted here."""

_NAMES = {"bool": "a yes or no", "int": "a number", "float": "a number", "timestamp": "a date", "null": "nothing"}
_resolver: Any = Resolver()


@dataclass(frozen=True, slots=True)
class Misread:
    """A scalar that some reader of YAML takes for something else than text, so that it must be quoted.

    An empty one stands for nothing at all.
    """

    text: str
    taken_for: str


Scalar = str | bool | int | float | Misread


def plain_scalar(text: str) -> Scalar:
    """The value of an unquoted scalar; numbers only as plain decimals, dates and sexagesimals not at all."""
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    if len(text) > _LONGEST:
        return text
    if _INTEGER.fullmatch(text):
        return int(text)
    if _DECIMAL.fullmatch(text):
        return float(text)
    return float(text.replace(".", "")) if _NOT_FINITE.fullmatch(text) else _misread(text) or text


def _misread(text: str) -> Misread | None:
    if text in _ONE_LETTER:
        return Misread(text, _NAMES["bool"])
    if _NUMBER_OF_YAML_1_2.fullmatch(text):
        return Misread(text, _NAMES["float"])
    kind: str = _resolver.resolve(ScalarNode, text, (True, False)).rpartition(":")[2]
    return None if kind == "str" else Misread(text, _NAMES.get(kind, "a special value"))
