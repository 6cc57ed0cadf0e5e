"""What people send about cases."""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from typing import Any, ClassVar, Self

from wtforms import (
    BooleanField,
    Field,
    HiddenField,
    IntegerField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange, Regexp
from wtforms.widgets import HiddenInput

from evalhub.adjudication.models import CaseState
from evalhub.adjudication.queries.filtered import WAITS_WORDS, CaseFilter, Taken, Waits
from evalhub.adjudication.schema import CAUSE_WORDS, REASONS, TEXT_LIMIT, Cause, CorrectionBody, DecisionBody
from evalhub.errors import BadInput, EvalhubError
from evalhub.rubrics.schema.models import Criterion
from evalhub.web.forms import Form

NOT_APPLICABLE = "__na__"
"""The choice beside the levels; no level id begins with an underscore."""
CAUSES = [SelectChoice(cause.value, words) for cause, words in CAUSE_WORDS.items()]
FLAGS = [SelectChoice(flag, words.capitalize()) for flag, words in REASONS.items()]
WAITS = [SelectChoice(waits.value, words.capitalize()) for waits, words in WAITS_WORDS.items()]
STATES = {
    "open": CaseState.OPEN,
    "decided": CaseState.DECIDED,
    "corrected": CaseState.CORRECTED,
    "set-aside": CaseState.SET_ASIDE,
    "all": None,
}
KEY = r"^[0-9A-Fa-f-]{32,36}\Z"

_NUMBER = re.compile(r"[-+]?[0-9]{1,15}([.,][0-9]{1,15})?")


class DecisionForm(Form):
    """The fields of every decision; `decision_form` adds one for each disputed criterion."""

    disputed: ClassVar[tuple[Criterion, ...]] = ()

    cause = RadioField(
        "What caused the dispute?",
        [InputRequired("Choose what caused the dispute.")],
        choices=CAUSES,
    )
    rationale = TextAreaField(
        "Why?",
        [InputRequired("Say why; the reviewers will read it."), Length(max=TEXT_LIMIT)],
    )
    revision = IntegerField(validators=[NumberRange(0, 2**31 - 1)], widget=HiddenInput(), default=0)
    idempotency_key = HiddenField(validators=[Regexp(KEY)])

    def body(self) -> DecisionBody:
        """What was sent, in the shape of the programs' interface; criteria without an answer are left out."""
        given = {criterion.key: self[f"level-{criterion.key}"].data or "" for criterion in self.disputed}
        return DecisionBody(
            scores={
                criterion.key: sent_score(criterion, given[criterion.key])
                for criterion in self.disputed
                if given[criterion.key]
            },
            rationale=self.rationale.data,
            cause=Cause(self.cause.data),
            revision=self.revision.data or 0,
            idempotency_key=self.idempotency_key.data,
        )

    def renewed(self, revision: int) -> Self:
        """The same words for a decision that follows `revision`: they were written for one that has been replaced."""
        self.revision.data, self.idempotency_key.data = revision, str(uuid.uuid4())
        self.revision.raw_data = None
        return self

    def show_refusal(self, error: EvalhubError) -> None:
        """Say why what was sent was not stored."""
        if isinstance(error, BadInput):
            self.show(error)
        else:
            self.form_errors.append(error.message)

    def show(self, error: BadInput) -> None:
        """Put each fault at its field."""
        for fault in error.faults:
            part, _, key = fault.path.partition(".")
            field = self._fields.get(f"level-{key}" if part == "scores" else part)
            message = fault.message[:1].upper() + fault.message[1:] + "."
            if field is None:
                self.form_errors.append(message)
            else:
                field.errors = [*field.errors, message]


def decision_form(disputed: Sequence[Criterion]) -> type[DecisionForm]:
    """The form that settles these criteria."""
    fields: dict[str, Any] = {"disputed": tuple(disputed)}
    fields |= {f"level-{criterion.key}": _answer_field(criterion) for criterion in disputed}
    return type("DecisionFormOfCase", (DecisionForm,), fields)


def fresh_decision_form(disputed: Sequence[Criterion], revision: int) -> DecisionForm:
    """An empty form for the decision that follows `revision`."""
    return decision_form(disputed)(data={"revision": revision, "idempotency_key": str(uuid.uuid4())})


class CaseFilterForm(Form):
    """What the queue is narrowed to; a choice that is not offered narrows nothing."""

    state = HiddenField(default="open")
    q = StringField("Words or item", [Length(max=200)])
    criterion = SelectField("Criterion")
    flag = SelectField("Why", choices=[SelectChoice("", "Any reason"), *FLAGS])
    cause = SelectField("Cause", choices=[SelectChoice("", "Any cause"), *CAUSES])
    batch = SelectField("Batch")
    taken = SelectField(
        "Taken by",
        choices=[
            SelectChoice("", "Anybody or nobody"),
            SelectChoice(Taken.MINE.value, "Me"),
            SelectChoice(Taken.NOBODY.value, "Nobody yet"),
            SelectChoice(Taken.OTHERS.value, "Somebody else"),
        ],
    )
    waits = SelectField("Waits for", choices=[SelectChoice("", "Anything"), *WAITS])

    def offer(self, criteria: Sequence[tuple[str, str]], batches: Sequence[tuple[int, str]]) -> None:
        """Only what has a case can be asked for."""
        self.criterion.choices = [SelectChoice("", "Any criterion"), *(SelectChoice(*one) for one in criteria)]
        self.batch.choices = [SelectChoice("", "Any batch"), *(SelectChoice(str(key), name) for key, name in batches)]
        self.validate()
        for field in self:
            if field.errors or field.data is None:
                field.data = field.default or ""
        if self.state.data not in STATES:
            self.state.data = self.state.default

    @property
    def is_narrowed(self) -> bool:
        return any(field.data for field in self if field is not self.state)

    def address(self, state: str) -> dict[str, str]:
        """The arguments of the queue in this state, narrowed as it is now."""
        given = {field.name: field.data for field in self if field.data and field is not self.state}
        return {"state": state, **given}

    def wanted(self) -> CaseFilter:
        return CaseFilter(
            state=STATES[self.state.data],
            criterion=self.criterion.data or None,
            flag=self.flag.data or None,
            cause=Cause(self.cause.data) if self.cause.data else None,
            batch_id=int(self.batch.data) if self.batch.data else None,
            taken=Taken(self.taken.data) if self.taken.data else None,
            waits=Waits(self.waits.data) if self.waits.data else None,
            text=self.q.data.strip(),
        )


class ReasonForm(Form):
    """Why something unusual is done to a case."""

    reason = TextAreaField("Why?", [InputRequired("Say why."), Length(max=TEXT_LIMIT)])


class SendBackForm(ReasonForm):
    """Which review goes back, by the letter of its reviewer, and why."""

    letter = HiddenField(validators=[Regexp(r"^[A-Z]{1,4}\Z")])


class ResolutionAnswerForm(Form):
    text = TextAreaField(
        "Your answer", [InputRequired("Say what the adjudicator should know."), Length(max=TEXT_LIMIT)]
    )


class CorrectionForm(Form):
    """A reviewer's "I was wrong" about one criterion."""

    criterion = HiddenField(validators=[InputRequired(), Length(max=64)])
    level = StringField("What should it have been?", [InputRequired("Choose an answer."), Length(max=64)])
    reason = TextAreaField("Why?", [InputRequired("Say why."), Length(max=TEXT_LIMIT)])

    def body(self, criterion: Criterion | None) -> CorrectionBody:
        score = sent_score(criterion, self.level.data) if criterion else self.level.data
        return CorrectionBody(criterion=self.criterion.data, score=score, reason=self.reason.data)


class CorrectionAnswerForm(Form):
    """The adjudicator's answer; `correction` is letter, criterion and occasion, as the page named it."""

    correction = HiddenField(validators=[Regexp(r"^[A-Z]{1,4}:[A-Za-z0-9._-]{1,64}:[0-9]{1,6}\Z")])
    accept = BooleanField("Accept")
    reason = TextAreaField("Say why", [Length(max=TEXT_LIMIT)])

    def key(self) -> tuple[str, str, int]:
        letter, criterion, occasion = self.correction.data.split(":")
        return letter, criterion, int(occasion)


def sent_score(criterion: Criterion, given: str) -> str | float | None:
    """What a field holds, as a body's score: level id, number, or None for not applicable."""
    if given == NOT_APPLICABLE:
        return None
    if criterion.range is not None and _NUMBER.fullmatch(given.strip()):
        return float(given.strip().replace(",", "."))
    return given


def _answer_field(criterion: Criterion) -> Field:
    if criterion.range is not None:
        return StringField(criterion.title, [Length(max=32)])
    choices = [SelectChoice(level.key, level.label) for level in criterion.levels]
    if criterion.not_applicable:
        choices.append(SelectChoice(NOT_APPLICABLE, "Not applicable"))
    return RadioField(criterion.title, choices=choices, validate_choice=False)
