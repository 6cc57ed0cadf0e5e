from __future__ import annotations

import contextlib
import io
import json
import time
import tracemalloc

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from evalhub.datasets.schema.faults import FileFaults
from evalhub.datasets.schema.jsonl import MAX_LINE_BYTES, StrictJsonError, read_jsonl, strict_json
from evalhub.errors import BadInput, UnsupportedMedia


def values(text: bytes) -> tuple[list[object], FileFaults]:
    faults = FileFaults("file.jsonl")
    return [record.value for record in read_jsonl(io.BytesIO(text), faults)], faults


def code_of(line: bytes) -> str:
    with pytest.raises(StrictJsonError) as caught:
        strict_json(line)
    return caught.value.fault.code


def nested(levels: int, opening: bytes = b"[", closing: bytes = b"]") -> bytes:
    return b'{"metadata":' + opening * levels + closing * levels + b"}"


texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


@given(st.lists(json_values, min_size=1, max_size=5), st.booleans(), st.sampled_from(["\n", "\r\n", "\n\n", "\n \t\n"]))
def test_whatever_json_writes_is_read_back_equal(written: list[object], ascii_only: bool, end: str) -> None:
    text = end.join(json.dumps(value, ensure_ascii=ascii_only) for value in written)
    read, faults = values(text.encode())
    assert read == written
    assert not faults


@given(st.binary(max_size=200))
@example(b'{"a":1}\xff\n{')
@example(b"\xef\xbb\xbf")
def test_any_bytes_are_read_or_refused_and_never_crash(text: bytes) -> None:
    with contextlib.suppress(BadInput):
        values(text)


@given(st.text(alphabet='{}[]":,0123456789.eE-\\ud8NaInfinty \n', max_size=60))
def test_a_line_is_accepted_only_if_it_survives_a_round_trip(text: str) -> None:
    line = text.replace("\n", " ").encode()
    try:
        value = strict_json(line)
    except StrictJsonError:
        return
    assert strict_json(json.dumps(value, allow_nan=False).encode()) == value


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b'{"a": NaN}', "json"),
        (b'{"a": -Infinity}', "json"),
        (b'{"a": 1e400}', "json"),
        (b'{"a": 9223372036854775808}', "json"),
        (b'{"a": -9223372036854775809}', "json"),
        (b'{"a": 18446744073709551616}', "json"),
        (b"9" * 5000, "json"),
        (b'{"a": 1} {"b": 2}', "json"),
        (b'{"a": 1}\r{"b": 2}', "json"),
        (b"{'a': 1}", "json"),
        (b'{"a": 1,}', "json"),
        (b'{"a": "tab\there"}', "json"),
        (b'{"a": "nul\x00"}', "json"),
        (b'{"a": 1, "a": 1}', "duplicate_key"),
        (b'{"m": [{"a": 1, "\\u0061": 2}]}', "duplicate_key"),
        (b'{"a": "\\ud800"}', "surrogate"),
        (b'{"a": "\\udc00\\ud800"}', "surrogate"),
        (b'{"\\ud83d": 1}', "surrogate"),
        (b'{"a": "\\u0000"}', "control_character"),
        (b'{"\\u0000": 1}', "control_character"),
        (b'{"a": "\xe9"}', "encoding"),
        (b'{"a": "\xed\xa0\x80"}', "encoding"),
        (b"[" * 100_000, "json_depth"),
        (b'{"a":' * 5_000, "json_depth"),
        (nested(33), "json_depth"),
        (nested(33, b'{"a":[', b"]}"), "json_depth"),
        (b"[" + b"{}," * 100_001 + b"{}]", "too_large"),
    ],
)
def test_each_kind_of_bad_line_has_its_code(line: bytes, code: str) -> None:
    assert code_of(line) == code


