"""The shape of a rubric file as authors write it, shorthands included: what is checked first, and the JSON Schema.

Types are strict: nothing is converted, so that `1` is never taken for "1". Tags that begin with "~" name the branch of
a union; they are left out of the paths that faults show.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Discriminator, Field, Tag
from pydantic_core import PydanticCustomError

from evalhub.rubrics.schema.models import OverallLevel, Scale, Scoring
from evalhub.rubrics.schema.text import BIDI, code_point

LINE_LIMIT = 200
LEVELS_LIMIT = 11
CRITERIA_LIMIT = 500
NUMBER_LIMIT = 1_000_000

SLUG = r"[a-z0-9][a-z0-9_-]{0,63}"
LEVEL_ID = r"[A-Za-z0-9+-][A-Za-z0-9._+-]{0,63}"


def _one_line(text: str) -> str:
    text = text.strip()
    if found := BIDI.search(text):
        raise PydanticCustomError(
            "bidi_control", "holds {found}, which can disguise a text; remove it", _found(found[0])
        )
    if not text:
        raise PydanticCustomError("line", "is empty; give a text")
    if "\n" in text:
        raise PydanticCustomError("line", "has a line break; keep it to one line")
    if len(text) > LINE_LIMIT:
        limits = {"given": len(text), "limit": LINE_LIMIT}
        raise PydanticCustomError("line", "is {given} characters long; keep to {limit}", limits)
    return text


def _found(character: str) -> dict[str, Any]:
    return {"found": f"the direction control {code_point(character)}"}


def _slug(text: str) -> str:
    return _matching(text, SLUG, "a-z, 0-9, - and _, at most 64, beginning with a letter or digit")


def _level_id(text: str) -> str:
    return _matching(text, LEVEL_ID, "letters, digits and . _ + - (not _ at first), at most 64")


def _matching(text: str, pattern: str, wanted: str) -> str:
    if found := BIDI.search(text):
        raise PydanticCustomError(
            "bidi_control", "holds {found}, which can disguise a text; remove it", _found(found[0])
        )
    if not re.fullmatch(pattern, text):
        raise PydanticCustomError("slug", "is not an id; use {wanted}", {"wanted": wanted})
    return text


Line = Annotated[str, AfterValidator(_one_line), Field(json_schema_extra={"minLength": 1, "maxLength": LINE_LIMIT})]
Slug = Annotated[str, AfterValidator(_slug), Field(json_schema_extra={"pattern": f"^{SLUG}$"})]
LevelId = Annotated[str, AfterValidator(_level_id), Field(json_schema_extra={"pattern": f"^{LEVEL_ID}$"})]
Number = Annotated[float, Field(ge=-NUMBER_LIMIT, le=NUMBER_LIMIT, allow_inf_nan=False)]


def _is_mapping(value: Any) -> str:
    return "~mapping" if isinstance(value, dict) else "~text"


def _is_list(value: Any) -> str:
    return "~list" if isinstance(value, list) else "~mapping"


class Document(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class LevelDocument(Document):
    id: LevelId
    label: Line | None = None
    score: Number | None = None
    description: str = ""
    maps_to: Annotated[OverallLevel, Field(strict=False)] | None = None


LevelEntry = Annotated[
    Annotated[LevelId, Tag("~text")] | Annotated[LevelDocument, Tag("~mapping")], Discriminator(_is_mapping)
]
Levels = Annotated[list[LevelEntry], Field(min_length=2, max_length=LEVELS_LIMIT)]
LevelsOrTexts = Annotated[
    Annotated[Levels, Tag("~list")] | Annotated[dict[str, str], Tag("~mapping")], Discriminator(_is_list)
]


class RangeDocument(Document):
    min: Number
    max: Number
    step: Annotated[float, Field(gt=0, le=NUMBER_LIMIT, allow_inf_nan=False)] = 1


def _is_number(value: Any) -> str:
    return "~number" if isinstance(value, int | float) and not isinstance(value, bool) else "~text"


class NoteDocument(Document):
    required_at_or_below: Annotated[
        Annotated[LevelId, Tag("~text")] | Annotated[Number, Tag("~number")], Discriminator(_is_number)
    ]


NoteEntry = Annotated[
    Annotated[Literal["required", "optional"], Tag("~text")] | Annotated[NoteDocument, Tag("~mapping")],
    Discriminator(_is_mapping),
]


class FailureTagDocument(Document):
    id: Slug
    label: Line | None = None


TagEntry = Annotated[
    Annotated[Slug, Tag("~text")] | Annotated[FailureTagDocument, Tag("~mapping")], Discriminator(_is_mapping)
]


class ExampleDocument(Document):
    level: LevelId | None = None
    value: Number | None = None
    text: Annotated[str, Field(min_length=1)]
    why: str = ""


class CriterionDocument(Document):
    id: Slug
    title: Line
    description: str = ""
    guidance: str = ""
    group: Line | None = None
    scale: Annotated[Scale, Field(strict=False)] = Scale.ORDINAL
    weight: Annotated[float, Field(gt=0, le=1000, allow_inf_nan=False)] = 1
    critical: bool = False
    levels: LevelsOrTexts | None = None
    range: RangeDocument | None = None
    points: Annotated[float, Field(ge=-1000, le=1000, allow_inf_nan=False)] | None = None
    note: NoteEntry = "optional"
    not_applicable: bool = False
    applies_to: Annotated[list[Line], Field(min_length=1)] | None = None
    failure_tags: list[TagEntry] = []
    examples: list[ExampleDocument] = []


class PassDocument(Document):
    score_at_least: Number | None = None
    level_at_least: Annotated[OverallLevel, Field(strict=False)] | None = None


class HeaderDocument(Document):
    name: Slug
    version: Annotated[int, Field(ge=1, lt=2**31)]
    title: Line | None = None
    description: str = ""
    levels: Levels | None = None
    scoring: Annotated[Scoring, Field(strict=False)] = Scoring.WEIGHTED_MEAN
    pass_rule: Annotated[PassDocument | None, Field(alias="pass")] = None
    confidence: bool = False
    source: str = ""
    license: str = ""


class RubricDocument(HeaderDocument):
    criteria: Annotated[list[CriterionDocument], Field(min_length=1, max_length=CRITERIA_LIMIT)]


def json_schema() -> dict[str, Any]:
    """The JSON Schema for editors: completion and most checks while typing.

    What a schema cannot say (a text for a level that does not exist, falling scores) the parser says.
    """
    schema: dict[str, Any] = _without_nulls(RubricDocument.model_json_schema(by_alias=True))
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "evalhub rubric"
    return schema


def _without_nulls(schema: Any) -> Any:
    """The schema less the nulls that stand for "left out", which a file cannot say, and less made-up titles."""
    if isinstance(schema, list):
        return [_without_nulls(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {
        key: _without_nulls(value)
        for key, value in schema.items()
        if not (key == "default" and value is None) and not (key == "title" and isinstance(value, str))
    }
    choices = [choice for choice in kept.pop("anyOf", []) if choice != {"type": "null"}]
    return kept | (choices[0] if len(choices) == 1 else {"anyOf": choices} if choices else {})
