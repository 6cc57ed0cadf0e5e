"""Names, passwords, secrets and personal settings as values: what may be one, and how it is made."""

from __future__ import annotations

import csv
import hashlib
import io
import re
import secrets
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from evalhub.errors import BadInput, Fault

LOGIN = re.compile(r"[a-z0-9][a-z0-9._%+@-]{0,99}")
PASSWORD_LENGTHS = (12, 128)
TOKEN_PREFIX = "evh_"  # noqa: S105 -- lets scanners of leaked secrets know ours
INVITATION_LIFE = timedelta(days=7)
RESET_LIFE = timedelta(days=1)

COMMON_PASSWORDS = frozenset(
    word
    for line in (
        "000000000000 111111111111 121212121212 123123123123 123456123456 1234567890ab 123456789012 1234567890123",
        "12345678901234 123456789abc 123456789qwe 1q2w3e4r5t6y 1qaz2wsx3edc abc123abc123 abcd12345678 abcdefghijkl",
        "abcdefghijklm administrator admin1234567 adminadminadmin asdfghjkl123 asdfghjkl;'\\ baseball1234",
        "changeme1234 changemechangeme correcthorsebatterystaple dragondragon football1234 helloworld123",
        "iloveyou1234 iloveyouiloveyou letmeinletmein letmein12345 login1234567 monkeymonkey mypassword123",
        "passw0rd1234 password0000 password1111 password1234 password12345 password123456 passwordpassword",
        "princess1234 q1w2e3r4t5y6 qazwsxedcrfv qwerty123456 qwerty12345678 qwertyqwerty qwertyuiop12",
        "qwertyuiop123 qwertyuiopasdf secret123456 secretsecret starwars1234 sunshine1234 superman1234",
        "testtesttest test12345678 trustno1trustno1 welcome12345 welcomewelcome zaq12wsxcde3 zxcvbnm12345",
        "zxcvbnmasdfghjkl",
    )
    for word in line.split()
)


def new_secret() -> str:
    """256 random bits, for an address or a cookie; only `digest` of it is stored."""
    return secrets.token_urlsafe(32)


def new_token() -> str:
    return TOKEN_PREFIX + new_secret()


def digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def link_url(base_url: str, token: str) -> str:
    """The address of a one-time link; its host comes from the settings, never from a request."""
    return f"{base_url}/links/{token}"


