"""Check a bundle on disk against its own manifest; needs no instance."""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import orjson

from evalhub.errors import BadInput, CheckFailed
from evalhub.export.schema.agreement import Tally
from evalhub.export.schema.lines import Difference, check_preferences, extra_reviews, items_state, strict_lines
from evalhub.export.schema.manifest import (
    DATA_FILES,
    ITEMS,
    MANIFEST,
    MANIFEST_SCHEMA,
    MANIFEST_SHA,
    PREFERENCES,
    RATINGS,
    RECEIPT,
    REVIEWS,
    UNLISTED,
    UNSCORED,
    RubricEntry,
    checksum_line,
    counts,
)
from evalhub.rubrics.schema import Rubric, parse_rubric

READ_AT_ONCE = 1 << 20
ROUNDING = 1e-9
Line = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Verified:
    """What a good bundle holds; `n_records` counts the lines of all data files."""

    manifest_sha256: str
    n_files: int
    n_records: int


def verify_bundle(folder: Path, *, expect: str | None = None) -> Verified:
    """Recompute everything that the manifest says.

    Args:
        expect: the manifest's sha256 from the receipt or the audit log, which proves that the manifest was not
            forged together with the files.

    Raises:
        BadInput: there is no bundle.
        CheckFailed: at the first difference, beginning with the file's path.
    """
    if not (folder / MANIFEST).is_file() and not (folder / MANIFEST_SHA).is_file():
        raise BadInput(f"{folder} holds no bundle: there is no {MANIFEST} in it.", code="no_bundle")
    raw = _checked_manifest(folder)
    sha256 = hashlib.sha256(raw).hexdigest()
    if expect is not None and expect.strip().lower() != sha256:
        raise CheckFailed(f"{MANIFEST}: has the sha256 {sha256}, not the expected {expect.strip().lower()}")
    try:
        manifest: Line = orjson.loads(raw)
        if manifest["schema"] != MANIFEST_SCHEMA:
            raise Difference(MANIFEST, f'is "{manifest["schema"]}", not {MANIFEST_SCHEMA}')
        _check_files(folder, manifest)
        current, versions = _checked_rubrics(folder, manifest)
        _check_content(folder, manifest, current, versions)
    except Difference as error:
        raise CheckFailed(str(error)) from error
    except (KeyError, TypeError, AttributeError, ValueError, IndexError) as error:
        raise CheckFailed(f"the bundle is not as evalhub writes it: {type(error).__name__}: {error}") from error
    files = manifest["files"]
    return Verified(sha256, len(files), sum(entry["records"] for entry in files))


def _changed(path: str, what: str) -> CheckFailed:
    return CheckFailed(f"{path}: {what}")


def _checked_manifest(folder: Path) -> bytes:
    """The manifest's bytes; the receipt tells which of the two is changed when they do not fit each other."""
    for path in (MANIFEST, MANIFEST_SHA):
        if not (folder / path).is_file() or (folder / path).is_symlink():
            raise _changed(path, "is missing")
    raw, line = (folder / MANIFEST).read_bytes(), (folder / MANIFEST_SHA).read_bytes()
    if line == checksum_line(raw):
        return raw
    actual = hashlib.sha256(raw).hexdigest()
    if _sha256_in_receipt(folder) == actual:
        raise _changed(MANIFEST_SHA, f"does not say {actual}, the sha256 of {MANIFEST}")
    if line[64:] != checksum_line(b"")[64:]:
        raise _changed(MANIFEST_SHA, "is not one line with a sha256 and the manifest's name")
    raise _changed(MANIFEST, f"has the sha256 {actual}, but {MANIFEST_SHA} says {line[:64].decode('ascii', 'replace')}")


def _sha256_in_receipt(folder: Path) -> str:
    try:
        receipt = orjson.loads((folder / RECEIPT).read_bytes())
    except (OSError, ValueError):
        return ""
    return str(receipt.get("manifest_sha256", "")) if isinstance(receipt, dict) else ""


def _check_files(folder: Path, manifest: Line) -> None:
    """Every listed file is there as it was written, and nothing else is."""
    listed = {entry["path"] for entry in manifest["files"]}
    for entry in manifest["files"]:
        path = PurePosixPath(entry["path"])
        if path.is_absolute() or ".." in path.parts or entry["path"] in UNLISTED:
            raise Difference(MANIFEST, f'lists "{entry["path"]}", which is no file of a bundle')
        _check_file(folder, entry)
    for place in sorted(folder.rglob("*")):
        name = place.relative_to(folder).as_posix()
        if place.is_symlink() or not (place.is_dir() or place.is_file()):
            raise Difference(name, "is no plain file")
        if place.is_file() and name not in listed and name not in UNLISTED:
            raise Difference(name, "is not listed in the manifest")


