"""Untrusted text as safe HTML: the only module that calls text safe.

What a model, an item or a rubric says is Markdown without HTML. `markdown` parses it, then nh3 keeps only the elements,
attributes and values listed here, whatever the parser let through, and unseen characters are marked. The raw text
stands beside it on every page, because grades must never be of altered text.
"""

from __future__ import annotations

import hashlib
import re
from html import escape

import nh3
from markupsafe import Markup

from evalhub.web.highlighting import HIGHLIGHT_CLASSES
from evalhub.web.markdown import SAFE_ADDRESS, Lines, TooMuchWork, markdown_to_html
from evalhub.web.maths import MATHML_ATTRIBUTES, MATHML_TAGS
from evalhub.web.unseen import mark_unseen

MAX_BYTES = 256 * 1024
CR = "\r"

_FOOTNOTE_ID = re.compile(r"#?fn(?:ref)?-[0-9a-f]{8}-\d{1,5}(?:-\d{1,5})?")
_HEADINGS = {f"heading-{level}" for level in range(1, 7)}
_DIGITS = {f"digits-{number}" for number in range(3, 11)}
_ALIGNMENTS = {"left", "center", "right"}
_TAGS = MATHML_TAGS | {
    "a", "blockquote", "br", "code", "div", "em", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "pre", "s", "span",
    "strong", "sup", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
_CLASSES = {
    "a": {"image-link", "footnote-link"},
    "code": {"maths-source"},
    "div": {"scroll"},
    "ol": {"footnotes", *_DIGITS},
    "pre": {"code"},
    "span": {"maths-block", *HIGHLIGHT_CLASSES},
    "td": _ALIGNMENTS,
    "th": _ALIGNMENTS,
    "p": _HEADINGS,
    **{f"h{level}": _HEADINGS for level in range(3, 7)},
}
# a group, not a region: an answer may have twenty tables, and landmarks must be few and have names of their own
_SCROLLABLE = {"role": {"group"}, "tabindex": {"0"}, "aria-label": {"Table", "Code", "Formula"}}
_CLOSED_VALUES = {
    "a": {"target": {"_blank"}, "aria-label": {"Back to the text"}},
    "div": _SCROLLABLE,
    "pre": _SCROLLABLE,
    "span": _SCROLLABLE,
}


def render_markdown(text: str) -> Markup:
    """What a model or a user of one wrote as safe HTML, its headings from h3 down; lines end where they ended.

    Over 256 KiB, or when typesetting would take too long, the text as it was written, with a notice.
    """
    return _rendered(text, Lines.BREAK)


def render_prose(text: str) -> Markup:
    """The same for what authors wrap by hand, like the guidance of a rubric: a line's end is a space."""
    return _rendered(text, Lines.SPACE)


def render_plain(text: str) -> Markup:
    """Untrusted text as it was written, with unseen characters marked."""
    body = mark_unseen(escape(text, quote=False)).replace(f"{mark_unseen(CR)}\n", "&#13;\n")
    # the parser of HTML drops a line feed that directly follows the tag, and a carriage return that is not escaped
    return Markup(f'<pre class="raw" role="group" tabindex="0" aria-label="Text as written">\n{body}</pre>')  # noqa: S704


def _rendered(text: str, lines: Lines) -> Markup:
    encoded = text.encode("utf-8", "replace")
    if len(encoded) > MAX_BYTES:
        return _as_written("This text is longer than 256 KiB, so it is shown as it was written.", text)
    try:
        html = markdown_to_html(text, key=hashlib.sha256(encoded).hexdigest()[:8], lines=lines)
    except TooMuchWork:
        return _as_written("This text is too intricate to typeset, so it is shown as it was written.", text)
    return Markup(mark_unseen(_CLEANER.clean(html)))  # noqa: S704


def _as_written(notice: str, text: str) -> Markup:
    return Markup(f'<p class="notice">{notice}</p>\n{render_plain(text)}')  # noqa: S704


def _kept_value(tag: str, name: str, value: str) -> str | None:
    if name == "id":
        return value if _FOOTNOTE_ID.fullmatch(value) else None
    if name == "href":
        is_ours = bool(_FOOTNOTE_ID.fullmatch(value))
        return value if is_ours or (value.isascii() and value.isprintable() and SAFE_ADDRESS.match(value)) else None
    return value


_CLEANER = nh3.Cleaner(
    tags=set(_TAGS),
    clean_content_tags=set(),
    attributes={
        **{tag: set(MATHML_ATTRIBUTES) for tag in MATHML_TAGS},
        "*": set(),
        "a": {"href", "id"},
        "li": {"id"},
        "ol": {"start"},
    },
    attribute_filter=_kept_value,
    tag_attribute_values=_CLOSED_VALUES,
    allowed_classes=_CLASSES,
    link_rel="noopener noreferrer nofollow",
    url_schemes={"http", "https", "mailto"},
)
