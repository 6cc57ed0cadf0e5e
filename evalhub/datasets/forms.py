"""What an admin sends to import a file from the browser."""

from __future__ import annotations

from wtforms import BooleanField, FileField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Regexp

from evalhub.datasets.schema.characters import ALLOWED, SLUG
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
        "File", [InputRequired("Choose a file.")], description="JSON lines (.jsonl), or CSV with a header (.csv)."
    )
    field_map = TextAreaField(
        "Field mapping",
        [Length(max=4000)],
        description="For files of another shape: one field=path a line, like response=output.text.",
    )
    check_only = BooleanField("Only check the file; store nothing")
