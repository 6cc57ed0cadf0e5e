"""Markdown as evalhub reads it: CommonMark without HTML, tables, footnotes, maths, coloured code.

What comes out is not yet safe; `rendering` cleans it. What is bounded here is the work: `TooMuchWork` is raised
after a count of steps, not after a time, so that the same text always looks the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, MutableMapping, Sequence
from enum import Enum
from html import escape
from typing import Any
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_block import StateBlock
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markdown_it.utils import OptionsDict
from mdit_py_plugins.footnote import footnote_plugin

from evalhub.web.highlighting import Highlighter
from evalhub.web.maths import MAX_FORMULAS, mathml, maths_plugin

MAX_STEPS = 80_000
MAX_BLOCKS = 16_000
MAX_PARTS = 16_000  # paragraphs, list items, cells
MAX_PIPES = 30_000
MAX_NESTING = 40
MAX_PARAGRAPH = 24_000
TOP_HEADING = 3
SAFE_ADDRESS = re.compile(r"https?://[^/?#\s]|mailto:[^\s]", re.IGNORECASE)

_WORD_STAR = re.compile(r"[A-Za-z0-9]\*[A-Za-z0-9]")

Environment = MutableMapping[str, Any]


class Lines(Enum):
    """What the end of a line within a paragraph means."""

    BREAK = "break"  # as in a chat, where nobody wraps lines by hand
    SPACE = "space"  # as in a file


class TooMuchWork(Exception):
    """The text is built to take long; it is shown as it was written."""


def markdown_to_html(text: str, *, key: str, lines: Lines) -> str:
    """HTML that still has to be cleaned; `key` makes the ids of its footnotes its own.

    Raises:
        TooMuchWork: the text nests or branches more than any answer does.
    """
    if text.count("|") > MAX_PIPES:
        raise TooMuchWork
    budget = {"steps": MAX_STEPS, "blocks": MAX_BLOCKS, "formulas": MAX_FORMULAS}
    return str(_MARKDOWN[lines].render(text, {"key": key, "highlighter": Highlighter(), **budget}))


class _Renderer(RendererHTML):
    """What differs from the ordinary HTML; the names are the tokens'."""

    def fence(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Environment) -> str:
        token = tokens[idx]
        language = token.info.split(maxsplit=1)[0] if token.info.strip() else ""
        code = env["highlighter"].html(token.content, language)
        return f'<pre class="code" role="group" tabindex="0" aria-label="Code"><code>{code}</code></pre>\n'

    def code_block(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Environment) -> str:
        code = escape(tokens[idx].content, quote=False)
        return f'<pre class="code" role="group" tabindex="0" aria-label="Code"><code>{code}</code></pre>\n'

    def table_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Environment) -> str:
        return '<div class="scroll" role="group" tabindex="0" aria-label="Table"><table>\n'

    def table_close(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Environment) -> str:
        return "</table></div>\n"

    def image(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Environment) -> str:
        """A link that names the host: to load the image would tell that host who reads what, and when."""
        token = tokens[idx]
        address = str(token.attrs.get("src", ""))
        alt = escape(self.renderInlineAsText(token.children, options, env)) if token.children else ""
        shown = f"Image: {alt or 'no description'} ({escape(_host(address))})"
        if token.meta.get("in_link"):
            return f"[{shown}]"
        return f'<a class="image-link" target="_blank" href="{escape(address)}">{shown}</a>'

    def maths(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Environment) -> str:
        return _formula(tokens[idx], env, is_block=tokens[idx].markup in ("$$", "\\["))

    def maths_block(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Environment) -> str:
        return f"<p>{_formula(tokens[idx], env, is_block=True)}</p>\n"

    def long_text(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Environment) -> str:
        return escape(tokens[idx].content, quote=False).replace("\n", "<br>\n")

    def footnote_ref(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Environment) -> str:
        number, again = _footnote(tokens[idx])
        href, own = f"#fn-{env['key']}-{number}", f"fnref-{env['key']}-{number}-{again}"
        return f'<sup><a class="footnote-link" href="{href}" id="{own}">[{number}]</a></sup>'

    def footnote_block_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Environment) -> str:
        return f'<hr>\n<ol class="{tokens[idx].attrGet("class")}">\n'

    def footnote_block_close(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Environment) -> str:
        return "</ol>\n"

    def footnote_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Environment) -> str:
        return f'<li id="fn-{env["key"]}-{_footnote(tokens[idx])[0]}">'

    def footnote_close(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Environment) -> str:
        return "</li>\n"

    def footnote_anchor(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Environment) -> str:
        number, again = _footnote(tokens[idx])
        href = f"#fnref-{env['key']}-{number}-{again}"
        return f' <a class="footnote-link" href="{href}" aria-label="Back to the text">↩</a>'


def _footnote(token: Token) -> tuple[int, int]:
    """The number of a footnote and of the place that refers to it, both from 1."""
    return token.meta["id"] + 1, token.meta.get("subId", 0) + 1


def _formula(token: Token, env: Environment, *, is_block: bool) -> str:
    env["formulas"] -= len(token.content)
    made = mathml(token.content, is_block=is_block) if env["formulas"] >= 0 else None
    if made is None:
        closing = {"\\(": "\\)", "\\[": "\\]"}.get(token.markup, token.markup)
        written = escape(f"{token.markup}{token.content}{closing}", quote=False)
        return f'<code class="maths-source">{written}</code>'
    if is_block:
        return f'<span class="maths-block" role="group" tabindex="0" aria-label="Formula">{made}</span>'
    return made


def _host(address: str) -> str:
    try:
        parts = urlsplit(address)
        return parts.hostname or parts.scheme or "no address"
    except ValueError:
        return "an address that is not valid"