def _check_file(folder: Path, entry: Line) -> None:
    place = folder / entry["path"]
    if not place.is_file() or place.is_symlink():
        raise Difference(entry["path"], "is missing")
    found, lines, n_bytes = hashlib.sha256(), 0, 0
    with place.open("rb") as stream:
        while chunk := stream.read(READ_AT_ONCE):
            found.update(chunk)
            lines += chunk.count(b"\n")
            n_bytes += len(chunk)
    if n_bytes != entry["bytes"]:
        raise Difference(entry["path"], f"has {n_bytes} bytes, the manifest says {entry['bytes']}")
    if found.hexdigest() != entry["sha256"]:
        raise Difference(entry["path"], f"has the sha256 {found.hexdigest()}, the manifest says {entry['sha256']}")
    records = lines if entry["path"] in DATA_FILES else 0
    if records != entry["records"]:
        raise Difference(entry["path"], f"has {records} records, the manifest says {entry['records']}")


def _checked_rubrics(folder: Path, manifest: Line) -> tuple[Rubric, list[Rubric]]:
    """The project's rubric and all of the bundle's, parsed anew; their hashes are those of their meaning."""
    found: dict[tuple[str, int], Rubric] = {}
    for listed in manifest["rubrics"]:
        entry = RubricEntry(listed["name"], listed["version"], listed["sha256"])
        place = folder / entry.path
        if not place.is_file():
            raise Difference(entry.path, "is missing")
        try:
            rubric = parse_rubric(place.read_bytes(), entry.path)
        except BadInput as error:
            raise Difference(entry.path, f"is no rubric: {error.message}") from error
        if rubric.name != entry.name or rubric.sha256 != entry.sha256:
            raise Difference(entry.path, f"means {rubric.sha256}, the manifest says {entry.sha256}")
        found[entry.name, entry.version] = rubric
    named = (manifest["project"]["rubric"], manifest["project"]["rubric_version"])
    if named not in found:
        raise Difference(MANIFEST, f"does not list the project's rubric {named[0]}@{named[1]}")
    return found[named], list(found.values())


def _check_content(folder: Path, manifest: Line, current: Rubric, versions: list[Rubric]) -> None:
    """Counts, scores and agreement, recomputed from the lines."""
    by_version = {(rubric.name, rubric.version): rubric for rubric in versions}
    extra = extra_reviews(folder, REVIEWS) if (folder / REVIEWS).is_file() else frozenset()
    states: Counter[str] = Counter()
    for path in (ITEMS, UNSCORED):
        if (folder / path).is_file():
            states += items_state(folder, path, by_version, manifest["rules"]["pass"], extra)
    tally, reviewers = Tally(current, versions), dict[str, Line]()
    for line in strict_lines(folder, RATINGS) if (folder / RATINGS).is_file() else ():
        tally.add(line)
        named = {"reviewer": line["reviewer"], "kind": line["reviewer_kind"], "simulated": line["simulated"]}
        reviewers[line["reviewer"]] = named
    records = {entry["path"]: entry["records"] for entry in manifest["files"]}
    _compare("counts", manifest["counts"], counts(records, len(reviewers), states))
    if (folder / PREFERENCES).is_file():
        check_preferences(folder, PREFERENCES, [path for path in (ITEMS, UNSCORED) if (folder / path).is_file()])
    _compare("reviewers", manifest["reviewers"], [line for _, line in sorted(reviewers.items())])
    try:
        agreement = tally.lines()
    except BadInput as error:
        raise Difference(RATINGS, error.message) from error
    _compare("agreement", manifest["agreement"], agreement)


def _compare(path: str, said: Any, found: Any) -> None:
    """Name the first place where the manifest says something else than the data; floats to nine places.

    Another build of the numeric libraries may sum in another order.
    """
    if isinstance(said, Mapping) and isinstance(found, Mapping) and said.keys() == found.keys():
        for key in said:
            _compare(f"{path}.{key}", said[key], found[key])
    elif isinstance(said, list) and isinstance(found, list) and len(said) == len(found):
        for place, (one, other) in enumerate(zip(said, found, strict=True)):
            _compare(f"{path}[{place}]", one, other)
    elif (
        isinstance(said, float) and isinstance(found, float) and math.isclose(said, found, rel_tol=0, abs_tol=ROUNDING)
    ):
        return
    elif said != found or isinstance(said, bool) is not isinstance(found, bool):
        raise Difference(MANIFEST, f"{path} says {_short(said)}, the data give {_short(found)}")


def _short(value: Any) -> str:
    text = orjson.dumps(value).decode()
    return text if len(text) <= 200 else text[:199] + "…"
