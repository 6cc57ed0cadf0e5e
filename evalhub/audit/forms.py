"""The filters of the log."""

from __future__ import annotations

from wtforms import DateField, HiddenField, SelectField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Length, Optional

from evalhub.audit.schema import sentence
from evalhub.web.forms import Form


class FilterForm(Form):
    action = SelectField("What", [Optional(), Length(max=64)])
    since = DateField("Since", [Optional()])
    actor = HiddenField(validators=[Optional(), Length(max=32)])

    def offer(self, actions: list[str]) -> None:
        """Only what has happened can be asked for."""
        self.action.choices = [SelectChoice("", "Anything"), *(SelectChoice(a, sentence(a)) for a in actions)]
