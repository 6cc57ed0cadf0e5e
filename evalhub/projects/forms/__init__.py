"""Making projects, changing their settings, and choosing their members."""

from evalhub.projects.forms.members import MembersForm, RemovalForm, RolesForm
from evalhub.projects.forms.project import ProjectForm
from evalhub.projects.forms.settings import BatchForm, SettingsForm, prefix_of

__all__ = ["BatchForm", "MembersForm", "ProjectForm", "RemovalForm", "RolesForm", "SettingsForm", "prefix_of"]
