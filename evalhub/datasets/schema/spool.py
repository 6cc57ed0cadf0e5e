"""Keep checked rows in a temporary file between the checking of a whole import and its first insert."""

from __future__ import annotations

import hashlib
import io
import os
import tempfile
from array import array
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from types import TracebackType
from typing import BinaryIO

import orjson

BATCH_ROWS = 1_000


class Spool:
    """Rows written once and read as often as needed; the file has no name and goes when it is closed."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile(buffering=1 << 20)  # noqa: SIM115 -- closed by __exit__
        self._ends = array("q", [0])

    def __enter__(self) -> Spool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def write(self, row: tuple[object, ...]) -> None:
        """Add a row of texts, numbers, booleans and None."""
        line = orjson.dumps(tuple(row)) + b"\n"
        self._file.write(line)
        self._ends.append(self._ends[-1] + len(line))

    @property
    def rows(self) -> int:
        return len(self._ends) - 1

    def __iter__(self) -> Iterator[list[object]]:
        self._file.seek(0)
        return map(orjson.loads, self._file)

    def in_order(self, positions: Iterable[int]) -> Iterator[list[object]]:
        """The rows at these places, the first row being 0."""
        self._file.flush()
        descriptor = self._file.fileno()
        for position in positions:
            start, end = self._ends[position], self._ends[position + 1]
            yield orjson.loads(os.pread(descriptor, end - start, start))

    def batches(self, size: int = BATCH_ROWS) -> Iterator[list[list[object]]]:
        rows = iter(self)
        while batch := list(islice(rows, size)):
            yield batch


class DigestingReader(io.RawIOBase):
    """A stream that takes the sha256 and counts the bytes of what passes through it."""

    def __init__(self, stream: BinaryIO, progress: Callable[[int], None] | None = None) -> None:
        super().__init__()
        self._stream = stream
        self._progress = progress
        self._digest = hashlib.sha256()
        self.bytes_read = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer)  # type: ignore[arg-type]
        chunk = self._stream.read(len(view))
        view[: len(chunk)] = chunk
        self._digest.update(chunk)
        self.bytes_read += len(chunk)
        if self._progress is not None and chunk:
            self._progress(len(chunk))
        return len(chunk)

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()

    def buffered(self) -> BinaryIO:
        return io.BufferedReader(self, 1 << 18)