def links_as_csv(rows: Iterable[tuple[str, str, str]]) -> str:
    """Name, sign-in name and link a row; what a spreadsheet would take for a formula is marked as text."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("name", "login", "link"))
    writer.writerows(tuple(map(_as_text, row)) for row in rows)
    return text.getvalue()


def _as_text(cell: str) -> str:
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@")) else cell


def clean_login(text: str) -> str:
    """The sign-in name as it is stored.

    Raises:
        BadInput: naming what would be right.
    """
    login = text.strip().lower()
    if not LOGIN.fullmatch(login):
        raise _bad("login", "use a short name or an address: letters, digits and . _ % + @ -, at most 100")
    return login


def clean_name(text: str, *, path: str = "display_name", limit: int = 200) -> str:
    """A name as people read it: one line, without characters that nobody sees.

    Raises:
        BadInput: when nothing is left of it, or it is too long.
    """
    name = " ".join(unicodedata.normalize("NFC", text).split())
    if not name:
        raise _bad(path, "is empty; give a name")
    if len(name) > limit:
        raise _bad(path, f"has {len(name)} characters; at most {limit}", code="too_long")
    if any(unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Cn") for character in name):
        raise _bad(path, "holds a character that nobody can see")
    return name


def clean_domains(domains: list[str], *, path: str = "domains") -> list[str]:
    """What somebody knows, as sorted distinct lower-case words."""
    return sorted({clean_name(domain, path=path, limit=100).casefold() for domain in domains})


def password_fault(password: str, *, login: str | None) -> str | None:
    """Why this may not be a password; None when it may. There are no rules of composition."""
    shortest, longest = PASSWORD_LENGTHS
    if not shortest <= len(password) <= longest:
        return f"Use {shortest} to {longest} characters; a few words that only you would put together are good."
    plain = password.casefold()
    if plain in COMMON_PASSWORDS or len(set(plain)) < 4:
        return "This is among the first that anybody would try; choose another."
    if login and login in plain and len(plain) - len(login) < 6:
        return "This is nearly your sign-in name; choose another."
    return None


class Invitee(NamedTuple):
    """Somebody to be invited; `line` is where they stand in what was typed."""

    line: int
    display_name: str
    login: str


class Load(NamedTuple):
    """How much somebody grades: first submissions of the last seven days, and items held now."""

    n_reviews: int
    n_leases: int


class Membership(NamedTuple):
    """A project that somebody is in, with their roles there in words."""

    project: str
    title: str
    is_open: bool
    roles: tuple[str, ...]


NAMED = re.compile(r"(?P<name>.*?)\s*<(?P<login>[^<>]*)>")
MOST_INVITED = 200


def read_invitees(text: str) -> list[Invitee]:
    """One person a line, as `Name <login>`, as CSV `name,login`, or as a sign-in name alone.

    Raises:
        BadInput: with the faults of all lines; a name that is given twice is one, and so is an empty text.
    """
    people: list[Invitee] = []
    faults: list[Fault] = []
    first: dict[str, int] = {}
    for line, words in enumerate(text.splitlines(), start=1):
        if not words.strip() or (line == 1 and words.replace(" ", "").lower() == "name,login"):
            continue
        try:
            found = _invitee(line, words.strip())
        except BadInput as error:
            faults += [Fault(f.code, f.message, f"people: {f.path}", line) for f in error.faults]
            continue
        if found.login in first:
            faults.append(Fault("schema", f"{found.login} stands in line {first[found.login]} too", "people", line))
        first.setdefault(found.login, line)
        people.append(found)
    if not people and not faults:
        faults.append(Fault("schema", "nobody is named; give one person a line", "people"))
    if len(people) > MOST_INVITED:
        faults.append(Fault("too_long", f"names {len(people)} people; at most {MOST_INVITED} at once", "people"))
    if faults:
        raise BadInput("Nobody was invited.", faults=faults)
    return people


def _invitee(line: int, words: str) -> Invitee:
    """The person of one line.

    Raises:
        BadInput: when the name or the sign-in name is none.
    """
    if named := NAMED.fullmatch(words):
        name, login = named["name"].strip().strip('"'), named["login"]
    elif "," in words:
        name, login = _two_cells(words)
    else:
        name = login = words
    login = clean_login(login)
    return Invitee(line, clean_name(name or login), login)


def _two_cells(words: str) -> tuple[str, str]:
    cells = next(csv.reader(io.StringIO(words)))
    if len(cells) != 2:
        raise _bad("people", f"has {len(cells)} values; give a name and a sign-in name, with one comma between")
    return cells[0].strip(), cells[1].strip()


class TextSize(StrEnum):
    NORMAL = "normal"
    LARGE = "large"
    LARGER = "larger"


class Density(StrEnum):
    COMFORTABLE = "comfortable"
    COMPACT = "compact"


class KeyAction(NamedTuple):
    """Something that a single key does on the review page; its key may be chosen by each person."""

    name: str
    key: str
    does: str


SPACE = "Space"
KEY_ACTIONS = (
    KeyAction("next_criterion", "j", "next criterion"),
    KeyAction("previous_criterion", "k", "previous criterion"),
    KeyAction("next_open", "o", "next criterion without an answer"),
    KeyAction("note", "n", "write the criterion's note"),
    KeyAction("quote", "q", "quote the selected text for the criterion"),
    KeyAction("undo", "u", "undo the last level"),
    KeyAction("flag", "f", "report to the rubric's owner"),
    KeyAction("skip", "s", "skip, with a reason"),
    KeyAction("raw", "r", "raw text or rendered"),
    KeyAction("guidance", "g", "guidance"),
    KeyAction("scroll", SPACE, "scroll the answer"),
    KeyAction("previous_turn", "[", "previous turn"),
    KeyAction("next_turn", "]", "next turn"),
    KeyAction("help", "?", "list of keys"),
)
"""Digits give levels, Esc leaves a field, Ctrl and Enter submit: these are nobody's to choose."""


class Goal(BaseModel):
    """What somebody means to do in a session."""

    model_config = ConfigDict(frozen=True)

    kind: Literal["items", "minutes"]
    amount: Annotated[int, Field(ge=1, le=1000)]


class PersonalSettings(BaseModel):
    """How somebody likes to read and type; `keys` holds only what differs from `KEY_ACTIONS`."""

    model_config = ConfigDict(frozen=True)

    text_size: TextSize = TextSize.NORMAL
    density: Density = Density.COMFORTABLE
    keys: Mapping[str, str] = {}
    single_keys: bool = True
    show_clock: bool = True
    goal: Goal | None = None
    knows_the_way: bool = False
    """Whether an admin has put the first steps of an empty instance aside."""

    @property
    def key_map(self) -> dict[str, str]:
        """The key of every action; empty for an action that goes without."""
        return {action.name: self.keys.get(action.name, action.key) for action in KEY_ACTIONS}


def clean_key(text: str) -> str:
    """A key as the map keeps it: one character in lower case, `Space`, or nothing.

    Raises:
        BadInput: the key has another meaning, or is none.
    """
    key = text.strip().lower() or (SPACE if text else "")
    if key in ("", SPACE):
        return key
    if key == SPACE.lower():
        return SPACE
    if len(key) != 1 or not key.isprintable():
        raise _bad("key", "give one character, or the word Space; Enter, Esc, Tab and arrows keep their meaning")
    if key.isdecimal():
        raise _bad("key", "digits give levels; choose another key")
    return key


def key_clashes(key_map: Mapping[str, str]) -> dict[str, str]:
    """For each action whose key an earlier one has: what that one does."""
    first: dict[str, str] = {}
    clashes = {}
    for action in KEY_ACTIONS:
        key = key_map.get(action.name, "")
        if key and first.setdefault(key, action.does) != action.does:
            clashes[action.name] = first[key]
    return clashes


def _bad(path: str, message: str, *, code: str = "schema") -> BadInput:
    return BadInput(f"{path}: {message}", faults=[Fault(code, message, path=path)])
