"""What happens to an uploaded file, from its arrival to its import; each act in the caller's transaction.

The row is written before the file, and removed before it, so that no file is left that no row tells of.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.datasets.models import Upload, UploadKind, UploadState
from evalhub.datasets.service.upload_files import remove_files
from evalhub.db import locked, new_public_id, now
from evalhub.errors import Conflict
from evalhub.jobs.models import UNFINISHED, Job
from evalhub.jobs.service import enqueue
from evalhub.web.session import after_commit

KEPT = timedelta(days=1)
"""How long an upload stays that nobody touches."""
CHECKS = {UploadKind.ITEMS: "check-file", UploadKind.RATINGS: "check-ratings"}
IMPORTS = {UploadKind.ITEMS: "import-items", UploadKind.RATINGS: "import-ratings"}
"""Kinds of the jobs."""


def begin_upload(
    session: Session,
    kind: UploadKind,
    *,
    target: str,
    name: str,
    companion: str | None,
    folder: Path,
    options: Mapping[str, Any],
    by_id: int,
) -> Upload:
    """A place for a file that is about to be stored; it lies in `folder` under a random name."""
    moment, public_id = now(session), new_public_id()
    upload = Upload(
        public_id=public_id,
        kind=kind,
        target=target,
        name=name,
        companion=companion,
        path=str(folder / public_id),
        options=dict(options),
        by_id=by_id,
        created_at=moment,
        touched_at=moment,
    )
    session.add(upload)
    session.flush()
    return upload


def receive(session: Session, upload_id: int, n_bytes: int, *, project_id: int | None) -> Job:
    """Note that the file is there, and have it checked."""
    upload = _locked(session, upload_id)
    upload.n_bytes = n_bytes
    return _check(session, upload, project_id=project_id)


def change_options(session: Session, upload_id: int, options: Mapping[str, Any], *, project_id: int | None) -> Job:
    """Have the file read in another way, and checked anew.

    Raises:
        Conflict: it is being checked or imported, or was imported.
    """
    upload = _waiting(session, upload_id)
    upload.options, upload.report = dict(options), None
    return _check(session, upload, project_id=project_id)


def confirm(session: Session, upload_id: int, *, by_id: int, project_id: int | None) -> Job:
    """Have a checked file imported.

    Raises:
        Conflict: it was not found good, or is being imported, or was.
    """
    upload = _locked(session, upload_id)
    if upload.state is not UploadState.CHECKED:
        raise Conflict("Only a file that was checked and found good can be imported.", code="upload_state")
    job = enqueue(session, IMPORTS[upload.kind], {"upload": upload.public_id}, project_id=project_id, by_id=by_id)
    upload.job_id, upload.touched_at = job.id, now(session)
    return job


def note_check(session: Session, upload_id: int, options: Mapping[str, Any], report: Mapping[str, Any]) -> None:
    """Keep what a check found, unless the file is to be read in another way by now."""
    upload = _locked(session, upload_id)
    if upload.options == options and upload.state is not UploadState.DONE:
        upload.report = dict(report)
        upload.state = UploadState.REFUSED if report["message"] else UploadState.CHECKED
        upload.touched_at = now(session)


def note_import(session: Session, upload_id: int, result: Mapping[str, Any]) -> None:
    """Keep what the import did; its file is of no more use."""
    upload = _locked(session, upload_id)
    upload.state, upload.report, upload.touched_at = UploadState.DONE, dict(result), now(session)
    after_commit(session, partial(_remove_files_of, path=upload.path))


def discard(session: Session, upload_id: int) -> None:
    """Forget a file.

    Raises:
        Conflict: it is being checked or imported.
    """
    _remove(session, _waiting(session, upload_id))


def sweep_uploads(session: Session) -> bool:
    """Remove one upload that nobody has touched for a day; call again while it is true."""
    is_at_work = sa.exists().where(Job.id == Upload.job_id, Job.state.in_(UNFINISHED))
    old = session.scalar(
        locked(
            sa.select(Upload).where(Upload.touched_at < now(session) - KEPT, ~is_at_work).order_by(Upload.id).limit(1),
            skip=True,
        )
    )
    if old is None:
        return False
    _remove(session, old)
    return True


def _check(session: Session, upload: Upload, *, project_id: int | None) -> Job:
    job = enqueue(session, CHECKS[upload.kind], {"upload": upload.public_id}, project_id=project_id, by_id=upload.by_id)
    upload.state, upload.job_id, upload.touched_at = UploadState.RECEIVED, job.id, now(session)
    session.flush()
    return job


def _remove(session: Session, upload: Upload) -> None:
    session.delete(upload)
    session.flush()
    after_commit(session, partial(_remove_files_of, path=upload.path))


def _remove_files_of(_: object, *, path: str) -> None:
    remove_files(Path(path))


def _waiting(session: Session, upload_id: int) -> Upload:
    upload = _locked(session, upload_id)
    is_at_work = session.scalar(sa.select(Job.state).where(Job.id == upload.job_id)) in UNFINISHED
    if is_at_work or upload.state is UploadState.DONE:
        raise Conflict("The file is being read or was imported; wait, or upload it again.", code="upload_state")
    return upload


def _locked(session: Session, upload_id: int) -> Upload:
    upload = session.scalars(locked(sa.select(Upload).where(Upload.id == upload_id))).one()
    session.refresh(upload)
    return upload
