"""What people send to the owner of a rubric, and what the owner answers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from wtforms import HiddenField, IntegerField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from evalhub.errors import BadInput, Conflict
from evalhub.inbox.schema import KIND_WORDS, STATE_WORDS, TEXT_LIMIT, EntryKind, EntryState, Wanted
from evalhub.inbox.service.answering import Answer
from evalhub.rubrics.schema.models import Criterion
from evalhub.web.forms import Form


class TextForm(Form):
    """What goes to the owner as it stands, about one criterion or about the rubric as a whole."""

    criterion = SelectField("About", [Length(max=64)], default="", choices=[SelectChoice("", "The rubric as a whole")])
    text = TextAreaField("Your words", [InputRequired("Say what it is about."), Length(max=TEXT_LIMIT)])

    def offer(self, criteria: Iterable[Criterion]) -> None:
        """Let the form be about one of these criteria, too."""
        offered = [SelectChoice(criterion.key, criterion.title) for criterion in criteria]
        self.criterion.choices = [*self.criterion.choices, *offered]


class FlagForm(TextForm):
    """A reviewer's question, or a report of what is wrong with the rubric or the item."""

    kind = RadioField(
        "What is it?",
        choices=[
            SelectChoice(EntryKind.QUESTION.value, "A question"),
            SelectChoice(EntryKind.FLAG.value, "A report: something is wrong"),
        ],
        default=EntryKind.QUESTION.value,
    )


class AnswerForm(Form):
    """The owner's answer; `offer` fills in what it can name."""

    answer = TextAreaField("Answer", [InputRequired("Write the answer; the sender reads it."), Length(max=TEXT_LIMIT)])
    changed_in = SelectField("Does a later version say it better?", [Length(max=12)], default="")
    pin_to = SelectField("Pin it as a ruling", [Length(max=64)], default="")
    ruling = TextAreaField("The ruling in other words", [Optional(), Length(max=TEXT_LIMIT)])

    def offer(self, versions: Sequence[int], criteria: Iterable[Criterion]) -> None:
        """Only versions after the one that was asked about, and only its criteria, can be named."""
        self.changed_in.choices = [
            SelectChoice("", "No"),
            *(SelectChoice(str(number), f"Yes: changed in version {number}") for number in versions),
        ]
        self.pin_to.choices = [
            SelectChoice("", "No, only the sender sees it"),
            *(SelectChoice(criterion.key, f"Beside {criterion.title}") for criterion in criteria),
        ]

    def content(self) -> Answer:
        return Answer(
            text=self.answer.data,
            changed_in=int(self.changed_in.data) if self.changed_in.data else None,
            pin_to=self.pin_to.data or None,
            ruling=self.ruling.data or "",
        )


class ChangedForm(Form):
    changed_in = IntegerField("Version", [InputRequired("Choose a version."), NumberRange(1, 2**31 - 1)])


class OwnerForm(Form):
    login = StringField("Sign-in name of the new owner", [InputRequired("Name somebody."), Length(max=100)])


class FilterForm(Form):
    """The filters of a box."""

    rubric = SelectField("Rubric", [Length(max=64)], default="")
    kind = SelectField(
        "Kind",
        default="",
        choices=[
            SelectChoice("", "Any kind"),
            *(SelectChoice(kind.value, words) for kind, words in KIND_WORDS.items()),
        ],
    )
    state = SelectField(
        "State",
        default="",
        choices=[
            SelectChoice("", "Any state"),
            *(SelectChoice(state.value, words) for state, words in STATE_WORDS.items()),
        ],
    )
    after = HiddenField(validators=[Length(max=4096)])

    def offer(self, rubrics: Iterable[str]) -> None:
        self.rubric.choices = [SelectChoice("", "Any rubric"), *(SelectChoice(name, name) for name in rubrics)]

    def chosen(self) -> Wanted:
        return Wanted(
            rubric=self.rubric.data or "",
            kind=EntryKind(self.kind.data) if self.kind.data else None,
            state=EntryState(self.state.data) if self.state.data else None,
        )


def show_faults(form: Form, error: BadInput | Conflict) -> None:
    """Put each fault at its field, and what is at none above them."""
    if not error.faults:
        form.form_errors.append(error.message)
    for fault in error.faults:
        message = f"{fault.message[:1].upper()}{fault.message[1:]}."
        if fault.path in form:
            form[fault.path].errors = [*form[fault.path].errors, message]
        else:
            form.form_errors.append(message)
