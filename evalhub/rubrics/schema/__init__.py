"""Rubrics as values: reading, writing, comparing and scoring, without Flask and without a database."""

from evalhub.rubrics.schema.diff import Change, ChangeKind, RubricDiff, diff
from evalhub.rubrics.schema.document import json_schema
from evalhub.rubrics.schema.models import (
    Criterion,
    Example,
    FailureTag,
    Level,
    NoteRule,
    OverallLevel,
    PassRule,
    Range,
    Rubric,
    Scale,
    Scoring,
)
from evalhub.rubrics.schema.parser import canonical_json, parse_rubric, rubric_from_canonical
from evalhub.rubrics.schema.review import (
    CheckedEvidence,
    CheckedRating,
    CheckedReview,
    EvidenceBody,
    ReviewBody,
    check_review,
    parse_review_body,
)
from evalhub.rubrics.schema.scoring import CriterionOutcome, Overall, score

__all__ = [
    "Change",
    "ChangeKind",
    "CheckedEvidence",
    "CheckedRating",
    "CheckedReview",
    "Criterion",
    "CriterionOutcome",
    "EvidenceBody",
    "Example",
    "FailureTag",
    "Level",
    "NoteRule",
    "Overall",
    "OverallLevel",
    "PassRule",
    "Range",
    "ReviewBody",
    "Rubric",
    "RubricDiff",
    "Scale",
    "Scoring",
    "canonical_json",
    "check_review",
    "diff",
    "json_schema",
    "parse_review_body",
    "parse_rubric",
    "rubric_from_canonical",
    "score",
]
