"""What pydantic found, in an author's words: what is wrong, where, and what would be right."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any, Generic, NamedTuple, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from evalhub.errors import Fault
from evalhub.rubrics.schema import document
from evalhub.rubrics.schema.scalars import Misread
from evalhub.rubrics.schema.tree import Node, Path, path_text

_WANTED = {
    "string_type": "a text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
}


M = TypeVar("M", bound=BaseModel)


class Validated(NamedTuple, Generic[M]):
    """What could be made of a mapping: the model without the keys that are at fault, or None if it needs them."""

    model: M | None
    left_out: frozenset[str]
    faults: tuple[Fault, ...]


def _field_names(models: Iterable[type[BaseModel]]) -> list[str]:
    names = (field.alias or name for model in models for name, field in model.model_fields.items())
    return list(dict.fromkeys(names))


_KNOWN_KEYS = _field_names(
    (
        document.RubricDocument,
        document.CriterionDocument,
        document.LevelDocument,
        document.RangeDocument,
        document.NoteDocument,
        document.FailureTagDocument,
        document.ExampleDocument,
        document.PassDocument,
    )
)


def fault_at(root: Node, path: Path, message: str, *, code: str = "schema", of_key: bool = False) -> Fault:
    line, column = root.place(path, of_key=of_key)
    return Fault(code, message, path_text(path), line, column)


def validate(
    model: type[M], value: Any, root: Node, path: Path, *, stand_ins: Mapping[str, Any] = MappingProxyType({})
) -> Validated[M]:
    """Check a value that stands at the path, listing every fault.

    `stand_ins` take the place of required keys that are at fault, so that the rest can be checked further.
    """
    try:
        return Validated(model.model_validate(value), frozenset(), ())
    except ValidationError as error:
        details = error.errors(include_url=False)
    faults = tuple(dict.fromkeys(_explain(detail, root, path) for detail in details))
    left_out = frozenset(str(detail["loc"][0]) for detail in details if detail["loc"])
    if not isinstance(value, dict):
        return Validated(None, left_out, faults)
    try:
        kept = {key: item for key, item in value.items() if key not in left_out}
        rest = model.model_validate({**stand_ins, **kept})
    except ValidationError:
        return Validated(None, left_out, faults)
    return Validated(rest, left_out, faults)


def _explain(detail: ErrorDetails, root: Node, parent: Path) -> Fault:
    place = tuple(step for step in detail["loc"] if not _is_branch(step))
    path = parent + place
    kind, given = detail["type"], detail["input"]
    if kind == "extra_forbidden":
        return fault_at(root, path, _unknown_key(str(place[-1])), of_key=True)
    if kind == "missing":
        return fault_at(root, path, "is missing; every rubric needs it" if len(path) == 1 else "is missing; give it")
    if kind == "bidi_control":
        return fault_at(root, path, detail["msg"], code="bidi_control")
    if kind in {"line", "slug"}:
        return fault_at(root, path, f"{_shown(given)} {detail['msg']}" if kind == "slug" else detail["msg"])
    return fault_at(root, path, _wrong_value(kind, given, detail))


def _is_branch(step: int | str) -> bool:
    return isinstance(step, str) and (step.startswith(("~", "function-after[")) or step == "[key]")


def _unknown_key(key: str) -> str:
    near = get_close_matches(key, _KNOWN_KEYS, n=1, cutoff=0.75)
    hint = f'did you mean "{near[0]}"?' if near and near[0] != key else "remove it, or look in the rubric reference"
    return f"is not a key that is known here; {hint}"


_BOUNDS = {
    "greater_than": ("gt", "is not above {bound:g}; give a larger number"),
    "greater_than_equal": ("ge", "is below {bound:g}; give a larger number"),
    "less_than": ("lt", "is not below {bound:g}; give a smaller number"),
    "less_than_equal": ("le", "is above {bound:g}; give a smaller number"),
    "too_short": ("min_length", "holds too few; give at least {bound}"),
    "too_long": ("max_length", "holds too many; give at most {bound}"),
}


def _wrong_value(kind: str, given: Any, detail: ErrorDetails) -> str:
    context = detail.get("ctx", {})
    if kind in _WANTED or (kind in {"enum", "literal_error"} and not isinstance(given, str)):
        return _wrong_type(_WANTED.get(kind, "a text"), given)
    if kind in {"enum", "literal_error"}:
        return f"{_shown(given)} is not a choice here; give {context['expected']}"
    if kind in _BOUNDS:
        name, message = _BOUNDS[kind]
        subject = "" if isinstance(given, list) else f"{_shown(given)} "
        return subject + message.format(bound=context[name])
    if kind == "finite_number":
        return f"{_shown(given)} is not finite; give a number"
    if kind == "string_too_short":
        return "is empty; give a text"
    return detail["msg"][:1].lower() + detail["msg"][1:]


def _wrong_type(wanted: str, given: Any) -> str:
    shown = _shown(given)
    if isinstance(given, Misread) and not given.text:
        message = f"is empty; give {wanted}, or leave the key out"
    elif isinstance(given, dict | list):
        message = f"is {'a mapping' if isinstance(given, dict) else 'a list'}; give {wanted}"
    elif wanted == "a text":
        taken_for = f"read as {given.taken_for}" if isinstance(given, Misread) else "not a text"
        message = f'{shown} is {taken_for}; quote it: "{_bare(given)}"'
    elif isinstance(given, Misread):
        remedy = "one of the two words" if wanted == "true or false" else "plain digits, like 12 or 0.5"
        message = f"{shown} is not {wanted}; give {remedy}"
    elif isinstance(given, str) and not wanted.endswith(("list", "mapping")):
        message = f"{shown} is a text; give {wanted}, without quotes"
    else:
        message = f"{shown} is not {wanted}; give {wanted}"
    return message


def _bare(given: Any) -> str:
    if isinstance(given, Misread):
        return given.text
    if isinstance(given, bool):
        return "true" if given else "false"
    if isinstance(given, float) and not math.isfinite(given):
        return ".nan" if math.isnan(given) else ".inf" if given > 0 else "-.inf"
    return str(given)


def _shown(given: Any) -> str:
    text = _bare(given)
    text = text if len(text) <= 60 else f"{text[:60]}…"
    return f'"{text}"' if isinstance(given, str) else text
