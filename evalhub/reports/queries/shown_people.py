"""The people of a project as an explanation shows them: by name, or by the pseudonym of exports."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.accounts.models import Account
from evalhub.export.queries.given import Graders
from evalhub.export.schema.records import Grader
from evalhub.projects.models import Project

SHORT = 10
PROGRAM = "evalhub"


class ShownPeople:
    """Reads each account once."""

    def __init__(self, session: Session, project: Project, *, names: bool) -> None:
        self._session = session
        self._graders = Graders(session, project)
        self._names = names

    def learn(self, account_ids: Iterable[int]) -> None:
        """Read many at once."""
        self._graders.learn(account_ids)

    def name(self, account_id: int | None) -> str:
        """None is the program, or the command line."""
        if account_id is None:
            return PROGRAM
        self.learn([account_id])
        return self.of_grader(self._graders[account_id])

    def pseudonym(self, account_id: int) -> str:
        self.learn([account_id])
        return self._graders[account_id].pseudonym

    def of_grader(self, grader: Grader) -> str:
        if not self._names:
            return f"{grader.pseudonym[:SHORT]}{' (simulated)' if grader.is_simulated else ''}"
        is_marked = grader.is_simulated and "simulated" not in grader.name.lower()
        return f"{grader.name} (simulated)" if is_marked else grader.name

    def of_actors(self, public_ids: Iterable[str]) -> dict[str, str]:
        """Names by public id of accounts; the program is ""."""
        rows = self._session.execute(sa.select(Account.public_id, Account.id).where(Account.public_id.in_(public_ids)))
        return {"": PROGRAM, **{public_id: self.name(account_id) for public_id, account_id in rows}}
