"""The files of an upload: the one that was sent, a second one, and what a check keeps beside them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple

from evalhub.datasets.models import Upload
from evalhub.datasets.schema.formats import Companion
from evalhub.errors import NotFound

CHUNK = 1 << 20
SECOND, NOTES, FIRST = ".second", ".notes", ".first"
"""Endings of the second file, of all that a check met, and of the first records."""


class OpenFiles(NamedTuple):
    stream: BinaryIO
    companions: tuple[Companion, ...]
    n_bytes: int


def beside(path: Path, ending: str) -> Path:
    return path.with_name(path.name + ending)


def store_file(stream: BinaryIO, path: Path) -> int:
    """Copy a stream to a new file that only the server's own user may read, and wait until the disk has it.

    Returns:
        Its length in bytes.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    n_bytes = 0
    with new_file(path) as file:
        while chunk := stream.read(CHUNK):
            file.write(chunk)
            n_bytes += len(chunk)
        file.flush()
        os.fsync(file.fileno())
    return n_bytes


@contextmanager
def new_file(path: Path) -> Iterator[BinaryIO]:
    """A file to write, its earlier content gone."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        yield file


@contextmanager
def opened(upload: Upload) -> Iterator[OpenFiles]:
    """What was sent, to read.

    Raises:
        NotFound: it is no longer there.
    """
    path = Path(upload.path)
    with ExitStack() as files:
        try:
            stream = files.enter_context(path.open("rb"))
            companions: tuple[Companion, ...] = ()
            if upload.companion is not None:
                second = files.enter_context(beside(path, SECOND).open("rb"))
                companions = (Companion(upload.companion, second),)
        except FileNotFoundError as error:
            raise NotFound(f'The file "{upload.name}" is no longer on this server; upload it again.') from error
        yield OpenFiles(stream, companions, path.stat().st_size)


def remove_files(path: Path) -> None:
    for ending in ("", SECOND, NOTES, FIRST):
        beside(path, ending).unlink(missing_ok=True)
