"""What the sweep does for imports, and the background work of the import wizard."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from evalhub.datasets.models import Upload
from evalhub.datasets.queries import import_of, pending_import_of, upload_of
from evalhub.datasets.schema.uploads import ItemOptions
from evalhub.datasets.service import Progress, Transact, import_items, sweep_imports
from evalhub.datasets.service.checking import check_upload
from evalhub.datasets.service.sweeping import drop_import
from evalhub.datasets.service.upload_files import opened
from evalhub.datasets.service.uploads import note_check, note_import, sweep_uploads
from evalhub.db import Database
from evalhub.errors import BadInput
from evalhub.jobs.running import JobRun
from evalhub.web.session import reading, write

WORDS = {"check": "Reading the file", "store": "Storing"}


def drop_leftovers(database: Database) -> None:
    """Remove the rows of imports that died or were undone, and files that nobody came back to."""
    for act in (sweep_imports, sweep_uploads):
        while write(act, on=database):
            pass


def check_file(database: Database, run: JobRun) -> Mapping[str, Any]:
    """Check an uploaded file of items; a second run finds the same."""
    upload = _upload(database, run)
    report = check_upload(partial(reading, database), upload, progress=progress_of(run, upload.n_bytes))
    found = report.model_dump()
    write(partial(note_check, upload_id=upload.id, options=upload.options, report=found), on=database)
    return {"path": f"/datasets/{upload.target}/imports/{upload.public_id}"}


def import_file(database: Database, run: JobRun) -> Mapping[str, Any]:
    """Import a checked file; a second run removes what the first one left unfinished, and adds nothing twice.

    Raises:
        BadInput, Conflict: the dataset has changed since the check, and the file fits no longer.
    """
    upload = _upload(database, run)
    with reading(database) as session:
        done, begun = import_of(session, upload.public_id), pending_import_of(session, upload.public_id)
    while begun is not None and write(partial(drop_import, import_id=begun), on=database):
        pass
    if done is not None:
        result = {"added": done.n_items, "import": done.id}
    else:
        result = _imported(partial(write, on=database), upload, run)
    write(partial(note_import, upload_id=upload.id, result=result), on=database)
    return {"path": f"/datasets/{upload.target}/imports/{upload.public_id}"}


def _imported(transact: Transact, upload: Upload, run: JobRun) -> dict[str, Any]:
    with opened(upload) as files:
        try:
            result = import_items(
                transact,
                files.stream,
                dataset_name=upload.target,
                source_name=upload.name,
                actor_id=run.by_id,
                shape=ItemOptions.model_validate(upload.options).shape(files.companions),
                progress=progress_of(run, upload.n_bytes),
                upload=upload.public_id,
            )
        except BadInput as error:
            first = f" {error.faults[0].located('')}" if error.faults else ""
            raise BadInput(f"{error.message}.{first} Check the file again to see all.", code=error.code) from error
    return {"added": result.added, "unchanged": result.unchanged, "import": result.import_id}


def remove_undone(database: Database, run: JobRun) -> None:
    """Remove the rows of an undone import, a portion a transaction; the sweep would do it, too."""
    portions = 0
    while write(partial(drop_import, import_id=run.arguments["import"]), on=database):
        portions += 1
        run.progress(portions, None, f"Removing rows: {portions:,} portions are gone")


def progress_of(run: JobRun, n_bytes: int) -> Progress:
    """The progress of a check or an import as that of its job."""
    read = 0

    def say(phase: str, done: int, total: int | None) -> None:
        nonlocal read
        if total is None:
            read += done
            run.progress(read, n_bytes, WORDS[phase])
        else:
            run.progress(done, total, WORDS[phase])

    return say


def _upload(database: Database, run: JobRun) -> Upload:
    with reading(database) as session:
        return upload_of(session, run.arguments["upload"])
