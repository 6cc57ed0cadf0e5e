"""What managers set and say about training."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError
from wtforms import BooleanField, FloatField, IntegerField, SelectField, StringField, SubmitField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange

from evalhub.errors import EvalhubError
from evalhub.training.models import Use
from evalhub.training.schema.rules import MOST_GOLD, PlanSettings, Rule
from evalhub.training.service.certificates import LONGEST_REASON
from evalhub.web.forms import Form

USES = {
    Use.PRACTICE: "Practice: feedback after each item",
    Use.QUALIFICATION: "Qualification: no feedback, decides about the certificate",
    Use.GOLD: "Gold: hidden among live work",
}
MOST_ITEMS = 200
RATES = ("p_low", "p_high", "alpha", "beta", "near", "false_alarm")


class SettingsForm(Form):
    gold_share = FloatField(
        "Gold items among live work",
        [InputRequired(), NumberRange(0, MOST_GOLD)],
        description="As a share of the live reviews, between 0 and 0.2; 0.05 is one in twenty on average.",
    )
    practice_items = IntegerField("Items a practice has at most", [InputRequired(), NumberRange(1, 50)])
    retake_hours = IntegerField("Hours to wait after a failed qualification", [InputRequired(), NumberRange(0, 8760)])
    requires_certificate = BooleanField(
        "Hand out live work to certified reviewers only",
        description="Whoever holds no certificate for the project’s version of the rubric keeps the item in hand, and"
        " gets no other.",
    )
    p_low = FloatField(
        "Must not pass: right on this share of items, or fewer", [InputRequired(), NumberRange(0.01, 0.98)]
    )
    p_high = FloatField("Must pass: right on this share of items, or more", [InputRequired(), NumberRange(0.02, 0.99)])
    alpha = FloatField("Chance that the first passes all the same", [InputRequired(), NumberRange(0.001, 0.5)])
    beta = FloatField("Chance that the second fails all the same", [InputRequired(), NumberRange(0.001, 0.5)])
    near = FloatField(
        "A number counts as exact within",
        [InputRequired(), NumberRange(0, 0.3)],
        description="As a share of its range.",
    )
    false_alarm = FloatField(
        "Chance that a certificate of the second lapses wrongly within 100 gold items",
        [InputRequired(), NumberRange(0.001, 0.5)],
    )
    save = SubmitField("Save")
    show = SubmitField("Show what this takes")

    @classmethod
    def of(cls, settings: PlanSettings) -> SettingsForm:
        return cls(data=settings.model_dump(exclude={"rule"}) | settings.rule.model_dump())

    def validate(self, extra_validators: Any = None) -> bool:
        if not super().validate(extra_validators):
            return False
        try:
            self.settings()
        except ValidationError as error:
            self.p_high.errors = [str(error.errors()[0]["msg"]).removeprefix("Value error, ").capitalize() + "."]
            return False
        return True

    def settings(self) -> PlanSettings:
        return PlanSettings(
            gold_share=self.gold_share.data,
            practice_items=self.practice_items.data,
            retake_hours=self.retake_hours.data,
            requires_certificate=self.requires_certificate.data,
            rule=Rule(**{name: self[name].data for name in RATES}),
        )

    def as_query(self) -> dict[str, Any]:
        """The values as they stand in the address of a page that only shows what they take."""
        return {field.name: field.data for field in self if field.name not in ("save", "show") and field.data}


class GoldForm(Form):
    """Items that were imported with known levels."""

    use = SelectField(
        "Used for", [InputRequired()], choices=[SelectChoice(use.value, words) for use, words in USES.items()]
    )
    items = TextAreaField(
        "Ids of the items, one a line",
        [InputRequired(), Length(max=MOST_ITEMS * 201)],
        description="As in the imported file. Their known levels are taken from it.",
    )
    note = StringField("Note", [Length(max=500)], description="For managers: where the references come from.")

    def listed(self) -> list[str]:
        return list(dict.fromkeys(line.strip() for line in (self.items.data or "").splitlines() if line.strip()))

    def show(self, error: EvalhubError) -> None:
        details = "; ".join(f"{fault.path}: {fault.message}" for fault in error.faults)
        self.items.errors = [*self.items.errors, f"{error.message} {details}".strip()]


class ItemForm(Form):
    """One item to be given a reference by hand."""

    item = StringField("Id of the item", [InputRequired(), Length(max=200)])
    use = SelectField(
        "Used for", [InputRequired()], choices=[SelectChoice(use.value, words) for use, words in USES.items()]
    )


class ReasonForm(Form):
    reason = StringField("Why?", [InputRequired(), Length(max=LONGEST_REASON)])
