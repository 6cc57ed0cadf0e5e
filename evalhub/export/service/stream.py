"""A project's graded items as a stream: some hundred tasks at a time, filtered, in the order of their ids."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy.orm import Session

from evalhub.adjudication.schema import Outcome
from evalhub.calibration.queries import meanings
from evalhub.datasets.models import Dataset
from evalhub.errors import BadInput, Fault
from evalhub.export.queries import given, scope
from evalhub.export.queries.given import Graders, ItemText, ReviewRow
from evalhub.export.queries.graded import Graded, graded
from evalhub.export.queries.preferred import preferences_by_pair
from evalhub.export.queries.scope import Candidate
from evalhub.export.schema.options import Options
from evalhub.export.schema.preferences import PairSaid, preference_record
from evalhub.export.schema.records import (
    ExportedItem,
    GivenRating,
    Settled,
    review_record,
)
from evalhub.export.service.as_one import AsOne, as_one
from evalhub.projects.models import Project
from evalhub.projects.queries import rules_of
from evalhub.review.queries.pairs import StandingPreference
from evalhub.rubrics.models import RubricVersion
from evalhub.rubrics.queries import rubric_of
from evalhub.rubrics.schema import Criterion, Rubric


@dataclass(frozen=True, slots=True)
class Portion:
    """Some items with all that was said about them, by the id of the live task of each."""

    items: dict[int, ExportedItem]
    model_ratings: dict[int, list[GivenRating]]
    reviews: dict[int, list[ReviewRow]]


class Stream:
    """One export of one state of the database; `left_out` is complete once the portions were read."""

    def __init__(self, session: Session, project_id: int, options: Options, item_id: int | None = None) -> None:
        """Begin the snapshot.

        Args:
            item_id: the only item that is asked for; all where it is None.

        Raises:
            BadInput: a filter names a criterion or batch that the project does not have.
        """
        scope.begin_snapshot(session)
        self.session = session
        self.options = options
        self.item_id = item_id
        self.project = session.get_one(Project, project_id)
        self.dataset = session.get_one(Dataset, self.project.dataset_id).name
        self.graders = Graders(session, self.project)
        self.left_out: Counter[str] = Counter()
        self._check_filters()

    @cached_property
    def versions(self) -> dict[int, RubricVersion]:
        """The rubric versions in use, by id."""
        ids = scope.versions_in_use(self.session, self.project)
        return {version_id: self.session.get_one(RubricVersion, version_id) for version_id in ids}

    @cached_property
    def rubrics(self) -> dict[int, Rubric]:
        """What they mean, with the pass rule of the project where it has one."""
        return {key: with_pass_rule(rubric_of(version), self.project) for key, version in self.versions.items()}

    @property
    def rubric(self) -> Rubric:
        return self.rubrics[self.project.rubric_version_id]

    @property
    def n_withdrawn(self) -> int:
        return scope.n_withdrawn(self.session, self.project)

    def portions(self) -> Iterator[Portion]:
        for part in scope.candidates(self.session, self.project, self.item_id):
            kept = [tasks for tasks in part if self._passes(tasks[0])]
            if not kept:
                continue
            found = graded(self.session, self.project.id, [task.task_id for tasks in kept for task in tasks])
            joined = [one for tasks in kept if (one := self._joined(tasks, found)) is not None]
            if joined:
                yield self._portion(joined)

    def _joined(self, tasks: Sequence[Candidate], found: Graded) -> AsOne | None:
        """An item as one record; None where the filters leave it out."""
        tasks = [task for task in tasks if self._is_of_its_time(task, found)]
        if not tasks:
            return None
        joined = as_one(tasks, found, self.rubrics, self.project.rubric_version_id)
        if self.options.state and joined.state not in self.options.state:
            self._leave_out("state")
            return None
        return joined

    def review_records(self, portion: Portion, task_id: int) -> list[dict[str, Any]]:
        """The lines of reviews.jsonl for one task, by pseudonym."""
        rows = [(self.graders[row.reviewer_id], row) for row in portion.reviews.get(task_id, ())]
        return [
            review_record(
                portion.items[task_id],
                grader,
                state=row.state,
                revision=row.revision,
                note="" if self.options.without_text else row.note,
                confidence=row.confidence,
                rubric_version=row.rubric_version,
                submitted_at=row.submitted_at,
                active_seconds=float(row.active_seconds or 0.0),
            )
            for grader, row in sorted(rows, key=lambda pair: (pair[0].pseudonym, pair[1].rubric_version))
            if not grader.is_model
        ]

    def preference_records(self, task_ids: Collection[int]) -> Iterator[dict[str, Any]]:
        """The lines of preferences.jsonl about the tasks that were written, by item ids and pseudonym."""
        for said in preferences_by_pair(self.session, self.project, task_ids):
            self.graders.learn(one.reviewer_id for one in said)
            for one in sorted(said, key=lambda one: self.graders[one.reviewer_id].pseudonym):
                yield preference_record(_pair_said(one, self.options), self.graders[one.reviewer_id])

    def _check_filters(self) -> None:
        known = {key.key for rubric in self.rubrics.values() for key in rubric.criteria}
        batches = scope.batch_names(self.session, self.project.id) if self.options.batch else set()
        named = ", ".join(sorted(batches)) or "none"
        faults = [
            Fault("schema", f'the project has no criterion "{key}"; it has {", ".join(sorted(known))}', "criterion")
            for key in self.options.criterion
            if key not in known
        ]
        faults += [
            Fault("schema", f'the project has no batch "{name}"; it has {named}', "batch")
            for name in self.options.batch
            if name not in batches
        ]
        if faults:
            raise BadInput("The export cannot be made as asked.", faults=faults)

    def _passes(self, candidate: Candidate) -> bool:
        wanted = self.options
        if wanted.batch and candidate.batch not in wanted.batch:
            return self._leave_out("batch")
        if wanted.model and (candidate.model or "") not in wanted.model:
            return self._leave_out("model")
        if wanted.tag and not set(wanted.tag) & set(candidate.tags):
            return self._leave_out("tag")
        came_later = wanted.as_of and candidate.imported_at and candidate.imported_at > wanted.as_of
        return self._leave_out("as_of") if came_later else True

    def _is_of_its_time(self, task: Candidate, found: Graded) -> bool:
        changed_at, as_of = found.changed_at.get(task.task_id), self.options.as_of
        return self._leave_out("as_of") if as_of and changed_at and changed_at > as_of else True

    def _leave_out(self, name: str) -> bool:
        self.left_out[name] += 1
        return False

    def _portion(self, kept: Sequence[AsOne]) -> Portion:
        task_ids = [task.task_id for one in kept for task in one.tasks]
        self.graders.learn(
            outcome.adjudicator_id
            for one in kept
            for outcome, _ in one.outcomes.values()
            if outcome.adjudicator_id is not None
        )
        ratings = given.given_ratings(
            self.session,
            self.project.id,
            task_ids,
            criteria=self._criteria,
            versions=self._version_of,
            graders=self.graders,
            without_text=self.options.without_text,
        )
        texts = given.item_texts(self.session, self.project.dataset_id, [one.tasks[0].item_id for one in kept])
        reviews = given.reviews(self.session, self.project.id, task_ids)
        self.graders.learn(row.reviewer_id for rows in reviews.values() for row in rows)
        portion = Portion({}, {}, {})
        for one in kept:
            live_id = one.tasks[0].task_id
            said = sorted(
                (rating for task in one.tasks for rating in self._wanted(ratings.get(task.task_id, []))),
                key=lambda rating: rating.place,
            )
            portion.items[live_id] = self._item(one, texts[one.tasks[0].item_id], said)
            portion.model_ratings[live_id] = [rating for rating in said if rating.grader.is_model]
            portion.reviews[live_id] = [row for task in one.tasks for row in reviews.get(task.task_id, ())]
        return portion

    @cached_property
    def _criteria(self) -> dict[int, Criterion]:
        return meanings(self.session, self.versions)

    @cached_property
    def _version_of(self) -> dict[int, int]:
        """Number of the rubric version by the id of its criterion."""
        return scope.version_numbers(self.session, self.versions)

    def _wanted(self, ratings: list[GivenRating]) -> list[GivenRating]:
        if not self.options.criterion:
            return ratings
        kept = [rating for rating in ratings if rating.criterion.key in self.options.criterion]
        self.left_out["criterion"] += len(ratings) - len(kept)
        return kept

    def _item(self, one: AsOne, text: ItemText, said: Sequence[GivenRating]) -> ExportedItem:
        hides = self.options.without_text
        turns = text.messages or [{"role": "user", "content": text.prompt or ""}]
        return ExportedItem(
            external_id=text.external_id,
            dataset=self.dataset,
            group=text.group,
            prompt="" if hides else text.prompt or "",
            messages=[{"role": turn["role"], "content": "" if hides else turn["content"]} for turn in turns],
            response="" if hides else text.response,
            reference="" if hides else text.reference or "",
            model=text.model or "",
            tags=text.tags,
            metadata_json="{}" if hides else text.metadata_json,
            content_sha256=text.content_sha256,
            rubric=self.rubrics[one.rubric_version_id],
            rubric_sha256=self.versions[one.rubric_version_id].sha256,
            state=one.state,
            finalized_at=one.finalized_at,
            outcomes={key: self._settled(*outcome) for key, outcome in one.outcomes.items()},
            ratings=[rating for rating in said if not rating.grader.is_model],
            criteria=frozenset(self.options.criterion) or None,
        )

    def _settled(self, outcome: Outcome, task: Candidate) -> Settled:
        adjudicator = outcome.adjudicator_id
        return Settled(
            rubric_version=self.rubrics[task.rubric_version_id].version,
            task_id=task.task_id,
            state=outcome.state,
            rank=outcome.rank,
            value=outcome.value,
            method=outcome.method,
            n_ratings=outcome.n_ratings,
            counts=outcome.counts,
            agreement=outcome.agreement,
            adjudicator="" if adjudicator is None else self.graders[adjudicator].pseudonym,
            rationale="" if self.options.without_text else outcome.rationale,
            decisions=outcome.n_decisions,
        )


def _pair_said(one: StandingPreference, options: Options) -> PairSaid:
    first = (f"i:{one.first_item}", one.first_model or "")
    second = (f"i:{one.second_item}", one.second_model or "")
    is_first_left = one.left_task_id == one.first_task_id
    side = {one.left_task_id: "left", None: "neither"}.get(one.preferred_task_id, "right")
    return PairSaid(
        pair=one.pair_id or "",
        group=one.group,
        left=first if is_first_left else second,
        right=second if is_first_left else first,
        preferred=side,
        strength=one.strength,
        reason="" if options.without_text else one.reason,
        planned=one.is_planned,
        revision=one.revision,
        submitted_at=one.submitted_at,
    )


def with_pass_rule(rubric: Rubric, project: Project) -> Rubric:
    """The rubric under the project's own pass rule, where it has one."""
    return rules_of(project).applied_to(rubric)
