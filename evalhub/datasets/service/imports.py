"""Import items: all or nothing, in short transactions, and out of sight until the last one.

One transaction for a whole file would block every submission while it runs, so the rows go in by the thousand under an
import that no query shows while it is pending. A dataset takes one import at a time. One that dies leaves rows that
the sweep, or the next import, removes.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from typing import BinaryIO, Protocol, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub import events
from evalhub.accounts.models import Account
from evalhub.audit.service import record
from evalhub.datasets.models import Dataset, ImportState, ItemImport
from evalhub.datasets.queries import StoredContent, current_contents
from evalhub.datasets.schema.characters import SLUG, name_fault
from evalhub.datasets.schema.faults import FileFaults
from evalhub.datasets.schema.items import ItemRow
from evalhub.datasets.schema.reading import FileShape
from evalhub.datasets.service.inserting import insert_rows, refresh_statistics
from evalhub.datasets.service.spooling import Onlooker, Progress, Spooled, Warnings, spooled_items
from evalhub.datasets.service.sweeping import DEAD_AFTER, drop_import, sweep_imports
from evalhub.db import locked, now
from evalhub.errors import BadInput, Conflict, Fault

T = TypeVar("T")
ITEM_COLUMNS = ("id", "dataset_id", "import_id", "revision", *ItemRow._fields[1:-1])
"""The keys of an item, then the fields of an `ItemRow` but its line and warning."""


class Transact(Protocol):
    """Runs a function in one transaction and returns its result, as `web.session.write` does."""

    def __call__(self, fn: Callable[[Session], T], /) -> T: ...


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What an import did, or would do; `import_id` is None when there was nothing to add, or for a check."""

    import_id: int | None
    added: int
    unchanged: int
    sha256: str
    warnings: Warnings
    left_out: Warnings
    """Records of a foreign format without a prompt or a response."""


@dataclass(frozen=True, slots=True)
class _Target:
    """The pending import that rows are stored under."""

    dataset_id: int
    import_id: int
    is_first: bool
    """The dataset never had an item, so there is nothing to compare with."""
    actor: str


def import_items(
    write: Transact,
    stream: BinaryIO,
    *,
    dataset_name: str,
    source_name: str,
    actor_id: int | None,
    shape: FileShape | None = None,
    progress: Progress | None = None,
    upload: str | None = None,
) -> ImportResult:
    """Add the items of a file to a dataset, which is made if there is none of that name.

    Items that the dataset has already, with the same content, count as unchanged.

    Args:
        upload: public id of the upload that the file is, for `uploads.import_of`.

    Raises:
        BadInput: with all faults of the file, or (code content_changed) the lines whose id has other content there.
        Conflict: another import into the dataset is under way.
    """
    _check_name(dataset_name)
    with spooled_items(stream, source_name, shape or FileShape(), progress=progress) as spooled:
        while write(sweep_imports):
            pass
        pending = partial(_start, sha256=spooled.sha256, actor_id=actor_id, upload=upload)
        target = write(lambda session: pending(session, dataset_name, source_name))
        try:
            unchanged = 0
            if not target.is_first:
                faults = FileFaults(source_name)
                unchanged = _compared(write, target.dataset_id, spooled, faults, target.import_id)
            if unchanged < spooled.rows:
                _store(write, target, spooled, progress)
                write(lambda session: refresh_statistics(session, "item"))
                added = write(lambda session: _complete(session, target, spooled.sha256, unchanged))
                return ImportResult(
                    target.import_id, added, unchanged, spooled.sha256, spooled.warnings, spooled.left_out
                )
        except BaseException:
            _abandon(write, target.import_id)
            raise
        _abandon(write, target.import_id)
        return ImportResult(None, 0, unchanged, spooled.sha256, spooled.warnings, spooled.left_out)


def check_items(
    reading: Callable[[], AbstractContextManager[Session]],
    stream: BinaryIO,
    *,
    dataset_name: str,
    source_name: str,
    shape: FileShape | None = None,
    progress: Progress | None = None,
    onlooker: Onlooker | None = None,
) -> ImportResult:
    """Say what `import_items` would do, and store nothing.

    Args:
        reading: opens a read transaction, as `web.session.reading` does.

    Raises:
        BadInput: as `import_items` would.
    """
    _check_name(dataset_name)
    file_shape = shape or FileShape()
    with spooled_items(stream, source_name, file_shape, progress=progress, onlooker=onlooker) as spooled:
        with reading() as session:
            dataset_id = session.scalar(sa.select(Dataset.id).where(Dataset.name == dataset_name))
            unchanged = 0
            if dataset_id is not None:
                faults = FileFaults(source_name, onlooker.fault if onlooker else None)
                unchanged = _compared(lambda fn: fn(session), dataset_id, spooled, faults)
        return ImportResult(
            None, spooled.rows - unchanged, unchanged, spooled.sha256, spooled.warnings, spooled.left_out
        )


def _check_name(dataset_name: str) -> None:
    fault = name_fault(dataset_name, SLUG, "dataset")
    if fault is not None:
        raise BadInput(f"The name of the dataset {fault.message}.", faults=[fault])


