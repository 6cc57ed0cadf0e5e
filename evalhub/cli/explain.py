"""`evalhub explain`: why an item scored what it did."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from evalhub.cli.instance import open_instance
from evalhub.cli.output import print_json

if TYPE_CHECKING:
    from evalhub.reports.schema.explanation import Explanation, RecordExplained, TaskExplained


@click.command()
@click.argument("project")
@click.argument("item")
@click.option("--json", "as_json", is_flag=True, help="Everything as JSON, as the API answers it.")
@click.pass_context
def explain(ctx: click.Context, *, project: str, item: str, as_json: bool) -> None:
    """Why ITEM of PROJECT scored what it did: ratings, rule, decisions, the score step by step, and its history.

    It shows what everybody said, whoever may still grade the item.
    """
    from evalhub.projects.queries import project_named
    from evalhub.reports.queries.explanation import OPERATOR, explanation_of
    from evalhub.review.queries.named import item_in

    instance = open_instance(ctx)
    with instance.reading() as session:
        found = project_named(session, project)
        project_id, item_id = found.id, item_in(session, found, item).id
    with instance.reading() as session:
        explained = explanation_of(session, project_id, item_id, OPERATOR)
    if as_json:
        print_json(explained.model_dump(mode="json"))
        return
    for line in lines_of(explained):
        click.echo(line)


def lines_of(explained: Explanation) -> Iterator[str]:
    """The explanation as text, control characters of contents made visible."""
    from evalhub.cli import escape_controls

    for line in _lines(explained):
        yield escape_controls(line)


def _lines(explained: Explanation) -> Iterator[str]:
    revision = f", revision {explained.revision}" if explained.revision > 1 else ""
    yield f"Item {explained.item} of {explained.project} (dataset {explained.dataset}{revision})"
    yield f"Model: {explained.model or 'none'}. Tags: {', '.join(explained.tags) or 'none'}."
    if explained.withdrawn_at is not None:
        yield f"Withdrawn at {explained.withdrawn_at:%Y-%m-%d %H:%M} UTC: it counts nowhere."
    for record in explained.records:
        yield ""
        yield from _record(record)
    for task in explained.tasks:
        yield ""
        yield from _task(task)
    yield ""
    yield "History"
    for one in explained.timeline:
        detail = f" ({one.detail})" if one.detail else ""
        yield f"  {one.at:%Y-%m-%d %H:%M} {one.who} {one.what}{detail}"


def _record(record: RecordExplained) -> Iterator[str]:
    yield f"Why it scored so: {record.rubric} v{record.rubric_version}, {record.state.replace('_', ' ')}"
    for one in record.criteria:
        yield f"  {one.title}: {one.answer}. {one.rule}"
        if one.descriptor:
            yield f"    The level says: {one.descriptor.strip()}"
        if one.rationale:
            yield f"    The adjudicator: {one.rationale}"
        for said in one.said:
            corrected = f", corrected to {said.corrected_to}" if said.corrected_to else ""
            tags = f" [{', '.join(said.tags)}]" if said.tags else ""
            note = f": {said.note}" if said.note else ""
            yield f"    {said.who}: {said.answer}{corrected}{tags}{note}"
            for quote in said.quotes:
                yield f"      “{quote.exact}” ({quote.side} {quote.start}–{quote.end})"
    score = record.score
    yield f"  Score by {score.scoring}: {'none' if score.score is None else f'{score.score:.4g}'}"
    for sentence in score.sentences:
        yield f"    {sentence}"


def _task(task: TaskExplained) -> Iterator[str]:
    rubric = f"{task.rubric} v{task.rubric_version}"
    yield f"{task.purpose.capitalize()} task of {task.need} reviewers, batch {task.batch}, {rubric}"
    if task.held_reason:
        yield f"  Taken out: {task.held_reason}"
    for review in task.reviews:
        skipped = f" ({review.skip_reason}: {review.skip_note})" if review.skip_reason else ""
        yield f"  {review.who}: {review.state}{skipped}"
        for revision in review.revisions:
            yield f"    revision {revision.revision}, {revision.submitted_at:%Y-%m-%d %H:%M}: {revision.note or '–'}"
            if revision.void_reason:
                yield f"      voided: {revision.void_reason}"
            if revision.return_reason:
                yield f"      sent back: {revision.return_reason}"
            for answer in revision.answers:
                yield f"      {answer.title}: {answer.answer}{f': {answer.note}' if answer.note else ''}"
    if task.case is not None:
        yield f"  Case {task.case.case[:6].upper()}, {task.case.state.replace('_', ' ')}"
        for decision in task.case.decisions:
            answers = ", ".join(f"{one.title}: {one.answer}" for one in decision.answers)
            yield f"    decision {decision.revision} by {decision.by} ({decision.cause.lower()}): {answers}"
            yield f"      {decision.rationale}"
        for correction in task.case.corrections:
            yield f"    correction by {correction.who}, {correction.state}: {correction.title}, {correction.answer}"
            yield f"      {correction.reason}"
