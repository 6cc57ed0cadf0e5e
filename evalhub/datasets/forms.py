"""What an admin sends to bring a file in from the browser."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from wtforms import BooleanField, FileField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Optional, Regexp

from evalhub.datasets.schema.characters import ALLOWED, SLUG
from evalhub.datasets.schema.fields import guessed_map, is_our_shape
from evalhub.datasets.schema.formats import FORMATS
from evalhub.datasets.schema.items import CHECKS
from evalhub.datasets.schema.mapping import parse_field_map
from evalhub.datasets.schema.ratings import FIELDS
from evalhub.datasets.schema.uploads import OWN_FORMATS, ItemOptions, RatingOptions
from evalhub.errors import BadInput
from evalhub.web.forms import Form

FORMAT_CHOICES = [
    SelectChoice("jsonl", "JSON lines"),
    SelectChoice("csv", "CSV"),
    *(SelectChoice(name, one.title) for name, one in FORMATS.items()),
]
SKIP_FAILED = "Leave out records of another tool that hold no prompt or no response"
FROM = "from_"
"""What the names of the mapping's selects begin with."""


class NewDatasetForm(Form):
    name = StringField(
        "Name of the new dataset",
        [
            InputRequired("Give a name."),
            Length(max=64),
            Regexp(rf"^{SLUG.pattern}\Z", message=f"Give {ALLOWED[SLUG]}."),
        ],
    )


class ImportForm(Form):
    file = FileField(
        "File",
        [InputRequired("Choose a file.")],
        description="JSON lines (.jsonl), CSV with a header (.csv), or a file of another tool.",
    )
    companion = FileField(
        "Second file",
        [Optional()],
        description="What some files are joined with. "
        + " ".join(f"{one.title}: {one.companion}." for one in FORMATS.values() if one.companion),
    )
    format = SelectField("Format", default="", choices=[SelectChoice("", "Guess from the file"), *FORMAT_CHOICES])
    skip_failed = BooleanField(SKIP_FAILED)


class ReadingForm(Form):
    """How a file is read; `reading_form` adds a select for each field of an item."""

    format = SelectField("Format", choices=FORMAT_CHOICES)
    further = TextAreaField(
        "Further fields",
        [Length(max=4000)],
        description="One field=path a line, like metadata.topic=labels.topic.",
    )
    leaves_others = BooleanField("Leave aside what is no field of an item")
    skip_failed = BooleanField(SKIP_FAILED)

    def options(self) -> ItemOptions | None:
        """What was chosen; None, with the faults at their field, where it is wrong."""
        chosen = [
            f"{name}={self[FROM + name].data}" for name in CHECKS if FROM + name in self and self[FROM + name].data
        ]
        is_mapped = self.format.data in OWN_FORMATS
        try:
            field_map = parse_field_map([*chosen, *_lines(self.further.data)], CHECKS) if is_mapped else None
        except BadInput as error:
            self.further.errors = [fault.message for fault in error.faults]
            return None
        return ItemOptions(
            format=self.format.data,
            field_map=dict(field_map.paths) if field_map else {},
            leaves_others=is_mapped and self.leaves_others.data,
            skip_failed=self.skip_failed.data,
        )


def reading_form(found: Mapping[str, str]) -> type[ReadingForm]:
    """A form that offers the paths found in the file for each field of an item."""
    selects: dict[str, Any] = {}
    for name in CHECKS:
        as_is = "as it is there" if name in found else "not in this file"
        paths = [SelectChoice(path, path) for path in found if path != name]
        selects[FROM + name] = SelectField(name, choices=[SelectChoice("", as_is), *paths], default="")
    return type("ReadingFormOfFile", (ReadingForm,), selects)


def filled_in(
    form: type[ReadingForm], options: ItemOptions, found: Mapping[str, str], *, proposes: bool
) -> ReadingForm:
    """The form as the file is read now; where nothing was mapped yet, with a guess if `proposes`."""
    field_map = dict(options.field_map)
    if proposes and not field_map and options.format in OWN_FORMATS and not is_our_shape(found):
        field_map = guessed_map(list(found))
    by_select = {FROM + name: path for name, path in field_map.items() if name in CHECKS and path in found}
    further = [f"{name}={path}" for name, path in field_map.items() if FROM + name not in by_select]
    return form(
        format=options.format,
        leaves_others=options.leaves_others,
        skip_failed=options.skip_failed,
        further="\n".join(further),
        **by_select,
    )


class PastRatingsForm(Form):
    file = FileField(
        "File",
        [InputRequired("Choose a file.")],
        description="Past ratings as JSON lines (.jsonl) or CSV with a header (.csv): item_id, reviewer, criterion and"
        " level on each line.",
    )


class RatingsReadingForm(Form):
    """How a file of past ratings is read, and who its reviewers are."""

    format = SelectField("Format", choices=FORMAT_CHOICES[:2])
    field_map = TextAreaField(
        "Field mapping",
        [Length(max=4000)],
        description="For files of another shape: one field=path a line, like item_id=item or level=rating.label.",
    )
    reviewer_map = TextAreaField(
        "Reviewers who are members",
        [Length(max=20_000)],
        description="One name in the file=sign-in name a line. Names that are not given here become reviewers of this"
        " project who cannot sign in.",
    )

    @classmethod
    def of(cls, options: RatingOptions) -> Self:
        return cls(
            format="csv" if options.is_csv else "jsonl",
            field_map="\n".join(f"{field}={path}" for field, path in options.field_map.items()),
            reviewer_map="\n".join(f"{name}={login}" for name, login in options.reviewer_map.items()),
        )

    def options(self) -> RatingOptions | None:
        """What was chosen; None, with the faults at their field, where it is wrong."""
        try:
            field_map = parse_field_map(_lines(self.field_map.data), FIELDS)
        except BadInput as error:
            self.field_map.errors = [fault.message for fault in error.faults]
            return None
        pairs = [line.rpartition("=") for line in _lines(self.reviewer_map.data)]
        if not all(name.strip() and login.strip() for name, _, login in pairs):
            self.reviewer_map.errors = ["Write name=sign-in name on each line, like rater1=ann."]
            return None
        return RatingOptions(
            is_csv=self.format.data == "csv",
            field_map=dict(field_map.paths) if field_map else {},
            reviewer_map={name.strip(): login.strip() for name, _, login in pairs},
        )


def _lines(text: str | None) -> list[str]:
    return [line.strip() for line in (text or "").splitlines() if line.strip()]
