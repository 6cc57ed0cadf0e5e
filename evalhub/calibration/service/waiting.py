"""The disputed items of a report, most urgent first."""

from __future__ import annotations

from collections.abc import Sequence

from evalhub.calibration.queries import Asked, answers_of_tasks, task_names
from evalhub.calibration.schema.dispute import Judged
from evalhub.calibration.schema.report import TRIAGE_SHOWN, TriageLine
from evalhub.calibration.schema.section import GivenLevel
from evalhub.calibration.service.ground import Ground


def triage_lines(
    ground: Ground, asked: Sequence[Asked], disputes: Sequence[Judged], urgent: Sequence[tuple[int, float]]
) -> tuple[TriageLine, ...]:
    """The first fifty, with what each reviewer gave to the criteria in dispute."""
    shown = urgent[:TRIAGE_SHOWN]
    ids = [int(ground.tasks.id[task]) for task, _ in shown]
    names = task_names(ground.session, ground.project_id, ids)
    given = _given(ground, asked, ids)
    lines = []
    for (task, triage), id_ in zip(shown, ids, strict=True):
        flagged = [(one.criterion.key, judged.flags_at(task)) for one, judged in zip(asked, disputes, strict=True)]
        criteria = tuple((key, flags, given.get((id_, key), ())) for key, flags in flagged if flags)
        lines.append(TriageLine(names[id_].task, names[id_].item, triage, criteria))
    return tuple(lines)


def _given(ground: Ground, asked: Sequence[Asked], ids: Sequence[int]) -> dict[tuple[int, str], tuple[GivenLevel, ...]]:
    """What the report's reviewers gave, by task and criterion, in the order of their names."""
    key_of = {id_: one.criterion.key for one in asked for id_ in one.ids}
    place = {account: at for at, account in enumerate(ground.people.account.tolist())}
    found: dict[tuple[int, str], list[GivenLevel]] = {}
    for one in answers_of_tasks(ground.session, ground.project_id, ids):
        if one.criterion_id in key_of and one.reviewer_id in place:
            answer = GivenLevel(place[one.reviewer_id], one.answer.rank, one.answer.value)
            found.setdefault((one.task_id, key_of[one.criterion_id]), []).append(answer)
    return {key: tuple(sorted(answers, key=lambda answer: answer.reviewer)) for key, answers in found.items()}
