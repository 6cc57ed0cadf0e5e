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
from evalhub.rubrics.schema.renumber import LINE_BREAK, title_in, with_version
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
from evalhub.rubrics.schema.text_diff import DiffLine, LineKind, text_diff
from evalhub.rubrics.schema.tree import SIZE_LIMIT

__all__ = [
    "LINE_BREAK",
    "SIZE_LIMIT",
    "Change",
    "ChangeKind",
    "CheckedEvidence",
    "CheckedRating",
    "CheckedReview",
    "Criterion",
    "CriterionOutcome",
    "DiffLine",
    "EvidenceBody",
    "Example",
    "FailureTag",
    "Level",
    "LineKind",
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
    "text_diff",
    "title_in",
    "with_version",
]
