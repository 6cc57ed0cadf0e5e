"""The tables of the review stage.

`project_id` leads every key, so that they can be partitioned by project. The rules of the claim protocol stand here as
constraints; docs/development.md explains the protocol.
"""

from evalhub.review.models.adoption import Adoption
from evalhub.review.models.pairs import Preference
from evalhub.review.models.patterns import AgreementPattern, PatternDelta, ReviewerPattern
from evalhub.review.models.queue import (
    COUNTED_PURPOSES,
    IN_WORK,
    LEARNING,
    LIKE_LIVE,
    REPLACED,
    SKIPPED_TWICE,
    WITHDRAWN,
    Assignment,
    AssignmentState,
    Purpose,
    Queue,
    QueueReviewer,
    QueueState,
    SkipReason,
    Task,
    is_in,
    same_item,
)
from evalhub.review.models.work import (
    Draft,
    Evidence,
    Rating,
    RatingHistory,
    RatingNote,
    RatingTag,
    ReturnedReview,
    Review,
)

__all__ = [
    "COUNTED_PURPOSES",
    "IN_WORK",
    "LEARNING",
    "LIKE_LIVE",
    "REPLACED",
    "SKIPPED_TWICE",
    "WITHDRAWN",
    "Adoption",
    "AgreementPattern",
    "Assignment",
    "AssignmentState",
    "Draft",
    "Evidence",
    "PatternDelta",
    "Preference",
    "Purpose",
    "Queue",
    "QueueReviewer",
    "QueueState",
    "Rating",
    "RatingHistory",
    "RatingNote",
    "RatingTag",
    "ReturnedReview",
    "Review",
    "ReviewerPattern",
    "SkipReason",
    "Task",
    "is_in",
    "same_item",
]
