"""A review as it is sent, and the check that it answers what the rubric asks.

`parse_review_body` settles the types, `check_review` the meaning; both list every fault.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictFloat, StrictInt, StrictStr, ValidationError
from pydantic_core import ErrorDetails

from evalhub.errors import BadInput, Fault
from evalhub.rubrics.schema import canonical
from evalhub.rubrics.schema.models import Criterion, Rubric
from evalhub.rubrics.schema.text import CONTROL, code_point

NOTE_LIMIT = 20_000
QUOTES_LIMIT = 50
CONTEXT = 32
"""Characters kept on each side of a quote, to find it again should offsets ever shift."""

Side = Literal["response", "prompt", "context", "reference"]
Answer = StrictStr | StrictInt | Annotated[StrictFloat, Field(allow_inf_nan=False)] | None
Note = Annotated[str, Field(max_length=NOTE_LIMIT)]
PreferenceChoice = Literal["left_much_better", "left_better", "about_the_same", "right_better", "right_much_better"]
Offset = Annotated[int, Field(ge=0, lt=2**31)]


Surroundings = Annotated[str, Field(max_length=CONTEXT)]


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class EvidenceBody(_Body):
    """A quote; start and end are offsets in code points of the raw text, end exclusive."""

    side: Side
    start: Offset
    end: Offset
    exact: Annotated[str, Field(min_length=1, max_length=NOTE_LIMIT)]
    prefix: Surroundings = ""
    suffix: Surroundings = ""
    """What stands beside it; where left out, it is taken from the text."""


class PreferenceBody(_Body):
    """Which of two answers shown side by side is better, and how strongly."""

    choice: PreferenceChoice
    reason: Note = ""


class ReviewBody(_Body):
    """What a reviewer sends: `PUT /api/v1/assignments/<id>/review`, and what the form makes of its fields."""

    scores: dict[str, Answer]
    notes: dict[str, Note] = {}
    tags: dict[str, list[str]] = {}
    evidence: dict[str, Annotated[list[EvidenceBody], Field(max_length=QUOTES_LIMIT)]] = {}
    note: Note = ""
    confidence: Annotated[int, Field(ge=1, le=3)] | None = None
    preference: PreferenceBody | None = None
    rubric_version: int
    lease: Annotated[str, Field(min_length=1, max_length=200)]
    idempotency_key: Annotated[str, Field(pattern=r"^[0-9A-Fa-f-]{32,36}$")]

    @property
    def request_sha256(self) -> str:
        """The same for the same request, whatever the order of its keys; the idempotency key stands beside it."""
        derived = {"evidence": {"__all__": {"__all__": {"prefix", "suffix"}}}}
        unsaid = {"preference": True} if self.preference is None else {}
        said = self.model_dump(exclude={"idempotency_key": True, **derived, **unsaid})
        return sha256(canonical.encode(said)).hexdigest()


@dataclass(frozen=True, slots=True)
class CheckedEvidence:
    side: Side
    start: int
    end: int
    exact: str
    prefix: str = ""
    suffix: str = ""


@dataclass(frozen=True, slots=True)
class CheckedRating:
    """Exactly one of level_rank, value and not_applicable answers the criterion."""

    criterion_key: str
    level_rank: int | None = None
    value: float | None = None
    not_applicable: bool = False
    note: str = ""
    tags: tuple[str, ...] = ()
    evidence: tuple[CheckedEvidence, ...] = ()


@dataclass(frozen=True, slots=True)
class CheckedReview:
    """One rating for each criterion that applies, in the rubric's order."""

    ratings: tuple[CheckedRating, ...]
    note: str = ""
    confidence: int | None = None
    preference: PreferenceBody | None = None
    """Whether one is asked for depends on what else the reviewer holds, and is not checked here."""


def parse_review_body(document: object) -> ReviewBody:
    """The body of a request, read from JSON already.

    Raises:
        BadInput: with every fault; `too_long` for a text over its limit, else `schema`.
    """
    try:
        return ReviewBody.model_validate(document)
    except ValidationError as error:
        faults = list(dict.fromkeys(_body_fault(detail) for detail in error.errors(include_url=False)))
        raise BadInput("The review cannot be read.", faults=faults) from error


