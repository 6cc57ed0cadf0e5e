"""Untrusted text comes out as safe HTML, whole, and in time."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalhub.web.rendering import MAX_BYTES, render_markdown, render_plain, render_prose

ELEMENTS_NEVER_MADE = {
    "script", "style", "img", "iframe", "object", "embed", "form", "input", "button", "base", "meta", "link", "svg",
    "video", "audio", "source", "template", "noscript", "textarea", "select", "title", "h1", "h2", "annotation-xml",
    "mglyph", "maction", "semantics",
}  # fmt: skip
VOID = {"br", "hr"}
FRAGMENTS = [
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "[a](javascript:alert(1))", "![b](http://t.invalid/p)",
    "[c](https://e.org 'on\"x=1')", "<http://e.org/?\"onx=1>", "$\\text{<img onerror=1>}$", "$\\href{javascript:1}{x}$",
    "$$\n\\style{a:b}{x}\n$$", "| a | b |\n|:-:|--|\n| c | d |\n", "```html\n<b onx=1>\n```\n", "`<i>`", "[^1]",
    "\n[^1]: n\n", "&lt;script&gt;", "&#x3c;b&#62;", "\u202e", "\u200b", "\x1b[2J", "\n", " ", '"', "'", ">", "<",
    "[x][y]\n\n[y]: data:text/html,1\n", "<math><mtext><table><mglyph><style><!--</style>", "`", "**", "_", "[", "](",
    "# h\n", "\\(", "\\)", "$", "!",
]  # fmt: skip
SLOW_PIECES = [
    "[", "![", "$", "$$", "\\(", "\\[", "*", "**a", "_a_", "`", "` a", "<", "<a", "&", ">", "> ", "- a\n", "1. a\n",
    "a\n", "|a", "a|b\n", "|a|b|\n|-|-|\n", "[^", "^[", "[a](", '[a](b "', "[a]: b\n", "[^a]: b\n", "# a\n", "x\n===\n",
    "{", "\u202e", "```c\n" + "\n" * 11_000 + "```\n", "```ini\n" + " :" * 5_900 + "\n```\n",
    "```hcl\n" + "<<E\n" * 2_900 + "```\n",
]  # fmt: skip


class Page(HTMLParser):
    """What a browser would find in a fragment."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(str(html))  # a Markup would escape what is added to it
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def attributes(self, name: str) -> Iterator[str]:
        return (attributes[name] for _, attributes in self.elements if name in attributes)


def inert(html: str) -> Page:
    """The page of a fragment, after checking that nothing in it acts, loads or looks like ours."""
    page = Page(html)
    assert page.open == []
    for tag, attributes in page.elements:
        assert tag not in ELEMENTS_NEVER_MADE
        for name, value in attributes.items():
            assert not name.startswith("on")
            assert name not in {
                "style",
                "src",
                "srcset",
                "action",
                "formaction",
                "name",
                "title",
                "xlink:href",
                "background",
            }
            assert (
                name != "href"
                or value.startswith(("https://", "http://", "mailto:", "#fn"))
                or value[:8].lower()
                in (
                    "https://",
                    "http://",
                )
            )
            assert name != "id" or value.startswith("fn")
            assert value.isascii()
        if tag == "a":
            assert {"noopener", "noreferrer", "nofollow"} <= set(attributes["rel"].split())
    return page


@pytest.fixture(scope="module")
def hostile(shared: Path) -> dict[str, str]:
    """The responses of the hostile corpus by the name of their file."""
    files = sorted((shared / "corpus" / "hostile_output_jsonl").glob("*.jsonl"))
    assert files
    return {file.stem: json.loads(file.read_text("utf-8"))["response"] for file in files}


def test_every_hostile_response_is_inert(hostile: dict[str, str]) -> None:
    for response in hostile.values():
        inert(render_markdown(response))
        inert(render_plain(response))


def test_markup_of_a_model_is_shown_as_text(hostile: dict[str, str]) -> None:
    for name in ("script_tag", "img_onerror", "overlay_phishing", "dom_clobber", "attribute_namespace"):
        assert hostile[name] in inert(render_markdown(hostile[name])).text


def test_legitimate_code_about_html_is_shown_in_full(hostile: dict[str, str]) -> None:
    text = inert(render_markdown(hostile["html_code_legit"])).text
    assert '<script src="app.js"></script>' in text
    assert "a < b && c > d" in text


def test_template_syntax_is_text(hostile: dict[str, str]) -> None:
    assert "{{ 7*7 }}" in inert(render_markdown(hostile["jinja_ssti"])).text


@pytest.mark.parametrize("text", ["2*3*4 = 24", "obj.__class__.__base__", "snake_case_name"])
def test_marks_within_words_are_not_eaten(text: str) -> None:
    assert inert(render_markdown(text)).text.strip() == text


def test_an_image_becomes_a_link_that_names_its_host(hostile: dict[str, str]) -> None:
    page = inert(render_markdown(hostile["md_tracking_pixel"]))
    assert "status" in page.text
    assert "(tracker.invalid)" in page.text


def test_bidirectional_controls_are_made_visible(hostile: dict[str, str]) -> None:
    for html in (render_markdown(hostile["bidi_spoof"]), render_plain(hostile["bidi_spoof"])):
        assert "U+202E" in html
        assert not set("\u202e\u202c\u2066\u2069") & set(html)


def test_tag_characters_that_carry_hidden_text_are_made_visible() -> None:
    assert render_markdown("ok\U000e0049\U000e0047").count("U+E00") == 2


