"""What the doctor says of work that stands still and of files that are gone."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from evalhub.db import Database
from evalhub.export.models import Export
from evalhub.export.schema.options import Options, Shape
from evalhub.export.service.background import make_and_keep
from evalhub.jobs.models import Job
from evalhub.review.models import Adoption
from evalhub.review.schema import Changed
from evalhub.review.service.adopt import AdoptionRequest, begin_adoption, go_on
from evalhub.web.session import write
from tests.cli.conftest import Evalhub
from tests.jobs.test_service import enqueued
from tests.review.test_adopt import with_versions
from tests.rows import NOW
from tests.world import a_project


def test_the_doctor_names_jobs_that_wait_for_want_of_a_worker(evalhub: Evalhub, database: Database) -> None:
    job = enqueued(database)
    assert evalhub("doctor").exit_code == 0
    write(lambda session: session.execute(sa.update(Job).values(created_at=NOW)), on=database)
    found = evalhub("doctor")
    assert found.exit_code == 1
    assert f"job {job.public_id} (count-sheep) waits since 2026-01-05 09:00 UTC" in found.output


def test_the_doctor_names_kept_exports_whose_file_is_gone(evalhub: Evalhub, database: Database, tmp_path: Path) -> None:
    world = a_project(database)
    kept = {"folder": tmp_path, "kept_until": NOW, "by_id": None, "now": NOW, "tell": lambda *_: None}
    make_and_keep(database, world.project.id, Options(), Shape.BUNDLE, **kept)
    assert evalhub("doctor").exit_code == 0
    with database.reading() as session:
        export = session.scalars(sa.select(Export)).one()
    Path(export.path or "").unlink()
    found = evalhub("doctor")
    assert found.exit_code == 1
    assert f"the file of export {export.public_id} is gone" in found.output


def test_the_doctor_names_an_adoption_that_nobody_finishes(evalhub: Evalhub, database: Database) -> None:
    world = with_versions(a_project(database))
    request = AdoptionRequest(2, Changed.REGRADE, "accuracy asked two things at once", None)
    adoption_id = begin_adoption(database, world.project.id, request)
    assert evalhub("doctor").exit_code == 0
    write(lambda session: session.execute(sa.update(Adoption).values(at=NOW)), on=database)
    found = evalhub("doctor")
    assert found.exit_code == 1
    assert "stands half done since 2026-01-05 09:00 UTC" in found.output
    go_on(database, adoption_id)
    assert evalhub("doctor").exit_code == 0
