"""What to export."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from pydantic import ValidationError
from wtforms import BooleanField, DateTimeLocalField, SelectField, SelectMultipleField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from evalhub.errors import BadInput, Fault
from evalhub.export.schema.options import ItemState, Options, Shape
from evalhub.web.api import invalid
from evalhub.web.forms import Form

SHAPES = {
    Shape.BUNDLE: "Bundle (.zip): items, ratings, rubrics and manifest",
    Shape.JSONL: "Items alone (.jsonl)",
}
STATES = {
    ItemState.FINAL: "Final",
    ItemState.ADJUDICATION_PENDING: "In adjudication",
    ItemState.INCOMPLETE: "Incomplete",
}


class ExportForm(Form):
    shape = SelectField(
        "Shape",
        [InputRequired()],
        choices=[SelectChoice(shape.value, label) for shape, label in SHAPES.items()],
        default=Shape.BUNDLE.value,
    )
    state = SelectMultipleField(
        "Only items that are",
        choices=[SelectChoice(state.value, label) for state, label in STATES.items()],
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
        description="All of them where none is chosen; the same holds below.",
    )
    criterion = SelectMultipleField(
        "Only these criteria", widget=ListWidget(prefix_label=False), option_widget=CheckboxInput()
    )
    model = TextAreaField("Only these models", [Optional(), Length(max=20_000)], description="One a line.")
    tag = TextAreaField("Only items with these tags", [Optional(), Length(max=20_000)], description="One a line.")
    batch = TextAreaField("Only these batches", [Optional(), Length(max=20_000)], description="One a line.")
    as_of = DateTimeLocalField(
        "Only what has stood still since",
        [Optional()],
        format=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"],
        description="UTC. Items that came in later, or whose reviews or case changed later, are left out.",
    )
    without_text = BooleanField("Leave prompts, responses, notes, quotes and metadata empty")

    def offer(self, criteria: Sequence[str]) -> None:
        """The criteria of this project."""
        self.criterion.choices = [SelectChoice(key, key) for key in criteria]

    def options(self) -> Options:
        """What was asked for.

        Raises:
            BadInput: too many lines, or one that is too long.
        """
        as_of: datetime | None = self.as_of.data
        asked = {
            "state": self.state.data or (),
            "criterion": self.criterion.data or (),
            "model": _lines(self.model.data),
            "tag": _lines(self.tag.data),
            "batch": _lines(self.batch.data),
            "as_of": as_of.replace(tzinfo=UTC) if as_of else None,
            "without_text": self.without_text.data,
        }
        try:
            return Options.model_validate(asked)
        except ValidationError as error:
            raise invalid("The export cannot be made as asked.", error) from error

    def show(self, error: BadInput) -> None:
        """Put each fault at its field."""
        for fault in error.faults or (Fault("schema", error.message),):
            name = fault.path.partition("[")[0]
            field = self._fields.get(name, self.shape)
            field.errors = [*field.errors, fault.message]


def _lines(text: str | None) -> list[str]:
    return [line.strip() for line in (text or "").splitlines() if line.strip()]