def check_review(
    rubric: Rubric,
    item_tags: Collection[str],
    body: ReviewBody,
    *,
    criteria: Collection[str] | None = None,
    texts: Mapping[str, str] | None = None,
) -> CheckedReview:
    """The ratings that the body holds, once they answer the rubric in full.

    Args:
        item_tags: which criteria apply depends on them.
        criteria: the keys that this task asks for, where it does not ask for all that apply.
        texts: the raw texts by side; with them quotes are compared and get their surroundings.

    Raises:
        BadInput: with every fault, code `schema`.
    """
    asked = [c for c in rubric.applicable(item_tags) if criteria is None or c.key in criteria]
    faults: list[Fault] = list(_strangers(rubric, asked, body))
    ratings = tuple(_Answering(criterion, body, texts, faults).rating() for criterion in asked)
    if body.confidence is not None and not rubric.confidence:
        faults.append(_fault("confidence", "this rubric does not ask for confidence; leave it out"))
    note = _tidy(body.note)
    preference = body.preference
    if preference is not None:
        preference = preference.model_copy(update={"reason": _tidy(preference.reason)})
    for path, text in (("note", note), ("preference.reason", preference.reason if preference else "")):
        if problem := _control_fault(path, text):
            faults.append(problem)
    if faults:
        raise BadInput("The review is not complete or does not fit the rubric.", faults=faults)
    return CheckedReview(ratings=ratings, note=note, confidence=body.confidence, preference=preference)


class _Answering:
    """Reads one criterion's answer out of the body; what is wrong goes to the list of faults."""

    def __init__(
        self, criterion: Criterion, body: ReviewBody, texts: Mapping[str, str] | None, faults: list[Fault]
    ) -> None:
        self.criterion = criterion
        self.body = body
        self.texts = texts
        self.faults = faults

    def rating(self) -> CheckedRating:
        key = self.criterion.key
        rank, value, not_applicable = self._answer()
        note = _tidy(self.body.notes.get(key, ""))
        answered = rank is not None or value is not None or not_applicable
        if answered and not note and self.criterion.note.requires(rank=rank, value=value):
            self._complain("notes", "a note is required with this answer; say why")
        if problem := _control_fault(f"notes.{key}", note):
            self.faults.append(problem)
        return CheckedRating(
            criterion_key=key,
            level_rank=rank,
            value=value,
            not_applicable=not_applicable,
            note=note,
            tags=self._tags(),
            evidence=self._evidence(),
        )

    def _complain(self, part: str, message: str) -> None:
        self.faults.append(_fault(f"{part}.{self.criterion.key}", message))

    def _answer(self) -> tuple[int | None, float | None, bool]:
        """Rank, value, not applicable; all empty when the answer is missing or wrong."""
        if self.criterion.key not in self.body.scores:
            self._complain("scores", f"is missing; {self._wanted()}")
            return None, None, False
        answer = self.body.scores[self.criterion.key]
        if answer is None:
            if not self.criterion.not_applicable:
                self._complain("scores", f'"not applicable" is not allowed here; {self._wanted()}')
            return None, None, True
        if self.criterion.range is None:
            level = self.criterion.level(answer) if isinstance(answer, str) else None
            if level is None:
                self._complain("scores", f"{_shown(answer)} is not a level; {self._wanted()}")
            return (level.rank if level else None), None, False
        if isinstance(answer, str) or not self.criterion.range.holds(answer):
            self._complain("scores", f"{_shown(answer)} is not on the range; {self._wanted()}")
            return None, None, False
        return None, float(answer), False

    def _wanted(self) -> str:
        scale = self.criterion.range
        if scale is not None:
            wanted = f"give a number from {scale.min:g} to {scale.max:g} in steps of {scale.step:g}"
        else:
            wanted = "give one of " + ", ".join(level.key for level in self.criterion.levels)
        return wanted + (", or not applicable (null)" if self.criterion.not_applicable else "")

    def _tags(self) -> tuple[str, ...]:
        given = self.body.tags.get(self.criterion.key, [])
        known = [tag.key for tag in self.criterion.failure_tags]
        for tag in dict.fromkeys(given):
            if tag not in known:
                choice = f"give some of {', '.join(known)}" if known else "this criterion has none"
                self._complain("tags", f"{_shown(tag)} is not a failure tag; {choice}")
        return tuple(tag for tag in known if tag in given)

    def _evidence(self) -> tuple[CheckedEvidence, ...]:
        quotes = self.body.evidence.get(self.criterion.key, [])
        return tuple(self._quote(position, quote) for position, quote in enumerate(quotes))

    def _quote(self, position: int, quote: EvidenceBody) -> CheckedEvidence:
        path = f"evidence.{self.criterion.key}[{position}]"
        start, end = quote.start, quote.end
        prefix, suffix = quote.prefix, quote.suffix
        if end - start != len(quote.exact):
            self.faults.append(
                _fault(path, f"{start} to {end} is not the length of the quote, {len(quote.exact)} code points")
            )
        elif self.texts is not None:
            text = self.texts.get(quote.side, "")
            if text[start:end] != quote.exact:
                self.faults.append(_fault(f"{path}.exact", f"is not what stands at {start} in the {quote.side}"))
            elif not (text[:start].endswith(prefix) and text[end:].startswith(suffix)):
                self.faults.append(_fault(path, f"prefix or suffix is not what stands beside it in the {quote.side}"))
            prefix, suffix = text[max(0, start - CONTEXT) : start], text[end : end + CONTEXT]
        return CheckedEvidence(quote.side, start, end, quote.exact, prefix, suffix)


