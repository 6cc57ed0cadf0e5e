from __future__ import annotations

import io
import json
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import pytest
import sqlalchemy as sa

from evalhub import events
from evalhub.audit.models import AuditEvent
from evalhub.datasets import queries
from evalhub.datasets.models import Dataset, ImportState, Item, ItemImport
from evalhub.datasets.service import ImportResult, check_items, import_items, sweep_imports
from evalhub.db import Database, now
from evalhub.errors import BadInput, Conflict
from evalhub.web.session import write

Importer = Callable[..., ImportResult]


def lines(*items: dict[str, Any]) -> BinaryIO:
    return io.BytesIO("".join(json.dumps(item) + "\n" for item in items).encode())


def item(n: int, **more: Any) -> dict[str, Any]:
    return {"id": f"i{n}", "prompt": "Why?", "response": f"Because {n}.", "model": "m-a", **more}


@pytest.fixture
def bring(database: Database) -> Importer:
    def bring(stream: BinaryIO, dataset: str = "answers", **more: Any) -> ImportResult:
        run = partial(write, on=database)
        return import_items(run, stream, dataset_name=dataset, source_name="f.jsonl", actor_id=None, **more)

    return bring


@pytest.fixture
def announced() -> Iterator[list[dict[str, int]]]:
    """What `dataset_imported` told."""
    heard: list[dict[str, int]] = []

    def listen(_session: object, **told: int) -> None:
        heard.append(told)

    with events.dataset_imported.connected_to(listen):
        yield heard


def counts(database: Database) -> dict[str, int]:
    with database.reading() as session:
        return {
            model.__tablename__: session.scalar(sa.select(sa.func.count()).select_from(model)) or 0
            for model in (Dataset, ItemImport, Item, AuditEvent)
        }


NOTHING = {"dataset": 0, "item_import": 0, "item": 0, "audit_event": 0}


def dies_after(batches: int) -> Callable[[str, int, int | None], None]:
    """A progress callback that stops the import as `kill -9` would: nothing after it runs."""

    def progress(phase: str, done: int, _total: int | None) -> None:
        if phase == "store" and done >= batches * 1000:
            raise _Killed

    return progress


class _Killed(BaseException):
    pass


