"""Give freed slots back to the queue. The task is locked by the caller, before any queue row."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.accounts.models import Account, AccountKind
from evalhub.review.models import Assignment, AssignmentState, Queue, Rating, Task
from evalhub.review.schema import lowest_bit
from evalhub.review.service.completion import tell_when_complete
from evalhub.review.service.patterns import PatternWatch, level_counts


class Freed(dict[int, tuple[Task, int]]):
    """Slots to give back: locked tasks with their bits, by task id."""

    def add(self, task: Task | None, bits: int) -> None:
        """Put further bits to those of a task; none of none is nothing."""
        if task is not None and bits:
            self[task.id] = (task, bits | self.get(task.id, (task, 0))[1])


def release(session: Session, freed: Mapping[int, tuple[Task, int]]) -> None:
    """Return bits of locked tasks, by task id, to the queue.

    The oldest extra review of a task takes a bit first and then stands in the slot; a task that is complete by that is
    told of. For what is left the task moves to the end of its queue: so whatever lies at or below a reviewer's cursor
    stays closed, or theirs, for ever. Queue rows are locked in order of id, those of a handler among them.
    """
    for task, bits in sorted(freed.values(), key=lambda entry: (entry[0].queue_id, entry[0].id)):
        left = _given_to_extras(session, task, bits)
        if left == 0:
            tell_when_complete(session, task)
            continue
        task.free_slots |= left
        task.is_open = not task.held
        task.ord = next_ord(session, task.project_id, task.queue_id)
        session.flush()


def next_ord(session: Session, project_id: int, queue_id: int) -> int:
    """A place at the end of the queue, whose row is locked from here on."""
    return session.execute(
        sa.update(Queue)
        .where(Queue.project_id == project_id, Queue.id == queue_id)
        .values(last_ord=Queue.last_ord + 1)
        .returning(Queue.last_ord)
    ).scalar_one()


def _given_to_extras(session: Session, task: Task, bits: int) -> int:
    """Bits that no extra review took over."""
    extras = session.scalars(
        sa.select(Assignment)
        .join(Account, Account.id == Assignment.reviewer_id)
        .where(
            Assignment.project_id == task.project_id,
            Assignment.task_id == task.id,
            Assignment.state == AssignmentState.EXTRA,
            Account.kind == AccountKind.HUMAN,
        )
        .order_by(Assignment.submitted_at, Assignment.reviewer_id)
        .limit(bits.bit_count())
    ).all()
    if not extras:
        return bits
    watch = PatternWatch(session, task, level_counts(session, task.rubric_version_id))
    for extra in extras:
        slot = lowest_bit(bits)
        bits &= ~(1 << slot)
        extra.state = AssignmentState.SUBMITTED
        extra.slot = slot
        session.flush()
        session.execute(
            sa.update(Rating)
            .where(
                Rating.project_id == task.project_id,
                Rating.task_id == task.id,
                Rating.reviewer_id == extra.reviewer_id,
            )
            .values(planned=slot < task.need)
        )
    watch.record()
    return bits


def end_leases(session: Session, task: Task, assignments: list[Assignment], state: AssignmentState) -> int:
    """Take the slots from leased assignments of a locked task.

    Returns:
        The freed bits, for `release`.
    """
    bits = 0
    for assignment in assignments:
        assert assignment.slot is not None
        bits |= 1 << assignment.slot
        assignment.state = state
        assignment.slot = None
        assignment.leased_until = None
    session.flush()
    return bits