def _count_step(state: StateInline, silent: bool) -> bool:
    state.env["steps"] -= 1
    if state.env["steps"] < 0:
        raise TooMuchWork
    return False


def _keep_marks_within_words(state: StateInline, silent: bool) -> bool:
    """Leave `2*3*4` and `obj.__class__` as they are; CommonMark would eat the marks."""
    text, at = state.src, state.pos
    star = text[at] == "*" and _WORD_STAR.match(text, max(at - 1, 0))
    dunder = not star and text.startswith("__", at) and at and text[at - 1] == "."
    if not (star or dunder):
        return False
    mark = "*" if star else "__"
    if not silent:
        state.pending += mark
    state.pos += len(mark)
    return True


def _count_block(state: StateBlock, start_line: int, end_line: int, silent: bool) -> bool:
    state.env["blocks"] -= 1
    if state.env["blocks"] < 0 or state.level > MAX_NESTING:
        raise TooMuchWork  # beyond its own limit of nesting the parser drops text
    return False


def _bound_the_inline_work(state: StateCore) -> None:
    if sum(token.type == "inline" for token in state.tokens) > MAX_PARTS:
        raise TooMuchWork
    for token in state.tokens:
        if token.type == "inline" and len(token.content) > MAX_PARAGRAPH:
            token.type = "long_text"


def _make_ours(state: StateCore) -> None:
    """Headings below the page's own, alignment by class, no empty heading, header cell or link."""
    outline: list[int] = []
    closing = {}
    for number, token in enumerate(state.tokens):
        is_empty = number + 1 < len(state.tokens) and not state.tokens[number + 1].content.strip()
        if token.type == "heading_open":
            closing["heading_close"] = token.tag = "p" if is_empty else _heading_tag(outline, int(token.tag[1]))
            token.attrs["class"] = (
                f"heading-{len(token.markup) if token.markup[0] == '#' else 1 + (token.markup[0] == '-')}"
            )
        elif token.type in ("th_open", "td_open"):
            style = str(token.attrs.pop("style", ""))
            if style:
                token.attrs["class"] = style.removeprefix("text-align:")
            if token.type == "th_open":
                closing["th_close"] = token.tag = "td" if is_empty else "th"
        elif token.type in closing:
            token.tag = closing[token.type]
        elif token.type == "inline" and token.children:
            token.children = list(_links_made_ours(token.children))


def _make_room_for_numbers(state: StateCore) -> None:
    """Say in the class of a numbered list how many digits its longest number has, where they are more than two."""
    lists: list[tuple[Token, int]] = []
    for token in state.tokens:
        if token.type in ("bullet_list_open", "ordered_list_open", "footnote_block_open"):
            lists.append((token, int(token.attrs.get("start", 1)) - 1))
        elif token.type in ("list_item_open", "footnote_open"):
            lists[-1] = (lists[-1][0], lists[-1][1] + 1)
        elif token.type in ("bullet_list_close", "ordered_list_close", "footnote_block_close"):
            opening, last = lists.pop()
            classes = ["footnotes"] if opening.type == "footnote_block_open" else []
            if last > 99 and opening.type != "bullet_list_open":
                classes.append(f"digits-{len(str(last))}")
            if classes:
                opening.attrs["class"] = " ".join(classes)


def _heading_tag(outline: list[int], level: int) -> str:
    """The next heading's element: h3 first, one deeper than the heading above it at most."""
    while outline and outline[-1] >= level:
        outline.pop()
    outline.append(level)
    return f"h{min(6, TOP_HEADING - 1 + len(outline))}"


def _links_made_ours(children: list[Token]) -> Iterator[Token]:
    address = ""
    is_empty = False
    for token in children:
        if token.type == "link_open":
            address, is_empty = str(token.attrs.get("href", "")), True
            token.attrs = {"href": address, "target": "_blank"}
        elif token.type == "link_close":
            if is_empty:
                yield Token("text", "", 0, content=address)
            address = ""
        elif address:
            is_empty = is_empty and not (token.content.strip() or token.type == "image")
            if token.type == "image":
                token.meta["in_link"] = True
        yield token


_FOOTNOTE_TOKENS = (
    "footnote_ref",
    "footnote_block_open",
    "footnote_block_close",
    "footnote_open",
    "footnote_close",
    "footnote_anchor",
)


def _parser(lines: Lines) -> MarkdownIt:
    options = {"breaks": lines is Lines.BREAK, "html": False}
    markdown = MarkdownIt("js-default", options, renderer_cls=_Renderer)
    markdown.use(footnote_plugin).use(maths_plugin)
    for name in _FOOTNOTE_TOKENS:  # the plugin's own renderers make ids from the text
        markdown.add_render_rule(name, getattr(_Renderer, name))
    markdown.inline.ruler.before("text", "count_step", _count_step)
    markdown.inline.ruler.before("emphasis", "keep_marks_within_words", _keep_marks_within_words)
    markdown.block.ruler.before("table", "count_block", _count_block)
    markdown.core.ruler.before("inline", "bound_the_inline_work", _bound_the_inline_work)
    markdown.core.ruler.push("make_ours", _make_ours)
    markdown.core.ruler.push("make_room_for_numbers", _make_room_for_numbers)
    markdown.validateLink = _is_safe_address  # type: ignore[method-assign, assignment]
    return markdown


def _is_safe_address(address: str) -> bool:
    """Whether a link may be followed; the source of any other link is shown as text."""
    return bool(SAFE_ADDRESS.match(address))


_MARKDOWN = {lines: _parser(lines) for lines in Lines}
