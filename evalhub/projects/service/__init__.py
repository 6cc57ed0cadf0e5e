"""Make projects, and change their settings, who takes part and whether work goes on."""

from evalhub.projects.service.batches import open_batches_for_import
from evalhub.projects.service.create import NewProject, create_project
from evalhub.projects.service.members import remove_member, set_member, set_members
from evalhub.projects.service.settings import change_batch, change_settings, set_batch_state
from evalhub.projects.service.state import close_project, reopen_project

__all__ = [
    "NewProject",
    "change_batch",
    "change_settings",
    "close_project",
    "create_project",
    "open_batches_for_import",
    "remove_member",
    "reopen_project",
    "set_batch_state",
    "set_member",
    "set_members",
]
