"""The text of a rubric as the beginning of another version."""

from __future__ import annotations

import re

from evalhub.rubrics.schema.tree import read_tree

LINE_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
"""What YAML counts as the end of a line."""
TITLE_LIMIT = 200
_TITLED = re.compile(r"""^["']?(title|name)["']?[ \t]*:[ \t]*(["']?)(\S.*?)\2[ \t]*(?:[ \t]#.*)?$""", re.MULTILINE)


def with_version(source: str, number: int) -> str:
    """The same text with another number after `version:`; unchanged where no number stands there."""
    root = read_tree(source.encode()).root
    node = root.mapping.get("version") if root is not None and root.mapping is not None else None
    if node is None or not node.text.isdecimal():
        return source
    starts = [0, *(found.end() for found in LINE_BREAK.finditer(source))]
    at = starts[node.line - 1] + node.column - 1
    if not source.startswith(node.text, at):
        return source
    return source[:at] + str(number) + source[at + len(node.text) :]


def title_in(source: str) -> str:
    """What a text that may be faulty calls itself: its title, else its name, else ""."""
    found = {match[1]: match[3] for match in reversed(list(_TITLED.finditer(source)))}
    return (found.get("title") or found.get("name") or "")[:TITLE_LIMIT]
