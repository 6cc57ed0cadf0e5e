"""What a reader of another tool's files is given, and what it yields."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import BinaryIO, NamedTuple

from evalhub.datasets.schema.characters import kind_of
from evalhub.datasets.schema.faults import FileFaults
from evalhub.datasets.schema.formats.documents import records_of
from evalhub.datasets.schema.jsonl import Record, StrictJsonError, read_jsonl, strict_json
from evalhub.errors import BadInput

MAX_DOCUMENT_BYTES = 256 * 1024 * 1024
"""A file that is one JSON value is read as a whole; larger ones must be given as JSON lines."""
_REFUSED = re.compile(r"[^A-Za-z0-9._:|@+-]+")


class Failed(NamedTuple):
    """A record of the file that holds no prompt or no response, and why."""

    line: int
    why: str


Found = Iterator[Record | Failed]
"""Records in the shape of our own items, and those that hold none."""


@dataclass(frozen=True, slots=True)
class Companion:
    """A second file that the first one needs: the requests of a batch, the questions to the answers."""

    name: str
    stream: BinaryIO

    def lines(self) -> Iterator[Record]:
        """
        Raises:
            BadInput: with its faults, after the last good line.
        """
        faults = FileFaults(self.name)
        yield from read_jsonl(self.stream, faults, is_foreign=True)
        faults.raise_if_any()

    def document(self) -> object:
        """
        Raises:
            BadInput: it is larger than 256 MiB, or no JSON.
        """
        try:
            return strict_json(whole(self.stream, self.name), is_foreign=True)
        except StrictJsonError as error:
            message = f"{self.name}: {error.fault.message}"
            raise BadInput(message, faults=[error.fault], source=self.name) from error


@dataclass(frozen=True, slots=True)
class Source:
    """The file to read; what is no JSON in it goes to `faults`."""

    name: str
    stream: BinaryIO
    faults: FileFaults
    companions: tuple[Companion, ...] = field(default=())

    def lines(self) -> Iterator[Record]:
        return read_jsonl(self.stream, self.faults, is_foreign=True)

    def document(self) -> bytes:
        """The whole file, where it is one JSON value.

        Raises:
            BadInput: it is larger than that.
        """
        return whole(self.stream, self.name)

    def records(self) -> Iterator[Record]:
        """The objects of a file that is a list of them, an object of them by name, or one alone."""
        return records_of(self.document(), self.faults)


def whole(stream: BinaryIO, name: str) -> bytes:
    content = stream.read(MAX_DOCUMENT_BYTES + 1)
    if len(content) > MAX_DOCUMENT_BYTES:
        raise BadInput(f"{name}: a file that is one JSON value may hold 256 MiB; split it", code="too_large")
    return content


def as_object(value: object) -> Mapping[str, object]:
    """The object, or an empty one in place of anything else."""
    return value if type(value) is dict else {}


def as_list(value: object) -> list[object]:
    """The list, or an empty one in place of anything else."""
    return value if type(value) is list else []


def as_id(*parts: object) -> str:
    """An id from what names a record elsewhere; characters that ids may not hold become `_`."""
    joined = ":".join(_REFUSED.sub("_", str(part)) for part in parts if part not in (None, ""))
    return joined.lstrip("._:|@+-")[:200]


def as_model(name: object) -> str | None:
    """A model's name with what names may not hold taken out; None for nothing."""
    if type(name) is not str or not name:
        return None
    return re.sub(r"[^A-Za-z0-9._:|@+/-]+", "_", name).lstrip("._:|@+/-")[:200] or None


def text_of(content: object) -> str:
    """The text of a message: itself, or of its parts those that are text; others are named in brackets.

    Anything else is empty.
    """
    if type(content) is str:
        return content
    if type(content) is not list:
        return ""
    return "\n\n".join(part for part in map(_part, content) if part)


def _part(part: object) -> str:
    if type(part) is str:
        return part
    if type(part) is not dict:
        return ""
    kind = part.get("type")
    if kind in ("text", "input_text", "output_text"):
        return str(part.get("text") or "")
    return "" if kind in ("reasoning", "thinking") else f"[{kind or kind_of(part)}]"


def turns_of(messages: object) -> list[dict[str, str]]:
    """The turns of a conversation that say something, in our shape; calls of tools are told in words."""
    turns = []
    for message in messages if type(messages) is list else ():
        if type(message) is not dict:
            continue
        role, text = message.get("role"), text_of(message.get("content"))
        text = "\n\n".join(part for part in (text, *_calls(message.get("tool_calls"))) if part)
        if type(role) is str and text.strip():
            turns.append({"role": "tool" if role == "function" else role, "content": text})
    return turns


def _calls(calls: object) -> Iterator[str]:
    for call in calls if type(calls) is list else ():
        if type(call) is dict:
            made = call["function"] if type(call.get("function")) is dict else {"name": call.get("function"), **call}
            yield f"[calls {made.get('name')}: {made.get('arguments')}]"


def asked(turns: list[dict[str, str]]) -> dict[str, object]:
    """The fields of what comes before a response: `prompt` for one question alone, else `messages`."""
    if len(turns) == 1 and turns[0]["role"] == "user":
        return {"prompt": turns[0]["content"]}
    return {"messages": turns}


def filled(**fields: object) -> dict[str, object]:
    """The fields that hold something."""
    return {name: value for name, value in fields.items() if value not in (None, "", [], {})}


def stem_of(name: str) -> str:
    """A file's name without its folder and ending."""
    return PurePath(name.replace("\\", "/")).stem
