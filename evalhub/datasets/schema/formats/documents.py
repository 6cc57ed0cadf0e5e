"""Read a file that is one JSON value: record by record, with the line that each one starts on."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator

from evalhub.datasets.schema.faults import FileFaults
from evalhub.datasets.schema.jsonl import (
    ARCHIVES,
    BOM,
    FOREIGN,
    UTF16_STARTS,
    Record,
    StrictJsonError,
    strict_json,
)
from evalhub.errors import BadInput, Fault, UnsupportedMedia

_SPACE = re.compile(r"[ \t\r\n]*")


class Document:
    """The text of one JSON value, read from left to right."""

    def __init__(self, content: bytes, source: str) -> None:
        """
        Raises:
            BadInput: it is empty, or not UTF-8.
            UnsupportedMedia: it is an archive.
        """
        self.source = source
        for magic, kind in ARCHIVES.items():
            if content.startswith(magic):
                raise UnsupportedMedia(f"{source}: this is {kind}; unpack it and give the file inside")
        if content.startswith(UTF16_STARTS):
            raise self._wrong("encoding", "the file is in UTF-16; save it as UTF-8", 1)
        try:
            self.text = content.removeprefix(BOM).decode("utf-8")
        except UnicodeDecodeError as error:
            line = content.count(b"\n", 0, error.start) + 1
            raise self._wrong("encoding", "the file is not valid UTF-8; save it as UTF-8", line) from error
        if not self.text.strip():
            raise BadInput(f"{source}: the file is empty; there is nothing in it to read", code="empty")
        self._counted = (0, 1)
        self._end = 0
        """Where the list that was read last ends."""

    def members(self, faults: FileFaults, lazy: Callable[[str], bool]) -> Iterator[tuple[str, Record]]:
        """Yield the members of the object that the file is; of a list whose key is `lazy`, each element.

        An element that is no strict JSON is added to `faults`; what breaks the whole raises BadInput.
        """
        at = self._after(self._at(0), "{")
        if self.text[at] == "}":
            return
        while True:
            key, at = self._value(at)
            if type(key) is not str:
                raise self._broken(at)
            at = self._after(at, ":")
            if lazy(key) and self.text[at] == "[":
                for record in self._elements(at, faults):
                    yield key, record
                at = self._end
            else:
                start = at
                value, at = self._value(at)
                yield key, Record(self.line(start), value)
            at = self._at(at)
            if self.text[at : at + 1] == "}":
                return
            at = self._after(at, ",")

    def elements(self, faults: FileFaults) -> Iterator[Record]:
        """Yield each element of the list that the file is."""
        return self._elements(self._at(0), faults)

    def starts_with(self, sign: str) -> bool:
        return self.text.startswith(sign, self._at(0))

    def line(self, at: int) -> int:
        """The line of a position; positions are asked for in order."""
        before, line = self._counted
        line += self.text.count("\n", before, at)
        self._counted = (at, line)
        return line

    def _elements(self, at: int, faults: FileFaults) -> Iterator[Record]:
        at = self._after(at, "[")
        while self.text[at] != "]":
            start, line = at, self.line(at)
            _, at = self._value(at, strict=False)
            try:
                yield Record(line, strict_json(self.text[start:at].encode(), is_foreign=True))
            except StrictJsonError as error:
                faults.add(line, [Fault(error.fault.code, error.fault.message, line=line)])
            at = self._at(at)
            if self.text[at : at + 1] != "]":
                at = self._after(at, ",")
        self._end = at + 1

    def _value(self, at: int, *, strict: bool = True) -> tuple[object, int]:
        decoder = FOREIGN if strict else _DECODER
        try:
            value, end = decoder.raw_decode(self.text, at)
        except StrictJsonError as error:
            raise self._wrong(error.fault.code, error.fault.message, self.line(at)) from error
        except RecursionError as error:
            raise self._wrong("json_depth", "objects and lists are nested too deep", self.line(at)) from error
        except json.JSONDecodeError as error:
            raise self._broken(error.pos) from error
        return value, end

    def _at(self, at: int) -> int:
        return _after_space(self.text, at)

    def _after(self, at: int, sign: str) -> int:
        """The place of what follows a sign that must stand here."""
        at = self._at(at)
        if self.text[at : at + 1] != sign:
            raise self._broken(at)
        at = self._at(at + 1)
        if at >= len(self.text):
            raise self._broken(at)
        return at

    def _broken(self, at: int) -> BadInput:
        message = (
            "the file ends inside a value; is it cut off?" if at >= len(self.text.rstrip()) else "this is not JSON"
        )
        return self._wrong("json", message, self.text.count("\n", 0, at) + 1)

    def _wrong(self, code: str, message: str, line: int) -> BadInput:
        fault = Fault(code, message, line=line)
        return BadInput(f"{self.source}: line {line}: {message}", faults=[fault], source=self.source)


_DECODER = json.JSONDecoder()


def records_of(content: bytes, faults: FileFaults) -> Iterator[Record]:
    """The objects of a file that is a list of them, an object of them by name, or one alone."""
    document = Document(content, faults.source)
    if document.starts_with("["):
        yield from document.elements(faults)
        return
    members = list(document.members(faults, lambda _: False))
    if members and all(type(record.value) is dict for _, record in members):
        yield from (record for _, record in members)
    else:
        yield Record(members[0][1].line if members else 1, {key: record.value for key, record in members})


def first_records(head: bytes) -> list[dict[str, object]]:
    """What may be the first record of a file, by its beginning: the first object in it, and the first in that one.

    A value that the beginning cuts off stands as None, so that its name is known all the same.
    """
    text = head.removeprefix(BOM).decode("utf-8", "ignore").lstrip().removeprefix("[").lstrip()
    members = dict(_members_of(text))
    first = next(iter(members.values()), None)
    return [members, first] if type(first) is dict else [members]


def _members_of(text: str) -> Iterator[tuple[str, object]]:
    """The members of the object that the text begins with, up to the first that is cut off."""
    at, sign = 0, "{"
    try:
        while text[at : at + 1] == sign:
            key, at = FOREIGN.raw_decode(text, _after_space(text, at + 1))
            at = _after_space(text, at) + 1
            try:
                value, at = FOREIGN.raw_decode(text, _after_space(text, at))
            except (ValueError, RecursionError):
                yield str(key), None
                return
            yield str(key), value
            at, sign = _after_space(text, at), ","
    except (ValueError, RecursionError):
        return


def _after_space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at
