"""Read JSON lines strictly, one line in memory at a time.

The standard parser takes NaN, doubled keys, lone surrogates and integers of any length, and `str.splitlines` breaks a
line at U+2028; each of these would be stored as something other than what the file says, so each is a fault here.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple, NoReturn

from evalhub.datasets.schema.faults import FileFaults
from evalhub.errors import BadInput, Fault, UnsupportedMedia

MAX_LINE_BYTES = 4 * 1024 * 1024
MAX_NESTING = 32
MAX_CONTAINERS = 100_000
MAX_INTEGER = 2**63
BOM = b"\xef\xbb\xbf"
UTF16_STARTS = (b"\xff\xfe", b"\xfe\xff", b"{\x00", b"\x00{", b"[\x00", b"\x00[")
ARCHIVES = {
    b"PK\x03\x04": "a zip archive",
    b"PK\x05\x06": "a zip archive",
    b"\x1f\x8b": "compressed with gzip",
    b"\x28\xb5\x2f\xfd": "compressed with zstd",
    b"BZh": "compressed with bzip2",
    b"\xfd7zXZ\x00": "compressed with xz",
    b"7z\xbc\xaf\x27\x1c": "a 7-Zip archive",
    b"PAR1": "a Parquet file",
}
_STRINGS = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"?', re.DOTALL)  # one without an end goes to the end: linear
_SPOILT_ESCAPE = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")


class Record(NamedTuple):
    """One record of a file and the line that it starts on; lines count from 1."""

    line: int
    value: object


class StrictJsonError(ValueError):
    """Why a text is refused though it may look like JSON."""

    def __init__(self, code: str, message: str, column: int | None = None) -> None:
        super().__init__(message)
        self.fault = Fault(code, message, column=column)


def read_jsonl(stream: BinaryIO, faults: FileFaults, *, is_foreign: bool = False) -> Iterator[Record]:
    """Yield the value of each line that is strict JSON (see `strict_json`); the others are added to `faults`.

    Raises:
        BadInput: with one fault, when the file as a whole is of another kind: empty, an archive, UTF-16, or one
            object spread over several lines.
    """
    seen = False
    for number, line in lines_of(stream, faults):
        if not seen and line.strip() in (b"{", b"["):
            message = "a value goes on over several lines; write one object a line, for example with `jq -c . FILE`"
            raise _whole_file(faults.source, Fault("json", message, line=number))
        seen = True
        try:
            value = strict_json(line, is_foreign=is_foreign)
        except StrictJsonError as error:
            faults.add(number, [_on_line(error.fault, number)])
        else:
            yield Record(number, value)


def lines_of(stream: BinaryIO, faults: FileFaults, *, keep_blank: bool = False) -> Iterator[tuple[int, bytes]]:
    """Yield the numbered lines of a file that are neither blank nor too long, without byte order mark.

    Blank lines are kept for CSV, where they may stand inside a quoted cell.

    Raises:
        BadInput: the file is empty, an archive, or in UTF-16.
    """
    buffered = stream if isinstance(stream, io.BufferedIOBase) else io.BufferedReader(stream, 1 << 18)  # type: ignore[type-var]
    number = 0
    is_empty = True
    while line := buffered.readline(MAX_LINE_BYTES + 2):
        number += 1
        if number == 1:
            _check_start(line, faults.source)
            line = line.removeprefix(BOM)
        if len(line) > MAX_LINE_BYTES and len(line.rstrip(b"\r\n")) > MAX_LINE_BYTES:
            is_empty = False
            _skip_rest(line, buffered)
            faults.add(number, [Fault("too_large", "the line is longer than 4 MiB; split the record", line=number)])
        elif line and not line.isspace():
            is_empty = False
            yield number, line
        elif keep_blank and line:
            yield number, line
    if is_empty:
        raise BadInput(f"{faults.source}: the file is empty; there is nothing in it to read", code="empty")


def strict_json(line: bytes, *, is_foreign: bool = False) -> object:
    """Parse one JSON text.

    Args:
        is_foreign: written by another tool, and only some of its fields are taken: NaN reads as null, and how deep
            things are nested is checked where they are kept.

    Raises:
        StrictJsonError: with one of the codes encoding, json, json_depth, duplicate_key, surrogate, control_character
            and too_large.
    """
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError as error:
        message = f"byte {error.start + 1} is not valid UTF-8; save the file as UTF-8"
        raise StrictJsonError("encoding", message, error.start + 1) from error
    if len(line) > MAX_CONTAINERS and line.count(b"{") + line.count(b"[") > MAX_CONTAINERS:
        _check_containers(line)
    try:
        value = (FOREIGN if is_foreign else STRICT).decode(text)
    except StrictJsonError:
        raise
    except RecursionError as error:
        raise StrictJsonError("json_depth", _TOO_DEEP) from error
    except json.JSONDecodeError as error:
        raise StrictJsonError("json", _advice(error, text), error.colno) from error
    if not is_foreign:
        _check_nesting(value)
    if b"\\u" in line and _SPOILT_ESCAPE.search(line):
        _check_text(value)
    return value


_TOO_DEEP = f"objects and lists are nested more than {MAX_NESTING} deep; flatten them"


def _check_start(first: bytes, source: str) -> None:
    for magic, kind in ARCHIVES.items():
        if first.startswith(magic):
            raise UnsupportedMedia(f"{source}: this is {kind}; unpack it and give the JSON lines or CSV inside")
    if first.startswith(UTF16_STARTS):
        message = "the file is in UTF-16; save it as UTF-8"
        raise _whole_file(source, Fault("encoding", message, line=1))


def _whole_file(source: str, fault: Fault) -> BadInput:
    return BadInput(f"{source}: {fault.message}", faults=[fault], source=source)


def _skip_rest(line: bytes, stream: io.BufferedIOBase) -> None:
    while line and not line.endswith(b"\n"):
        line = stream.readline(1 << 20)


def _on_line(fault: Fault, number: int) -> Fault:
    return Fault(fault.code, fault.message, fault.path, number, fault.column)


def _advice(error: json.JSONDecodeError, text: str) -> str:
    if error.msg.startswith("Invalid control character"):
        return "a raw control character stands in a string; write it as an escape such as \\n or \\t"
    if error.msg == "Extra data":
        return "more follows after the value; write one object a line, and end lines with \\n"
    if error.pos >= len(text.rstrip()):
        return "the line ends inside a value; is the file cut off?"
    return f"this is not JSON: {error.msg[0].lower()}{error.msg[1:]}"


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        keys = [key for key, _ in pairs]
        doubled = next(key for position, key in enumerate(keys) if key in keys[:position])
        raise StrictJsonError("duplicate_key", f"the key {doubled[:100]!r} is given twice; keep one")
    return found


def _integer(text: str) -> int:
    value = int(text) if len(text) <= 20 else MAX_INTEGER
    if not -MAX_INTEGER <= value < MAX_INTEGER:
        raise StrictJsonError("json", f"the integer {_cut(text)} is outside the range of 64 bits; give it as a string")
    return value


def _number(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise StrictJsonError("json", f"the number {_cut(text)} is too large; give it as a string")
    return value


def _cut(text: str) -> str:
    return text if len(text) <= 24 else f"{text[:24]}… ({len(text):,} characters)"


def _constant(text: str) -> NoReturn:
    raise StrictJsonError("json", f"{text} is not JSON; leave the field out")


STRICT = json.JSONDecoder(object_pairs_hook=_unique, parse_int=_integer, parse_float=_number, parse_constant=_constant)
FOREIGN = json.JSONDecoder(
    object_pairs_hook=_unique, parse_int=_integer, parse_float=_number, parse_constant=lambda _: None
)


def _check_containers(line: bytes) -> None:
    """Refuse a line whose parsed form would take many times its size: `{}` is 2 bytes, its dict 64."""
    bare = _STRINGS.sub(b"", line)
    if bare.count(b"{") + bare.count(b"[") > MAX_CONTAINERS:
        raise StrictJsonError("too_large", f"the line holds more than {MAX_CONTAINERS:,} objects and lists; split it")


def _check_nesting(value: object) -> None:
    if type(value) is dict:
        for inner in value.values():
            if type(inner) is dict or type(inner) is list:
                _check_depth(inner, 1)
    else:
        _check_depth(value, 0)


def _check_depth(value: object, level: int) -> None:
    """Refuse more than 32 levels inside the record itself, which is level 0."""
    if level > MAX_NESTING:
        raise StrictJsonError("json_depth", _TOO_DEEP)
    if type(value) is dict:
        value = list(value.values())
    if type(value) is list:
        for inner in value:
            if type(inner) is dict or type(inner) is list:
                _check_depth(inner, level + 1)


def _check_text(value: object) -> None:
    """Refuse lone surrogates, which no database stores, and NUL, which PostgreSQL does not."""
    if type(value) is str:
        if "\0" in value:
            raise StrictJsonError("control_character", "a text holds the character NUL (\\u0000); remove it")
        if not value.isascii():
            try:
                value.encode("utf-8")
            except UnicodeEncodeError as error:
                message = f"a text holds half of a surrogate pair (\\u{ord(value[error.start]):04x}); remove it"
                raise StrictJsonError("surrogate", message) from error
    elif type(value) is list:
        for inner in value:
            _check_text(inner)
    elif type(value) is dict:
        for key, inner in value.items():
            _check_text(key)
            _check_text(inner)
