"""Making a project and choosing its members."""

from __future__ import annotations

import math

from wtforms import BooleanField, DateField, FloatField, IntegerField, SelectField, SelectMultipleField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange, Optional, Regexp
from wtforms.widgets import CheckboxInput, ListWidget

from evalhub.errors import EvalhubError
from evalhub.projects.models import QueueOrder
from evalhub.projects.schema import (
    MOST_REVIEWERS,
    SLUG,
    SUGGESTED_INFLUENCE,
    SWITCHES,
    Flags,
    OverlapPlan,
    ProjectRole,
    Rules,
)
from evalhub.projects.service import NewProject
from evalhub.web.forms import Form

ORDERS = {
    QueueOrder.RANDOM: "Random",
    QueueOrder.BY_GROUP: "All answers to a prompt in a row",
    QueueOrder.AS_IMPORTED: "As imported",
}
ROLES = {
    ProjectRole.REVIEWER: "Reviewer: grades items",
    ProjectRole.ADJUDICATOR: "Adjudicator: settles disputed items",
    ProjectRole.MANAGER: "Manager: members, figures, exports",
    ProjectRole.VIEWER: "Viewer: figures only",
}


class ProjectForm(Form):
    name = StringField(
        "Name",
        [
            InputRequired(),
            Length(max=64),
            Regexp(SLUG, message="Use a-z, 0-9, - and _, beginning with one of the first."),
        ],
        description="Short, without spaces; it stands in addresses and cannot be changed.",
    )
    title = StringField("Title", [Length(max=200)], description="What people see; the name where it is empty.")
    dataset = SelectField("Dataset", [InputRequired()])
    rubric = SelectField("Rubric", [InputRequired()], description="The project keeps this version.")
    reviewers = IntegerField(
        "Reviewers an item",
        [InputRequired(), NumberRange(1, MOST_REVIEWERS)],
        default=2,
        description="Two or more tell how far the grades agree.",
    )
    share = FloatField(
        "Share of items with more reviewers",
        [Optional(), NumberRange(0, 1)],
        default=0,
        description="Between 0 and 1; 0.2 gives every fifth item more reviewers.",
    )
    need = IntegerField("Reviewers these items get", [Optional(), NumberRange(1, MOST_REVIEWERS)])
    order = SelectField("Order", choices=[SelectChoice(value.value, label) for value, label in ORDERS.items()])
    lease_minutes = IntegerField(
        "Minutes an item is kept for its reviewer",
        [InputRequired(), NumberRange(1, 1440)],
        default=45,
        description="Counted from the last sign of life; then it goes to somebody else.",
    )
    due_on = DateField("Due on", [Optional()])
    flags = SelectMultipleField(
        "What counts as a dispute",
        choices=[SelectChoice(name, Flags.model_fields[name].description) for name in SWITCHES],
        default=[name for name in SWITCHES if Flags.model_fields[name].default],
        description="Each opens a case once all reviewers of an item are done. The rules cannot be changed later.",
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )
    influence = FloatField(
        "Influence on alpha that counts as a dispute too",
        [Optional(), NumberRange(math.ulp(0), 1, "Give a number above 0, at most 1, or leave it empty.")],
        description=f"Empty: none does. {SUGGESTED_INFLUENCE} names items without which a criterion's alpha would be"
        " that much higher, once ten items are graded twice; never with a range.",
    )
    one_more = BooleanField(
        "Ask one more reviewer before an adjudicator",
        description="A disputed item first goes to a reviewer who has not seen it, if there is one. Their grades count"
        " for the item's result, not for the agreement of the reviewers.",
    )

    pairs = BooleanField(
        "Show the two answers of a pair side by side",
        description="Two items of one import with the same pair_id, prompt and skills go to the same reviewer, who"
        " grades both and says which is better; an item without one is graded alone. Such a project takes no gold"
        " items. It cannot be changed later.",
    )

    def offer(self, datasets: list[str], rubrics: list[str]) -> None:
        """The choices of this instance."""
        self.dataset.choices = [SelectChoice(name, name) for name in datasets]
        self.rubric.choices = [SelectChoice(name, name) for name in rubrics]

    def new_project(self, *, dataset_id: int, rubric_version_id: int, seed: int) -> NewProject:
        share = self.share.data or 0.0
        return NewProject(
            name=self.name.data,
            title=(self.title.data or "").strip(),
            dataset_id=dataset_id,
            rubric_version_id=rubric_version_id,
            overlap=OverlapPlan(base=self.reviewers.data, share=share, need=self.need.data, seed=seed),
            order=QueueOrder(self.order.data),
            rules=Rules(flags=Flags.named(self.flags.data, influence=self.influence.data), one_more=self.one_more.data),
            lease_minutes=self.lease_minutes.data,
            due_on=self.due_on.data,
            pairs=self.pairs.data,
        )

    def show(self, error: EvalhubError) -> None:
        """Put each fault at its field; one without a field concerns the name."""
        fields = {"flags.pass_flip": self.flags, "overlap_need": self.need}
        for path, message in [(fault.path, fault.message) for fault in error.faults] or [("name", error.message)]:
            field = fields.get(path, self.name)
            field.errors = [*field.errors, message]


class MemberForm(Form):
    login = StringField(
        "Signs in as",
        [InputRequired("Give a sign-in name."), Length(max=100)],
        description="Who has no account yet is invited under People first.",
    )
    roles = SelectMultipleField(
        "Roles",
        choices=[SelectChoice(role.value, label) for role, label in ROLES.items()],
        validators=[InputRequired(message="Choose at least one role.")],
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )


class RemovalForm(Form):
    reason = StringField("Why?", [InputRequired("Say why; it is kept with the project."), Length(max=500)])
