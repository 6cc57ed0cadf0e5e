"""What the review page shows: the item as text and as HTML, the rubric, and the answers so far.

Nothing of it tells the item's own id, its model, its metadata, or anything about other reviewers.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from markupsafe import Markup
from sqlalchemy.orm import Session

from evalhub.db import now
from evalhub.inbox.queries.rulings import ShownRuling, rulings_for
from evalhub.projects.models import BatchState, ProjectState
from evalhub.review.models import IN_WORK, AssignmentState, Draft
from evalhub.review.queries.assignments import Desk, draft_of, newest_version
from evalhub.review.queries.learning import LearningPlace, learning_place
from evalhub.review.queries.progress import my_progress
from evalhub.review.queries.returned import return_of
from evalhub.review.schema import DraftBody, item_alias
from evalhub.review.service.revise import submitted_body
from evalhub.review.views.pair import PairShown, pair_shown
from evalhub.review.views.texts import Text, Turn, rendered
from evalhub.rubrics.schema import Criterion, Rubric
from evalhub.web.rendering import render_prose

READING_BUDGET_WORDS = 1_200
"""Eight minutes at 150 words a minute: so much of a conversation stands open at first."""


@dataclass(frozen=True, slots=True)
class ReviewPage:
    assignment_id: str
    item_alias: str
    project_title: str
    project_slug: str
    rubric: Rubric
    criteria: tuple[Criterion, ...]
    guidance_html: Markup
    criterion_guidance: Mapping[str, Markup]
    rulings: Mapping[str, Sequence[ShownRuling]]
    """How the rubric's owner reads a criterion, by its key."""
    turns: tuple[Turn, ...]
    n_older_turns: int
    """How many of the first turns lie beyond what is read at one go."""
    prompt: Text | None
    context: Text | None
    reference: Text | None
    response: Text
    answers: Mapping[str, Mapping[str, Any]]
    note: str
    confidence: int | None
    lease: str
    leased_until: datetime | None
    draft_revision: int
    saved_at: datetime | None
    submitted_at: datetime | None
    done_count: int
    learning: LearningPlace | None
    """Of practice and qualification alone."""
    state: str
    is_taken_out: bool
    """The item was withdrawn, or found defective, while the reviewer held it; the draft is kept."""
    is_regrade: bool
    """Only what a newer version of the rubric asks otherwise is asked."""
    is_reopened: bool
    returned_because: str | None
    """Why an adjudicator or manager sent the review back, until it is submitted again."""
    can_reopen: bool
    is_settled: bool
    idempotency_key: str
    now: datetime
    newest_version: int
    pair: PairShown | None
    errors: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_readonly(self) -> bool:
        """Nothing can be sent in."""
        return self.is_taken_out or not (self.is_reopened or self.state in (*IN_WORK, AssignmentState.EXPIRED))


def older_turns(texts: Sequence[str]) -> int:
    """How many turns to fold away at first, so that the last ones fill the reading budget; never the very last."""
    words = 0
    for n_before, text in reversed(list(enumerate(texts))):
        words += len(text.split())
        if words > READING_BUDGET_WORDS:
            return min(n_before + 1, len(texts) - 1)
    return 0


def review_page(
    session: Session,
    desk: Desk,
    *,
    body: DraftBody | None = None,
    errors: Mapping[str, str] | None = None,
) -> ReviewPage:
    """The page of an assignment, with what was sent just now laid over what is stored."""
    assignment, item, rubric = desk.assignment, desk.item, desk.rubric
    draft = draft_of(session, assignment)
    is_submitted = assignment.state in (AssignmentState.SUBMITTED, AssignmentState.EXTRA)
    is_reopened = is_submitted and draft is not None and draft.revises == assignment.revision
    returned = return_of(session, assignment)
    shown = body or _stored_body(session, desk, draft, is_submitted=is_submitted, is_reopened=is_reopened)
    criteria = tuple(rubric.applicable(item.tags))
    messages = item.messages or ()
    is_closed = desk.batch.state is BatchState.CLOSED or desk.project.state is ProjectState.CLOSED
    return ReviewPage(
        assignment_id=assignment.public_id,
        item_alias=item_alias(assignment.public_id),
        project_title=desk.project.title,
        project_slug=desk.project.name,
        rubric=rubric,
        criteria=criteria,
        guidance_html=render_prose(rubric.description),
        criterion_guidance={c.key: render_prose(c.guidance) for c in criteria if c.guidance},
        rulings=rulings_for(session, desk.rubric_version.id),
        turns=tuple(Turn(m["role"], rendered(m["content"]), m["content"]) for m in messages),
        n_older_turns=older_turns([m["content"] for m in messages]),
        prompt=_text(item.prompt),
        context=_text(item.context),
        reference=_text(desk.reference),
        response=Text.of(item.response),
        answers={c.key: _answer(shown, c.key) for c in criteria},
        note=shown.note,
        confidence=shown.confidence,
        lease=assignment.lease or "",
        leased_until=assignment.leased_until,
        draft_revision=draft.revision if draft else 0,
        saved_at=draft.updated_at if draft else None,
        submitted_at=assignment.submitted_at,
        done_count=my_progress(session, desk.project.id, assignment.reviewer_id).done,
        learning=learning_place(session, desk),
        state=assignment.state.value,
        is_taken_out=assignment.state is AssignmentState.EXPIRED and desk.task.held,
        is_regrade=desk.task.criteria is not None,
        is_reopened=is_reopened,
        returned_because=returned.reason if returned and is_reopened else None,
        can_reopen=is_submitted
        and not is_reopened
        and not is_closed
        and desk.task.settled_at is None
        and assignment.others_shown_at is None,
        is_settled=desk.task.settled_at is not None,
        idempotency_key=str(uuid.uuid4()),
        now=now(session),
        newest_version=newest_version(session, desk.rubric_version),
        pair=pair_shown(session, desk, shown),
        errors=errors or {},
    )


def _text(raw: str | None) -> Text | None:
    return None if raw is None else Text.of(raw)


def _stored_body(
    session: Session, desk: Desk, draft: Draft | None, *, is_submitted: bool, is_reopened: bool
) -> DraftBody:
    is_voided = desk.assignment.state is AssignmentState.VOIDED
    if draft is not None and (is_reopened or not (is_submitted or is_voided)):
        return DraftBody.model_validate(draft.body)
    if is_submitted or is_voided:
        return submitted_body(session, desk.assignment, desk.rubric_version.id)
    return DraftBody()


def _answer(body: DraftBody, key: str) -> dict[str, Any]:
    given = body.scores.get(key)
    return {
        "level": given if isinstance(given, str) else None,
        "value": given if isinstance(given, int | float) else None,
        "not_applicable": key in body.scores and given is None,
        "note": body.notes.get(key, ""),
        "tags": body.tags.get(key, []),
        "evidence": body.evidence.get(key, []),
    }