@pytest.mark.parametrize(
    "line",
    [
        nested(32),
        b'{"a": 9223372036854775807, "b": -9223372036854775808}',
        b'{"a": "\\ud83d\\ude00"}',
        b'{"a": "\\\\u0000 \\\\ud800"}',
        b'{"a": "' + b"{" * 200_000 + b'"}',
        '{"a": "\u2028\u2029\u0085"}'.encode(),
    ],
)
def test_what_only_looks_bad_is_accepted(line: bytes) -> None:
    assert strict_json(line) == json.loads(line)


def test_lines_end_at_a_newline_and_nowhere_else() -> None:
    read, _ = values('{"a": "one\u2028line"}\r\n\n{"b": 2}'.encode())
    assert read == [{"a": "one\u2028line"}, {"b": 2}]


def test_every_bad_line_is_numbered_as_the_file_has_it() -> None:
    _, faults = values(b'\xef\xbb\xbf{"a": 1}\n\nnot json\n{"a": 1, "a": 2}\n{"b": 1}\n\xff\n')
    assert [(fault.line, fault.code) for fault in faults.listed()] == [
        (3, "json"),
        (4, "duplicate_key"),
        (6, "encoding"),
    ]


def test_the_first_hundred_bad_lines_are_listed_and_the_rest_counted() -> None:
    _, faults = values(b'{"a": 1}\n' + b"no\n" * 250)
    error = faults.as_error()
    assert [fault.line for fault in error.faults] == list(range(2, 102))
    assert error.total == 250
    assert "250 lines are wrong" in error.message


@pytest.mark.parametrize("text", [b"", b"\n\n", b"\xef\xbb\xbf", b"  \r\n"])
def test_a_file_without_a_record_is_empty(text: bytes) -> None:
    with pytest.raises(BadInput) as caught:
        values(text)
    assert caught.value.code == "empty"


@pytest.mark.parametrize("start", [b"PK\x03\x04", b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd", b"BZh9", b"\xfd7zXZ\x00"])
def test_an_archive_is_another_kind_of_file(start: bytes) -> None:
    with pytest.raises(UnsupportedMedia):
        values(start + b"whatever\n")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf16_is_named(encoding: str) -> None:
    with pytest.raises(BadInput, match="UTF-16") as caught:
        values('{"a": 1}\n'.encode(encoding))
    assert (caught.value.code, caught.value.faults[0].line) == ("encoding", 1)


def test_a_value_over_several_lines_gets_advice_and_one_fault() -> None:
    with pytest.raises(BadInput) as caught:
        values(b'{\n  "id": "i1"\n}\n')
    assert [(fault.code, fault.line) for fault in caught.value.faults] == [("json", 1)]
    assert "jq -c" in caught.value.faults[0].message


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b""])
def test_a_line_of_4_mib_is_accepted_and_one_byte_more_is_not(end: bytes) -> None:
    longest = b'"' + b"x" * (MAX_LINE_BYTES - 2) + b'"'
    assert not values(longest + end)[1]
    read, faults = values(b'"' + longest[1:-1] + b'x"' + end + b'{"a": 1}')
    assert [fault.code for fault in faults.listed()] == ["too_large"]
    assert read == ([{"a": 1}] if end else [])


class _Endless(io.RawIOBase):
    """One line of the given length, made as it is read."""

    def __init__(self, length: int) -> None:
        self.left = length

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer)  # type: ignore[arg-type]
        size = min(len(view), self.left)
        view[:size] = b"x" * size
        self.left -= size
        return size


def test_an_endless_line_takes_no_more_memory_than_the_limit() -> None:
    faults = FileFaults("endless")
    tracemalloc.start()
    assert list(read_jsonl(_Endless(300 * 1024 * 1024), faults)) == []
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [fault.code for fault in faults.listed()] == ["too_large"]
    assert peak < 24 * 1024 * 1024


def test_a_long_line_whose_string_has_no_end_is_refused_at_once() -> None:
    began = time.perf_counter()
    with pytest.raises(StrictJsonError):
        strict_json(b"[" * 1_000 + b'"' + b'\\"' * 200_000 + b"[{" * 50_000)
    assert time.perf_counter() - began < 2
