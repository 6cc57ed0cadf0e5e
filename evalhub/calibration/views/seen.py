"""What whoever is signed in may see of a project's calibration."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from evalhub.calibration.charts import alpha_chart
from evalhub.calibration.schema.live import LiveReport
from evalhub.calibration.schema.report import CalibrationReport
from evalhub.calibration.service import live_report, shown_report
from evalhub.calibration.service.stored import CALIBRATION_REPORT
from evalhub.calibration.shown import all_charts, rubric_words, tasks_of
from evalhub.errors import NotFound
from evalhub.jobs.models import Job
from evalhub.jobs.queries import latest_job
from evalhub.projects.models import Project
from evalhub.projects.queries import ProjectLine, project_line, project_named
from evalhub.review.queries.hidden import hidden_tasks
from evalhub.web.charts import Chart
from evalhub.web.principal import require_principal


@dataclass(frozen=True, slots=True)
class Seen:
    """A project's calibration as the viewer may see it.

    `report` is computed now, or was made in the background (`is_kept`; `n_since` ratings ago), or None where a large
    project has none yet. `live` are the figures as they stand, where `report` does not hold them; `alpha` is drawn
    from them.
    """

    project: Project
    dataset: str
    report: CalibrationReport | None
    live: LiveReport | None
    alpha: Chart | None
    is_kept: bool
    n_since: int
    job: Job | None

    @property
    def is_empty(self) -> bool:
        """Whether nobody has graded anything."""
        return self.report is not None and not self.report.n_items

    @property
    def whole_report(self) -> CalibrationReport:
        """The report.

        Raises:
            NotFound: none was made yet.
        """
        if self.report is None:
            raise NotFound("The full report of this project has not been made yet.")
        return self.report

    def charts(self, criterion: str | None) -> dict[str, Chart]:
        """The charts to keep, of the report or of one of its criteria."""
        if criterion is None and self.alpha is not None:
            others = all_charts(self.report, None) if self.report else {}
            return {**others, self.alpha.name: self.alpha}
        return all_charts(self.whole_report, criterion)


def seen_by_viewer(session: Session, p: str) -> Seen:
    """The calibration of a project without the answers to items that the viewer may still grade."""
    project = project_named(session, p)
    found = shown_report(session, project.id)
    report = found.report
    if report is not None:
        report = report.without_answers(
            hidden_tasks(session, project.id, require_principal().account_id, tasks_of(report))
        )
    line = project_line(session, project.id)
    live = None if found.is_fresh else live_report(session, project.id)
    is_large = report is None or found.public_id is not None
    return Seen(
        project=project,
        dataset=line.dataset,
        report=report,
        live=live,
        alpha=_alpha(live, line) if live else None,
        is_kept=found.public_id is not None,
        n_since=found.n_since,
        job=latest_job(session, CALIBRATION_REPORT, project_id=project.id) if is_large else None,
    )


def _alpha(live: LiveReport, line: ProjectLine) -> Chart:
    return alpha_chart(live.criteria, rubric=rubric_words(line.rubric, (line.rubric_version,)))
