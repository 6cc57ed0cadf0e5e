"""Forms of the review page beside the rubric's own (`rubrics.forms`)."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError
from wtforms import HiddenField, IntegerField, SelectField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from evalhub.review.models import SkipReason
from evalhub.review.schema import DraftBody
from evalhub.rubrics.forms import ReviewForm
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
        validators=[InputRequired()],
    )
    text = TextAreaField("What is the matter?", [Length(max=2000)])


class DraftForm(Form):
    """What the draft button sends beside the review's own fields."""

    draft_revision = IntegerField(default=0)


class HeartbeatForm(Form):
    lease = HiddenField(validators=[InputRequired(), Length(max=64)])


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
