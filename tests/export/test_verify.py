"""A bundle is only whole as it was written."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from evalhub.db import Database
from evalhub.errors import BadInput, CheckFailed
from evalhub.export.schema.manifest import checksum_line
from evalhub.export.schema.verify import verify_bundle
from tests.export.test_bundle import exported, rated


@pytest.fixture
def bundle(sqlite_database: Database, tmp_path: Path) -> Path:
    exported(rated(sqlite_database), tmp_path / "out")
    return tmp_path / "out"


def files_of(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def forged(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change the manifest and everything that would give it away beside the data."""
    manifest = json.loads((folder / "manifest.json").read_bytes())
    change(manifest)
    raw = json.dumps(manifest).encode()
    (folder / "manifest.json").write_bytes(raw)
    (folder / "manifest.json.sha256").write_bytes(checksum_line(raw))


def with_file(folder: Path, path: str, content: bytes) -> None:
    """Replace a file and what the manifest says about its bytes."""
    (folder / path).write_bytes(content)

    def change(manifest: dict[str, Any]) -> None:
        [entry] = [entry for entry in manifest["files"] if entry["path"] == path]
        entry |= {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}

    forged(folder, change)


def test_every_file_is_named_when_one_of_its_bytes_is_changed(bundle: Path, tmp_path: Path) -> None:
    verify_bundle(bundle)
    names = files_of(bundle)
    assert len(names) == 10
    for name in names:
        size = (bundle / name).stat().st_size
        for place in (0, size // 2, size - 1):
            copy = tmp_path / "copy"
            shutil.rmtree(copy, ignore_errors=True)
            shutil.copytree(bundle, copy)
            content = bytearray((copy / name).read_bytes())
            content[place] ^= 1
            (copy / name).write_bytes(content)
            if name == "receipt.json":
                verify_bundle(copy)
                continue
            with pytest.raises(CheckFailed) as caught:
                verify_bundle(copy)
            assert caught.value.message.startswith(f"{name}: "), (name, place)


def test_a_missing_and_an_unlisted_file_are_named(bundle: Path) -> None:
    (bundle / "data/more.jsonl").write_text("{}\n")
    with pytest.raises(CheckFailed, match=r"^data/more\.jsonl: "):
        verify_bundle(bundle)
    (bundle / "data/more.jsonl").unlink()
    (bundle / "data/reviews.jsonl").unlink()
    with pytest.raises(CheckFailed, match=r"^data/reviews\.jsonl: is missing"):
        verify_bundle(bundle)


def test_the_expected_hash_proves_the_manifest(bundle: Path) -> None:
    sha256 = json.loads((bundle / "receipt.json").read_bytes())["manifest_sha256"]
    assert verify_bundle(bundle, expect=sha256).manifest_sha256 == sha256
    forged(bundle, lambda manifest: manifest["project"].update(title="Another"))
    with pytest.raises(CheckFailed, match=r"^manifest\.json: "):
        verify_bundle(bundle, expect=sha256)


def test_figures_that_the_ratings_do_not_give_are_found(bundle: Path) -> None:
    forged(bundle, lambda manifest: manifest["agreement"][0].update(value=0.99))
    with pytest.raises(CheckFailed, match=r"agreement\[0\]\.value says 0\.99"):
        verify_bundle(bundle)


def test_counts_that_the_data_do_not_give_are_found(bundle: Path) -> None:
    forged(bundle, lambda manifest: manifest["counts"].update(reviewers=4))
    with pytest.raises(CheckFailed, match=r"counts\.reviewers says 4, the data give 3"):
        verify_bundle(bundle)


def test_a_score_that_its_criteria_do_not_give_is_found_although_all_hashes_fit(bundle: Path) -> None:
    lines = (bundle / "data/items.jsonl").read_bytes().splitlines(keepends=True)
    assert b'"failed":false' in lines[1] + lines[2]
    content = b"".join(lines).replace(b'"failed":false', b'"failed":true', 1)
    with_file(bundle, "data/items.jsonl", content)
    with pytest.raises(CheckFailed, match=r"^data/items\.jsonl: .*failed"):
        verify_bundle(bundle)


@pytest.mark.parametrize("path", ["../outside", "/etc/passwd", "manifest.json"])
def test_a_manifest_that_lists_what_is_no_file_of_a_bundle_is_refused(bundle: Path, path: str) -> None:
    forged(bundle, lambda manifest: manifest["files"][0].update(path=path))
    with pytest.raises(CheckFailed):
        verify_bundle(bundle)


@pytest.mark.parametrize("raw", [b"[]", b"{}", b"null", b'{"schema":"evalhub.manifest/1"}', b"\xff", b"[" * 2000])
def test_a_manifest_of_another_shape_is_no_crash(bundle: Path, raw: bytes) -> None:
    (bundle / "manifest.json").write_bytes(raw)
    (bundle / "manifest.json.sha256").write_bytes(checksum_line(raw))
    with pytest.raises(CheckFailed):
        verify_bundle(bundle)


def test_a_folder_without_a_manifest_is_no_bundle(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no bundle"):
        verify_bundle(tmp_path)
