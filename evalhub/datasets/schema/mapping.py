"""Read records of another shape: `--map response=output.text --map id=uuid`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from evalhub.datasets.schema.characters import shown
from evalhub.errors import BadInput, Fault

ABSENT: Final = object()
PATH = "field mapping"
"""Where a fault of the mapping itself is."""
NAMES = frozenset({"id", "model", "group", "pair_id", "item_id", "reviewer", "criterion", "level"})
"""Fields that hold names: a number found in their place is taken as its digits."""


@dataclass(frozen=True, slots=True)
class FieldMap:
    """Where each field comes from: (field, path in the record).

    A field of the same name that the map does not mention is taken as it is; all else in the record is left aside.
    """

    paths: tuple[tuple[str, str], ...]
    known: frozenset[str]

    def applied_to(self, record: dict[str, object]) -> dict[str, object]:
        """The fields found in the record; where a path leads nowhere the field is absent."""
        sources = {path for _, path in self.paths}
        fields = {key: value for key, value in record.items() if key in self.known and key not in sources}
        metadata: dict[str, object] = {}
        for target, path in self.paths:
            value = _at(record, path)
            if value is ABSENT:
                if target in self.known:
                    fields.pop(target, None)
            elif target.startswith("metadata."):
                metadata[target.removeprefix("metadata.")] = value
            else:
                fields[target] = _as_name(value) if target in NAMES else value
        if metadata:
            own = fields.get("metadata")
            fields["metadata"] = {**own, **metadata} if type(own) is dict else metadata
        return fields

    def hint(self, target: str, record: object) -> str:
        """Where a field was looked for in vain; empty when it was not mapped, or was found."""
        path = dict(self.paths).get(target)
        if path is None or type(record) is not dict or _at(record, path) is not ABSENT:
            return ""
        return f"; it was looked for at {shown(path)}"


def placed(found: Iterable[Fault], line: int, record: object, field_map: FieldMap | None) -> list[Fault]:
    """The faults of a record with its line, and with the path of a mapped field that is not there."""
    return [
        Fault(f.code, f.message + (field_map.hint(f.path, record) if field_map else ""), f.path, line, f.column)
        for f in found
    ]


def parse_field_map(given: Iterable[str], known: Iterable[str]) -> FieldMap | None:
    """The map of `field=path` arguments; None without any.

    Raises:
        BadInput: an argument has no `=`, names a field that there is not, or names one twice.
    """
    fields = frozenset(known)
    paths: dict[str, str] = {}
    faults: list[Fault] = []
    for argument in given:
        target, sign, path = argument.partition("=")
        is_metadata = "metadata" in fields and re.fullmatch(r"metadata\.[^.]+", target) is not None
        if not sign or not path:
            faults.append(Fault("schema", f"{shown(argument)}: write field=path, like response=output.text", PATH))
        elif target not in fields and not is_metadata:
            faults.append(Fault("schema", f"{shown(target)} is not one of {', '.join(sorted(fields))}", PATH))
        elif target in paths:
            faults.append(Fault("schema", f"{shown(target)} is mapped twice; keep one", PATH))
        else:
            paths[target] = path
    if faults:
        raise BadInput("the mapping of fields is wrong", faults=faults)
    return FieldMap(tuple(paths.items()), fields) if paths else None


def _at(record: dict[str, object], path: str) -> object:
    """The value at `a.b.0.c`; a key that itself contains the dots comes first (CSV columns do)."""
    if path in record:
        return record[path]
    here: object = record
    for part in path.split("."):
        if type(here) is dict:
            here = here.get(part, ABSENT)
        elif type(here) is list and re.fullmatch(r"-?\d{1,9}", part) and -len(here) <= int(part) < len(here):
            here = here[int(part)]
        else:
            return ABSENT
    return here


def _as_name(value: object) -> object:
    return str(value) if type(value) is int else value
