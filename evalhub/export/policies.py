"""Who may take a project's ratings out."""

from __future__ import annotations

from evalhub.errors import Forbidden
from evalhub.projects.policies import manage_project
from evalhub.projects.queries import project_named
from evalhub.review.queries.progress import my_progress
from evalhub.web.principal import Principal
from evalhub.web.session import reading


def take_export(principal: Principal, p: str) -> bool:
    """Managers, unless they may still grade here themselves: an export shows everybody's work on every item.

    Raises:
        Forbidden: to managers who hold an item or may claim one.
    """
    return sees_everybodys_work(principal, p, "an export")


def sees_everybodys_work(principal: Principal, p: str, shown_by: str) -> bool:
    """Whether somebody manages a project, and grades nothing there any more.

    Raises:
        Forbidden: to managers who hold an item or may claim one; it names what would show them others' work.
    """
    if not manage_project(principal, p):
        return False
    with reading() as session:
        mine = my_progress(session, project_named(session, p).id, principal.account_id)
    if mine.leased or mine.may_have_more:
        raise Forbidden(
            f"You still grade in this project, and {shown_by} would show you others' answers first. Finish your items,"
            " close the project, or let somebody do it who does not grade."
        )
    return True
