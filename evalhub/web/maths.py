r"""LaTeX in Markdown: `$…$`, `$$…$$`, `\(…\)` and `\[…\]` become MathML, or show their source.

latex2mathml is not made for hostile input: it copies `\href` and `\style` into attributes and `<img onerror>` out of
`\text{}`, expands macros, recurses without a limit and drops comments. So only its element tree is used, rebuilt
from the elements and attributes listed here, and a formula that cannot be shown whole is shown as it was written.
"""

from __future__ import annotations

import re
from html import escape, unescape
from itertools import zip_longest
from xml.etree.ElementTree import Element

from latex2mathml import exceptions
from latex2mathml.converter import convert_to_element
from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline

MAX_FORMULA = 2_000
MAX_FORMULAS = 24_000  # characters of all formulas of one text; about 6 µs each
MAX_LINES = 80
MAX_DEPTH = 60

MATHML_TAGS = frozenset({
    "math", "mrow", "mi", "mn", "mo", "mtext", "mspace", "mfrac", "msqrt", "mroot", "msub", "msup", "msubsup", "munder",
    "mover", "munderover", "mmultiscripts", "mprescripts", "mtable", "mtr", "mtd", "mstyle", "mpadded", "menclose",
})  # fmt: skip
_ROWS = frozenset({"math", "mrow", "mstyle", "mtd"})
"""Elements whose children follow one another; those of others have a place each."""
_THIN_SPACE = '<mspace width="0.167em"></mspace>'
_LENGTH = r"-?(0|[0-4]?(\.\d{1,4})?)(em|ex)?|\dpt"
_MATHML_VALUES = {
    name: re.compile(values)
    for name, values in {
        "display": "block|inline",
        "displaystyle": "true|false",
        "scriptlevel": r"[+-]?\d",
        "mathvariant": "[a-z-]{1,24}",
        "stretchy": "true|false",
        "fence": "true|false",
        "form": "prefix|infix|postfix",
        "separator": "true|false",
        "accent": "true|false",
        "movablelimits": "true|false",
        "linethickness": _LENGTH,
        "width": _LENGTH,
        "lspace": _LENGTH,
        "rspace": _LENGTH,
        "minsize": r"\d(\.\d{1,4})?em",
        "maxsize": r"\d(\.\d{1,4})?em",
        "columnalign": "((left|right|center) ?){1,12}",
        "columnlines": "((none|solid|dashed) ?){1,12}",
        "rowlines": "((none|solid|dashed) ?){1,40}",
        "columnspacing": r"(\dem ?){1,24}",
        "rowspacing": r"\d(\.\d{1,4})?(em|pt)",
        "notation": "[a-z ]{1,40}",
    }.items()
}
MATHML_ATTRIBUTES = frozenset(_MATHML_VALUES)

# What hides, moves or defines text: the reader would grade something else than the model wrote.
_REFUSED = re.compile(
    r"(?<!\\)%"
    r"|\\(?:(?:re)?newcommand|providecommand|[egx]?def|let|DeclareMathOperator|require"
    r"|[hv]?phantom|smash|[rlc]lap|skew|kern|mkern|raisebox|unicode|char"
    r"|href|url|includegraphics|style|class|cssId|id|data|html\w*|label|tag)(?![A-Za-z])"
)
_CONVERTER_GAVE_UP: tuple[type[Exception], ...] = (
    LookupError,
    ValueError,
    TypeError,
    AttributeError,
    RuntimeError,
    StopIteration,
    *(kind for kind in vars(exceptions).values() if isinstance(kind, type) and issubclass(kind, Exception)),
)
_CLOSING = {"$": "$", "$$": "$$", "\\(": "\\)", "\\[": "\\]"}


class _CannotShow(ValueError):
    """The formula has something in it that would not be shown as it was written."""


def mathml(source: str, *, is_block: bool) -> str | None:
    """A formula as MathML, or None when it cannot be shown whole and safely."""
    if len(source) > MAX_FORMULA or not source.strip() or _REFUSED.search(source) or not _is_balanced(source):
        return None
    try:
        tree = convert_to_element(source, display="block" if is_block else "inline")
        return _rebuilt(tree, depth=0)
    except _CONVERTER_GAVE_UP:
        return None


def _is_balanced(source: str) -> bool:
    depth = 0
    for brace in re.findall(r"\\.|[{}]", source):
        depth += {"{": 1, "}": -1}.get(brace, 0)
        if not 0 <= depth <= MAX_DEPTH:
            return False
    return depth == 0


