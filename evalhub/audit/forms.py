"""The filters of the log."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from wtforms import DateField, HiddenField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Length, Optional

from evalhub.audit.schema import sentence
from evalhub.web.forms import Form


class FilterForm(Form):
    action = SelectField("What", [Optional(), Length(max=64)])
    since = DateField("Since", [Optional()])
    until = DateField("Until", [Optional()])
    subject = StringField("About the id", [Optional(), Length(max=128)])
    actor = HiddenField(validators=[Optional(), Length(max=32)])

    def offer(self, actions: list[str]) -> None:
        """Only what has happened can be asked for."""
        self.action.choices = [SelectChoice("", "Anything"), *(SelectChoice(a, sentence(a)) for a in actions)]

    def asked(self) -> dict[str, str]:
        """The filters that are on, as an address holds them."""
        return {field.name: str(field.data) for field in self if field.data}

    @property
    def from_moment(self) -> datetime | None:
        return _begins(self.since.data)

    @property
    def to_moment(self) -> datetime | None:
        """The end of the last day that is wanted."""
        day: date | None = self.until.data
        return None if day is None or day == date.max else _begins(day + timedelta(days=1))


def _begins(day: date | None) -> datetime | None:
    return datetime.combine(day, time.min, UTC) if day else None
