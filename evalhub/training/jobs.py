"""What the sweep does for training."""

from __future__ import annotations

from functools import partial

from evalhub.db import Database
from evalhub.training.queries.attempts import left_open, outdated_attempts
from evalhub.training.queries.certificates import outdated_certificates
from evalhub.training.service.certificates import lapse_outdated
from evalhub.training.service.results import end_without_result, settle
from evalhub.web.session import write


def sweep(database: Database) -> None:
    """End attempts that a stopped process left open, and what belongs to a version that its project no longer uses."""
    with database.reading() as session:
        over, outdated = left_open(session), outdated_attempts(session)
        certificates = outdated_certificates(session)
    for attempt_id in over:
        write(partial(settle, attempt_id=attempt_id), on=database)
    for attempt_id in outdated:
        write(partial(end_without_result, attempt_id=attempt_id), on=database)
    for certificate_id in certificates:
        write(partial(lapse_outdated, certificate_id=certificate_id), on=database)