def test_joiners_within_emoji_and_persian_words_stay() -> None:
    for text in ("👩\u200d🔬", "❤\ufe0f", "می\u200cخواهم"):
        assert text in render_markdown(text)
    assert "U+200D" in render_markdown("ad\u200dmin")


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "data:text/html,1", "file:///etc/passwd", "/sign-out", "//e.org", "vbscript:x"]
)
def test_a_link_that_is_not_web_or_mail_shows_its_source(address: str) -> None:
    page = inert(render_markdown(f"[here]({address})"))
    assert page.text.strip() == f"[here]({address})"
    assert not list(page.attributes("href"))


def test_a_title_cannot_carry_characters_out_of_its_attribute() -> None:
    inert(render_markdown('[a](https://e.org "x\u202e onmouseover=alert(1)")'))


@pytest.mark.parametrize(
    "formula",
    ["$x^2$", "$$\\frac{1}{2}$$", "\\(a < b\\)", "\\[\\sum_{i=1}^n i\\]", "$$\na = b\n- c\n$$", "$\\text{if } x$"],
)
def test_maths_becomes_mathml(formula: str) -> None:
    page = inert(render_markdown(f"Then {formula}" if "\n" not in formula else formula))
    assert "math" in dict(page.elements)
    assert "\\" not in page.text


@pytest.mark.parametrize(
    ("formula", "spaces"),
    [
        ("\\log n", 1),
        ("n\\log n", 2),
        ("\\log_2 n + k", 1),
        ("2\\sin^2 x", 2),
        ("\\max(a, b)", 0),
        ("\\frac{\\log}{n}", 0),
        ("a b", 0),
    ],
)
def test_the_name_of_a_function_stands_apart_from_what_it_is_of(formula: str, spaces: int) -> None:
    html = render_markdown(f"${formula}$")
    inert(html)
    assert html.count("<mspace") == spaces


@pytest.mark.parametrize(
    "formula",
    [
        "$\\href{javascript:alert(1)}{x}$",
        "$\\style{color:red}{x}$",
        "$\\unknowncommand{x}$",
        "$x % hidden$",
        "$\\phantom{hidden}$",
        "$\\frac{a}{b$",
        "$" + "{" * 1_000 + "}" * 1_000 + "$",
        "$\\newcommand{\\a}{xx}\\a\\a$",
    ],
)
def test_maths_that_cannot_be_shown_whole_shows_its_source(formula: str) -> None:
    page = inert(render_markdown(formula))
    assert "math" not in dict(page.elements)
    assert page.text.strip() == formula


def test_html_within_the_text_of_a_formula_is_text() -> None:
    assert "<img" in inert(render_markdown("$\\text{<img src=x onerror=alert(1)>}$")).text


@pytest.mark.parametrize("text", ["It costs $5 and $10.", "US$5 or C$7", "$5-$10 a month"])
def test_prices_are_not_maths(text: str) -> None:
    assert inert(render_markdown(text)).text.strip() == text


def test_headings_start_below_the_pages_own_and_skip_no_level() -> None:
    page = inert(render_markdown("# a\n\n#### b\n\n## c\n\nd\n===\n"))
    assert [tag for tag, _ in page.elements] == ["h3", "h4", "h4", "h3"]


def test_empty_headings_header_cells_and_links_are_not_announced() -> None:
    page = inert(render_markdown("#\n\n[](https://e.org)\n\n| |b|\n|-|-|\n|1|2|"))
    assert [tag for tag, _ in page.elements if tag in {"h3", "th"}] == ["th"]
    assert "https://e.org" in page.text


def test_tables_and_code_that_scroll_can_be_focused_and_have_a_name() -> None:
    page = inert(render_markdown("|a|b|\n|:-|-:|\n|1|2|\n\n```python\nx = 1\n```\n"))
    named = [a["aria-label"] for _, a in page.elements if a.get("tabindex") == "0" and a.get("role") == "group"]
    assert named == ["Table", "Code"]
    assert {"left", "right"} <= set(page.attributes("class"))


def test_code_is_coloured_without_losing_a_character() -> None:
    code = "def f(x):\n\treturn \"a<b\" # 'ü'\n\n"
    page = inert(render_markdown(f"```python\n{code}```"))
    assert "hl-keyword" in set(page.attributes("class"))
    assert code in page.text


def test_lines_of_a_chat_end_where_they_ended_and_those_of_a_file_flow() -> None:
    assert "<br>" in render_markdown("one\ntwo")
    assert "<br>" not in render_prose("one\ntwo")


def test_footnotes_of_two_texts_do_not_share_ids() -> None:
    ids = [set(inert(render_markdown(f"{word}[^1]\n\n[^1]: note")).attributes("id")) for word in ("one", "two")]
    assert ids[0]
    assert not ids[0] & ids[1]


def test_a_text_over_the_limit_is_shown_raw_with_a_notice() -> None:
    page = inert(render_markdown("**a** " * (MAX_BYTES // 6 + 1)))
    assert "256 KiB" in page.text
    assert "**a** **a**" in page.text


def test_raw_text_keeps_every_visible_character() -> None:
    text = "\n  | a | `##` \\(x\\)\n\n\tend <b> &amp; "
    assert Page(render_plain(text)).text == "\n" + text


@pytest.mark.parametrize("piece", SLOW_PIECES)
def test_no_text_of_256_kib_takes_many_seconds(piece: str) -> None:
    """Most take a tenth of one; what grew with the square of the length would take minutes."""
    text = (piece * (MAX_BYTES // len(piece.encode()) + 1))[:MAX_BYTES]
    start = time.process_time()
    render_markdown(text)
    assert time.process_time() - start < 5.0


@settings(max_examples=200, deadline=None)
@given(st.lists(st.one_of(st.sampled_from(FRAGMENTS), st.text(max_size=12)), max_size=24).map("".join))
def test_no_text_makes_anything_but_inert_markup(text: str) -> None:
    inert(render_markdown(text))
    inert(render_plain(text))
