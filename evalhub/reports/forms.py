"""What people send from home and from their session's page."""

from __future__ import annotations

from datetime import UTC, datetime

from wtforms import Field, HiddenField, IntegerField, SelectField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange, Optional, ValidationError

from evalhub.accounts.schema import Goal
from evalhub.web.forms import Form

MOST = 1000


class GoalForm(Form):
    kind = SelectField(
        "Goal of a session",
        choices=[
            SelectChoice("", "No goal"),
            SelectChoice("items", "Items graded"),
            SelectChoice("minutes", "Minutes at work"),
        ],
    )
    amount = IntegerField("How many?", [Optional(), NumberRange(1, MOST, f"Give a number from 1 to {MOST:,}.")])

    @classmethod
    def of(cls, goal: Goal | None) -> GoalForm:
        return cls(kind=goal.kind, amount=goal.amount) if goal else cls(kind="", amount=20)

    def validate(self, extra_validators: object = None) -> bool:
        if not super().validate():
            return False
        if self.kind.data and self.amount.data is None:
            self.amount.errors = [f"Give a number from 1 to {MOST:,}, or choose no goal."]
            return False
        return True

    def goal(self) -> Goal | None:
        return Goal(kind=self.kind.data, amount=self.amount.data) if self.kind.data else None


class NoticeForm(Form):
    notice = HiddenField(validators=[InputRequired(), Length(max=100)])


class AllNoticesForm(Form):
    """`until` is when the page was made on which somebody put all notices away, with its offset from UTC."""

    until = HiddenField(validators=[InputRequired(), Length(max=40)])

    def validate_until(self, field: Field) -> None:
        try:
            moment = datetime.fromisoformat(field.data)
        except ValueError as error:
            raise ValidationError("Is no time.") from error
        if moment.tzinfo is None:
            raise ValidationError("Lacks its offset from UTC.")

    def moment(self) -> datetime:
        return datetime.fromisoformat(self.until.data).astimezone(UTC)


class HoursForm(Form):
    hours = SelectField(choices=[SelectChoice("week", "This week"), SelectChoice("month", "This month")])