def leave_dead_import(database: Database, bring: Importer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows of an import whose process was killed after its first batch."""
    with monkeypatch.context() as patch:
        patch.setattr("evalhub.datasets.service.imports._abandon", lambda *_: None)
        with pytest.raises(_Killed):
            bring(lines(*map(item, range(2500))), progress=dies_after(1))


def age_imports(database: Database, seconds: int) -> None:
    write(
        lambda session: session.execute(
            sa.update(ItemImport).values(alive_at=now(session) - timedelta(seconds=seconds))
        ),
        on=database,
    )


def test_an_import_stores_items_as_they_are_and_tells_the_later_stages(
    database: Database, bring: Importer, announced: list[dict[str, int]]
) -> None:
    full = item(
        1,
        tags=["code"],
        skills=["security"],
        metadata={"b": 1.5, "a": [None, {"x": "é"}]},
        context="e\u0301",
        reference="\x1b[2J \u202e",
        group="q1",
        pair_id="p",
        messages=[{"role": "user", "content": "Why?"}],
        gold={"accuracy": {"level": "good"}},
    )
    result = bring(lines(full, item(2)))
    assert (result.added, result.unchanged) == (2, 0)
    assert announced == [{"dataset_id": 1, "import_id": result.import_id}]
    with database.reading() as session:
        dataset = queries.dataset_named(session, "answers")
        stored = queries.item_of(session, dataset.id, "i1")
        imported = queries.imports_of(session, dataset.id)[0].item_import
        assert [i.external_id for i in queries.items_of(session, dataset.id)] == ["i1", "i2"]
    for field in (
        "tags",
        "skills",
        "context",
        "reference",
        "pair_id",
        "messages",
        "gold",
        "prompt",
        "response",
        "model",
    ):
        assert getattr(stored, field) == full[field], field
    assert (stored.group_key, stored.metadata_) == (full["group"], full["metadata"])
    assert (imported.sha256, imported.n_items, imported.state) == (result.sha256, 2, ImportState.COMPLETE)
    assert counts(database)["audit_event"] == 1


def test_bad_lines_store_nothing_at_all(database: Database, bring: Importer) -> None:
    with pytest.raises(BadInput) as caught:
        bring(lines(*map(item, range(1500)), {"id": "x"}, item(3), item(3)))
    assert [(fault.code, fault.line) for fault in caught.value.faults] == [
        ("schema", 1501),
        ("schema", 1501),
        ("duplicate_id", 1502),
        ("duplicate_id", 1503),
    ]
    assert "also on line 4" in caught.value.faults[2].message
    assert counts(database) == NOTHING


@pytest.mark.parametrize("name", ["", "Answers", "../x", "a" * 65, "a\u202eb"])
def test_a_dataset_needs_a_plain_name(database: Database, bring: Importer, name: str) -> None:
    with pytest.raises(BadInput):
        bring(lines(item(1)), dataset=name)
    assert counts(database) == NOTHING


def test_the_same_file_again_adds_nothing(database: Database, bring: Importer, announced: list[dict[str, int]]) -> None:
    bring(lines(item(1), item(2)))
    before = counts(database)
    result = bring(lines(item(1), item(2)))
    assert (result.import_id, result.added, result.unchanged) == (None, 0, 2)
    assert counts(database) == before
    assert len(announced) == 1


def test_a_longer_file_adds_what_is_new(database: Database, bring: Importer) -> None:
    bring(lines(*map(item, range(3))))
    result = bring(lines(*map(item, range(5))))
    assert (result.added, result.unchanged) == (2, 3)
    assert counts(database)["item"] == 5


def test_other_content_under_a_known_id_is_refused_and_named(database: Database, bring: Importer) -> None:
    bring(lines(*map(item, range(3))))
    before = counts(database)
    with pytest.raises(BadInput) as caught:
        bring(lines(item(9), item(1, response="Other."), item(2), item(0, tags=["new"])))
    assert [(fault.code, fault.line) for fault in caught.value.faults] == [
        ("content_changed", 2),
        ("content_changed", 4),
    ]
    assert counts(database) == before


def test_the_same_id_in_another_dataset_is_another_item(database: Database, bring: Importer) -> None:
    bring(lines(item(1)), dataset="noise")
    assert bring(lines(item(1, response="Other."))).added == 1
    with database.reading() as session:
        assert [(line.dataset.name, line.n_items) for line in queries.datasets(session)] == [
            ("answers", 1),
            ("noise", 1),
        ]


def test_a_check_says_what_an_import_would_do_and_stores_nothing(database: Database, bring: Importer) -> None:
    bring(lines(item(1)))
    before = counts(database)
    result = check_items(database.reading, lines(item(1), item(2)), dataset_name="answers", source_name="f")
    assert (result.added, result.unchanged, result.import_id) == (1, 1, None)
    with pytest.raises(BadInput):
        check_items(database.reading, lines(item(1, model="m-b")), dataset_name="answers", source_name="f")
    assert check_items(database.reading, lines(item(1)), dataset_name="new", source_name="f").added == 1
    assert counts(database) == before


def test_a_response_that_names_its_model_is_stored_with_a_warning(bring: Importer) -> None:
    result = bring(lines(item(1), item(2, response="As GPT-4o made by OpenAI, I think so.")))
    assert [(warning.code, warning.line) for warning in result.warnings.listed] == [("model_self_reference", 2)]


def test_an_import_that_fails_midway_leaves_nothing(
    database: Database, bring: Importer, announced: list[dict[str, int]]
) -> None:
    with pytest.raises(_Killed):
        bring(lines(*map(item, range(2500))), progress=dies_after(2))
    assert counts(database) == NOTHING
    assert not announced


def test_a_handler_that_raises_undoes_the_import(database: Database, bring: Importer) -> None:
    def refuse(_session: object, **_told: int) -> None:
        raise Conflict("no")

    with events.dataset_imported.connected_to(refuse), pytest.raises(Conflict):
        bring(lines(item(1)))
    assert counts(database) == NOTHING


def test_nothing_of_a_pending_import_shows(
    database: Database, bring: Importer, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave_dead_import(database, bring, monkeypatch)
    assert counts(database)["item"] == 1000
    with database.reading() as session:
        (line,) = queries.datasets(session)
        assert (line.n_items, line.n_imports) == (0, 0)
        assert queries.items_of(session, line.dataset.id) == []
        assert queries.n_items_of(session, line.dataset.id) == 0
        assert queries.imports_of(session, line.dataset.id) == []


def test_a_dataset_takes_one_import_at_a_time(
    database: Database, bring: Importer, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave_dead_import(database, bring, monkeypatch)
    with pytest.raises(Conflict) as caught:
        bring(lines(item(1)))
    assert caught.value.code == "import_running"
    assert bring(lines(item(1)), dataset="other").added == 1


def test_a_dead_import_is_swept_with_all_it_left(
    database: Database, bring: Importer, monkeypatch: pytest.MonkeyPatch
) -> None:
    bring(lines(item(1)), dataset="noise")
    leave_dead_import(database, bring, monkeypatch)
    assert not write(sweep_imports, on=database)
    age_imports(database, 61)
    while write(sweep_imports, on=database):
        pass
    assert counts(database) == {"dataset": 1, "item_import": 1, "item": 1, "audit_event": 1}


def test_the_next_import_takes_the_place_of_a_dead_one(
    database: Database, bring: Importer, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave_dead_import(database, bring, monkeypatch)
    age_imports(database, 61)
    assert bring(lines(*map(item, range(2500)))).added == 2500
    assert counts(database)["item"] == 2500


def test_an_import_taken_for_dead_does_not_come_back(database: Database, bring: Importer) -> None:
    def stand_still(phase: str, done: int, _total: int | None) -> None:
        if phase == "store" and done == 1000:
            age_imports(database, 61)

    with pytest.raises(Conflict, match="dead"):
        bring(lines(*map(item, range(2500))), progress=stand_still)
    assert counts(database) == NOTHING


def test_pages_follow_one_another_without_gap_or_overlap(database: Database, bring: Importer) -> None:
    bring(lines(*map(item, range(100))), dataset="noise")
    bring(lines(*map(item, range(25))))
    with database.reading() as session:
        dataset = queries.dataset_named(session, "answers")
        found: list[str] = []
        last = 0
        while page := queries.items_of(session, dataset.id, after=last, limit=10):
            found += [each.external_id for each in page]
            last = page[-1].id
    assert found == [f"i{n}" for n in range(25)]


def test_the_highest_complete_revision_is_the_item(database: Database, bring: Importer) -> None:
    bring(lines(item(1)))

    def replace(session: sa.orm.Session) -> None:
        first = session.scalars(sa.select(Item)).one()
        values = {column.key: getattr(first, column.key) for column in sa.inspect(Item).column_attrs}
        session.add(Item(**values | {"id": 99, "revision": 2, "response": "Better."}))

    write(replace, on=database)
    with database.reading() as session:
        assert queries.item_of(session, 1, "i1").response == "Better."
        assert queries.n_items_of(session, 1) == 1


def test_a_large_file_is_imported_in_flat_memory(shared: Path, sqlite_database: Database) -> None:
    source = shared / "data" / "wmt23_mqm_zhen" / "items.jsonl"
    run = partial(write, on=sqlite_database)
    with source.open("rb") as stream:
        import_items(run, io.BytesIO(stream.readline()), dataset_name="warm", source_name="w", actor_id=None)
    peaks = []
    for name, times in (("once", 1), ("thrice", 3)):
        text = source.read_bytes()
        made = b"".join(text.replace(b'{"id": "', b'{"id": "%d:' % n) for n in range(times))
        stream = io.BytesIO(made)
        tracemalloc.start()
        result = import_items(run, stream, dataset_name=name, source_name="zhen", actor_id=None)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert result.added == 3770 * times
    assert max(peaks) < 24 * 1024 * 1024
    assert peaks[1] < peaks[0] + 2 * 1024 * 1024
