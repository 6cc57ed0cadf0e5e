"""How values are written, so that equal states have equal bytes."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import orjson


def rfc3339(moment: datetime) -> str:
    """The time in UTC with milliseconds; `datasets` drops the zone of a time without them."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def json_line(record: Mapping[str, Any]) -> bytes:
    return orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE)


def json_document(value: Any) -> bytes:
    """A document for people and programs: keys sorted, one a line."""
    return (json.dumps(value, sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()


def pseudonym(key: str, identity: str) -> str:
    """The same person always has the same one in a project, and nobody finds the person without the key.

    Args:
        key: the project's hex key.
        identity: what names the person in the project, whatever the database.
    """
    return "r:" + hmac.new(bytes.fromhex(key), identity.encode(), hashlib.sha256).hexdigest()


def key_id(key: str) -> str:
    """Tells keys apart without giving them away."""
    return hashlib.sha256(b"evalhub pseudonym key " + bytes.fromhex(key)).hexdigest()[:16]
