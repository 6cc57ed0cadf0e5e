"""The base of every form: browser input comes in here or through a pydantic model, and nowhere else.

class InviteForm(Form):
    login = StringField("Sign-in name", [InputRequired(), Length(max=100)])

form = InviteForm.from_request()
if not form.validate():
    return render_template("accounts/people.html", form=form), 422
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from flask import request
from werkzeug.datastructures import CombinedMultiDict, FileStorage, MultiDict
from wtforms import Field, FieldList, FileField, FormField, SelectMultipleField
from wtforms import Form as WtForm
from wtforms.fields import MultipleFileField
from wtforms.validators import Length

MAX_CHARACTERS = 20_000
"""Of a field that states no length of its own."""


class Form(WtForm):  # type: ignore[misc]
    """A WTForms form that refuses what no browser sends: NUL, doubled parameters, texts beyond every limit."""

    @classmethod
    def from_request(cls, **defaults: Any) -> Self:
        """The form as sent with this request."""
        sent: MultiDict[str, Any] | CombinedMultiDict[str, Any] = request.form
        if request.files:
            sent = CombinedMultiDict([request.files, request.form])
        return cls(sent, **defaults)

    def process(self, formdata: Any = None, *args: Any, **kwargs: Any) -> None:
        self._sent = None if formdata is None else self._as_meant(formdata)
        super().process(self._sent, *args, **kwargs)

    def _as_meant(self, sent: MultiDict[str, Any] | CombinedMultiDict[str, Any]) -> MultiDict[str, Any]:
        """Files only where a file is asked for, and a line's end as the one character that a browser's limit counts."""
        files = {field.name for field in self if isinstance(field, FileField | MultipleFileField)}
        return MultiDict(
            (name, value.replace("\r\n", "\n") if isinstance(value, str) else value)
            for name, value in sent.items(multi=True)
            if isinstance(value, FileStorage) == (name in files)
        )

    def validate(self, extra_validators: Mapping[str, Any] | None = None) -> bool:
        valid: bool = super().validate(extra_validators)
        for field in self:
            fault = self._fault(field)
            if fault is not None:
                field.errors = [fault]
                valid = False
        return valid

    def _fault(self, field: Field) -> str | None:
        if self._sent is None or isinstance(field, FileField | MultipleFileField | FormField | FieldList):
            return None
        values = [value for value in self._sent.getlist(field.name) if isinstance(value, str)]
        if len(values) > 1 and not isinstance(field, SelectMultipleField):
            return "Sent more than once; send one value."
        if any("\0" in value or _has_surrogate(value) for value in values):
            return "Holds a character that no text has (NUL or half a character)."
        limit = next((v.max for v in field.validators if isinstance(v, Length) and v.max > 0), MAX_CHARACTERS)
        if any(len(value) > limit for value in values):
            return f"Too long: at most {limit:,} characters."
        return None


def _has_surrogate(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)
