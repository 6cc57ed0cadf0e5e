"""Send something to the owner of a rubric."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.accounts.models import Account
from evalhub.audit.schema import INSTANCE
from evalhub.audit.service import record
from evalhub.db import locked
from evalhub.errors import BadInput, Conflict, Fault
from evalhub.inbox.models import InboxEntry
from evalhub.inbox.schema import OPEN_LIMIT, TEXT_LIMIT, About, EntryKind, EntryState
from evalhub.projects.models import Project
from evalhub.rubrics.models import Rubric, RubricVersion
from evalhub.rubrics.queries import rubric_of
from evalhub.rubrics.schema.text import CONTROL, code_point


def send_entry(
    session: Session,
    *,
    rubric_version_id: int,
    kind: EntryKind,
    text: str,
    sender: Account,
    at: datetime,
    criterion: str | None = None,
    about: About | None = None,
    project_id: int | None = None,
) -> InboxEntry:
    """Put a text into the inbox of the rubric's owner.

    Sent again word for word while it waits for an answer, it is the entry that is there: two clicks make one.

    Args:
        criterion: key of the criterion that it is about; None for the rubric as a whole.
        about: the item that it is about, if it is about one.
        project_id: the project that it comes from; needed only where no item says so.

    Raises:
        BadInput: the text is empty, too long or holds control characters, or the rubric has no such criterion.
        Conflict: too many of the sender's entries to this rubric wait for an answer (`inbox_full`).
    """
    version = session.get_one(RubricVersion, rubric_version_id)
    _check(version, text, criterion)
    # One after the other for a rubric, so that neither two clicks nor a script get past the looks below.
    session.execute(locked(sa.select(Rubric.id).where(Rubric.id == version.rubric_id)))
    entry = InboxEntry(
        rubric_id=version.rubric_id,
        rubric_version_id=version.id,
        criterion_key=criterion,
        kind=kind,
        text=text.strip(),
        sender_id=sender.id,
        sent_at=at,
        **(about.columns() if about else {"project_id": project_id}),
    )
    twin = _waiting_twin(session, entry)
    if twin is not None:
        return twin
    session.add(entry)
    session.flush()
    record_entry(session, "inbox.sent", entry, by=sender, at=at, criterion=criterion or "")
    return entry


def check_text(path: str, text: str, wanted: str) -> Iterator[Fault]:
    """What is wrong with a text of the inbox."""
    if not text.strip():
        yield Fault("schema", f"is empty; {wanted}", path)
    if len(text) > TEXT_LIMIT:
        yield Fault("too_long", f"has {len(text):,} characters; at most {TEXT_LIMIT:,} are taken", path)
    if found := CONTROL.search(text):
        yield Fault("schema", f"holds the control character {code_point(found[0])}; remove it", path)


def _check(version: RubricVersion, text: str, criterion: str | None) -> None:
    faults = [*check_text("text", text, "say what it is about")]
    if criterion is not None and rubric_of(version).criterion(criterion) is None:
        faults.append(Fault("schema", "is not a criterion of the rubric", "criterion"))
    if faults:
        raise BadInput("This cannot be sent as it is.", faults=faults)


def _waiting_twin(session: Session, entry: InboxEntry) -> InboxEntry | None:
    """The same entry, where it was sent before and waits.

    Raises:
        Conflict: so many others wait that there is no room for it (`inbox_full`).
    """
    waiting = session.scalars(
        sa.select(InboxEntry).where(
            InboxEntry.sender_id == entry.sender_id,
            InboxEntry.rubric_id == entry.rubric_id,
            InboxEntry.state == EntryState.OPEN,
        )
    ).all()
    twin = next((one for one in waiting if _says_the_same(one, entry)), None)
    if twin is None and len(waiting) >= OPEN_LIMIT:
        raise Conflict(
            f"{OPEN_LIMIT} of your questions about this rubric wait for an answer; wait for one before you send more.",
            code="inbox_full",
        )
    return twin


def _says_the_same(one: InboxEntry, other: InboxEntry) -> bool:
    def words(entry: InboxEntry) -> tuple[object, ...]:
        return (entry.kind, entry.rubric_version_id, entry.criterion_key, entry.subject, entry.project_id, entry.text)

    return words(one) == words(other)


def record_entry(
    session: Session, action: str, entry: InboxEntry, *, by: Account, at: datetime, **payload: str | int
) -> None:
    """Tell of an entry in the audit chain of its project, or in that of the instance."""
    project = session.get(Project, entry.project_id) if entry.project_id is not None else None
    record(
        session,
        action=action,
        subject=("inbox_entry", entry.public_id),
        actor=by.public_id,
        at=at,
        chain=project.public_id if project else INSTANCE,
        payload={"kind": entry.kind.value, **payload},
    )
