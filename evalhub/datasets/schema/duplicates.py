"""Find keys that stand twice in a file of any length, at eight bytes a record."""

from __future__ import annotations

from array import array
from collections.abc import Hashable, Iterable, Iterator
from typing import Generic, NamedTuple, TypeVar

import numpy as np

K = TypeVar("K", bound=Hashable)


class Twice(NamedTuple, Generic[K]):
    """A key that was given on two lines."""

    key: K
    first_line: int
    line: int


class Seen:
    """The keys of a file as 64-bit hashes; equal hashes are looked up again in the spool, so none is taken wrongly."""

    def __init__(self) -> None:
        self._hashes = array("q")

    def add(self, key: Hashable) -> None:
        self._hashes.append(hash(key))

    def doubled(self, keys: Iterable[tuple[int, K]]) -> Iterator[Twice[K]]:
        """Yield each repetition of a key, given all (line, key) once more in the same order."""
        ordered = np.sort(np.frombuffer(self._hashes, dtype=np.int64)) if self._hashes else np.zeros(0, np.int64)
        suspects = set(ordered[1:][ordered[1:] == ordered[:-1]].tolist())
        if not suspects:
            return
        first: dict[K, int] = {}
        for line, key in keys:
            if hash(key) in suspects:
                if key in first:
                    yield Twice(key, first[key], line)
                else:
                    first[key] = line
