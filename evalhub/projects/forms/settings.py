"""What may change of a project and its batches."""

from __future__ import annotations

from wtforms import BooleanField, DateField, HiddenField, IntegerField, StringField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from evalhub.projects.schema import LONGEST_LEASE, MOST_URGENT, BatchSettings, ProjectSettings
from evalhub.web.forms import Form


class SettingsForm(Form):
    """What may change while a project is graded; `seen` is the tag of the settings that the form was filled with."""

    title = StringField("Title", [InputRequired("Give a title."), Length(max=200)], description="What people see.")
    due_on = DateField("Due on", [Optional()], description="Shown to reviewers, with their part of what is left a day.")
    lease_minutes = IntegerField(
        "Minutes an item is kept for its reviewer",
        [InputRequired("Give a number of minutes."), NumberRange(1, LONGEST_LEASE)],
        description="Counted from the next sign of life, also of items in work.",
    )
    one_more = BooleanField(
        "Ask one more reviewer before an adjudicator",
        description="Of items that reviewers turn out to differ on from now on.",
    )
    seen = HiddenField(validators=[Length(max=64)])

    @classmethod
    def of(cls, settings: ProjectSettings) -> SettingsForm:
        return cls(data={**settings.model_dump(), "seen": settings.tag})

    @property
    def changes(self) -> dict[str, object]:
        return {
            "title": self.title.data.strip(),
            "due_on": self.due_on.data,
            "lease_minutes": self.lease_minutes.data,
            "one_more": self.one_more.data,
        }


class BatchForm(Form):
    name = StringField("Name", [InputRequired("Give a name."), Length(max=200)])
    priority = IntegerField(
        "Priority",
        [InputRequired("Give a number."), NumberRange(-MOST_URGENT, MOST_URGENT)],
        description="Higher is handed out first; 0 is usual.",
    )
    due_on = DateField("Due on", [Optional()])

    @classmethod
    def of(cls, batch_id: int, settings: BatchSettings) -> BatchForm:
        return cls(data=settings.model_dump(), prefix=prefix_of(batch_id))

    @property
    def changes(self) -> dict[str, object]:
        return {"name": self.name.data.strip(), "priority": self.priority.data, "due_on": self.due_on.data}


def prefix_of(batch_id: int) -> str:
    """Of the names of a batch's fields, since a page has a form for each."""
    return f"batch-{batch_id}"
