"""The exception tree.

    EvalhubError                  what the user did or the world is like; never a bug
    ├── BadInput                  a file, form or body is wrong          HTTP 422  exit 2
    │   ├── TooLarge              over a limit of size                   HTTP 413  exit 2
    │   └── UnsupportedMedia      compressed, or not the kind expected   HTTP 415  exit 2
    ├── NotFound                  missing, or not yours to see           HTTP 404  exit 2
    ├── NotSignedIn               nobody proved who they are             HTTP 401  exit 2
    ├── Forbidden                 seen, but not allowed                  HTTP 403  exit 2
    ├── Conflict                  the state has moved on                 HTTP 409  exit 2
    ├── CheckFailed               a verification found a difference      HTTP 409  exit 1
    ├── TooMany                   tried too often; wait                  HTTP 429  exit 2
    ├── Unavailable               try again later                        HTTP 503  exit 3
    └── CannotStart               settings or database do not fit        (none)    exit 3

Services raise them; `web/errors.py` maps them to HTTP and `cli/__init__.py` to an exit status, once each.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong, where it is, and what would be right.

    Lines and columns count from 1; `path` is the place inside the document, like `criteria[2].levels`.
    """

    code: str
    message: str
    path: str = ""
    line: int | None = None
    column: int | None = None

    def located(self, source: str) -> str:
        """The fault as `file:line:column: path: message`, leaving out what is unknown."""
        place = ":".join(str(part) for part in (source, self.line, self.column) if part not in (None, ""))
        return ": ".join(part for part in (place, self.path, self.message) if part)

    def as_detail(self) -> dict[str, str | int | None]:
        return asdict(self)


class EvalhubError(Exception):
    """What the caller can act on; `code` is stable, the message is for people."""

    code = "error"
    http_status = 500
    exit_status = 2

    def __init__(self, message: str, *, code: str | None = None, faults: Sequence[Fault] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.faults = tuple(faults)
        if code is not None:
            self.code = code


class BadInput(EvalhubError):
    """A document with one or more faults, all of them listed.

    `total` counts the faults when only the first are listed.
    """

    code = "schema"
    http_status = 422

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        faults: Iterable[Fault] = (),
        source: str = "",
        total: int | None = None,
    ) -> None:
        listed = tuple(faults)
        super().__init__(message, code=code or (listed[0].code if listed else None), faults=listed)
        self.source = source
        self.total = len(listed) if total is None else total


class TooLarge(BadInput):
    code = "too_large"
    http_status = 413


class UnsupportedMedia(BadInput):
    code = "unsupported_media"
    http_status = 415


class NotFound(EvalhubError):
    code = "not_found"
    http_status = 404

    def __init__(self, message: str = "There is nothing here, or it is not yours to see.") -> None:
        super().__init__(message)


class NotSignedIn(EvalhubError):
    code = "not_signed_in"
    http_status = 401


class Forbidden(EvalhubError):
    code = "forbidden"
    http_status = 403


class Conflict(EvalhubError):
    code = "conflict"
    http_status = 409


class CheckFailed(EvalhubError):
    code = "check_failed"
    http_status = 409
    exit_status = 1


class TooMany(EvalhubError):
    """Tried too often; `retry_after` is how many seconds to wait."""

    code = "too_many"
    http_status = 429

    def __init__(self, message: str, *, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Unavailable(EvalhubError):
    code = "unavailable"
    http_status = 503
    exit_status = 3


class CannotStart(EvalhubError):
    code = "cannot_start"
    exit_status = 3
