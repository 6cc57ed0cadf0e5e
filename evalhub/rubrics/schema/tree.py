"""A rubric file as a tree whose every value knows its line and column.

The tree is built from the parser's events, each checked as it comes, so that nothing is ever expanded, constructed or
recursed into: `yaml.load` and `yaml.compose` are not used.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import yaml

from evalhub.errors import Fault
from evalhub.rubrics.schema.scalars import Misread, plain_scalar
from evalhub.rubrics.schema.text import CONTROL, code_point

SIZE_LIMIT = 256 * 1024
DEPTH_LIMIT = 12
NODE_LIMIT = 20_000

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""Used for its events alone; libyaml reads the largest file allowed in 0.1 s."""

_STANDARD_TAG = "tag:yaml.org,2002:"
_BOM = "\ufeff"

Path = tuple[str | int, ...]


@dataclass(slots=True)
class Node:
    """A scalar (value: text), a mapping (children by key) or a sequence (children)."""

    line: int
    column: int
    text: str = ""
    is_plain: bool = False
    mapping: dict[str, Node] | None = None
    sequence: list[Node] | None = None
    keys: dict[str, tuple[int, int]] = field(default_factory=dict)

    def value(self) -> Any:
        """The plain value, with `Misread` where versions of YAML differ."""
        if self.mapping is not None:
            return {key: child.value() for key, child in self.mapping.items()}
        if self.sequence is not None:
            return [child.value() for child in self.sequence]
        return plain_scalar(self.text) if self.is_plain else self.text

    def place(self, path: Path, *, of_key: bool = False) -> tuple[int, int]:
        """Line and column of the value at the path, or of the nearest thing round it that exists."""
        node, place = self, (self.line, self.column)
        for depth, step in enumerate(path):
            if node.mapping is not None and isinstance(step, str) and step in node.mapping:
                if of_key and depth == len(path) - 1:
                    return node.keys[step]
                node = node.mapping[step]
            elif node.sequence is not None and isinstance(step, int) and step < len(node.sequence):
                node = node.sequence[step]
            else:
                break
            place = (node.line, node.column)
        return place


@dataclass(frozen=True, slots=True)
class Reading:
    """The tree, or None where the file cannot be read as one; and what is wrong with its form."""

    root: Node | None
    faults: tuple[Fault, ...]


def read_tree(content: bytes) -> Reading:
    """Decode and parse one YAML document, collecting every fault of form."""
    if len(content) > SIZE_LIMIT:
        return Reading(None, (Fault("too_large", f"is longer than {SIZE_LIMIT:,} bytes; shorten it"),))
    try:
        text = content.decode("utf-8").removeprefix(_BOM)
    except UnicodeDecodeError as error:
        return Reading(None, (_encoding_fault(content, error),))
    if faults := _raw_control_characters(text):
        return Reading(None, faults)
    return _TreeBuilder(text).reading()


def _encoding_fault(content: bytes, error: UnicodeDecodeError) -> Fault:
    before = content[: error.start].decode("utf-8").removeprefix(_BOM)
    line = before.count("\n") + 1
    column = len(before) - (before.rfind("\n") + 1) + 1
    message = f"byte 0x{content[error.start]:02x} is not UTF-8; save the file as UTF-8"
    return Fault("encoding", message, "", line, column)


def _raw_control_characters(text: str) -> tuple[Fault, ...]:
    faults = []
    for number, line in enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), start=1):
        if found := CONTROL.search(line):
            message = f"holds the control character {code_point(found[0])}; remove it"
            faults.append(Fault("control_character", message, "", number, found.start() + 1))
    return tuple(faults)


class _Stop(Exception):
    """Nothing sensible can be read from here on."""


@dataclass(slots=True)
class _Open:
    """A collection whose end has not come: the step of the path inside it, and the key that waits for its value."""

    node: Node
    step: str | int | None = None
    key: Node | None = None


