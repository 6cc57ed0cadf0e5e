"""What one reviewer typed, field by field, and which of it the page said was saved."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

Fields = dict[str, Any]
"""The answers of a review by field: `score:`, `note:` or `tags:` and a criterion; `note`; `confidence`."""

NONE = "__na__"


class Typed:
    """The values that each field has had, in order, and the newest place that was acknowledged."""

    def __init__(self) -> None:
        self._values: dict[str, list[Any]] = {}
        self._acknowledged: dict[str, int] = {}

    def add(self, field: str, value: Any) -> None:
        self._values.setdefault(field, [None]).append(value)

    def acknowledge(self, fields: Fields) -> None:
        """The server answered that it keeps these; what it was not sent is acknowledged as empty."""
        for field, values in self._values.items():
            sent = fields.get(field)
            places = [place for place, value in enumerate(values) if value == sent]
            if places:
                self._acknowledged[field] = max(places[-1], self._acknowledged.get(field, 0))

    def last(self) -> Fields:
        return {field: values[-1] for field, values in self._values.items()}

    def lost(self, stored: Fields) -> list[str]:
        """What was acknowledged and is stored neither so nor in a newer version."""
        return [
            f"{field}: {self._values[field][place]!r} was acknowledged, {stored.get(field)!r} is stored"
            for field, place in self._acknowledged.items()
            if stored.get(field) not in self._values[field][place:]
        ]

    def missing(self, *kept: Fields) -> list[str]:
        """What was typed last and is in none of the places where it may be kept."""
        return [
            f"{field}: {value!r} was typed last, kept are {[place.get(field) for place in kept]}"
            for field, value in self.last().items()
            if all(place.get(field) != value for place in kept)
        ]


def fields_of_body(body: Mapping[str, Any]) -> Fields:
    """Of a draft or a review as JSON."""
    fields = {f"score:{key}": NONE if value is None else value for key, value in body.get("scores", {}).items()}
    fields |= {f"note:{key}": text for key, text in body.get("notes", {}).items()}
    fields |= {f"tags:{key}": tuple(sorted(tags)) for key, tags in body.get("tags", {}).items()}
    fields |= {"note": body.get("note") or None, "confidence": body.get("confidence")}
    return {field: value for field, value in fields.items() if value not in (None, ())}


def fields_of_form(encoded: str) -> Fields:
    """Of a review as the form sends it."""
    body: dict[str, Any] = {"scores": {}, "notes": {}, "tags": {}}
    for name, value in parse_qsl(encoded):
        kind, _, key = name.partition("-")
        if kind == "level":
            body["scores"][key] = None if value == NONE else value
        elif name == "note":
            body["note"] = value
        elif kind == "note":
            body["notes"][key] = value
        elif kind == "tags":
            body["tags"].setdefault(key, []).append(value)
        elif name == "confidence":
            body["confidence"] = int(value)
    return fields_of_body(body)


def fields_sent(method: str, body: str) -> Fields:
    """Of a request that saves or submits."""
    if method == "PUT":
        return fields_of_body(json.loads(body)["body"])
    return fields_of_form(body)
