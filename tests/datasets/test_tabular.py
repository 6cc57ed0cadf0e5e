from __future__ import annotations

import io

import pytest

from evalhub.datasets.schema.faults import FileFaults
from evalhub.datasets.schema.tabular import read_csv
from evalhub.errors import BadInput


def rows(text: bytes) -> tuple[list[tuple[int, object]], list[tuple[int | None, str]]]:
    faults = FileFaults("f.csv")
    read = [tuple(record) for record in read_csv(io.BytesIO(text), faults)]
    return read, [(fault.line, fault.code) for fault in faults.listed()]  # type: ignore[return-value]


def test_rows_are_named_by_the_line_on_which_they_begin() -> None:
    read, _ = rows(b'a,b\n"x\n\ny",1\n\n2,3\n')
    assert read == [(2, {"a": "x\n\ny", "b": "1"}), (6, {"a": "2", "b": "3"})]


def test_an_empty_cell_is_an_absent_field() -> None:
    assert rows(b"a,b\n1,\n")[0] == [(2, {"a": "1"})]


def test_rows_of_another_length_are_faults_and_the_rest_is_read() -> None:
    read, faults = rows(b"a,b\n1\n1,2,3\n1,2\n")
    assert (len(read), faults) == (1, [(2, "schema"), (3, "schema")])


@pytest.mark.parametrize("header", [b"a,a\n1,2\n", b"a,,b\n1,2,3\n"])
def test_columns_have_names_of_their_own(header: bytes) -> None:
    with pytest.raises(BadInput, match="column"):
        rows(header)


def test_an_open_quote_is_refused_with_its_line() -> None:
    with pytest.raises(BadInput) as caught:
        rows(b'a,b\n1,"open\n2,3\n')
    assert caught.value.faults[0].line == 2


def test_a_byte_that_is_not_utf8_is_refused_with_its_line() -> None:
    with pytest.raises(BadInput) as caught:
        rows(b"a,b\n1,2\ncaf\xe9,3\n")
    assert (caught.value.code, caught.value.faults[0].line) == ("encoding", 3)


def test_a_file_of_one_endless_line_holds_no_rows() -> None:
    assert rows(b"a" * (5 * 1024 * 1024)) == ([], [(1, "too_large")])


def test_an_empty_file_is_said_to_be_empty() -> None:
    with pytest.raises(BadInput) as caught:
        rows(b"\n")
    assert caught.value.code == "empty"
