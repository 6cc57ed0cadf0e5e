"""How somebody likes to read and type. Not audited: it changes nothing that is graded."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from evalhub.accounts.models import StoredSettings
from evalhub.accounts.queries import settings_of
from evalhub.accounts.schema import PersonalSettings
from evalhub.accounts.service.people import person


def change_settings(session: Session, account_id: int, **changes: Any) -> PersonalSettings:
    """Set the fields of `PersonalSettings` that are named; the others stay as they are.

    Raises:
        NotFound: when there is no such person.
    """
    person(session, account_id)  # locked, so that two first changes follow each other
    settings = PersonalSettings.model_validate({**settings_of(session, account_id).model_dump(), **changes})
    body = settings.model_dump(mode="json", exclude_defaults=True)
    stored = session.get(StoredSettings, account_id)
    if stored is None:
        session.add(StoredSettings(account_id=account_id, body=body))
    else:
        stored.body = body
    session.flush()
    return settings
