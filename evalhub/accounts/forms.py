"""What people type about themselves and each other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from wtforms import Field, HiddenField, PasswordField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import EqualTo, InputRequired, Length, ValidationError

from evalhub.accounts.models import InstanceRole
from evalhub.accounts.schema import PASSWORD_LENGTHS, clean_domains, clean_login, clean_name, password_fault
from evalhub.errors import BadInput
from evalhub.web.forms import Form

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
    display_name = StringField("Name", [InputRequired("Give a name."), Length(max=200)])

    def validate_display_name(self, field: Field) -> None:
        _check(clean_name, field.data)


class InviteForm(NameForm):
    login = StringField("Sign-in name or address", [InputRequired("Give a sign-in name."), Length(max=100)])
    role = SelectField("Role", choices=ROLES, default=InstanceRole.MEMBER.value)

    def validate_login(self, field: Field) -> None:
        _check(clean_login, field.data)


class RoleForm(Form):
    role = SelectField("Role", choices=ROLES)


class DomainsForm(Form):
    domains = StringField("Domains, separated by commas", [Length(max=2000)])

    def validate_domains(self, field: Field) -> None:
        _check(clean_domains, self.listed())

    def listed(self) -> list[str]:
        return [domain for domain in (self.domains.data or "").split(",") if domain.strip()]


class TokenForm(Form):
    name = StringField("What it is for", [InputRequired("Name it, so that you know which to revoke."), Length(max=100)])

    def validate_name(self, field: Field) -> None:
        _check(clean_name, field.data)


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
