"""What the managers' page of training shows."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

from sqlalchemy.orm import Session

from evalhub.projects.models import Project
from evalhub.rubrics.schema.models import Criterion
from evalhub.stats.qualification import PassPlan, mean_items, pass_chance
from evalhub.training.models import Use
from evalhub.training.queries.certificates import PersonLine, people_of
from evalhub.training.queries.hits import Hits, ItemHits, ReviewerHits, drift_points, gold_hits, item_hits
from evalhub.training.queries.references import GoldLine, criteria_of_version, golds_hidden_from, golds_of
from evalhub.training.schema.judging import Known
from evalhub.training.schema.rules import PlanSettings, Rule, percent

SHARES = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
"""At which the chance to pass is shown."""


@dataclass(frozen=True, slots=True)
class Person:
    line: PersonLine
    hits: ReviewerHits | None
    points: int | None


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a rule takes, and what there is."""

    rule: Rule
    test: PassPlan
    curve: tuple[tuple[float, float, float], ...]
    """Share of right items, chance to pass, mean number of items until the outcome is fixed."""
    n_there: int
    weaker: tuple[PassPlan, ...]
    """What the items that are there allow; empty where they are enough."""

    @property
    def missing(self) -> int:
        return max(0, self.test.n - self.n_there)


@dataclass(frozen=True, slots=True)
class Training:
    """Everything on the page."""

    golds: dict[Use, list[GoldLine]]
    hidden: frozenset[int]
    """Ids of those whose reference is left out: the viewer may still grade the item, or change their review of it."""
    outdated: int
    """Gold items whose reference is of another version of the rubric."""
    items: dict[int, ItemHits]
    people: list[Person]
    outlook: Outlook
    criteria: dict[str, Criterion]


def training_of(session: Session, project: Project, settings: PlanSettings, viewer_id: int | None = None) -> Training:
    """What the account may see of it; without one, everything."""
    lines = golds_of(session, project.id)
    hidden = frozenset() if viewer_id is None else golds_hidden_from(session, project.id, viewer_id)
    current = [
        replace(line, reference={}) if line.gold.id in hidden else line
        for line in lines
        if line.gold.rubric_version_id == project.rubric_version_id
    ]
    golds = {use: [line for line in current if line.gold.use is use] for use in Use}
    hits = {one.account_id: one for one in gold_hits(session, project.id)}
    people = [
        Person(line, hits.get(line.account.id), drift_points(session, project.id, line.account.id))
        for line in people_of(session, project)
    ]
    return Training(
        golds=golds,
        hidden=hidden,
        outdated=len(lines) - len(current),
        items=item_hits(session, project.id),
        people=people,
        outlook=outlook(settings.rule, len(golds[Use.QUALIFICATION])),
        criteria=criteria_of_version(session, project.rubric_version_id),
    )


def outlook(rule: Rule, n_there: int) -> Outlook:
    test = rule.test
    curve = tuple((share, pass_chance(share, test.n, test.right), mean_items(test, share)) for share in SHARES)
    return Outlook(rule, test, curve, n_there, rule.weaker(n_there) if n_there < test.n else ())


def answer_words(criterion: Criterion, known: Known) -> str:
    """A level's label, a number, or "not applicable"."""
    if known.is_not_applicable:
        return "not applicable"
    return f"{known.value:g}" if known.rank is None else criterion.levels[known.rank].label


def hits_words(hits: Hits | None) -> str:
    """Like "7 of 9 (40 to 97 %)"."""
    if hits is None or hits.share is None:
        return "–"
    interval = hits.interval
    return f"{hits.hits} of {hits.n} ({100 * interval.low:.0f} to {percent(interval.high)})"


def as_document(training: Training) -> dict[str, Any]:
    """The same for programs."""
    outlook = training.outlook
    return {
        "rule": {
            **asdict(outlook.test),
            "items_missing": outlook.missing,
            "drift": asdict(outlook.rule.drift),
        },
        "items": [_gold_document(training, line) for lines in training.golds.values() for line in lines],
        "reviewers": [_person_document(person) for person in training.people],
    }


def _gold_document(training: Training, line: GoldLine) -> dict[str, Any]:
    hits = training.items.get(line.gold.id)
    return {
        "id": line.gold.public_id,
        "item": line.item.external_id,
        "use": line.gold.use,
        "note": line.gold.note,
        "reference": None
        if line.gold.id in training.hidden
        else {key: answer_words(training.criteria[key], answer.known) for key, answer in line.reference.items()},
        "right": _hits_document(hits.people if hits else None),
        "doubtful": bool(hits and hits.is_doubtful),
    }


def _person_document(person: Person) -> dict[str, Any]:
    certificate = person.line.certificate
    return {
        "id": person.line.account.public_id,
        "name": person.line.name,
        "certified": person.line.is_certified,
        "certificate": None
        if certificate is None
        else {
            "state": certificate.state,
            "issued_at": certificate.issued_at.isoformat(timespec="milliseconds"),
            "right": certificate.right,
            "n": certificate.n,
            "lapsed_because": certificate.lapsed_reason,
        },
        "gold": _hits_document(person.hits.items if person.hits else None),
        "gold_by_criterion": {
            key: _hits_document(hits) for key, hits in (person.hits.by_criterion.items() if person.hits else ())
        },
        "drift_points": person.points,
    }


def _hits_document(hits: Hits | None) -> dict[str, Any] | None:
    if hits is None:
        return None
    return {"hits": hits.hits, "n": hits.n, "ci_low": hits.interval.low, "ci_high": hits.interval.high}
