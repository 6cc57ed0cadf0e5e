"""Rounds, and items for a second reviewer."""

from __future__ import annotations

from collections.abc import Sequence

from wtforms import (
    FloatField,
    HiddenField,
    IntegerField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange, Optional
from wtforms.widgets import CheckboxInput, HiddenInput, ListWidget

from evalhub.calibration.queries import Asked
from evalhub.calibration.queries.rounds import RoundLine
from evalhub.calibration.schema.rounds import MOST_ITEMS, Choosing, NewRound
from evalhub.projects.queries import MemberLine
from evalhub.review.service.more import MOST_AT_ONCE
from evalhub.web.forms import Form

CHOICES = {
    Choosing.RANDOM: "Drawn at random, spread over models and tags",
    Choosing.TRIAGE: "The most urgent disputed ones of the calibration report",
    Choosing.BOUNDARY: "Drawn from those on which reviewers differ at a boundary",
    Choosing.NAMED: "Named here, one id a line",
}


class MoreItemsForm(Form):
    n = IntegerField("How many items", [InputRequired(), NumberRange(1, MOST_AT_ONCE)])
    criterion = HiddenField("Criterion", [Optional(), Length(max=64)])
    seed = IntegerField(validators=[Optional(), NumberRange(0, 2**63 - 1)], widget=HiddenInput())


class RoundForm(Form):
    name = StringField("Name", [InputRequired(), Length(max=100)], description="Like “Before we begin”.")
    rubric_version = SelectField("Version of the rubric", coerce=int)
    follows = SelectField(
        "Items",
        description="A round on the items of an earlier one shows what a revision changed.",
    )
    choosing = RadioField(
        "New items are",
        choices=[SelectChoice(one.value, label) for one, label in CHOICES.items()],
        default=Choosing.RANDOM.value,
    )
    n = IntegerField(
        "How many",
        [InputRequired(), NumberRange(1, MOST_ITEMS)],
        default=20,
        description=f"At most {MOST_ITEMS}; everybody grades every one.",
    )
    boundary = SelectField("Boundary")
    items = TextAreaField("Ids of items", [Optional(), Length(max=50_000)])
    discussed_share = FloatField(
        "Share that is talked about after the round",
        [InputRequired(), NumberRange(0, 1)],
        default=0.5,
        description="Drawn at random, by whole prompts. The other items tell later what a revision changed;"
        " those talked about would tell what people remember.",
    )
    reviewers = SelectMultipleField(
        "Reviewers",
        validators=[InputRequired(message="Choose at least two.")],
        description="Each grades every item, before anything else.",
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )

    def offer(
        self,
        *,
        versions: Sequence[int],
        criteria: Sequence[Asked],
        rounds: Sequence[RoundLine],
        reviewers: Sequence[MemberLine],
    ) -> None:
        """The choices of this project."""
        self.rubric_version.choices = [SelectChoice(number, f"Version {number}") for number in versions]
        closed = [line.round for line in rounds if line.round.closed_at is not None]
        self.follows.choices = [
            SelectChoice("", "New ones"),
            *(SelectChoice(one.public_id, f"Those of round {one.number}: {one.name}") for one in closed),
        ]
        self.boundary.choices = [
            SelectChoice("", "–"),
            *(choice for asked in criteria for choice in _boundaries(asked)),
        ]
        self.reviewers.choices = [SelectChoice(line.account.public_id, line.shown_name) for line in reviewers]

    def new_round(self, seed: int) -> NewRound:
        criterion, _, rank = (self.boundary.data or "").rpartition(":")
        return NewRound(
            name=self.name.data.strip(),
            seed=seed,
            choosing=Choosing(self.choosing.data),
            items=tuple(line.strip() for line in (self.items.data or "").splitlines() if line.strip()),
            n=self.n.data,
            criterion=criterion,
            boundary=int(rank) if rank else -1,
            follows=self.follows.data,
            reviewers=tuple(self.reviewers.data),
            rubric_version=self.rubric_version.data,
            discussed_share=self.discussed_share.data,
        )


def _boundaries(asked: Asked) -> list[SelectChoice]:
    criterion = asked.criterion
    return [
        SelectChoice(f"{criterion.key}:{lower.rank}", f"{criterion.title}: {lower.label} or {upper.label}")
        for lower, upper in zip(criterion.levels, criterion.levels[1:], strict=False)
    ]
