"""Drafts of rubrics: begin, save, renumber, publish and delete them."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.accounts.models import Account
from evalhub.audit.service import record
from evalhub.errors import BadInput, Conflict, Fault, TooLarge
from evalhub.rubrics import queries, schema
from evalhub.rubrics.models import RubricDraft
from evalhub.rubrics.service.publish import Added, add_rubric


class DraftConflict(Conflict):
    """Another text was saved in the meantime; nothing is merged, and nothing of either is lost."""

    code = "draft_conflict"

    def __init__(self, draft: RubricDraft) -> None:
        super().__init__("The draft was saved elsewhere in the meantime. Compare the two texts, and keep one.")
        self.revision = draft.revision
        self.source = draft.source


def create_draft(
    session: Session, source: str, *, owner_id: int, based_on_id: int | None = None, now: datetime
) -> RubricDraft:
    """Begin a draft with a text that may be faulty.

    Raises:
        BadInput: it is no text that can be stored, or over 256 KiB.
    """
    _check_storable(source)
    draft = RubricDraft(
        source=source,
        title=schema.title_in(source),
        based_on_id=based_on_id,
        owner_id=owner_id,
        created_at=now,
        updated_at=now,
    )
    session.add(draft)
    session.flush()
    _record(session, "rubric.draft_made", draft, owner_id, now)
    return draft


def create_next_version(session: Session, name: str, number: int, *, owner_id: int, now: datetime) -> RubricDraft:
    """Begin a draft with the text of a published version, in which the next free number is filled in.

    Raises:
        NotFound: no such rubric or version.
    """
    version = queries.rubric_version_of(session, name, number)
    source = schema.with_version(version.yaml, queries.next_number(session, name))
    return create_draft(session, source, owner_id=owner_id, based_on_id=version.id, now=now)


def save_draft(session: Session, public_id: str, source: str, *, revision: int, now: datetime) -> RubricDraft:
    """Keep a text that rests on a revision; the same text again is no conflict and no new revision.

    Raises:
        BadInput: it is no text that can be stored, or over 256 KiB.
        DraftConflict: another text was saved after that revision.
        NotFound: no such draft.
    """
    _check_storable(source)
    draft = queries.draft_of(session, public_id)
    if draft.source == source:
        return draft
    saved = session.execute(
        sa.update(RubricDraft)
        .where(RubricDraft.id == draft.id, RubricDraft.revision == revision)
        .values(source=source, title=schema.title_in(source), revision=revision + 1, updated_at=now)
        .returning(RubricDraft.id)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    session.refresh(draft)
    if saved is None and draft.source != source:
        raise DraftConflict(draft)
    return draft


def renumber_draft(session: Session, public_id: str, *, revision: int, now: datetime) -> RubricDraft:
    """Give the draft the next free number of its rubric; a faulty one stays as it is.

    Raises:
        DraftConflict: another text was saved after that revision.
        NotFound: no such draft.
    """
    draft = queries.draft_of(session, public_id)
    try:
        name = schema.parse_rubric(draft.source.encode(), "the draft").name
    except BadInput:
        return draft
    source = schema.with_version(draft.source, queries.next_number(session, name))
    return save_draft(session, public_id, source, revision=revision, now=now)


def publish_draft(session: Session, public_id: str, *, revision: int, actor_id: int, now: datetime) -> Added:
    """Publish the draft as it stood at a revision, for ever; the draft is gone afterwards.

    Raises:
        BadInput: the text has faults; the draft is kept.
        Conflict: `version_exists`, or a DraftConflict where another text was saved after that revision.
        NotFound: no such draft.
    """
    draft = queries.draft_of(session, public_id)
    if draft.revision != revision:
        raise DraftConflict(draft)
    added = add_rubric(session, draft.source.encode(), source_name="the draft", actor_id=actor_id, now=now)
    session.execute(sa.delete(RubricDraft).where(RubricDraft.id == draft.id))
    return added


def delete_draft(session: Session, public_id: str, *, actor_id: int, now: datetime) -> None:
    """Drop the draft with its text.

    Raises:
        NotFound: no such draft.
    """
    draft = queries.draft_of(session, public_id)
    _record(session, "rubric.draft_deleted", draft, actor_id, now)
    session.execute(sa.delete(RubricDraft).where(RubricDraft.id == draft.id))


def _check_storable(source: str) -> None:
    size = len(source.encode("utf-8", "replace"))
    if size > schema.SIZE_LIMIT:
        fault = Fault("too_large", f"holds {size:,} bytes; a rubric has at most {schema.SIZE_LIMIT:,}", "source")
        raise TooLarge("The rubric is too long to be kept.", faults=[fault])
    if "\0" in source or any("\ud800" <= character <= "\udfff" for character in source):
        fault = Fault("control_character", "holds NUL or half a character; remove it", "source")
        raise BadInput("The rubric holds a character that no text has.", faults=[fault])


def _record(session: Session, action: str, draft: RubricDraft, actor_id: int, now: datetime) -> None:
    actor = session.get_one(Account, actor_id)
    record(session, action=action, subject=("rubric_draft", draft.public_id), actor=actor.public_id, at=now)
