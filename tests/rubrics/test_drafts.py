"""Drafts on both databases: saved against a revision, published once, counted by those who use the versions."""

from __future__ import annotations

from datetime import UTC, datetime
from threading import Thread

import pytest
import sqlalchemy as sa

from evalhub.accounts.models import Account
from evalhub.audit.models import AuditEvent
from evalhub.db import Database
from evalhub.errors import BadInput, NotFound, TooLarge
from evalhub.rubrics import queries
from evalhub.rubrics.models import RubricDraft, RubricVersion
from evalhub.rubrics.queries import VersionUse
from evalhub.rubrics.service import add_rubric, drafts
from evalhub.rubrics.service.drafts import DraftConflict
from evalhub.web.session import write
from tests.world import RUBRIC, a_project, an_account

NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)
TEXT = RUBRIC.decode()


def owner(database: Database) -> Account:
    return write(lambda s: an_account(s, "ada"), on=database)


def begin(database: Database, owner_id: int, source: str = TEXT) -> str:
    return write(lambda s: drafts.create_draft(s, source, owner_id=owner_id, now=NOW).public_id, on=database)


def save(database: Database, draft: str, source: str, revision: int) -> int:
    return write(lambda s: drafts.save_draft(s, draft, source, revision=revision, now=NOW).revision, on=database)


def text_of(database: Database, draft: str) -> str:
    with database.reading() as session:
        return queries.draft_of(session, draft).source


def test_of_eight_savers_at_once_one_wins_and_seven_are_told(database: Database) -> None:
    draft = begin(database, owner(database).id)
    outcomes: list[str] = []

    def work(n: int) -> None:
        try:
            save(database, draft, f"name: n{n}\n", 1)
            outcomes.append("saved")
        except DraftConflict:
            outcomes.append("conflict")

    threads = [Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["conflict"] * 7 + ["saved"]


def test_a_conflict_carries_the_text_that_stands(sqlite_database: Database) -> None:
    draft = begin(sqlite_database, owner(sqlite_database).id)
    assert save(sqlite_database, draft, "name: theirs\n", 1) == 2
    with pytest.raises(DraftConflict) as caught:
        save(sqlite_database, draft, "name: mine\n", 1)
    assert (caught.value.source, caught.value.revision) == ("name: theirs\n", 2)
    assert save(sqlite_database, draft, "name: theirs\n", 1) == 2
    assert save(sqlite_database, draft, "name: mine\n", 2) == 3


@pytest.mark.parametrize(("text", "error"), [("ä" * 140_000, TooLarge), ("a\0b", BadInput), ("\ud800", BadInput)])
def test_what_no_draft_can_hold_is_refused(sqlite_database: Database, text: str, error: type[BadInput]) -> None:
    draft = begin(sqlite_database, owner(sqlite_database).id)
    with pytest.raises(error):
        save(sqlite_database, draft, text, 1)
    assert text_of(sqlite_database, draft) == TEXT


def test_publishing_takes_the_draft_away_and_a_fault_keeps_it(database: Database) -> None:
    actor_id = owner(database).id
    other = begin(database, actor_id, "name: noise")
    draft = begin(database, actor_id, TEXT.replace("critical: true", "critical: 3"))

    def publish(revision: int) -> bool:
        return write(
            lambda s: drafts.publish_draft(s, draft, revision=revision, actor_id=actor_id, now=NOW).created, on=database
        )

    with pytest.raises(BadInput):
        publish(1)
    save(database, draft, TEXT, 1)
    with pytest.raises(DraftConflict):
        publish(1)
    assert publish(2)
    with pytest.raises(NotFound):
        publish(2)
    with database.reading() as session:
        assert session.scalars(sa.select(RubricDraft.public_id)).all() == [other]
        assert session.scalar(sa.select(sa.func.count()).select_from(RubricVersion)) == 1


def test_beginning_and_deleting_leave_an_event_without_a_word_of_the_text(sqlite_database: Database) -> None:
    ada = owner(sqlite_database)
    draft = begin(sqlite_database, ada.id)
    write(lambda s: drafts.delete_draft(s, draft, actor_id=ada.id, now=NOW), on=sqlite_database)
    with sqlite_database.reading() as session:
        events = session.scalars(sa.select(AuditEvent).order_by(AuditEvent.id)).all()
    assert [event.action for event in events] == ["rubric.draft_made", "rubric.draft_deleted"]
    assert not any("Accuracy" in event.body for event in events)


def test_scores_are_counted_by_project_and_version(database: Database) -> None:
    world = a_project(database, items=3, name="busy")
    a_project(database, items=1, name="idle", reviewers=("cleo",), adjudicators=("jo",))
    other = TEXT.replace("answers", "other").encode()
    a_project(database, items=1, name="noise", reviewers=("dan",), adjudicators=("jim",), rubric=other)
    lease = world.claim("ann")
    assert lease is not None
    world.submit("ann", lease, {"accuracy": "adequate", "clarity": None})

    def publish_next(session: sa.orm.Session) -> int:
        source = TEXT.replace("version: 1", "version: 2").encode()
        return add_rubric(session, source, source_name="r", actor_id=None, now=NOW).version.rubric_id

    rubric_id = write(publish_next, on=database)
    with database.reading() as session:
        assert queries.uses_of(session, rubric_id) == [
            VersionUse(1, "busy", world.project.title, is_current=True, scores=2),
            VersionUse(1, "idle", "idle", is_current=True, scores=0),
        ]