def _rebuilt(element: Element, *, depth: int) -> str:
    if depth > MAX_DEPTH or element.tag not in MATHML_TAGS:
        raise _CannotShow
    if not {"href", "style", "class", "id"}.isdisjoint(element.attrib):
        raise _CannotShow
    text = unescape(element.text or "")
    if "\\" in text and element.tag != "mtext" and text != "\\":
        raise _CannotShow  # a command that the converter does not know
    attributes = "".join(
        f' {name}="{value}"'
        for name, value in element.attrib.items()
        if name in _MATHML_VALUES and _MATHML_VALUES[name].fullmatch(value)
    )
    children = list(element)
    inner = escape(text)
    for child, following in zip_longest(children, children[1:]):
        inner += _rebuilt(child, depth=depth + 1)
        if following is not None and element.tag in _ROWS and _stand_apart(child, following):
            inner += _THIN_SPACE
    return f"<{element.tag}{attributes}>{inner}</{element.tag}>"


def _stand_apart(one: Element, other: Element) -> bool:
    """Whether a name such as log is one of the two and the other no operator: "log n" is not "logn"."""
    return (_is_name(one) or _is_name(other)) and "mo" not in (one.tag, other.tag)


def _is_name(element: Element) -> bool:
    """A function by its name, with its index or exponent."""
    if element.tag in ("msub", "msup", "msubsup", "munder"):
        return len(element) > 0 and _is_name(element[0])
    text = unescape(element.text or "")
    return element.tag == "mi" and len(text) > 1 and text.isalpha()


def maths_plugin(markdown: MarkdownIt) -> None:
    """Add the tokens `maths` (within a paragraph) and `maths_block`; the content is the bare LaTeX."""
    markdown.inline.ruler.before("escape", "maths", _inline_rule)
    markdown.block.ruler.before("fence", "maths_block", _block_rule, {"alt": ["paragraph", "reference", "blockquote"]})


def _inline_rule(state: StateInline, silent: bool) -> bool:
    opening = _opening_at(state.src, state.pos)
    if opening is None:
        return False
    start = state.pos + len(opening)
    end = _closing_after(state, opening, start)
    if end is None:
        return False
    if not silent:
        token = state.push("maths", "math", 0)
        token.content = state.src[start:end]
        token.markup = opening
    state.pos = end + len(_CLOSING[opening])
    return True


def _opening_at(text: str, at: int) -> str | None:
    pair = text[at : at + 2]
    if pair in ("$$", "\\(", "\\["):
        return pair
    # a dollar before a space, or after a letter or figure ("US$ 5"), is money
    if pair[:1] != "$" or pair[1:].isspace() or len(pair) < 2 or (at and text[at - 1].isalnum()):
        return None
    return "$"


def _closing_after(state: StateInline, opening: str, start: int) -> int | None:
    closing = _CLOSING[opening]
    known = state.env.setdefault("unclosed", {})
    if known.get(closing) == (state.src, state.posMax):
        return None
    end = state.src.find(closing, start, min(state.posMax, start + MAX_FORMULA))
    if end < 0:
        if start + MAX_FORMULA >= state.posMax:
            known[closing] = (state.src, state.posMax)  # so that 20,000 openings are not 20,000 searches
        return None
    return end if end > start and (opening != "$" or _closes_a_formula(state.src, start, end)) else None


def _closes_a_formula(text: str, start: int, end: int) -> bool:
    """Whether a single dollar ends a formula: "$5 and $10" and "$5-$10" hold none."""
    return not (text[end - 1].isspace() or text[end - 1] == "\\" or text[end + 1 : end + 2].isdigit()) and (
        "\n\n" not in text[start:end]
    )


def _block_rule(state: StateBlock, start_line: int, end_line: int, silent: bool) -> bool:
    if state.is_code_block(start_line):
        return False
    first = _line(state, start_line)
    opening = first[:2]
    if opening not in ("$$", "\\["):
        return False
    last, content = _block_content(state, start_line, end_line, _CLOSING[opening])
    if last is None:
        return False
    if not silent:
        token = state.push("maths_block", "math", 0)
        token.block = True
        token.content = content
        token.markup = opening
        token.map = [start_line, last + 1]
        state.line = last + 1
    return True


def _block_content(state: StateBlock, start_line: int, end_line: int, closing: str) -> tuple[int | None, str]:
    """The last line of a formula and what stands between its marks; no line when it is not closed."""
    lines: list[str] = []
    length = 0
    for number in range(start_line, min(end_line, start_line + MAX_LINES)):
        if number > start_line and (state.isEmpty(number) or state.sCount[number] < state.blkIndent):
            break
        text = _line(state, number)[2 if number == start_line else 0 :].rstrip()
        if text.endswith(closing):
            content = "\n".join([*lines, text[: -len(closing)]])
            return (number, content) if closing not in content else (None, "")
        lines.append(text)
        length += len(text)
        if length > MAX_FORMULA or closing in text:
            break
    return None, ""


def _line(state: StateBlock, number: int) -> str:
    return state.src[state.bMarks[number] + state.tShift[number] : state.eMarks[number]]
