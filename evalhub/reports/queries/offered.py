"""What the items of a project can be asked for by: its batches, reviewers, levels and failure tags."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy.orm import Session

from evalhub.export.queries.given import Graders
from evalhub.projects.models import Project
from evalhub.projects.queries import batches_of, members_of
from evalhub.reports.schema.items import WANTED_WORDS, ItemFilter, Wanted
from evalhub.rubrics.models import RubricVersion
from evalhub.rubrics.queries import rubric_of
from evalhub.rubrics.schema import Rubric
from evalhub.training.queries.attempts import attempt_batches

FILTERS = ("q", "state", "model", "tag", "batch", "reviewer", "level", "failure")
"""What a list of items may be asked by, as it stands in addresses."""
SHORT = 10


class Choice(NamedTuple):
    """What stands in the address, and in words."""

    key: str
    words: str


@dataclass(frozen=True, slots=True)
class Offered:
    """The choices of each filter; a level or a tag is named with its criterion, like "accuracy:right"."""

    states: Sequence[Choice]
    batches: Sequence[Choice]
    reviewers: Mapping[str, tuple[int, str]]
    """Account and name by what names them in addresses."""
    levels: Sequence[Choice]
    failures: Sequence[Choice]

    def unknown(self, filters: Mapping[str, str]) -> list[str]:
        """Names of the filters that ask for something that the project has not."""
        known = {
            "state": [one.key for one in self.states],
            "batch": [one.key for one in self.batches],
            "reviewer": list(self.reviewers),
            "level": [one.key for one in self.levels],
            "failure": [one.key for one in self.failures],
        }
        return [name for name, keys in known.items() if filters[name] and filters[name] not in keys]

    def wanted(self, filters: Mapping[str, str]) -> ItemFilter:
        """What the filters ask for, without what the project has not."""
        asked = {**filters, **dict.fromkeys(self.unknown(filters), "")}
        return ItemFilter(
            wanted=Wanted(asked["state"]) if asked["state"] else None,
            model=asked["model"],
            tag=asked["tag"],
            batch_id=int(asked["batch"]) if asked["batch"] else None,
            reviewer_id=self.reviewers[asked["reviewer"]][0] if asked["reviewer"] else None,
            level=_pair(asked["level"]),
            failure=_pair(asked["failure"]),
            text=asked["q"],
        )


def offered(session: Session, project: Project, *, names: bool) -> Offered:
    """The choices of a project's list of items.

    Args:
        names: whether reviewers go by their names; else by the pseudonyms of exports.
    """
    rubric = rubric_of(session.get_one(RubricVersion, project.rubric_version_id))
    of_training = attempt_batches(session, project.id)
    return Offered(
        states=[Choice(wanted.value, words) for wanted, words in WANTED_WORDS.items()],
        batches=[
            Choice(str(batch.id), batch.name)
            for batch in batches_of(session, project.id)
            if batch.id not in of_training and batch.import_id is not None
        ],
        reviewers=_reviewers(session, project, names=names),
        levels=_levels(rubric),
        failures=[
            Choice(f"{criterion.key}:{tag.key}", f"{criterion.title}: {tag.label}")
            for criterion in rubric.criteria
            for tag in criterion.failure_tags
        ],
    )


def _reviewers(session: Session, project: Project, *, names: bool) -> dict[str, tuple[int, str]]:
    lines = [
        line
        for line in members_of(session, project.id, with_removed=True)
        if line.member.is_reviewer or line.member.source_name
    ]
    if names:
        return {line.account.public_id: (line.account.id, line.shown_name) for line in lines}
    graders = Graders(session, project)
    graders.learn(line.account.id for line in lines)
    known = [(graders[line.account.id].pseudonym, line.account.id) for line in lines]
    return {pseudonym: (account_id, pseudonym[:SHORT]) for pseudonym, account_id in sorted(known)}


def _levels(rubric: Rubric) -> list[Choice]:
    return [
        Choice(f"{criterion.key}:{level.key}", f"{criterion.title}: {level.label}")
        for criterion in rubric.criteria
        for level in criterion.levels
    ]


def _pair(key: str) -> tuple[str, str] | None:
    criterion, colon, value = key.partition(":")
    return (criterion, value) if colon else None
