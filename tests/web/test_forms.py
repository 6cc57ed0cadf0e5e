from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from wtforms import SelectMultipleField, StringField
from wtforms.validators import Length

from evalhub.web.forms import Form


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
