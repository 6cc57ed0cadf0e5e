"""The review form that a rubric asks for, and the form for a rubric itself."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any, ClassVar, NamedTuple

from wtforms import (
    BooleanField,
    Field,
    FileField,
    HiddenField,
    IntegerField,
    RadioField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import AnyOf, InputRequired, Length, NumberRange
from wtforms.widgets import CheckboxInput, HiddenInput, ListWidget, NumberInput

from evalhub.errors import BadInput, Fault
from evalhub.rubrics.schema import Criterion, ReviewBody, Rubric, check_review, parse_review_body
from evalhub.rubrics.schema.review import NOTE_LIMIT
from evalhub.rubrics.schema.tree import SIZE_LIMIT
from evalhub.web.forms import Form
from evalhub.web.strict_json import parse_json

NOT_APPLICABLE = "__na__"
"""The choice beside the levels; no level id begins with an underscore."""
EVIDENCE_LIMIT = 1_000_000
CONFIDENCE = {1: "Unsure", 2: "Fairly sure", 3: "Sure"}

_NUMBER = re.compile(r"[-+]?[0-9]{1,15}([.,][0-9]{1,15})?")
_FIELDS_OF_PARTS = {"scores": "level", "notes": "note", "tags": "tags", "evidence": "evidence"}


class QuotesField(HiddenField):  # type: ignore[misc]
    """Evidence as the page's script keeps it: a JSON list."""

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = []
        if valuelist and valuelist[0]:
            try:
                self.data = parse_json(valuelist[0].encode("utf-8", "replace"))
            except BadInput as error:
                raise ValueError(f"The quotes cannot be read: {error.faults[0].message}.") from error


class CriterionFields(NamedTuple):
    """What a page shows for one criterion; `not_applicable` only beside a number, elsewhere it is a choice."""

    criterion: Criterion
    answer: Field
    not_applicable: Field | None
    note: Field
    tags: Field | None
    evidence: Field


class ReviewForm(Form):
    """The fields of every rubric; `review_form` adds those of its criteria."""

    rubric: ClassVar[Rubric]
    item_tags: ClassVar[frozenset[str]]
    asked: ClassVar[tuple[Criterion, ...]]

    note = TextAreaField("Anything else about this answer", [Length(max=NOTE_LIMIT)])
    rubric_version = IntegerField(widget=HiddenInput())
    lease = HiddenField(validators=[Length(max=200)])
    idempotency_key = HiddenField(validators=[Length(max=36)])

    def criteria(self) -> list[CriterionFields]:
        """The fields by criterion, in the rubric's order."""
        return [
            CriterionFields(
                criterion=criterion,
                answer=self[f"level-{criterion.key}"],
                not_applicable=self._fields.get(f"na-{criterion.key}"),
                note=self[f"note-{criterion.key}"],
                tags=self._fields.get(f"tags-{criterion.key}"),
                evidence=self[f"evidence-{criterion.key}"],
            )
            for criterion in self.asked
        ]

    def validate(self, extra_validators: Mapping[str, Any] | None = None) -> bool:
        """Whether the review is complete and fits the rubric; each fault stands at its field."""
        if not super().validate(extra_validators):
            return False
        try:
            keys = {criterion.key for criterion in self.asked}
            check_review(self.rubric, self.item_tags, self.review(), criteria=keys)
        except BadInput as error:
            for fault in error.faults or (Fault("schema", error.message),):
                self._show(fault)
            return False
        return True

    def review(self) -> ReviewBody:
        """What was sent, in the shape of the programs' interface.

        Raises:
            BadInput: where not even the types fit.
        """
        document = self.document()
        document |= {
            "rubric_version": self.rubric_version.data,
            "lease": self.lease.data,
            "idempotency_key": self.idempotency_key.data,
        }
        return parse_review_body(document)

    def document(self) -> dict[str, Any]:
        """The content as far as it is filled in, as a draft keeps it."""
        rows = self.criteria()
        scores = {row.criterion.key: _answer(row) for row in rows if _is_answered(row)}
        notes = {row.criterion.key: row.note.data for row in rows if row.note.data}
        tags = {row.criterion.key: row.tags.data for row in rows if row.tags is not None and row.tags.data}
        evidence = {row.criterion.key: row.evidence.data for row in rows if row.evidence.data}
        document = {"scores": scores, "notes": notes, "tags": tags, "evidence": evidence, "note": self.note.data or ""}
        confidence = self._fields.get("confidence")
        if confidence is not None and confidence.data:
            document["confidence"] = int(confidence.data) if confidence.data in {"1", "2", "3"} else confidence.data
        return document

    def _show(self, fault: Fault) -> None:
        part, _, rest = fault.path.partition(".")
        key = re.match(r"[a-z0-9_-]*", rest)
        name = f"{_FIELDS_OF_PARTS[part]}-{key[0]}" if part in _FIELDS_OF_PARTS and key else part
        message = fault.message[:1].upper() + fault.message[1:] + "."
        field = self._fields.get(name)
        if field is None:
            self.form_errors.append(message)
        else:
            field.errors = [*field.errors, message]


