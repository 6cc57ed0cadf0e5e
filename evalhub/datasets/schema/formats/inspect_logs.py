"""Logs of Inspect: `.json`, or `.eval`, a zip whose members are compressed with zstd (method 93)."""

from __future__ import annotations

import shutil
import struct
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from typing import BinaryIO

from evalhub.datasets.schema.formats.documents import Document
from evalhub.datasets.schema.formats.source import (
    Failed,
    Found,
    Source,
    as_id,
    as_list,
    as_model,
    as_object,
    asked,
    filled,
    text_of,
    turns_of,
)
from evalhub.datasets.schema.jsonl import Record, StrictJsonError, strict_json
from evalhub.errors import BadInput, Fault

MAX_MEMBERS = 200_000
MAX_MEMBER_BYTES = 64 * 1024 * 1024
"""Of one sample, unpacked."""
ZSTD = 93
_LOCAL_HEADER = struct.Struct("<26xHH")


def is_inspect(record: Mapping[str, object]) -> bool:
    return "eval" in record and ("samples" in record or "plan" in record)


def read_inspect(source: Source) -> Found:
    """One item a sample and epoch; what ended with an error holds no response."""
    is_archive = source.stream.peek(4)[:4] == b"PK\x03\x04"  # type: ignore[attr-defined] # buffered by the caller
    samples = _unpacked(source) if is_archive else _members(source)
    task: Mapping[str, object] = {}
    for line, value in samples:
        if type(value) is dict and "eval" in value:
            task = as_object(value["eval"])
        elif type(value) is dict:
            yield _read(line, value, task)


def _read(line: int, sample: Mapping[str, object], task: Mapping[str, object]) -> Record | Failed:
    name = f"the sample {sample.get('id')}, epoch {sample.get('epoch')},"
    output = as_object(sample.get("output"))
    response = _response(output)
    error = sample.get("error")
    if error or not response:
        why = as_object(error).get("message")
        return Failed(line, f"{name} {f'ended with an error: {str(why)[:200]}' if error else 'has no response'}")
    turns = _asked(sample, response)
    if not turns:
        return Failed(line, f"{name} has no prompt")
    model = as_model(task.get("model")) or as_model(output.get("model"))
    group = as_id(task.get("task"), sample.get("id"))
    item = {
        "id": as_id(group, f"e{sample.get('epoch') or 1}", (model or "").replace("/", "_")),
        "group": group,
        **asked(turns),
        "response": _attached(response, sample),
        **filled(model=model, reference=_reference(sample.get("target")), metadata=_metadata(sample)),
    }
    return Record(line, item)


def _response(output: Mapping[str, object]) -> str:
    first = as_object(next(iter(as_list(output.get("choices"))), None))
    return text_of(as_object(first.get("message")).get("content")) or text_of(output.get("completion"))


def _asked(sample: Mapping[str, object], response: str) -> list[dict[str, str]]:
    """The turns before the response; of a sample without turns, its input."""
    turns = turns_of(sample.get("messages"))
    if turns and turns[-1]["role"] == "assistant" and turns[-1]["content"] == response:
        turns.pop()
    if not turns:
        given = sample.get("input")
        turns = [{"role": "user", "content": given}] if type(given) is str and given else turns_of(given)
    return [{**turn, "content": _attached(turn["content"], sample)} for turn in turns]


def _attached(text: str, sample: Mapping[str, object]) -> str:
    """Long texts stand aside in the log, under a name."""
    attachments = sample.get("attachments")
    if "attachment://" not in text or type(attachments) is not dict:
        return text
    for name, content in attachments.items():
        text = text.replace(f"attachment://{name}", str(content))
    return text


def _reference(target: object) -> str | None:
    if type(target) is list:
        return "\n".join(str(part) for part in target)
    return target if type(target) is str else None


def _metadata(sample: Mapping[str, object]) -> dict[str, object]:
    """What the log says of the sample, and the values of its scorers."""
    scores = {name: as_object(score).get("value") for name, score in as_object(sample.get("scores")).items()}
    return {**as_object(sample.get("metadata")), **filled(scores=scores)}


def _members(source: Source) -> Iterator[Record]:
    """The head of a `.json` log, then its samples."""
    document = Document(source.document(), source.name)
    for key, record in document.members(source.faults, lambda key: key == "samples"):
        if key == "eval":
            yield Record(record.line, {"eval": record.value})
        elif key == "samples":
            yield record


def _unpacked(source: Source) -> Iterator[Record]:
    """The same of an `.eval`: the place in the archive stands for the line."""
    with tempfile.TemporaryFile() as file:  # a zip is read from its end, and a body comes in once
        shutil.copyfileobj(source.stream, file)
        try:
            archive = zipfile.ZipFile(file)
        except zipfile.BadZipFile as error:
            raise BadInput(f"{source.name}: this is no .eval log, or it is cut off", code="archive") from error
        members = archive.infolist()
        if len(members) > MAX_MEMBERS:
            raise BadInput(f"{source.name}: the log holds more than {MAX_MEMBERS:,} members", code="too_large")
        heads = [m for m in members if m.filename in ("header.json", "_journal/start.json")]
        for member in sorted(heads, key=lambda m: m.filename)[-1:]:
            yield Record(0, _json(source, file, archive, member))
        samples = [m for m in members if m.filename.startswith("samples/") and m.filename.endswith(".json")]
        for place, member in enumerate(samples, start=1):
            try:
                yield Record(place, _json(source, file, archive, member))
            except StrictJsonError as error:
                source.faults.add(place, [Fault(error.fault.code, error.fault.message, member.filename, place)])


def _json(source: Source, file: BinaryIO, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> object:
    if member.file_size > MAX_MEMBER_BYTES:
        raise BadInput(f"{source.name}: {member.filename} is larger than 64 MiB unpacked", code="too_large")
    if member.compress_type != ZSTD:
        with archive.open(member) as stream:
            return strict_json(stream.read(MAX_MEMBER_BYTES), is_foreign=True)
    return strict_json(_zstd(source, _stored(file, member)), is_foreign=True)


def _stored(stream: BinaryIO, member: zipfile.ZipInfo) -> bytes:
    """The compressed bytes of a member, which the standard library cannot unpack."""
    stream.seek(member.header_offset)
    name, extra = _LOCAL_HEADER.unpack(stream.read(_LOCAL_HEADER.size))
    stream.seek(name + extra, 1)
    return stream.read(member.compress_size)


def _zstd(source: Source, content: bytes) -> bytes:
    try:
        import zstandard  # noqa: PLC0415 -- an extra
    except ImportError as error:
        message = f'{source.name}: to read .eval logs, install "evalhub[inspect]"; or export the log as .json'
        raise BadInput(message, code="needs_extra") from error
    try:
        with zstandard.ZstdDecompressor().stream_reader(content) as reader:
            unpacked = reader.read(MAX_MEMBER_BYTES + 1)
    except zstandard.ZstdError as error:
        raise BadInput(f"{source.name}: a member of the log is damaged", code="archive") from error
    if len(unpacked) > MAX_MEMBER_BYTES:
        raise BadInput(f"{source.name}: a sample is larger than 64 MiB unpacked", code="too_large")
    return unpacked
