"""Check and import an uploaded file of past ratings."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any, BinaryIO

from evalhub.datasets.models import Upload
from evalhub.datasets.schema.ratings import RatingRow
from evalhub.datasets.schema.uploads import RatingOptions, Report
from evalhub.datasets.service import Progress
from evalhub.datasets.service.checking import Notebook
from evalhub.datasets.service.upload_files import NOTES, OpenFiles, beside, new_file, opened
from evalhub.db import Database
from evalhub.errors import BadInput
from evalhub.review.service.past_ratings import RatingsResult, import_ratings


class _Counting(Notebook):
    """Also counts the ratings by reviewer and by criterion."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__(file)
        self.reviewers: Counter[str] = Counter()
        self.criteria: Counter[str] = Counter()

    def seen(self, row: RatingRow) -> RatingRow:
        self.reviewers[row.reviewer] += 1
        self.criteria[row.criterion] += 1
        return row

    @property
    def counts(self) -> dict[str, dict[str, int]]:
        return {"reviewers": dict(self.reviewers), "criteria": dict(self.criteria)}


def check_past_ratings(database: Database, upload: Upload, project_id: int, *, progress: Progress) -> Report:
    """What an import of the file would do; every fault is kept beside it.

    Raises:
        NotFound: the file is no longer there.
    """
    with opened(upload) as files, new_file(beside(Path(upload.path), NOTES)) as notes:
        reader = _Counting(notes)
        try:
            found = import_ratings(
                database,
                files.stream,
                **_how(upload, project_id),
                check_only=True,
                progress=progress,
                onlooker=reader,
            )
        except BadInput as error:
            return reader.refused(error).model_copy(update={"counts": reader.counts})
    return Report(added=found.added, items=found.items, sha256=found.sha256, counts=reader.counts)


def import_past_ratings(
    database: Database, files: OpenFiles, upload: Upload, project_id: int, *, progress: Progress
) -> RatingsResult:
    """Store what was checked; raises as `import_ratings` does."""
    return import_ratings(database, files.stream, **_how(upload, project_id), progress=progress)


def _how(upload: Upload, project_id: int) -> dict[str, Any]:
    options = RatingOptions.model_validate(upload.options)
    return {
        "project_id": project_id,
        "source_name": upload.name,
        "actor_id": upload.by_id,
        "reviewer_map": options.reviewer_map,
        "field_map": options.map(),
        "is_csv": options.is_csv,
    }
