"""What to export."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from wtforms import BooleanField, DateTimeLocalField, SelectField, SelectMultipleField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from evalhub.export.queries.made import Offer
from evalhub.export.schema.options import ItemState, Options, Shape
from evalhub.web.forms import Form

SHAPES = {
    Shape.BUNDLE: "Bundle (.zip): items, ratings, rubrics, and the manifest that proves them",
    Shape.JSONL: "Items alone (.jsonl)",
}
STATES = {
    ItemState.FINAL: "Final",
    ItemState.ADJUDICATION_PENDING: "In adjudication",
    ItemState.INCOMPLETE: "Incomplete",
}


def _boxes(label: str, **more: Any) -> SelectMultipleField:
    return SelectMultipleField(
        label,
        [Optional()],
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
        **more,
    )


class ExportForm(Form):
    shape = SelectField(
        "Shape",
        [InputRequired()],
        choices=[SelectChoice(shape.value, label) for shape, label in SHAPES.items()],
        default=Shape.BUNDLE.value,
    )
    state = _boxes(
        "Only items that are",
        choices=[SelectChoice(state.value, label) for state, label in STATES.items()],
        description="All where none is chosen; the same holds below.",
    )
    criterion = _boxes("Only these criteria", choices=[])
    model = _boxes("Only these models", choices=[])
    batch = _boxes("Only these batches", choices=[])
    tag = StringField("Only items with one of these tags", [Length(max=1000)], description="Separated by commas.")
    as_of = DateTimeLocalField(
        "Only what stood still since",
        [Optional()],
        format=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"],
        description="UTC. Items that came in later, or whose reviews or case changed later, are left out.",
    )
    without_text = BooleanField("Leave prompts, responses, notes, quotes and metadata out")

    def offer(self, found: Offer) -> None:
        """The choices of this project."""
        for field, names in ((self.criterion, found.criteria), (self.model, found.models), (self.batch, found.batches)):
            field.choices = [SelectChoice(name, name) for name in names]

    def options(self) -> Options:
        as_of: datetime | None = self.as_of.data
        return Options.model_validate(
            {
                "state": self.state.data or (),
                "criterion": self.criterion.data or (),
                "model": self.model.data or (),
                "batch": self.batch.data or (),
                "tag": [tag.strip() for tag in (self.tag.data or "").split(",") if tag.strip()],
                "as_of": as_of.replace(tzinfo=UTC) if as_of else None,
                "without_text": self.without_text.data,
            }
        )
