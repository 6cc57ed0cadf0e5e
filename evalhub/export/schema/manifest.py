"""The manifest of a bundle: a pure function of the project's state, the options and the project's key."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from evalhub.export.schema.options import Options
from evalhub.export.schema.text import json_document, rfc3339
from evalhub.rubrics.schema import PassRule

MANIFEST_SCHEMA = "evalhub.manifest/1"
RECEIPT_SCHEMA = "evalhub.receipt/1"
MANIFEST = "manifest.json"
MANIFEST_SHA = "manifest.json.sha256"
RECEIPT = "receipt.json"
README = "README.md"
ITEMS = "data/items.jsonl"
RATINGS = "data/ratings.jsonl"
REVIEWS = "data/reviews.jsonl"
UNSCORED = "data/unscored.jsonl"
MODEL_RATINGS = "data/model_ratings.jsonl"
PREFERENCES = "data/preferences.jsonl"
DATA_FILES = (ITEMS, RATINGS, REVIEWS, UNSCORED, MODEL_RATINGS, PREFERENCES)
UNLISTED = frozenset({MANIFEST, MANIFEST_SHA, RECEIPT})
"""What stands beside the files that a manifest lists."""


@dataclass(frozen=True, slots=True)
class FileEntry:
    path: str
    bytes: int
    sha256: str
    records: int
    """Lines of data; 0 of a file that holds none."""


@dataclass(frozen=True, slots=True)
class RubricEntry:
    name: str
    version: int
    sha256: str

    @property
    def path(self) -> str:
        return f"rubrics/{self.name}@{self.version}.yaml"


@dataclass(frozen=True, slots=True)
class ProjectEntry:
    name: str
    title: str
    dataset: str
    rubric: str
    rubric_version: int


@dataclass(frozen=True, slots=True)
class Rules:
    """What turned ratings into scores; without an own rule a rubric's pass rule holds."""

    consensus: str
    flags: Mapping[str, bool | float]
    """By name; the influence from which an item is disputed is missing where the project has none."""
    one_more: bool
    """Whether a disputed item goes to one more reviewer first, whose ratings count for the consensus alone."""
    pass_rule: PassRule | None

    def as_document(self) -> dict[str, Any]:
        rule = {"from": "project", **self.pass_rule.as_document()} if self.pass_rule else {"from": "rubric"}
        return {"consensus": self.consensus, "flags": dict(self.flags), "one_more": self.one_more, "pass": rule}


@dataclass(frozen=True, slots=True)
class Source:
    """An imported file that the items came from."""

    file: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Reviewer:
    """A person behind a pseudonym of the bundle, as far as outsiders may know them."""

    reviewer: str
    kind: str
    simulated: bool


@dataclass(frozen=True, slots=True)
class Manifest:
    """Everything but the list of files, which is known only when they are written."""

    project: ProjectEntry
    options: Options
    left_out: Mapping[str, int]
    """What each filter left out: ratings by `criterion`, items by every other."""
    n_withdrawn: int
    rubrics: Sequence[RubricEntry]
    states: Mapping[str, int]
    agreement: Sequence[Mapping[str, Any]]
    rules: Rules
    key_id: str
    reviewers: Sequence[Reviewer]
    sources: Sequence[Source]

    def as_document(self, files: Iterable[FileEntry]) -> dict[str, Any]:
        listed = sorted(files, key=lambda entry: entry.path)
        records = {entry.path: entry.records for entry in listed}
        return {
            "schema": MANIFEST_SCHEMA,
            "project": asdict(self.project),
            "options": {"shape": "bundle", "without_text": self.options.without_text},
            "filters": [
                {"filter": name, "values": values, "left_out": self.left_out.get(name, 0)}
                for name, values in self.options.filters()
            ],
            "withdrawn": self.n_withdrawn,
            "as_of": rfc3339(self.options.as_of) if self.options.as_of else "",
            "files": [asdict(entry) for entry in listed],
            "rubrics": [asdict(rubric) for rubric in self.rubrics],
            "counts": counts(records, len(self.reviewers), self.states),
            "agreement": list(self.agreement),
            "rules": self.rules.as_document(),
            "pseudonyms": {"scheme": "HMAC-SHA256", "prefix": "r:", "key_id": self.key_id},
            "reviewers": [asdict(reviewer) for reviewer in self.reviewers],
            "sources": [asdict(source) for source in self.sources],
        }


def counts(records: Mapping[str, int], n_reviewers: int, states: Mapping[str, int]) -> dict[str, Any]:
    """How much of everything a bundle holds; preferences are named only where there are any.

    Args:
        records: lines by file.
        states: items by state.
    """
    preferences = records.get(PREFERENCES, 0)
    return {
        "items": records.get(ITEMS, 0),
        "unscored": records.get(UNSCORED, 0),
        "ratings": records.get(RATINGS, 0),
        "reviews": records.get(REVIEWS, 0),
        "model_ratings": records.get(MODEL_RATINGS, 0),
        **({"preferences": preferences} if preferences else {}),
        "reviewers": n_reviewers,
        "states": [{"state": state, "items": n} for state, n in sorted(states.items())],
    }


def manifest_bytes(document: Mapping[str, Any]) -> bytes:
    return json_document(document)


def checksum_line(manifest: bytes) -> bytes:
    """The line of manifest.json.sha256, as `sha256sum --check` reads it."""
    return f"{hashlib.sha256(manifest).hexdigest()}  {MANIFEST}\n".encode()
