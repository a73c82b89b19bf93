"""HTML of a mail: safe to show whatever stands there, readable as text, and in bounded time."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.mail.markup import Room, attributes_of, readable
from tests.parts.growth import grows_linearly

SOON = 5.0

BAD_HTML = [
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//x.example/a.js></SCRIPT>",
    "<img src=x onerror=alert(1)>",
    "<img src='https://t.example/1.gif' width=1>",
    "<a href='javascript:alert(1)'>x</a>",
    "<a href=' javas\tcript:alert(1)'>x</a>",
    "<body onload=alert(1)>",
    "<iframe src=//x.example></iframe>",
    "<form action=//x.example><input name=p></form>",
    "<style>@import url(//x.example)</style>",
    "<div style='background:url(//x.example)'>x</div>",
    "<link rel=stylesheet href=//x.example>",
    "<svg><script>alert(1)</script></svg>",
    "<math><mi xlink:href='javascript:alert(1)'>x</math>",
    "<object data=//x.example></object>",
    "<base href=//x.example>",
    "<meta http-equiv=refresh content='0;url=//x.example'>",
    "<table background=//x.example><tr><td>x</table>",
    "<img src='cid:a' srcset='//x.example 2x'>",
    "<a href=x ping=//x.example>x</a>",
    "<video poster=//x.example></video>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<!--><img src=x onerror=alert(1)>-->",
    '<img src="cid:a" onload="x"',
    "<a href=\"http://x.example\" onclick='x'>y",
    "<template><script>x</script></template>",
    "<input type=image src=//x.example>",
    "<p/onclick=alert(1)>x",
    "<<script>alert(1);//<</script>",
    "<xmp><script>x</script></xmp>",
]
REMOTE = re.compile(
    r"<[^>]*\b(?:src|srcset|background|poster|data|action|style|ping|on[a-z]+)\s*=\s*(?!\"cid:)", re.IGNORECASE
)
FORBIDDEN = re.compile(
    r"<\s*/?\s*(?:script|style|iframe|object|embed|form|input|link|meta|base|svg|math|body|html|template|xmp)\b"
    r"|<[^>]*javascript:",
    re.IGNORECASE,
)


def safe(html: str) -> str:
    return readable(html, Room())[0] or ""


odd_html = st.one_of(st.sampled_from(BAD_HTML), st.text("<>/ab='\"& -!", max_size=12))


@given(st.lists(odd_html, max_size=8).map("".join))
def test_sanitised_html_runs_nothing_and_fetches_nothing(html: str) -> None:
    shown = safe(html)
    assert not FORBIDDEN.search(shown)
    assert not REMOTE.search(shown)


@pytest.mark.parametrize(
    ("html", "shown"),
    [
        ('<img src="cid:a@b" alt="map">', '<img src="cid:a@b" alt="map">'),
        ("<p>One<br>two</p>", "<p>One<br>two</p>"),
        ("<p>a < b</p>", "<p>a &lt; b</p>"),
        ("<b>bold", "<b>bold</b>"),
        ("<center>x</center>", "<div>x</div>"),
    ],
)
def test_sanitised_html_keeps_what_is_harmless(html: str, shown: str) -> None:
    assert safe(html) == shown


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>One</p><p>Two</p>", "One\n\nTwo"),
        ("<div>One</div><div>Two</div>", "One\nTwo"),
        ("One<br>two<br><br>three", "One\ntwo\n\nthree"),
        ("<ul><li>One<li>Two</ul>", "* One\n* Two"),
        ("<ol><li>One<li>Two</ol>", "1. One\n2. Two"),
        ("<blockquote>One<blockquote>Two</blockquote></blockquote>After", "> One\n>\n> > Two\n> >\nAfter"),
        ("<table><tr><td>a<td>b<tr><td>c</table>", "a b\nc"),
        ("<a href='https://x.example/a'>here</a>", "here <https://x.example/a>"),
        ("<a href='https://x.example/'>https://x.example</a>", "https://x.example"),
        ("<pre>  a\n  b</pre>", "  a\n  b"),
        ("a\n   b&nbsp;c &amp; d &lt;e&gt;", "a b c & d <e>"),
        ("<style>p {}</style><title>t</title><p>One", "One"),
        ("<style>never closed <p>One", "never closed\n\nOne"),
        ("<!-- one --><p>Two<!-- never closed", "Two never closed"),
        ("<!--[if mso]>Word<![endif]--><!--[if !mso]><!-->One<!--<![endif]-->", "One"),
        ('<img src="cid:a" alt="map">', "[map]"),
        ("&#0;a&#xD800;b", "\ufffda\ufffdb"),
        ("<hr>From: x", "_" * 32 + "\nFrom: x"),
        ("1 < 2 and <3", "1 < 2 and <3"),
        ('<p title="a>b">One</p>', "One"),
        ('<p title="never closed>One</p>', "One"),
    ],
)
def test_html_becomes_text_that_reads_well(html: str, text: str) -> None:
    assert readable(html, Room())[1] == text


words = st.text("abcdefgh", min_size=1, max_size=8)
tags = st.sampled_from(
    [
        "<p>",
        "</p>",
        "<div>",
        "</div>",
        "<b>",
        "</b>",
        "<td>",
        "<table>",
        "</table>",
        "<br>",
        "<ul>",
        "<li>",
        "<pre>",
        "<blockquote>",
        "</blockquote>",
        "<a href='http://x'>",
        "</a>",
        "<span>",
        "<o:p>",
        "<font color=red>",
        "<!-- c -->",
    ]
)


@given(st.lists(st.one_of(words, tags), max_size=40))
def test_no_word_between_the_tags_is_lost(pieces: list[str]) -> None:
    _, text, _ = readable(" ".join(pieces), Room())
    for piece in pieces:
        assert piece.startswith("<") or piece in text


@pytest.mark.parametrize(
    "piece",
    [
        "<div>",
        "<b>",
        "<font color=x>",
        "<table><tr><td>",
        "<!--",
        "<style>",
        "<a ='",
        "<",
        "<a",
        "<ul><li>",
        "<p>x",
        "&amp;",
        "<b><p>x",
        "<blockquote>",
        "<a href=http://x.example>w",
        '<div title="></div>">',
        "<br>",
        "<svg>",
    ],
)
def test_a_megabyte_of_odd_html_takes_bounded_time_and_room(piece: str) -> None:
    takes_bounded_time_and_room(piece * (1_000_000 // len(piece)))


@pytest.mark.parametrize("filler", ["a", " ", "=", '"', "'", "/", "a ", "a=", 'a="', "a=' ", "a =", "&", "\x00"])
@pytest.mark.parametrize("begin", ["<a x=1 ", "<a href='", "<img alt=", "<td colspan=2", "</a "])
@pytest.mark.parametrize("end", ["", ">"])
def test_a_megabyte_within_one_tag_takes_bounded_time_and_room(begin: str, filler: str, end: str) -> None:
    takes_bounded_time_and_room(begin + filler * (990_000 // len(filler)) + end)


def takes_bounded_time_and_room(source: str) -> None:
    begun = time.process_time()
    shown, text, _ = readable(source, Room())
    assert time.process_time() - begun < SOON
    assert len(shown or "") + len(text) < 30 * len(source)


@pytest.mark.parametrize("odd", ["a", "&"])
def test_a_tag_of_odd_attributes_takes_linear_time(odd: str) -> None:
    assert grows_linearly(lambda rest: attributes_of("a", rest), lambda size: " x=1 " + odd * size, 2000)


def test_a_link_behind_other_attributes_is_kept() -> None:
    assert safe("<a x=1 class='b c' data-long=aaaa href=\"https://x.example\">y</a>").count("https://x.example") == 1
