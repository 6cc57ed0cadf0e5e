"""Write a bundle: data, rubrics, card, manifest and receipt."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from evalhub.db import Database
from evalhub.errors import BadInput
from evalhub.export.queries.scope import sources_of
from evalhub.export.schema.agreement import Tally
from evalhub.export.schema.card import card
from evalhub.export.schema.manifest import (
    DATA_FILES,
    ITEMS,
    MANIFEST,
    MANIFEST_SHA,
    MODEL_RATINGS,
    PREFERENCES,
    RATINGS,
    README,
    RECEIPT,
    REVIEWS,
    UNSCORED,
    FileEntry,
    Manifest,
    ProjectEntry,
    Reviewer,
    RubricEntry,
    Rules,
    Source,
    checksum_line,
    manifest_bytes,
)
from evalhub.export.schema.options import Options, Shape
from evalhub.export.schema.records import item_record, model_rating_record, rating_record
from evalhub.export.schema.text import json_document, json_line, key_id
from evalhub.export.service.files import HashedFile, folder_at_once, write_whole
from evalhub.export.service.recording import Made, Tell, chain_project, record_export, silent
from evalhub.export.service.stream import Portion, Stream
from evalhub.projects.queries import rules_of
from evalhub.web.session import write


@dataclass(frozen=True, slots=True)
class MadeExport:
    """What was written, and the hash that proves it; `export` is the public id of its record."""

    export: str
    sha256: str
    n_items: int
    n_unscored: int
    n_ratings: int


def make_bundle(
    database: Database,
    project_id: int,
    options: Options,
    target: Path,
    *,
    by_id: int | None,
    now: datetime,
    tell: Tell = silent,
) -> MadeExport:
    """Write a project's scored dataset as a new folder, and record that it was made.

    All of it is read from one state of the database, some hundred items at a time; `tell` hears of each portion.

    Raises:
        Conflict: the folder is there already and not empty.
        BadInput: the options name what the project has not, or leave nothing.
    """
    with folder_at_once(target) as folder:
        chain_project(database, project_id)
        with database.reading() as session:
            stream = Stream(session, project_id, options)
            writing = _Writing(stream, folder)
            for portion in stream.portions():
                writing.add(portion)
                tell(writing.n_items)
            entries = writing.close()
            manifest = _manifest(stream, writing)
        entries += [
            write_whole(folder, rubric.path, stream.versions[version_id].yaml.encode())
            for version_id, rubric in _rubric_entries(stream).items()
        ]
        entries.append(write_whole(folder, README, card(manifest, [entry.path for entry in entries])))
        content = manifest_bytes(manifest.as_document(entries))
        sha256 = write_whole(folder, MANIFEST, content).sha256
        write_whole(folder, MANIFEST_SHA, checksum_line(content))
        n = {entry.path: entry.records for entry in entries}
        n_items = n.get(ITEMS, 0) + n.get(UNSCORED, 0)
        made = Made(Shape.BUNDLE, options, sha256, n_items, by_id, now, n.get(UNSCORED, 0), n.get(RATINGS, 0))
        receipt = write(partial(record_export, project_id=project_id, made=made), on=database)
        write_whole(folder, RECEIPT, json_document(receipt))
    return MadeExport(receipt["export"], sha256, n.get(ITEMS, 0), n.get(UNSCORED, 0), n.get(RATINGS, 0))


class _Writing:
    """The data files, and what the manifest says about their content."""

    def __init__(self, stream: Stream, folder: Path) -> None:
        self._stream = stream
        self._files = {path: HashedFile(folder, path) for path in DATA_FILES}
        self.tally = Tally(stream.rubric, list(stream.rubrics.values()))
        self.states: Counter[str] = Counter()
        self.reviewers: dict[str, Reviewer] = {}
        self._task_ids: set[int] = set()

    @property
    def n_items(self) -> int:
        """How many were written so far."""
        return self.states.total()

    def add(self, portion: Portion) -> None:
        files = self._files
        if self._stream.project.pairs:
            self._task_ids.update(portion.items)
        for task_id, item in portion.items.items():
            files[ITEMS if item.is_scored else UNSCORED].write(json_line(item_record(item)))
            self.states[item.state.value] += 1
            for rating in item.ratings:
                line = rating_record(item, rating)
                files[RATINGS].write(json_line(line))
                self.tally.add(line)
                grader = rating.grader
                self.reviewers[grader.pseudonym] = Reviewer(grader.pseudonym, grader.kind, grader.is_simulated)
            for line in self._stream.review_records(portion, task_id):
                files[REVIEWS].write(json_line(line))
            for rating in portion.model_ratings.get(task_id, ()):
                files[MODEL_RATINGS].write(json_line(model_rating_record(item, rating)))

    def close(self) -> list[FileEntry]:
        """The files that were written.

        Raises:
            BadInput: none was.
        """
        for line in self._stream.preference_records(self._task_ids):
            self._files[PREFERENCES].write(json_line(line))
        entries = [entry for file in self._files.values() if (entry := file.close())]
        if not entries:
            left_out = ", ".join(
                f"--{name.replace('_', '-')} left out {n}" for name, n in self._stream.left_out.items()
            )
            reason = f"no item passes the filters: {left_out}" if left_out else "the project has no items yet"
            raise BadInput(f"There is nothing to export: {reason}.", code="empty")
        return entries


def _rubric_entries(stream: Stream) -> dict[int, RubricEntry]:
    """By id, sorted by name and version."""
    entries = {
        version_id: RubricEntry(rubric.name, rubric.version, stream.versions[version_id].sha256)
        for version_id, rubric in stream.rubrics.items()
    }
    return dict(sorted(entries.items(), key=lambda pair: (pair[1].name, pair[1].version)))


def _manifest(stream: Stream, writing: _Writing) -> Manifest:
    project = stream.project
    rules = rules_of(project)
    rubric = stream.rubric
    return Manifest(
        project=ProjectEntry(project.name, project.title, stream.dataset, rubric.name, rubric.version),
        options=stream.options,
        left_out=stream.left_out,
        n_withdrawn=stream.n_withdrawn,
        rubrics=list(_rubric_entries(stream).values()),
        states=writing.states,
        agreement=writing.tally.lines(),
        rules=Rules(
            rules.consensus,
            rules.flags.model_dump(exclude_none=True),
            rules.one_more,
            rubric.pass_rule if rules.pass_rule else None,
        ),
        key_id=key_id(project.pseudonym_key),
        reviewers=[reviewer for _, reviewer in sorted(writing.reviewers.items())],
        sources=[Source(file, sha256) for file, sha256 in sources_of(stream.session, project.id)],
    )
