"""Making a project."""

from __future__ import annotations

import math

from wtforms import (
    BooleanField,
    DateField,
    FloatField,
    IntegerField,
    SelectField,
    SelectMultipleField,
    StringField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange, Optional, Regexp
from wtforms.widgets import CheckboxInput, ListWidget

from evalhub.errors import EvalhubError
from evalhub.projects.models import QueueOrder
from evalhub.projects.schema import (
    LONGEST_LEASE,
    MOST_REVIEWERS,
    SLUG,
    SUGGESTED_INFLUENCE,
    SWITCHES,
    Flags,
    OverlapPlan,
    PassRule,
    ProjectRole,
    Rules,
    roles_by_login,
)
from evalhub.projects.service import NewProject
from evalhub.rubrics.schema.models import OverallLevel
from evalhub.web.forms import Form

ORDERS = {
    QueueOrder.RANDOM: "Random",
    QueueOrder.BY_GROUP: "All answers to a prompt in a row",
    QueueOrder.AS_IMPORTED: "As imported",
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
    dataset = SelectField("Dataset", [InputRequired("Choose a dataset.")])
    rubric = SelectField(
        "Rubric and version",
        [InputRequired("Choose a rubric.")],
        description="The project grades by this version until you adopt another.",
    )
    graders = SelectMultipleField("Reviewers", widget=ListWidget(prefix_label=False), option_widget=CheckboxInput())
    settlers = SelectMultipleField(
        "Adjudicators",
        description="They settle what reviewers differ on; never an item that they graded.",
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )
    hide_reference = BooleanField(
        "Hide the reference answer from those who grade",
        description="Where an item has one. Model names, item ids and other reviewers' grades are always hidden.",
    )
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
    stratify_by = SelectMultipleField(
        "Spread these items evenly over",
        choices=[SelectChoice("model", "Models"), SelectChoice("tags", "Tags")],
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )
    order = SelectField("Order", choices=[SelectChoice(value.value, label) for value, label in ORDERS.items()])
    lease_minutes = IntegerField(
        "Minutes an item is kept for its reviewer",
        [InputRequired(), NumberRange(1, LONGEST_LEASE)],
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

    pass_score = FloatField(
        "Passes from this overall score",
        [Optional(), NumberRange()],
        description="Empty: the rubric's own rule, where it has one.",
    )
    pass_level = SelectField(
        "Passes from this overall level",
        [Optional()],
        choices=[SelectChoice("", "By the rubric's own rule"), *(SelectChoice(level, level) for level in OverallLevel)],
        description="Give a score or a level, not both.",
    )

    def offer(self, datasets: list[tuple[str, int]], rubrics: list[str], people: list[tuple[str, str]]) -> None:
        """The choices of this instance: datasets with how many items they have, people by sign-in name and name."""
        self.dataset.choices = [SelectChoice(name, f"{name} ({n:,} items)") for name, n in datasets]
        self.rubric.choices = [SelectChoice(name, name) for name in rubrics]
        self.graders.choices = self.settlers.choices = [SelectChoice(login, name) for login, name in people]

    @property
    def plan(self) -> OverlapPlan | None:
        """How many reviewers an item gets; None while that cannot be read."""
        fields = (self.reviewers, self.share, self.need)
        if self.reviewers.data is None or any(field.errors for field in fields):
            return None
        return OverlapPlan(base=self.reviewers.data, share=self.share.data or 0.0, need=self.need.data)

    @property
    def roles(self) -> dict[str, set[ProjectRole]]:
        """Who was ticked for what, by sign-in name."""
        return roles_by_login(self.graders.data, self.settlers.data, ())

    def new_project(self, *, dataset_id: int, rubric_version_id: int, seed: int) -> NewProject:
        share, rule = self.share.data or 0.0, None
        if self.pass_score.data is not None or self.pass_level.data:
            rule = PassRule(score_at_least=self.pass_score.data, level_at_least=self.pass_level.data or None)
        return NewProject(
            name=self.name.data,
            title=(self.title.data or "").strip(),
            dataset_id=dataset_id,
            rubric_version_id=rubric_version_id,
            overlap=OverlapPlan(
                base=self.reviewers.data,
                share=share,
                need=self.need.data,
                stratify_by=tuple(self.stratify_by.data),
                seed=seed,
            ),
            order=QueueOrder(self.order.data),
            rules=Rules(
                flags=Flags.named(self.flags.data, influence=self.influence.data),
                one_more=self.one_more.data,
                pass_rule=rule,
                show_reference=not self.hide_reference.data,
            ),
            lease_minutes=self.lease_minutes.data,
            due_on=self.due_on.data,
            pairs=self.pairs.data,
        )

    def show(self, error: EvalhubError) -> None:
        """Put each fault at its field; one without a field concerns the name."""
        fields = {
            "flags.pass_flip": self.flags,
            "overlap_need": self.need,
            "members": self.graders,
            "pass_rule": self.pass_level,
            "pass_rule.score_at_least": self.pass_score,
            "pass_rule.level_at_least": self.pass_level,
        }
        for path, message in [(fault.path, fault.message) for fault in error.faults] or [("name", error.message)]:
            field = fields.get(path, self.name)
            field.errors = [*field.errors, message]