def _start(
    session: Session, name: str, source: str, *, sha256: str, actor_id: int | None, upload: str | None
) -> _Target:
    """Make the pending import, and the dataset if need be; the lock on the dataset's row settles a race."""
    moment = now(session)
    dataset = session.scalar(locked(sa.select(Dataset).where(Dataset.name == name)))
    if dataset is None:
        dataset = Dataset(name=name, last_item_id=0, created_at=moment)
        session.add(dataset)
        session.flush()
    other = session.scalar(
        sa.select(ItemImport).where(ItemImport.dataset_id == dataset.id, ItemImport.state == ImportState.PENDING)
    )
    if other is not None:
        raise Conflict(
            f'An import of "{other.source}" into "{name}" is under way since {other.started_at:%H:%M:%S} UTC.'
            f" Wait for it; if it died, try again in {DEAD_AFTER.seconds} seconds.",
            code="import_running",
        )
    started = ItemImport(
        dataset_id=dataset.id,
        source=source.replace("\\", "/").rsplit("/", 1)[-1],
        sha256=sha256,
        state=ImportState.PENDING,
        n_items=0,
        started_at=moment,
        alive_at=moment,
        by_id=actor_id,
        upload=upload,
    )
    session.add(started)
    session.flush()
    actor = None if actor_id is None else session.scalar(sa.select(Account.public_id).where(Account.id == actor_id))
    return _Target(dataset.id, started.id, dataset.last_item_id == 0, actor or "")


def _compared(
    run: Transact, dataset_id: int, spooled: Spooled, faults: FileFaults, import_id: int | None = None
) -> int:
    """How many rows the dataset has already, with the same content.

    Raises:
        BadInput: naming the lines whose content is another.
    """
    unchanged = 0
    for batch in spooled.batches():
        stored = run(partial(_stored, dataset_id=dataset_id, rows=batch, import_id=import_id))
        for row in batch:
            if row.external_id not in stored:
                continue
            if stored[row.external_id].holds(row.content_sha256):
                unchanged += 1
            else:
                message = f'the item "{row.external_id}" is in the dataset with other content; give it a new id'
                faults.add(row.line, [Fault("content_changed", message, "id", row.line)])
    faults.raise_if_any()
    return unchanged


def _stored(
    session: Session, *, dataset_id: int, rows: list[ItemRow], import_id: int | None
) -> dict[str, StoredContent]:
    if import_id is not None:
        _sign_of_life(session, import_id, 0)
    return current_contents(session, dataset_id, [row.external_id for row in rows])


def _store(write: Transact, target: _Target, spooled: Spooled, progress: Progress | None) -> None:
    done = 0
    for batch in spooled.batches():
        write(partial(_insert, target=target, rows=batch))
        done += len(batch)
        if progress is not None:
            progress("store", done, spooled.rows)


def _insert(session: Session, *, target: _Target, rows: list[ItemRow]) -> None:
    """Insert those rows that the dataset has not, with ids from a block taken for this batch."""
    fresh = rows
    if not target.is_first:
        stored = current_contents(session, target.dataset_id, [row.external_id for row in rows])
        fresh = [row for row in rows if row.external_id not in stored]
    _sign_of_life(session, target.import_id, len(fresh))
    if not fresh:
        return
    last = session.scalar(
        sa.update(Dataset)
        .where(Dataset.id == target.dataset_id)
        .values(last_item_id=Dataset.last_item_id + len(fresh))
        .returning(Dataset.last_item_id)
    )
    assert last is not None
    common = (target.dataset_id, target.import_id, 1)
    first = last - len(fresh) + 1
    values = [(first + n, *common, *row[1:-1]) for n, row in enumerate(fresh)]
    insert_rows(session, "item", ITEM_COLUMNS, values)


def _sign_of_life(session: Session, import_id: int, added: int) -> None:
    """Count the rows on the import; one that stood still for too long is the sweep's, and may not come back."""
    moment = now(session)
    alive = session.scalar(
        sa.update(ItemImport)
        .where(
            ItemImport.id == import_id,
            ItemImport.state == ImportState.PENDING,
            ItemImport.alive_at >= moment - DEAD_AFTER,
        )
        .values(alive_at=moment, n_items=ItemImport.n_items + added)
        .returning(ItemImport.id)
    )
    if alive is None:
        raise Conflict("The import stood still for so long that it was taken for dead; start it again.")


def _complete(session: Session, target: _Target, sha256: str, unchanged: int) -> int:
    """Show the rows, tell the later stages, and leave a trace: one transaction."""
    _sign_of_life(session, target.import_id, 0)
    done = session.scalars(locked(sa.select(ItemImport).where(ItemImport.id == target.import_id))).one()
    done.state = ImportState.COMPLETE
    done.completed_at = now(session)
    session.flush()
    dataset = session.get_one(Dataset, target.dataset_id)
    record(
        session,
        action="dataset.imported",
        subject=("dataset", dataset.public_id),
        actor=target.actor,
        at=done.completed_at,
        payload={"added": done.n_items, "import": done.id, "sha256": sha256, "unchanged": unchanged},
    )
    events.dataset_imported.send(session, dataset_id=target.dataset_id, import_id=target.import_id)
    return done.n_items


def _abandon(write: Transact, import_id: int) -> None:
    while write(lambda session: drop_import(session, import_id)):
        pass