def review_form(
    rubric: Rubric, item_tags: Collection[str] = (), *, criteria: Collection[str] | None = None
) -> type[ReviewForm]:
    """The form of a rubric for an item with these tags, or for some of the criteria that apply to it."""
    asked = tuple(c for c in rubric.applicable(item_tags) if criteria is None or c.key in criteria)
    fields: dict[str, Any] = {"rubric": rubric, "item_tags": frozenset(item_tags), "asked": asked}
    for criterion in asked:
        fields |= _criterion_fields(criterion)
    if rubric.confidence:
        choices = [SelectChoice(str(step), label) for step, label in CONFIDENCE.items()]
        fields["confidence"] = RadioField("How sure are you?", choices=choices, validate_choice=False)
    return type("ReviewFormOfRubric", (ReviewForm,), fields)


def _criterion_fields(criterion: Criterion) -> dict[str, Field]:
    key = criterion.key
    fields: dict[str, Field] = {f"level-{key}": _answer_field(criterion)}
    if criterion.range is not None and criterion.not_applicable:
        fields[f"na-{key}"] = BooleanField("Not applicable")
    fields[f"note-{key}"] = TextAreaField(f"Why? {criterion.title}", [Length(max=NOTE_LIMIT)])
    if criterion.failure_tags:
        fields[f"tags-{key}"] = SelectMultipleField(
            f"What went wrong? {criterion.title}",
            choices=[SelectChoice(tag.key, tag.label) for tag in criterion.failure_tags],
            validate_choice=False,
            widget=ListWidget(prefix_label=False),
            option_widget=CheckboxInput(),
        )
    fields[f"evidence-{key}"] = QuotesField(validators=[Length(max=EVIDENCE_LIMIT)])
    return fields


def _answer_field(criterion: Criterion) -> Field:
    scale = criterion.range
    if scale is not None:
        bounds = {"min": f"{scale.min:g}", "max": f"{scale.max:g}", "step": f"{scale.step:g}"}
        return StringField(criterion.title, [Length(max=32)], widget=NumberInput(), render_kw=bounds)
    choices = [SelectChoice(level.key, level.label) for level in criterion.levels]
    if criterion.not_applicable:
        choices.append(SelectChoice(NOT_APPLICABLE, "Not applicable"))
    return RadioField(criterion.title, choices=choices, validate_choice=False)


def _is_answered(row: CriterionFields) -> bool:
    return bool(row.answer.data or (row.not_applicable is not None and row.not_applicable.data))


def _answer(row: CriterionFields) -> str | int | float | None:
    given: str = row.answer.data or ""
    if row.criterion.range is None:
        return None if given == NOT_APPLICABLE else given
    if row.not_applicable is not None and row.not_applicable.data:
        return None
    given = given.strip()
    return float(given.replace(",", ".")) if _NUMBER.fullmatch(given) else given


class RubricForm(Form):
    """A rubric typed or chosen as a file."""

    source = TextAreaField("Rubric (YAML)", [Length(max=SIZE_LIMIT)])
    file = FileField("A file")

    def content(self) -> bytes:
        """The file where one was chosen, else what was typed."""
        if self._is_file():
            stream = self.file.data.stream
            stream.seek(0)
            content: bytes = stream.read(SIZE_LIMIT + 1)
            return content
        return (self.source.data or "").encode("utf-8", "replace")

    def source_name(self) -> str:
        return "the file" if self._is_file() else "the rubric"

    def _is_file(self) -> bool:
        return bool(self.file.data and getattr(self.file.data, "filename", ""))


class StartForm(RubricForm):
    """What a draft begins with: a text, a file, or `start`: "blank" or the name of a ready rubric."""

    start = StringField(validators=[Length(max=100)])

    def validate(self, extra_validators: Mapping[str, Any] | None = None) -> bool:
        valid = super().validate(extra_validators)
        if valid and not self.start.data and not self.content().strip():
            self.source.errors = ["Paste a rubric, or choose a file that is not empty."]
            return False
        return valid


REVISION_LIMIT = 2**31 - 1


class PublishForm(Form):
    """Which revision of a draft was looked at."""

    revision = IntegerField(validators=[InputRequired(), NumberRange(min=1, max=REVISION_LIMIT)], widget=HiddenInput())


class DraftForm(PublishForm):
    """The text in the editor, the revision that it rests on, and where to go once it is saved."""

    source = TextAreaField("Rubric (YAML)", [Length(max=SIZE_LIMIT)])
    then = StringField(validators=[AnyOf(("save", "compare", "publish"))], default="save")
