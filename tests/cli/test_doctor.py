"""What the doctor says of background work."""

from __future__ import annotations

import sqlalchemy as sa

from evalhub.db import Database
from evalhub.jobs.models import Job
from evalhub.web.session import write
from tests.cli.conftest import Evalhub
from tests.jobs.test_service import enqueued
from tests.rows import NOW


def test_the_doctor_names_jobs_that_wait_for_want_of_a_worker(evalhub: Evalhub, database: Database) -> None:
    job = enqueued(database)
    assert evalhub("doctor").exit_code == 0
    write(lambda session: session.execute(sa.update(Job).values(created_at=NOW)), on=database)
    found = evalhub("doctor")
    assert found.exit_code == 1
    assert f"job {job.public_id} (count-sheep) waits since 2026-01-05 09:00 UTC" in found.output
