"""What an admin sends to import a file from the browser."""

from __future__ import annotations

from wtforms import BooleanField, FileField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Optional, Regexp

from evalhub.datasets.schema.characters import ALLOWED, SLUG
from evalhub.datasets.schema.formats import FORMATS
from evalhub.web.forms import Form


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
    format = SelectField(
        "Format",
        default="",
        choices=[
            SelectChoice("", "Guess from the file"),
            SelectChoice("jsonl", "JSON lines"),
            SelectChoice("csv", "CSV"),
            *(SelectChoice(name, one.title) for name, one in FORMATS.items()),
        ],
    )
    companion = FileField(
        "Second file",
        [Optional()],
        description="What some files are joined with. "
        + " ".join(f"{one.title}: {one.companion}." for one in FORMATS.values() if one.companion),
    )
    field_map = TextAreaField(
        "Field mapping",
        [Length(max=4000)],
        description="For files of another shape: one field=path a line, like response=output.text or id=uuid."
        " What it does not name, and is no field of an item, is left aside.",
    )
    skip_failed = BooleanField("Leave out records of another tool that hold no prompt or no response")
    check_only = BooleanField("Only check the file; store nothing")
