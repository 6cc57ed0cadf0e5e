"""Load the demo's project into an instance that somebody means to work with."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.accounts.queries import account_of_login
from evalhub.db import Database
from evalhub.demo.load import PROJECT, PSEUDONYM_KEY, load_demo
from evalhub.demo.people import ADJUDICATOR
from evalhub.demo.simulate import quality
from evalhub.errors import Conflict
from evalhub.jobs.running import JobRun
from evalhub.projects.models import Project


def load(database: Database, run: JobRun) -> dict[str, Any]:
    """Load it for whoever asked, who then manages it; simulated reviewers have graded some of it.

    Raises:
        Conflict: a project or a person of the instance has a name that the demo uses (`demo`).
    """
    run.progress(0, None, "Having simulated reviewers grade the demo's answers")
    with database.reading() as session:
        _check_names(session)
    load_demo(database, by_id=run.by_id)
    return {"path": f"/projects/{PROJECT}"}


def _check_names(session: Session) -> None:
    """Nobody real may seem to have graded or decided what a program did."""
    key = session.scalar(sa.select(Project.pseudonym_key).where(Project.name == PROJECT))
    if key == PSEUDONYM_KEY:
        return
    if key is not None:
        raise Conflict(f'Another project is called "{PROJECT}" here; the demo cannot be loaded beside it.', code="demo")
    for login in (ADJUDICATOR.login, *(reviewer.key for reviewer in quality().reviewers)):
        if account_of_login(session, login) is not None:
            raise Conflict(f'Somebody signs in as "{login}" here, as a person of the demo does.', code="demo")
