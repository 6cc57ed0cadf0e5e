"""Who takes part in a project, and in which roles."""

from __future__ import annotations

from wtforms import SelectMultipleField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length
from wtforms.widgets import CheckboxInput, ListWidget

from evalhub.projects.schema import ProjectRole
from evalhub.web.forms import Form

ROLES = {
    ProjectRole.REVIEWER: "Reviewer: grades items",
    ProjectRole.ADJUDICATOR: "Adjudicator: settles disputed items",
    ProjectRole.MANAGER: "Manager: members, figures, exports",
    ProjectRole.VIEWER: "Viewer: figures only",
}


class RolesForm(Form):
    roles = SelectMultipleField(
        "Roles",
        choices=[SelectChoice(role.value, label) for role, label in ROLES.items()],
        validators=[InputRequired(message="Choose at least one role.")],
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )

    @property
    def chosen(self) -> set[ProjectRole]:
        return {ProjectRole(role) for role in self.roles.data}


class MembersForm(RolesForm):
    """Several people at once: ticked, where whoever asks may know who there is, or by their sign-in names."""

    people = SelectMultipleField("People", widget=ListWidget(prefix_label=False), option_widget=CheckboxInput())
    logins = TextAreaField(
        "Sign-in names",
        description="One a line. Who has no account yet is invited by a link under People first.",
    )

    def offer(self, people: list[tuple[str, str]]) -> None:
        """Sign-in name and name of those to choose from."""
        self.people.choices = [SelectChoice(login, name) for login, name in people]

    @property
    def named(self) -> list[str]:
        """The sign-in names, each once."""
        written = (line.strip().lower() for line in (self.logins.data or "").replace(",", "\n").splitlines())
        return list(dict.fromkeys([*self.people.data, *filter(None, written)]))


class RemovalForm(Form):
    reason = StringField("Why?", [InputRequired("Say why; it is kept with the project."), Length(max=500)])
