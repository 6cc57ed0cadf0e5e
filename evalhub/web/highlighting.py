"""Code with its words coloured by a closed set of classes.

The regular expressions of a lexer are the one part of rendering whose time no count bounds: 24 kB of blank lines
keep the one for C busy for twelve seconds. So long code, long lines and runs of blank lines stay plain, and when the
colouring of a text takes longer than `MAX_SECONDS`, what is left stays plain too; no character is ever lost.
"""

from __future__ import annotations

import re
from html import escape
from time import perf_counter

from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name
from pygments.token import Comment, Generic, Keyword, Name, Number, Operator, String, _TokenType
from pygments.util import ClassNotFound

MAX_CODE = 12_000
MAX_LINE = 400
MAX_SECONDS = 0.15

_BLANK_RUN = re.compile(r"(?:[ \t]*\n){20}")

_LANGUAGES = {
    "bash": "bash", "sh": "bash", "shell": "bash", "zsh": "bash", "console": "bash",
    "c": "c", "c++": "cpp", "cpp": "cpp", "c#": "csharp", "cs": "csharp", "csharp": "csharp",
    "css": "css", "diff": "diff", "patch": "diff", "docker": "docker", "dockerfile": "docker",
    "go": "go", "golang": "go", "graphql": "graphql", "hcl": "hcl", "terraform": "hcl", "html": "html",
    "ini": "ini", "toml": "toml", "java": "java", "javascript": "javascript", "js": "javascript", "jsx": "javascript",
    "json": "json", "julia": "julia", "kotlin": "kotlin", "kt": "kotlin", "lua": "lua", "make": "make",
    "makefile": "make", "perl": "perl", "php": "php", "powershell": "powershell", "proto": "protobuf",
    "protobuf": "protobuf", "python": "python", "py": "python", "python3": "python", "r": "r", "ruby": "ruby",
    "rb": "ruby", "rust": "rust", "rs": "rust", "scala": "scala", "sql": "sql", "postgresql": "sql", "swift": "swift",
    "tex": "tex", "latex": "tex", "typescript": "typescript", "ts": "typescript", "tsx": "typescript", "xml": "xml",
    "yaml": "yaml", "yml": "yaml",
}  # fmt: skip

_CLASSES: tuple[tuple[_TokenType, str], ...] = (
    (Comment, "hl-comment"),
    (Keyword, "hl-keyword"),
    (Operator.Word, "hl-keyword"),
    (Name.Tag, "hl-keyword"),
    (String, "hl-string"),
    (Number, "hl-number"),
    (Name.Function, "hl-name"),
    (Name.Class, "hl-name"),
    (Name.Namespace, "hl-name"),
    (Name.Attribute, "hl-name"),
    (Name.Decorator, "hl-name"),
    (Generic.Deleted, "hl-deleted"),
    (Generic.Inserted, "hl-inserted"),
)
HIGHLIGHT_CLASSES = frozenset(css_class for _, css_class in _CLASSES)


class Highlighter:
    """Colours the code of one text, for as long as its time lasts."""

    def __init__(self) -> None:
        self._seconds_left = MAX_SECONDS

    def html(self, code: str, language: str) -> str:
        """Escaped HTML of code, with spans where the language is known and the lexer keeps every character."""
        lexer = _lexer(language) if self._seconds_left > 0 and _is_ordinary(code) else None
        pieces = self._pieces(lexer, code) if lexer else None
        if pieces is None or "".join(text for _, text in pieces) != code:
            return escape(code, quote=False)
        return "".join(_span(css_class, text) for css_class, text in pieces)

    def _pieces(self, lexer: Lexer, code: str) -> list[tuple[str, str]] | None:
        """Runs of one class, or None when the time is up."""
        start = perf_counter()
        pieces: list[tuple[str, str]] = []
        for kind, text in lexer.get_tokens(code):
            css_class = _css_class(kind)
            if pieces and pieces[-1][0] == css_class:
                pieces[-1] = (css_class, pieces[-1][1] + text)
            else:
                pieces.append((css_class, text))
            if perf_counter() - start > self._seconds_left:
                self._seconds_left = 0.0
                return None
        self._seconds_left -= perf_counter() - start
        return pieces


def _is_ordinary(code: str) -> bool:
    return (
        len(code) <= MAX_CODE
        and max((len(line) for line in code.split("\n")), default=0) <= MAX_LINE
        and not _BLANK_RUN.search(code)
    )


def _lexer(language: str) -> Lexer | None:
    name = _LANGUAGES.get(language.lower())
    if name is None:
        return None
    try:
        return get_lexer_by_name(name, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return None


def _css_class(kind: _TokenType) -> str:
    return next((css_class for ancestor, css_class in _CLASSES if kind in ancestor), "")


def _span(css_class: str, text: str) -> str:
    shown = escape(text, quote=False)
    return f'<span class="{css_class}">{shown}</span>' if css_class else shown