class _TreeBuilder:
    """Turns events into nodes; the stack holds the collections that are open."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._faults: list[Fault] = []
        self._root: Node | None = None
        self._open: list[_Open] = []
        self._nodes = 0
        self._documents = 0

    def reading(self) -> Reading:
        try:
            for event in yaml.parse(self._text, Loader=_Loader):
                self._take(event)
        except yaml.MarkedYAMLError as error:
            self._faults.append(self._syntax_fault(error))
            return Reading(None, tuple(self._faults))
        except yaml.YAMLError as error:
            self._faults.append(Fault("yaml_syntax", f"is not YAML: {error}", "", 1, 1))
            return Reading(None, tuple(self._faults))
        except _Stop:
            return Reading(None, tuple(self._faults))
        if self._root is None:
            self._faults.append(
                Fault("schema", "is empty; a rubric is a mapping with name, version and criteria", "", 1, 1)
            )
        return Reading(self._root, tuple(self._faults))

    def _fault(self, code: str, message: str, mark: Any) -> None:
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        self._faults.append(Fault(code, message, self._path(), line, column))

    def _path(self) -> str:
        return path_text(tuple(outer.step for outer in self._open if outer.step is not None))

    def _syntax_fault(self, error: yaml.MarkedYAMLError) -> Fault:
        mark = error.problem_mark or error.context_mark
        lines = self._text.splitlines() or [""]
        line, column = (mark.line, mark.column) if mark else (0, 0)
        if line >= len(lines):  # the parser puts the end of the file into a line of its own
            line, column = len(lines) - 1, len(lines[-1])
        if lines[line][column : column + 1] == "\t":
            message = "a tab cannot indent or separate here; use spaces"
        else:
            context = f" ({error.context})" if error.context else ""
            problem = f"{error.problem or 'it cannot be read'}{context}"
            message = f"is not YAML: {problem}; check indentation, colons and quotes"
        return Fault("yaml_syntax", message, self._path(), line + 1, column + 1)

    def _take(self, event: Any) -> None:
        if isinstance(event, yaml.DocumentStartEvent):
            self._documents += 1
            if event.tags:
                self._fault("yaml_tag", "%TAG is not allowed; remove it", event.start_mark)
            if self._documents > 1:
                message = "a second document begins here; keep one rubric in a file"
                self._fault("yaml_multi_document", message, event.start_mark)
                raise _Stop
        elif isinstance(event, yaml.NodeEvent):
            self._take_node(event)
        elif isinstance(event, yaml.CollectionEndEvent):
            self._open.pop()

    def _take_node(self, event: Any) -> None:
        mark = event.start_mark
        self._nodes += 1
        if self._nodes > NODE_LIMIT:
            self._fault("too_large", f"holds more than {NODE_LIMIT:,} values; split the rubric", mark)
            raise _Stop
        node = _empty_node(event)
        self._attach(node, mark)
        if isinstance(event, yaml.AliasEvent):
            self._fault("yaml_alias", f"the alias *{event.anchor} is not allowed; write the value out", mark)
        else:
            self._check_properties(event)
            self._check_text(node, mark)
        if node.mapping is not None or node.sequence is not None:
            self._open.append(_Open(node))
            if len(self._open) > DEPTH_LIMIT:
                self._fault("yaml_depth", f"is nested deeper than {DEPTH_LIMIT}; a rubric needs 5 levels", mark)
                raise _Stop

    def _check_properties(self, event: Any) -> None:
        if event.anchor is not None:
            message = f"the anchor &{event.anchor} is not allowed; write the value out where it is used"
            self._fault("yaml_alias", message, event.start_mark)
        if event.tag is not None:
            name = event.tag.removeprefix(_STANDARD_TAG)
            is_standard = event.tag.startswith(_STANDARD_TAG) and "/" not in name
            shown = f"!!{name}" if event.tag.startswith(_STANDARD_TAG) else event.tag
            message = f"the tag {shown[:80]} is not allowed; write a plain or quoted text"
            self._fault("schema" if is_standard else "yaml_tag", message, event.start_mark)

    def _check_text(self, node: Node, mark: Any) -> None:
        if found := CONTROL.search(node.text):
            message = f"holds the control character {code_point(found[0])}; remove it"
            self._fault("control_character", message, mark)

    def _attach(self, node: Node, mark: Any) -> None:
        if not self._open:
            self._root = node
            return
        outer = self._open[-1]
        if outer.node.sequence is not None:
            outer.step = len(outer.node.sequence)
            outer.node.sequence.append(node)
        elif outer.key is None:
            outer.key, outer.step = node, node.text
            self._check_key(outer.node, node, mark)
        else:
            key, outer.key = outer.key, None
            assert outer.node.mapping is not None
            if _is_usable(key) and key.text not in outer.node.mapping:
                outer.node.mapping[key.text] = node
                outer.node.keys[key.text] = (key.line, key.column)

    def _check_key(self, parent: Node, key: Node, mark: Any) -> None:
        assert parent.mapping is not None
        if key.mapping is not None or key.sequence is not None:
            self._fault("schema", "a key must be a text", mark)
        elif key.is_plain and key.text == "<<":
            self._fault("yaml_alias", "the merge key << is not allowed; write the values out", mark)
        elif key.text in parent.mapping:
            first = parent.keys[key.text][0]
            message = f'"{key.text[:60]}" is given twice, first in line {first}; keep one'
            self._fault("yaml_duplicate_key", message, mark)
        elif key.is_plain and not isinstance(plain_scalar(key.text), str):
            read = plain_scalar(key.text)
            taken_for = read.taken_for if isinstance(read, Misread) else "something else than text"
            self._fault("schema", f'{key.text or "the empty key"} is read as {taken_for}; quote it: "{key.text}"', mark)


def _empty_node(event: Any) -> Node:
    node = Node(event.start_mark.line + 1, event.start_mark.column + 1)
    if isinstance(event, yaml.ScalarEvent):
        node.text, node.is_plain = event.value, not event.style
    elif isinstance(event, yaml.MappingStartEvent):
        node.mapping = {}
    elif isinstance(event, yaml.SequenceStartEvent):
        node.sequence = []
    else:
        node.is_plain = True
    return node


def _is_usable(key: Node) -> bool:
    return key.mapping is None and key.sequence is None and not (key.is_plain and key.text == "<<")


def path_text(path: Path) -> str:
    """`("criteria", 2, "levels")` as `criteria[2].levels`."""
    parts = (f"[{step}]" if isinstance(step, int) else f".{step[:64]}" for step in path)
    return "".join(parts).removeprefix(".")
