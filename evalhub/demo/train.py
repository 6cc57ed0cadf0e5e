"""Gold items of the demo: answers whose intended quality their author wrote down, with what a careful reader says."""

from __future__ import annotations

from sqlalchemy.orm import Session

from evalhub.datasets.queries import item_of
from evalhub.db import now
from evalhub.demo.simulate import Quality, intended_rank, own_note
from evalhub.projects.models import Project
from evalhub.rubrics.models import RubricVersion
from evalhub.rubrics.queries import rubric_of
from evalhub.rubrics.schema.models import Criterion
from evalhub.rubrics.schema.review import CONTEXT
from evalhub.training.models import Use
from evalhub.training.queries.references import golds_of
from evalhub.training.schema.judging import Known
from evalhub.training.schema.reference import ReferenceAnswer
from evalhub.training.schema.rules import PlanSettings, Rule
from evalhub.training.service.golds import NewGold, add_gold
from evalhub.training.service.settings import set_settings

SETTINGS = PlanSettings(
    gold_share=0.05, practice_items=4, retake_hours=0, rule=Rule(p_low=0.4, p_high=0.9, alpha=0.1, beta=0.1)
)
"""A rule of five items, so that a visitor sees a certificate soon."""
NOTE = "The levels that the author of the answer intended."


def add_training(session: Session, *, plan: Quality, project_id: int) -> None:
    """Give the demo's items their uses, once."""
    if golds_of(session, project_id):
        return
    set_settings(session, project_id, SETTINGS, by=None, at=now(session))
    for use, items in plan.training.items():
        for item in items:
            reference = _reference(session, plan, project_id, item)
            add_gold(session, project_id, NewGold(item, Use(use), reference, NOTE), by=None, at=now(session))


def _reference(session: Session, plan: Quality, project_id: int, item_id: str) -> dict[str, ReferenceAnswer]:
    project = session.get_one(Project, project_id)
    item = item_of(session, project.dataset_id, item_id)
    rubric = rubric_of(session.get_one(RubricVersion, project.rubric_version_id))
    return {c.key: _answer(plan, item_id, item.response, c) for c in rubric.applicable(item.tags)}


def _answer(plan: Quality, item_id: str, response: str, criterion: Criterion) -> ReferenceAnswer:
    rank = intended_rank(plan, item_id, criterion)
    own = own_note(plan, item_id, criterion)
    reason = own.text if own else plan.notes[criterion.key][str(rank)][0]
    if own is None or not own.quote:
        return ReferenceAnswer(Known(rank), reason)
    start = response.index(own.quote)
    end = start + len(own.quote)
    quote = {
        "side": "response",
        "start": start,
        "end": end,
        "exact": own.quote,
        "prefix": response[max(0, start - CONTEXT) : start],
        "suffix": response[end : end + CONTEXT],
    }
    return ReferenceAnswer(Known(rank), reason, (quote,))
