"""The filters of the log."""

from __future__ import annotations

from wtforms import DateField, IntegerField, SelectField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Length, NumberRange, Optional

from evalhub.audit.schema import sentence
from evalhub.web.forms import Form


class FilterForm(Form):
    action = SelectField("What", [Optional(), Length(max=64)])
    since = DateField("Since", [Optional()])
    before = IntegerField("Before", [Optional(), NumberRange(1, 2**63 - 1)])

    def offer(self, actions: list[str]) -> None:
        """Only what has happened can be asked for."""
        self.action.choices = [SelectChoice("", "Anything"), *(SelectChoice(a, sentence(a)) for a in actions)]
