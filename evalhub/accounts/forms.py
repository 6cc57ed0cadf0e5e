"""What people type about themselves and each other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time
from typing import Any

from wtforms import (
    BooleanField,
    DateField,
    Field,
    HiddenField,
    PasswordField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import EqualTo, InputRequired, Length, Optional, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from evalhub.accounts.models import InstanceRole
from evalhub.accounts.schema import (
    KEY_ACTIONS,
    PASSWORD_LENGTHS,
    Density,
    Invitee,
    PersonalSettings,
    TextSize,
    clean_domains,
    clean_key,
    clean_login,
    clean_name,
    key_clashes,
    password_fault,
    read_invitees,
)
from evalhub.errors import BadInput
from evalhub.web.context import utc_now
from evalhub.web.forms import Form
from evalhub.web.principal import Scope

ROLES = [SelectChoice(InstanceRole.MEMBER.value, "Member"), SelectChoice(InstanceRole.ADMIN.value, "Admin")]


class SignInForm(Form):
    login = StringField("Sign-in name", [InputRequired("Give your sign-in name."), Length(max=200)])
    password = PasswordField("Password", [InputRequired("Give your password."), Length(max=1000)])
    next = HiddenField(validators=[Length(max=2000)])


class OpenLinkForm(Form):
    """A button, with nothing to fill in."""


class NewPasswordForm(Form):
    """For somebody whose sign-in name is known to the page."""

    account_login: str | None = None

    password = PasswordField("New password", [InputRequired("Choose a password."), Length(max=1000)])
    again = PasswordField(
        "New password again", [EqualTo("password", "The two are not the same; type them again."), Length(max=1000)]
    )

    def validate_password(self, field: Field) -> None:
        fault = password_fault(field.data, login=self.account_login)
        if fault:
            raise ValidationError(fault)


class ChangePasswordForm(NewPasswordForm):
    current = PasswordField("Current password", [Length(max=1000)])


class NameForm(Form):
    display_name = StringField(
        "Name", [InputRequired("Give a name."), Length(max=200)], description="As colleagues know it."
    )

    def validate_display_name(self, field: Field) -> None:
        _check(clean_name, field.data)


class InviteForm(NameForm):
    login = StringField(
        "Sign-in name or address",
        [InputRequired("Give a sign-in name."), Length(max=100)],
        description="What they type to sign in; it stays as it is.",
    )
    role = SelectField("Role", choices=ROLES, default=InstanceRole.MEMBER.value)

    def validate_login(self, field: Field) -> None:
        _check(clean_login, field.data)


class InviteManyForm(Form):
    people = TextAreaField(
        "People",
        [InputRequired("Name at least one person."), Length(max=20_000)],
        description="One a line: Ann Example <ann@example.org>, or CSV: Ann Example, ann@example.org",
    )
    role_of_all = SelectField("Role of all of them", choices=ROLES, default=InstanceRole.MEMBER.value)
    domains = StringField(
        "What all of them know, separated by commas",
        [Optional(), Length(max=2000)],
        description="Such as medicine, law.",
    )

    def validate_domains(self, field: Field) -> None:
        _check(clean_domains, words_of(field))

    def invitees(self) -> list[Invitee]:
        """Who was named.

        Raises:
            BadInput: with the faults of all lines.
        """
        return read_invitees(self.people.data)

    def show(self, error: BadInput) -> None:
        """Put the fault of each line at the field."""
        where = (
            f"Line {fault.line}: {fault.message}." if fault.line else f"{fault.message}." for fault in error.faults
        )
        self.people.errors = [*self.people.errors, *(words[:1].upper() + words[1:] for words in where)]


class RoleForm(Form):
    role = SelectField("Role", choices=ROLES)


class ProfileForm(Form):
    domains = StringField(
        "Domains, separated by commas",
        [Optional(), Length(max=2000)],
        description="Such as medicine, law. Items that ask for a skill go to those who have it.",
    )
    languages = StringField(
        "Languages, separated by commas", [Optional(), Length(max=2000)], description="Such as English, German."
    )

    def validate_domains(self, field: Field) -> None:
        _check(clean_domains, words_of(field))

    def validate_languages(self, field: Field) -> None:
        _check(clean_domains, words_of(field))


SCOPES = {
    Scope.READ: "Read what I may see",
    Scope.REVIEW: "Grade for me, and settle cases",
    Scope.MANAGE: "Change what I manage: projects, items, people's work",
    Scope.ADMIN: "Do what only admins may",
}


class TokenForm(Form):
    name = StringField("What it is for", [InputRequired("Name it, so that you know which to revoke."), Length(max=100)])
    scopes = SelectMultipleField(
        "What it may do",
        choices=[SelectChoice(scope.value, words) for scope, words in SCOPES.items()],
        default=[Scope.READ.value],
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
        description="Every token may read. None may do more than you yourself.",
    )
    expires_on = DateField("Until", [Optional()], description="To the end of this day (UTC); until revoked if empty.")

    def validate_name(self, field: Field) -> None:
        _check(clean_name, field.data)

    def validate_expires_on(self, field: Field) -> None:
        if field.data < utc_now().date():
            raise ValidationError("This day is over; choose a later one, or none.")

    def expires_at(self) -> datetime | None:
        day: date | None = self.expires_on.data
        return datetime.combine(day, time.max, UTC) if day else None


def words_of(field: Field) -> list[str]:
    """What stands between the commas."""
    return [word for word in (field.data or "").split(",") if word.strip()]


class DisplayForm(Form):
    """How somebody likes to read and type; one field more for the key of each action."""

    text_size = RadioField(
        "Text size",
        choices=[
            SelectChoice(TextSize.NORMAL, "Normal (17 px)"),
            SelectChoice(TextSize.LARGE, "Large (19 px)"),
            SelectChoice(TextSize.LARGER, "Larger (22 px)"),
        ],
    )
    density = RadioField(
        "Density",
        choices=[
            SelectChoice(Density.COMFORTABLE, "Comfortable"),
            SelectChoice(Density.COMPACT, "Compact: more fits on the screen"),
        ],
    )
    show_clock = BooleanField("Show the time at work on the review page")
    single_keys = BooleanField("Act on single keys")

    @classmethod
    def of(cls, settings: PersonalSettings) -> DisplayForm:
        keys = {f"key_{name}": key for name, key in settings.key_map.items()}
        return cls(**settings.model_dump(include={"text_size", "density", "show_clock", "single_keys"}), **keys)

    def validate(self, extra_validators: Mapping[str, Any] | None = None) -> bool:
        """Whether each key is one, and no two actions share one; each fault stands at its field."""
        if not super().validate(extra_validators):
            return False
        clashes = key_clashes({field.short_name.removeprefix("key_"): clean_key(field.data) for field in self.keys()})
        for name, other in clashes.items():
            self[f"key_{name}"].errors = [f"This key is taken: {other}. Choose another."]
        return not clashes

    def keys(self) -> list[Field]:
        return [self[f"key_{action.name}"] for action in KEY_ACTIONS]

    def changes(self) -> dict[str, Any]:
        """What was chosen, for `change_settings`."""
        chosen = {action.name: clean_key(self[f"key_{action.name}"].data) for action in KEY_ACTIONS}
        keys = {action.name: chosen[action.name] for action in KEY_ACTIONS if chosen[action.name] != action.key}
        names = ("text_size", "density", "show_clock", "single_keys")
        return {**{name: self[name].data for name in names}, "keys": keys}


class _KeyField(StringField):  # type: ignore[misc]
    def pre_validate(self, form: Form) -> None:
        if self.data is None:
            raise ValidationError("Say which key, or leave the field empty for none.")
        _check(clean_key, self.data)


for _action in KEY_ACTIONS:
    setattr(DisplayForm, f"key_{_action.name}", _KeyField(_action.does.capitalize(), [Length(max=10)]))


def password_hint() -> str:
    shortest, longest = PASSWORD_LENGTHS
    return f"{shortest} to {longest} characters. There are no other rules."


def _check(rule: Callable[[Any], Any], value: Any) -> None:
    """Let a rule of the schema speak through the form."""
    try:
        rule(value)
    except BadInput as error:
        message = error.faults[0].message
        raise ValidationError(message[:1].upper() + message[1:] + ".") from error
