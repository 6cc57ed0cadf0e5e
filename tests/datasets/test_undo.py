"""An import is undone with all that was made of it, until somebody has worked on it."""

from __future__ import annotations

import io
import json
from functools import partial

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from evalhub.audit.models import AuditEvent
from evalhub.datasets.models import Dataset, Item, ItemImport
from evalhub.datasets.queries import dataset_named, imports_of, n_items_of
from evalhub.datasets.service import import_items, sweep_imports
from evalhub.datasets.service.undoing import undo_import
from evalhub.db import Database
from evalhub.errors import Conflict, NotFound
from evalhub.projects.models import Batch
from evalhub.review.models import Queue, QueueReviewer, Task
from evalhub.review.service.past_ratings import import_ratings
from evalhub.web.session import write
from tests.jobs.work import work_off
from tests.world import World, a_project

SCORES = {"accuracy": "excellent", "clarity": "adequate"}
ROWS = (Item, Task, Batch, Queue, QueueReviewer, ItemImport)


def add_items(database: Database, *ids: str, dataset: str = "p-items") -> int:
    """Import further items; the id of the import."""
    body = b"".join(json.dumps({"id": i, "prompt": "Q", "response": i}).encode() + b"\n" for i in ids)
    result = import_items(
        partial(write, on=database), io.BytesIO(body), dataset_name=dataset, source_name="more.jsonl", actor_id=None
    )
    assert result.import_id is not None
    return result.import_id


def undo(database: Database, import_id: int, *, dataset: str = "p-items") -> None:
    write(lambda session: undo_import(session, dataset_named(session, dataset), import_id, by=None), on=database)


def sweep(database: Database) -> None:
    while write(sweep_imports, on=database):
        pass


def counts(database: Database) -> list[int]:
    with database.reading() as session:
        return [session.scalar(sa.select(sa.func.count()).select_from(model)) or 0 for model in ROWS]


def first_import(world: World) -> int:
    with world.database.reading() as session:
        return session.scalars(sa.select(ItemImport.id).order_by(ItemImport.id)).first() or 0


def test_an_undone_import_leaves_the_rest_as_it_was(database: Database) -> None:
    world = a_project(database, items=2)
    before = counts(database)
    import_id = add_items(database, "new1", "new2", "new3")
    assert counts(database) != before
    undo(database, import_id)
    sweep(database)
    assert counts(database) == before
    assert world.review_all("ann", SCORES) == 2
    add_items(database, "new1")
    assert world.review_all("ann", SCORES) == 1


def test_its_items_are_out_of_sight_and_out_of_reach_before_their_rows_are_gone(database: Database) -> None:
    world = a_project(database, items=1)
    import_id = add_items(database, "new1", "new2")
    undo(database, import_id)
    with database.reading() as session:
        dataset = dataset_named(session, "p-items")
        assert n_items_of(session, dataset.id) == 1
        assert len(imports_of(session, dataset.id)) == 1
    assert world.review_all("ann", SCORES) == 1


def test_the_file_can_be_imported_again_at_once(database: Database) -> None:
    a_project(database, items=1)
    undo(database, add_items(database, "new1"))
    add_items(database, "new1")
    with database.reading() as session:
        assert n_items_of(session, dataset_named(session, "p-items").id) == 2


@pytest.mark.parametrize(("submits", "n"), [(False, 1), (True, 2)], ids=["leased", "submitted"])
def test_what_somebody_works_on_cannot_be_undone(database: Database, submits: bool, n: int) -> None:
    world = a_project(database, items=2)
    lease = world.claim("ann")
    assert lease is not None
    if submits:
        world.submit("ann", lease, SCORES)
    before = counts(database)
    with pytest.raises(Conflict) as caught:
        undo(database, first_import(world))
    assert caught.value.code == "import_in_use"
    assert f"{n} reviews, drafts and items in somebody's hands" in caught.value.message
    assert counts(database) == before


def test_work_on_another_import_does_not_matter(database: Database) -> None:
    world = a_project(database, items=1)
    world.review_all("ann", SCORES)
    undo(database, add_items(database, "new1"))
    sweep(database)
    assert counts(database)[0] == 1


def test_past_ratings_keep_an_import(database: Database) -> None:
    world = a_project(database, items=1)
    import_id = add_items(database, "new1")
    rating = json.dumps({"item_id": "new1", "reviewer": "old", "criterion": "accuracy", "level": "excellent"})
    import_ratings(
        database,
        io.BytesIO(rating.encode()),
        project_id=world.project.id,
        source_name="r.jsonl",
        actor_id=None,
    )
    with pytest.raises(Conflict):
        undo(database, import_id)


def test_an_undone_import_cannot_be_undone_again(database: Database) -> None:
    a_project(database, items=1)
    import_id = add_items(database, "new1")
    undo(database, import_id)
    with pytest.raises(NotFound):
        undo(database, import_id)


def test_a_dataset_of_which_nothing_is_left_goes_too(database: Database) -> None:
    import_id = add_items(database, "new1", dataset="alone")
    undo(database, import_id, dataset="alone")
    sweep(database)
    with database.reading() as session:
        assert session.scalars(sa.select(Dataset.name)).all() == []


def test_it_leaves_a_trace_with_figures_and_no_content(database: Database) -> None:
    a_project(database, items=1)
    undo(database, add_items(database, "new1", "new2"))
    with database.reading() as session:
        event = session.scalars(sa.select(AuditEvent).where(AuditEvent.action == "dataset.import_undone")).one()
    assert json.loads(event.body)["payload"]["items"] == 2
    assert "new1" not in event.body


def test_more_than_a_portion_is_removed_in_short_transactions(sqlite_database: Database) -> None:
    a_project(sqlite_database, items=1)
    before = counts(sqlite_database)
    import_id = add_items(sqlite_database, *(f"n{n}" for n in range(4500)))
    undo(sqlite_database, import_id)
    steps = 0
    while write(sweep_imports, on=sqlite_database):
        steps += 1
    assert steps >= 6
    assert counts(sqlite_database) == before


def test_programs_list_and_undo_imports(program: FlaskClient, database: Database) -> None:
    import_id = add_items(database, "new1", dataset="alone")
    listed = program.get("/api/v1/datasets/alone/imports").json
    assert [(line["id"], line["items"], line["source"]) for line in listed["imports"]] == [(import_id, 1, "more.jsonl")]
    answer = program.delete(f"/api/v1/datasets/alone/imports/{import_id}")
    assert (answer.status_code, answer.json["items"]) == (202, 1)
    work_off(database)
    assert counts(database)[0] == 0
    assert program.delete(f"/api/v1/datasets/alone/imports/{import_id}").status_code == 404
