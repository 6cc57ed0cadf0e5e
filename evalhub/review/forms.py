"""Forms of the review page beside the rubric's own (`rubrics.forms`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError
from wtforms import (
    DateTimeLocalField,
    FloatField,
    HiddenField,
    IntegerField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange, Optional, StopValidation

from evalhub.review.models import SkipReason
from evalhub.review.schema import A_DAY, LEANINGS, PREFERENCE, Changed, DraftBody
from evalhub.rubrics.forms import ReviewForm
from evalhub.rubrics.schema.review import NOTE_LIMIT, PreferenceBody, ReviewBody
from evalhub.web.api import invalid
from evalhub.web.forms import Form

SKIP_LABELS = {
    SkipReason.CONFLICT_OF_INTEREST: "Conflict of interest",
    SkipReason.OUTSIDE_MY_FIELD: "Outside my field",
    SkipReason.UNREADABLE: "Unreadable",
    SkipReason.UNSAFE: "Unsafe",
}


class SkipForm(Form):
    lease = HiddenField(validators=[InputRequired(), Length(max=64)])
    reason = SelectField(
        "Reason",
        choices=[SelectChoice(reason.value, label) for reason, label in SKIP_LABELS.items()],
        validators=[InputRequired("Choose why you pass it on.")],
    )
    text = TextAreaField("What is the matter?", [Length(max=2000)])


class DraftForm(Form):
    """What the draft button sends beside the review's own fields."""

    draft_revision = IntegerField(default=0)


class WorkForm(Form):
    """How long the page was worked on since it last told; only its script knows."""

    seconds = FloatField(validators=[Optional(), NumberRange(0, A_DAY)])


class HeartbeatForm(WorkForm):
    lease = HiddenField(validators=[InputRequired(), Length(max=64)])


def sent_seconds() -> float | None:
    """What the page says about time at work; None where it says nothing that can be."""
    form = WorkForm.from_request()
    seconds: float | None = form.seconds.data if form.validate() else None
    return seconds


class _WithPreference(ReviewForm):
    """Of the second answer of a pair: which of the two is better is asked like a further criterion."""

    def document(self) -> dict[str, Any]:
        document = super().document()
        for part, field in (("scores", self[f"level-{PREFERENCE}"]), ("notes", self[f"note-{PREFERENCE}"])):
            if field.data:
                document[part][PREFERENCE] = field.data
        return document

    def review(self) -> ReviewBody:
        sent = super().review()
        scores, notes = dict(sent.scores), dict(sent.notes)
        choice, reason = scores.pop(PREFERENCE, None), notes.pop(PREFERENCE, "")
        preference = PreferenceBody.model_validate({"choice": choice, "reason": reason}) if choice in LEANINGS else None
        return sent.model_copy(update={"scores": scores, "notes": notes, "preference": preference})

    def validate(self, extra_validators: Mapping[str, Any] | None = None) -> bool:
        valid = super().validate(extra_validators)
        choice = self[f"level-{PREFERENCE}"]
        if choice.data not in LEANINGS:
            choice.errors = [*choice.errors, "Say which of the two answers is better."]
            return False
        return valid


def with_preference(form: type[ReviewForm]) -> type[ReviewForm]:
    """The form that also asks which of two answers is better."""
    fields = {
        f"level-{PREFERENCE}": RadioField(
            "Preference", choices=[SelectChoice(choice, choice) for choice in LEANINGS], validate_choice=False
        ),
        f"note-{PREFERENCE}": TextAreaField("What decided it?", [Length(max=NOTE_LIMIT)]),
    }
    return type("ReviewFormWithPreference", (_WithPreference, form), fields)


def sent_draft(form: ReviewForm) -> DraftBody:
    """What the form holds, as far as it goes.

    Raises:
        BadInput: a text is too long, or a field cannot be read at all.
    """
    content: dict[str, Any] = form.document()
    try:
        return DraftBody.model_validate(content)
    except ValidationError as error:
        raise invalid("The form cannot be read.", error) from error


def sent_words(form: ReviewForm) -> DraftBody:
    """What the form holds, whether it fits or not, so that its page can be shown again with every word."""
    content = form.document()
    quotes = content["evidence"].items()
    content["evidence"] = {
        key: given for key, given in quotes if isinstance(given, list) and all(isinstance(q, dict) for q in given)
    }
    return DraftBody.model_construct(**content)


REASON_LIMIT = 500
TEXT_LIMIT = 1_000_000
TO_THE_SECOND = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S.%f"]


class ReasonForm(Form):
    reason = StringField("Why?", [InputRequired("Say why; it is kept for good."), Length(max=REASON_LIMIT)])


class ReplaceForm(ReasonForm):
    """The texts of an item; what else it says stays."""

    prompt = TextAreaField("Prompt", [Optional(), Length(max=TEXT_LIMIT)])
    context = TextAreaField("Context", [Optional(), Length(max=TEXT_LIMIT)])
    response = TextAreaField("Response", [InputRequired("Give the response."), Length(max=TEXT_LIMIT)])
    reference = TextAreaField("Reference", [Optional(), Length(max=TEXT_LIMIT)])

    TEXTS = ("prompt", "context", "response", "reference")

    def content(self, before: Mapping[str, Any]) -> dict[str, Any]:
        """The item with the texts of the form in the place of its own; a text left alone keeps its very line ends."""
        content = dict(before)
        for name in self.TEXTS:
            text = self[name].data or ""
            if text != before.get(name, "").replace("\r\n", "\n"):
                content[name] = text
            if not text:
                content.pop(name, None)
        return content


class VoidForm(Form):
    """Whose reviews, and of which time; times are UTC."""

    reviewer = SelectField("Whose reviews?", [InputRequired("Choose a reviewer.")])
    since = DateTimeLocalField(
        "From", [Optional()], format=TO_THE_SECOND, description="UTC; all from the first on where it is empty."
    )
    until = DateTimeLocalField(
        "Until", [Optional()], format=TO_THE_SECOND, description="UTC; all until now where it is empty."
    )

    def offer(self, reviewers: list[tuple[str, str]]) -> None:
        """Name to ask by and name to show of everybody who has reviewed."""
        self.reviewer.choices = [SelectChoice(name, shown) for name, shown in reviewers]


class AdoptVersionForm(Form):
    """Which version of its rubric a project takes up."""

    version = SelectField("Which version?", [InputRequired("Choose a version.")], validate_choice=False)

    def offer(self, versions: list[int]) -> None:
        """The numbers of those that the project does not use."""
        self.version.choices = [SelectChoice(str(number), f"Version {number}") for number in versions]

    def validate_version(self, field: SelectField) -> None:
        if field.data not in {choice.value for choice in self.version.choices}:
            raise StopValidation("Choose one of the versions.")


class AdoptForm(ReasonForm):
    """What becomes of items that were begun on the present version."""

    changed = RadioField(
        "What becomes of items already begun?",
        [InputRequired("Choose one.")],
        choices=[
            SelectChoice(Changed.REGRADE, "All are asked again what the new version asks otherwise"),
            SelectChoice(Changed.SAMPLE, "Some are, drawn at random"),
            SelectChoice(Changed.KEEP, "None is; they stay under the version that they were graded on"),
        ],
    )
    n = IntegerField("How many items, if some?", [Optional(), NumberRange(min=1, message="At least 1.")])
