"""Publishing rubrics and finding them again, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime
from threading import Thread

import pytest
import sqlalchemy as sa

from evalhub.audit.models import AuditEvent
from evalhub.db import Database
from evalhub.errors import BadInput, Conflict, NotFound
from evalhub.rubrics import queries, schema
from evalhub.rubrics.models import Criterion, Level, Rubric, RubricVersion
from evalhub.rubrics.service import Added, add_rubric
from evalhub.web.session import write

NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)


def source(version: int = 1, *, name: str = "answers", title: str = "Accuracy") -> bytes:
    return f"""\
name: {name}
version: {version}
levels: [unacceptable, adequate, excellent]
criteria:
  - id: accuracy
    title: {title}
    weight: 2
    critical: true
  - id: tone
    title: Tone
    range: {{min: 1, max: 10}}
""".encode()


def publish(database: Database, content: bytes) -> Added:
    return write(
        lambda session: add_rubric(session, content, source_name="r.yaml", actor_id=None, now=NOW), on=database
    )


def test_a_published_version_holds_its_criteria_and_levels(database: Database) -> None:
    publish(database, source(name="noise"))
    assert publish(database, source()).created
    with database.reading() as session:
        version = queries.rubric_version_of(session, "answers", 1)
    assert [(c.key, c.position, c.has_range, c.weight, c.critical) for c in version.criteria] == [
        ("accuracy", 0, False, 2, True),
        ("tone", 1, True, 1, False),
    ]
    levels = [(lv.rank, lv.key, lv.label, lv.score, lv.maps_to) for lv in version.criteria[0].levels]
    assert levels[0] == (0, "unacceptable", "Unacceptable", 0, "unacceptable")
    assert version.criteria[1].levels == []
    rubric = queries.rubric_of(version)
    assert rubric.sha256 == version.sha256
    assert [c.fingerprint for c in rubric.criteria] == [c.fingerprint for c in version.criteria]


def test_the_same_rubric_again_is_the_same_version(database: Database) -> None:
    first = publish(database, source())
    again = publish(database, b"\xef\xbb\xbf" + source().replace(b"\n", b"\r\n") + b"# a comment\n")
    assert not again.created
    assert again.version.id == first.version.id
    with database.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(RubricVersion)) == 1
        assert session.scalar(sa.select(sa.func.count()).select_from(AuditEvent)) == 1


def test_another_content_under_a_published_number_is_a_conflict(database: Database) -> None:
    publish(database, source())
    with pytest.raises(Conflict) as caught:
        publish(database, source(title="Truth"))
    assert caught.value.code == "version_exists"
    with database.reading() as session:
        assert queries.rubric_of(queries.resolve(session, "answers")).criteria[0].title == "Accuracy"


def test_a_faulty_file_stores_nothing(database: Database) -> None:
    with pytest.raises(BadInput):
        publish(database, source().replace(b"weight: 2", b"weight: -2"))
    with database.reading() as session:
        for table in (Rubric, RubricVersion, Criterion, Level, AuditEvent):
            assert session.scalar(sa.select(sa.func.count()).select_from(table)) == 0


def test_a_reference_without_a_number_is_the_newest_version(database: Database) -> None:
    for number in (1, 10, 2):
        publish(database, source(number, title=f"Title {number}"))
    publish(database, source(11, name="noise"))
    with database.reading() as session:
        assert queries.resolve(session, "answers").number == 10
        assert queries.resolve(session, "answers@2").number == 2
        assert [version.number for version in queries.versions_of(session, "answers")] == [10, 2, 1]


@pytest.mark.parametrize("reference", ["answers@3", "nothing", "answers@999999999"])
def test_a_reference_to_nothing_is_not_found(database: Database, reference: str) -> None:
    publish(database, source())
    with database.reading() as session, pytest.raises(NotFound):
        queries.resolve(session, reference)


@pytest.mark.parametrize("reference", ["", "answers@", "answers@x", "../answers", "answers@1@2"])
def test_what_is_no_reference_is_refused(sqlite_database: Database, reference: str) -> None:
    with sqlite_database.reading() as session, pytest.raises(BadInput):
        queries.resolve(session, reference)


def test_the_list_shows_the_newest_version_of_each(database: Database) -> None:
    publish(database, source(1))
    publish(database, source(2))
    publish(database, source(1, name="zebra"))
    with database.reading() as session:
        summaries = queries.rubric_summaries(session)
    assert [(s.name, s.newest, s.versions, s.criteria) for s in summaries] == [("answers", 2, 2, 2), ("zebra", 1, 1, 2)]


def test_publishing_is_recorded_with_the_hash(database: Database) -> None:
    added = publish(database, source())
    with database.reading() as session:
        event = session.scalars(sa.select(AuditEvent)).one()
    assert event.action == "rubric.published"
    assert added.version.sha256 in event.body
    assert "Accuracy" not in event.body


def test_eight_publishers_at_once_make_one_version(database: Database) -> None:
    outcomes: list[bool] = []
    threads = [Thread(target=lambda: outcomes.append(publish(database, source()).created)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == [False] * 7 + [True]


def test_what_is_stored_means_what_was_sent(database: Database) -> None:
    added = publish(database, source())
    assert queries.rubric_of(added.version) == schema.parse_rubric(source(), "r.yaml")
