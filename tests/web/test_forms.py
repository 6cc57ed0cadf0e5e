from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from wtforms import FileField, SelectMultipleField, StringField
from wtforms.validators import InputRequired, Length

from evalhub.web.forms import Form


class Upload(Form):
    name = StringField("Name", [InputRequired(), Length(max=5)])
    file = FileField("File", [InputRequired()])


class Sample(Form):
    name = StringField("Name", [Length(max=5)])
    note = StringField("Note")
    tags = SelectMultipleField("Tags", choices=["a", "b"])


def sent(app: Flask, fields: dict[str, Any]) -> Sample:
    with app.test_request_context("/", method="POST", data=fields):
        return Sample.from_request()


def test_a_good_form_is_taken(app: Flask) -> None:
    form = sent(app, {"name": "x", "note": "y\nz", "tags": ["a", "b"], "unknown": "ignored"})
    assert form.validate()
    assert form.data == {"name": "x", "note": "y\nz", "tags": ["a", "b"]}


@pytest.mark.parametrize(
    ("fields", "field", "message"),
    [
        ({"name": ["a", "b"]}, "name", "more than once"),
        ({"name": "a\0b"}, "name", "NUL"),
        ({"name": "too long"}, "name", "at most 5"),
        ({"note": "x" * 20_001}, "note", "at most 20,000"),
        ({"tags": ["c"]}, "tags", "valid"),
    ],
)
def test_what_no_browser_sends_is_refused(app: Flask, fields: dict[str, Any], field: str, message: str) -> None:
    form = sent(app, fields)
    assert not form.validate()
    assert message in form[field].errors[0]


@pytest.mark.parametrize("fields", [{"name": (BytesIO(b"x"), "x.txt")}, {"file": "text"}])
def test_a_file_is_taken_where_one_is_asked_for_and_nowhere_else(app: Flask, fields: dict[str, Any]) -> None:
    with app.test_request_context("/", method="POST", data=fields):
        form = Upload.from_request()
    assert not form.validate()
    assert set(form.errors) == {"name", "file"}


def test_a_line_end_counts_as_the_one_character_that_a_browser_counts(app: Flask) -> None:
    form = sent(app, {"note": "\r\n" * 20_000})
    assert form.validate()
    assert form.note.data == "\n" * 20_000
