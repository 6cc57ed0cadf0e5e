"""Files that are hashed while they are written, in a folder that appears at the end or not at all."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from evalhub.errors import Conflict
from evalhub.export.schema.manifest import FileEntry


class HashedFile:
    """A file that knows its size, hash and number of lines; it is made by the first line."""

    def __init__(self, folder: Path, path: str) -> None:
        self.path = path
        self._place = folder / path
        self._stream: BinaryIO | None = None
        self._hash = hashlib.sha256()
        self._bytes = 0
        self._records = 0

    def write(self, line: bytes) -> None:
        if self._stream is None:
            self._place.parent.mkdir(parents=True, exist_ok=True)
            self._stream = self._place.open("xb", buffering=1 << 20)
        self._stream.write(line)
        self._hash.update(line)
        self._bytes += len(line)
        self._records += 1

    def close(self) -> FileEntry | None:
        """What was written; None when nothing was."""
        if self._stream is None:
            return None
        self._stream.close()
        return FileEntry(self.path, self._bytes, self._hash.hexdigest(), self._records)


def write_whole(folder: Path, path: str, content: bytes) -> FileEntry:
    """Write a file that holds no records."""
    place = folder / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(content)
    return FileEntry(path, len(content), hashlib.sha256(content).hexdigest(), 0)


@contextmanager
def folder_at_once(target: Path) -> Iterator[Path]:
    """A folder beside the target, which becomes the target when the block ends well and vanishes otherwise.

    Raises:
        Conflict: something is there already.
    """
    _refuse_what_is_there(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        yield made
        for path in sorted(made.rglob("*")):
            _sync(path)
        made.chmod(0o755)
        _refuse_what_is_there(target)
        if target.is_dir():
            target.rmdir()
        made.rename(target)
        _sync(target.parent)
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise


@contextmanager
def file_at_once(target: Path) -> Iterator[BinaryIO]:
    """A file that appears whole when the block ends well, and not at all otherwise.

    Raises:
        Conflict: something is there already.
    """
    if target.exists():
        raise Conflict(f"{target} is there already; name a new file.", code="output_exists")
    target.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    made = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            yield stream
        _sync(made)
        made.chmod(0o644)
        made.rename(target)
    except BaseException:
        made.unlink(missing_ok=True)
        raise


def _refuse_what_is_there(target: Path) -> None:
    if target.is_dir() and not any(target.iterdir()):
        return
    if target.exists() or target.is_symlink():
        raise Conflict(f"{target} is there already; name a new folder, or empty it first.", code="output_exists")


def _sync(path: Path) -> None:
    """Have the disk hold it before the folder gets its name."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