def _strangers(rubric: Rubric, asked: Collection[Criterion], body: ReviewBody) -> Iterator[Fault]:
    """Answers to what was not asked, which must never vanish in silence."""
    keys = {criterion.key for criterion in asked}
    parts: dict[str, Collection[str]] = {
        "scores": body.scores,
        "notes": body.notes,
        "tags": body.tags,
        "evidence": body.evidence,
    }
    for part, given in parts.items():
        for key in given:
            if key not in keys:
                why = "is not asked for this item" if rubric.criterion(key) else "is not a criterion of this rubric"
                yield _fault(f"{part}.{key[:64]}", f"{why}; leave it out")


def _fault(path: str, message: str) -> Fault:
    return Fault(code="schema", message=message, path=path)


def _control_fault(path: str, text: str) -> Fault | None:
    found = CONTROL.search(text)
    return _fault(path, f"holds the control character {code_point(found[0])}; remove it") if found else None


def _tidy(note: str) -> str:
    """Browsers send CRLF; a note of spaces is none."""
    return note.replace("\r\n", "\n").strip()


def _shown(answer: object) -> str:
    text = str(answer)
    return f'"{text[:60]}…"' if len(text) > 60 else f'"{text}"'


def _body_fault(detail: ErrorDetails) -> Fault:
    place = detail["loc"]
    if place and place[0] == "scores" and len(place) > 1:  # further down come the branches of the union
        return _fault(_path(place[:2]), "is neither the id of a level, nor a number, nor null for not applicable")
    path = _path(place)
    if detail["type"] == "extra_forbidden":
        return _fault(path, "is not a field of a review; leave it out")
    if detail["type"] == "missing":
        return _fault(path, "is missing")
    if detail["type"] == "string_too_long":
        limit = detail.get("ctx", {}).get("max_length", NOTE_LIMIT)
        return Fault(code="too_long", message=f"is longer than {limit:,} characters; shorten it", path=path)
    return _fault(path, detail["msg"][:1].lower() + detail["msg"][1:])


def _path(place: tuple[int | str, ...]) -> str:
    parts = (f"[{part}]" if isinstance(part, int) else f".{part[:64]}" for part in place)
    return "".join(parts).removeprefix(".")
