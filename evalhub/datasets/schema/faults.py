"""Collect what is wrong with a file, every bad line counted and the first hundred listed."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from evalhub.errors import BadInput, Fault

LISTED_LINES = 100


class FileFaults:
    """The faults of one file, in the order of their lines; memory does not grow with the number of bad lines."""

    def __init__(self, source: str, each: Callable[[Fault], None] | None = None) -> None:
        """
        Args:
            each: told of every fault, also of those that are not listed.
        """
        self.source = source
        self._each = each
        self.bad_lines = 0
        self.total = 0
        self._listed: dict[int, list[Fault]] = {}

    def __bool__(self) -> bool:
        return self.total > 0

    def add(self, line: int, faults: Iterable[Fault]) -> None:
        """Add faults of one line, in any order of lines."""
        found = list(faults)
        self.total += len(found)
        if self._each is not None:
            for fault in found:
                self._each(fault)
        if line in self._listed:
            self._listed[line] += found
            return
        self.bad_lines += 1
        self._listed[line] = found
        if len(self._listed) > LISTED_LINES:
            del self._listed[max(self._listed)]

    def listed(self) -> list[Fault]:
        return [fault for line in sorted(self._listed) for fault in self._listed[line]]

    def as_error(self, nothing: str = "nothing was imported") -> BadInput:
        """All of it as one exception, whose code is the first fault's."""
        lines = "1 line is" if self.bad_lines == 1 else f"{self.bad_lines:,} lines are"
        shown = self.listed()
        more = f"; the first {len(self._listed)} are listed" if self.bad_lines > len(self._listed) else ""
        return BadInput(
            f"{self.source}: {lines} wrong{more}; {nothing}", faults=shown, source=self.source, total=self.total
        )

    def raise_if_any(self) -> None:
        if self:
            raise self.as_error()
