"""
HTML of a mail made safe, and made text.

It is read twice. First tag by tag: what may never stand there goes, and nesting is bounded, since the time that a
parser takes grows with its square (20,000 open tags: two seconds). Then nh3, which parses as browsers do, has the word
on what is safe. Text is made from what is left, in one pass.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import nh3

from services.intake.domain.mail.charsets import cleaned
from services.intake.domain.mail.rendering import rendered

LONGEST_HTML = 1_000_000
MOST_TAGS = 100_000
"""Of one mail. Of what is longer than either, only the text is kept."""
MOST_DEEP = 200
MOST_FORMATS = 8
MOST_BLOCKS_IN_A_FORMAT = 20
"""A parser opens what was not closed anew in each block: left open over many of them, it fills memory."""

VOID = frozenset({"br", "hr", "img", "wbr", "col"})
FORMATS = frozenset({"a", "b", "code", "em", "i", "s", "small", "strike", "strong", "tt", "u"})
CLOSED_BY_THE_NEXT = frozenset({"p", "li", "td", "th", "tr", "tbody", "thead", "tfoot", "dt", "dd"})
"""These end where the next of their kind begins: they nest only within others that are counted."""
OTHERS = frozenset(
    {"abbr", "blockquote", "caption", "cite", "colgroup", "del", "div", "dl", "h1", "h2", "h3", "h4", "h5", "h6", "ins",
     "kbd", "ol", "pre", "q", "span", "sub", "sup", "table", "ul"}
)  # fmt: skip
ALLOWED = VOID | FORMATS | CLOSED_BY_THE_NEXT | OTHERS
BLOCKS = CLOSED_BY_THE_NEXT | OTHERS - {"abbr", "cite", "del", "ins", "kbd", "q", "span", "sub", "sup"}
AS_DIV = frozenset(
    {"address", "article", "aside", "center", "dialog", "fieldset", "figcaption", "figure", "footer", "form", "header",
     "legend", "main", "nav", "section", "details", "summary"}
)  # fmt: skip
GONE = frozenset(
    {"script", "style", "title", "template", "svg", "math", "object", "applet", "iframe", "select", "xml", "noembed",
     "noframes", "frameset", "audio", "video", "canvas"}
)  # fmt: skip
"""With all that stands in them."""

ATTRIBUTES = {
    "a": {"href"}, "img": {"src", "alt", "width", "height"}, "td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan"},
    "ol": {"start"}, "div": {"dir"}, "p": {"dir"}, "span": {"dir"},
}  # fmt: skip
NUMBERS = frozenset({"width", "height", "colspan", "rowspan", "start"})
SCHEMES = {"http", "https", "mailto", "tel", "cid"}
LONGEST_ATTRIBUTE = 4000
LONGEST_TAG = 4 * LONGEST_ATTRIBUTE
"""As far as a tag is looked at for its attributes."""

TAG = re.compile(
    r"<(?:(?P<comment>!--)|[!?][^<>]*>"
    r"|(?P<end>/?)(?P<name>[a-z][^\s/>\x00<]*+)(?P<rest>(?:[^>\"'=]++|=\s*+(?:\"[^\"]*\"|'[^']*')|[=\"'])*+)>?)",
    re.IGNORECASE,
)
ATTRIBUTE = re.compile(r"(?<![^\s\"'<>/=])([^\s\"'<>/=]++)\s*+=\s*+(\"[^\"]*\"|'[^']*'|[^\s\"'>]++)")
"""From where a name begins, and from nowhere within it: a long one without a value would be tried from each letter."""
ANY_TAG = re.compile(r"<[^<>]{0,5000}>")


def keep_safe(tag: str, attribute: str, value: str) -> str | None:
    """Pictures come from the mail itself: fetching one from elsewhere would tell its sender who reads, and when."""
    if tag == "img" and attribute == "src" and not value.lower().startswith("cid:"):
        return None
    return value


CLEANER = nh3.Cleaner(
    tags=set(ALLOWED),
    attributes={tag: set(names) for tag, names in ATTRIBUTES.items()},
    attribute_filter=keep_safe,
    url_schemes=SCHEMES,
    url_relative="deny",
    link_rel="noopener noreferrer nofollow",
)


@dataclass(slots=True)
class Room:
    """How much HTML of a mail is still looked at."""

    characters: int = LONGEST_HTML
    tags: int = MOST_TAGS


def readable(source: str, room: Room) -> tuple[str | None, str, Sequence[str]]:
    """HTML that is safe to show, its text, and what is to be told of it. None when there is nothing to show."""
    notes = []
    reduced = Reduced(source[: room.characters], room)
    safe = CLEANER.clean("".join(reduced.tokens()))
    rest = source[reduced.at :] if room.tags <= 0 else source[room.characters :]
    room.characters = max(room.characters - len(source), 0)
    text = rendered(safe)
    if rest:
        text += "\n" + cleaned(html.unescape(ANY_TAG.sub(" ", rest)))
        notes.append("Its HTML is too long to be shown: the text was taken out of it.")
    if "src=" in source and "data:image/" in source:
        notes.append("A picture is written into its HTML: it is in the raw mail only.")
    return (safe if safe.strip() and not rest else None), text, notes


class Reduced:
    """The tags that may stand in a mail and nest within bounds, with the attributes that may, and all text."""

    def __init__(self, source: str, room: Room) -> None:
        self.source = source
        self.room = room
        self.at = 0
        self.open: Counter[str] = Counter()
        self.depth = 0
        self.formats: list[str] = []
        self.blocks_since = 0
        self.never_closed: set[str] = set()

    def tokens(self) -> Iterator[str]:
        for_text = 0
        while self.room.tags > 0 and (found := TAG.search(self.source, self.at)):
            self.room.tags -= 1
            yield self.source[for_text : found.start()].replace("<", "&lt;")
            self.at = found.end()
            if found["comment"]:
                self.skip("-->")
            elif found["name"]:
                yield from self.tag(found["name"].lower(), found["end"] == "/", found["rest"])
            for_text = self.at
        if self.room.tags > 0:
            yield self.source[for_text:].replace("<", "&lt;")

    def tag(self, name: str, is_end: bool, rest: str) -> Iterator[str]:
        name = "div" if name in AS_DIV else name
        if name in GONE:
            if not is_end and not rest.endswith("/"):
                self.skip(f"</{name}")
        elif name not in ALLOWED:
            return
        elif is_end:
            yield from self.ended(name)
        else:
            yield from self.begun(name, rest)

    def begun(self, name: str, rest: str) -> Iterator[str]:
        if name in BLOCKS and self.formats:
            self.blocks_since += 1
            if self.blocks_since > MOST_BLOCKS_IN_A_FORMAT:
                yield from self.formats_ended()
        if name in FORMATS:
            if len(self.formats) >= MOST_FORMATS:
                return
            self.formats.append(name)
        elif name not in VOID and name not in CLOSED_BY_THE_NEXT:
            if self.depth >= MOST_DEEP:
                return
            self.depth += 1
        self.open[name] += name not in VOID
        yield f"<{name}{attributes_of(name, rest)}>"

    def ended(self, name: str) -> Iterator[str]:
        if self.open[name] <= 0:
            return
        if name in FORMATS:
            self.formats.remove(name)
            self.blocks_since = self.blocks_since if self.formats else 0
        elif name not in CLOSED_BY_THE_NEXT:
            self.depth -= 1
        self.open[name] -= 1
        yield f"</{name}>"

    def formats_ended(self) -> Iterator[str]:
        for name in reversed(self.formats[:]):
            yield from self.ended(name)

    def skip(self, end: str) -> None:
        """Behind it; where it never comes, what stands there is shown rather than lost."""
        if end in self.never_closed:
            return
        found = re.compile(re.escape(end), re.IGNORECASE).search(self.source, self.at)
        if found is None:
            self.never_closed.add(end)
            return
        self.at = found.end()
        if end != "-->" and (closed := self.source.find(">", self.at)) >= 0:
            self.at = closed + 1


def attributes_of(name: str, rest: str) -> str:
    allowed = ATTRIBUTES.get(name)
    if not allowed or "=" not in rest:
        return ""
    given = {key.lower(): html.unescape(value.strip("\"'")) for key, value in ATTRIBUTE.findall(rest, 0, LONGEST_TAG)}
    return "".join(
        f' {key}="{html.escape(value)}"'
        for key, value in given.items()
        if key in allowed and len(value) <= LONGEST_ATTRIBUTE and is_meant(name, key, value)
    )


def is_meant(name: str, key: str, value: str) -> bool:
    if key in NUMBERS:
        return value.isascii() and value.isdigit() and len(value) <= 3  # noqa: PLR2004  nothing is 1,000 columns wide
    return name != "img" or key != "src" or value[:4].lower() == "cid:"
