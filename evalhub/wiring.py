"""What later stages do about earlier ones: handlers of signals, acts of the sweep, and background work.

Apart from `app.py`, so that the command line and jobs need no web pages.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from blinker import NamedSignal

from evalhub import events
from evalhub.adjudication.queries.blind import has_to_do_with_item
from evalhub.adjudication.service import cases
from evalhub.audit import jobs as audit_jobs
from evalhub.calibration import jobs as calibration_jobs
from evalhub.calibration.service.stored import CALIBRATION_REPORT
from evalhub.datasets import jobs as datasets_jobs
from evalhub.datasets.models import UploadKind
from evalhub.datasets.service.undoing import UNDO
from evalhub.datasets.service.uploads import CHECKS, IMPORTS
from evalhub.demo import jobs as demo_jobs
from evalhub.export import jobs as export_jobs
from evalhub.export.service.background import EXPORT
from evalhub.inbox.queries.import_use import questions_on_import
from evalhub.jobs import running
from evalhub.jobs.running import JobFunction
from evalhub.jobs.sweep import Act
from evalhub.projects import service as projects
from evalhub.projects.schema import DEMO_PROJECT
from evalhub.reports import jobs as reports_jobs
from evalhub.reports.queries import people
from evalhub.reports.service.comparison import KIND as MODEL_COMPARISON
from evalhub.review import jobs as review_jobs
from evalhub.review.queries.import_use import work_on_import
from evalhub.review.queries.projected import projected_work
from evalhub.review.queries.rubric_uses import rubric_uses
from evalhub.review.service import leaving, skip, tasks, undoing
from evalhub.review.service.void import VOID_REVIEWS
from evalhub.training import jobs as training_jobs
from evalhub.training.queries.import_use import references_on_import
from evalhub.training.service import listening

HANDLERS: tuple[tuple[NamedSignal, Callable[..., Any]], ...] = (
    (events.dataset_imported, projects.open_batches_for_import),
    (events.import_undoing, undoing.lock_projects_of),
    (events.import_in_use, work_on_import),
    (events.import_in_use, references_on_import),
    (events.import_in_use, questions_on_import),
    (events.import_undone, undoing.close_queues_of),
    (events.import_dropping, undoing.drop_tasks_of),
    (events.import_projected, projected_work),
    (events.batch_opened, tasks.fill_after_commit),
    (events.batch_changed, tasks.follow_batch),
    (events.members_changed, tasks.refresh_eligibility),
    (events.profile_changed, tasks.refresh_eligibility_of),
    (events.member_removed, skip.end_work_of),
    (events.account_disabled, leaving.end_all_work_of),
    (events.load_asked, people.loads),
    (events.memberships_asked, people.memberships),
    (events.project_closed, tasks.close_queues),
    (events.project_reopened, tasks.reopen_queues),
    (events.task_completed, cases.on_task_completed),
    (events.ratings_imported, cases.on_ratings_imported),
    (events.standing_changed, cases.on_standing_changed),
    (events.review_submitted, listening.on_review_submitted),
    (events.item_skipped, listening.on_item_skipped),
    (events.item_replaced, listening.on_item_replaced),
    (events.consequences_asked, listening.on_consequences_asked),
    (events.grading_asked, has_to_do_with_item),
    (events.rubric_uses_asked, rubric_uses),
)

SWEEPS: tuple[Act, ...] = (
    review_jobs.sweep,
    audit_jobs.chain,
    datasets_jobs.drop_leftovers,
    export_jobs.drop_old,
    training_jobs.sweep,
    cases.finish_backlog,
    running.revive_dead,
)
"""What every server process repeats."""

JOBS: dict[str, JobFunction] = {
    CALIBRATION_REPORT: calibration_jobs.make_report,
    MODEL_COMPARISON: reports_jobs.compare,
    CHECKS[UploadKind.ITEMS]: datasets_jobs.check_file,
    IMPORTS[UploadKind.ITEMS]: datasets_jobs.import_file,
    CHECKS[UploadKind.RATINGS]: review_jobs.check_ratings,
    IMPORTS[UploadKind.RATINGS]: review_jobs.import_ratings,
    UNDO: datasets_jobs.remove_undone,
    EXPORT: export_jobs.make,
    VOID_REVIEWS: review_jobs.void,
    DEMO_PROJECT: demo_jobs.load,
}
"""Background work by the kind that `enqueue` is told, in plain words with hyphens."""


def connect_handlers() -> None:
    """Let the later stages hear of the earlier ones; doing it again changes nothing."""
    for signal, handler in HANDLERS:
        signal.connect(handler)
