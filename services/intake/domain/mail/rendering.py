"""Safe HTML as plain text: paragraphs, lists, rows of tables, quotations with `>`, and where links lead."""

from __future__ import annotations

import html
import re

TOKEN = re.compile(r"<(/?)([a-z0-9]+)((?:[^>\"]++|\"[^\"]*+\")*+)>|([^<]++)")
HREF = re.compile(r'href="([^"]*)"')
ALT = re.compile(r'alt="([^"]+)"')
SPACE = re.compile(r"[ \t\r\n\f]+")
ONE_LINE = frozenset({"div", "tr", "li", "dt", "dd", "caption", "table", "tbody", "thead", "tfoot"})
APART = frozenset({"p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "dl", "pre", "blockquote"})
CELLS = frozenset({"td", "th"})
RULE = "_" * 32
"""As Outlook draws one above the mail that is answered."""
LONGEST_LINK = 300
MOST_QUOTED = 20


def rendered(safe: str) -> str:
    rendering = Rendering()
    for end, name, rest, text in TOKEN.findall(safe):
        if text:
            rendering.write(html.unescape(text))
        elif end:
            rendering.end(name)
        else:
            rendering.begin(name, rest)
    rendering.line_end()
    return "\n".join(rendering.lines).strip("\n")


class Rendering:
    """Lines so far, and the one that is being written."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.now: list[str] = []
        self.quoted = 0
        self.in_pre = 0
        self.numbers: list[int | None] = []
        self.links: list[tuple[str, int]] = []
        self.ends_in_space = True

    def write(self, text: str) -> None:
        if self.in_pre:
            first, *others = text.split("\n")
            self.now.append(first)
            for other in others:
                self.line_end(kept=True)
                self.now.append(other)
            self.ends_in_space = False
            return
        flowing = SPACE.sub(" ", text).replace("\xa0", " ")
        flowing = flowing.removeprefix(" ") if self.ends_in_space else flowing
        if flowing:
            self.now.append(flowing)
            self.ends_in_space = flowing.endswith(" ")

    def begin(self, name: str, rest: str) -> None:
        self.between(name)
        if name == "br":
            self.line_end(kept=True)
        elif name == "hr":
            self.line_end()
            self.now.append(RULE)
            self.line_end()
        elif name == "img" and (alt := ALT.search(rest)):
            self.write(f"[{html.unescape(alt[1])}]")
        elif name == "a":
            href = HREF.search(rest)
            self.links.append((html.unescape(href[1]) if href else "", len(self.now)))
        elif name == "li":
            self.bullet()
        elif name in CELLS and self.now:
            self.write("  ")
        self.opened(name, 1)

    def end(self, name: str) -> None:
        if name == "a" and self.links:
            href, since = self.links.pop()
            if href.startswith(("http:", "https:")) and len(href) <= LONGEST_LINK:
                words = "".join(self.now[since:])
                self.write("" if href.rstrip("/") in words else f" <{href}>")
        self.between(name)
        self.opened(name, -1)

    def opened(self, name: str, by: int) -> None:
        if name == "blockquote":
            self.quoted += by
        elif name == "pre":
            self.in_pre += by
        elif name in ("ol", "ul"):
            if by > 0:
                self.numbers.append(0 if name == "ol" else None)
            elif self.numbers:
                self.numbers.pop()

    def between(self, name: str) -> None:
        if name in APART:
            self.line_end()
            if self.lines and self.lines[-1].strip("> "):
                self.lines.append(self.margin().rstrip())
        elif name in ONE_LINE:
            self.line_end()

    def bullet(self) -> None:
        number = self.numbers[-1] if self.numbers else None
        if number is None:
            self.now.append("* ")
        else:
            self.numbers[-1] = number + 1
            self.now.append(f"{number + 1}. ")
        self.ends_in_space = True

    def line_end(self, *, kept: bool = False) -> None:
        """An empty line only where the HTML has one."""
        line = "".join(self.now).rstrip()
        if line or kept:
            self.lines.append((self.margin() + line).rstrip())
        self.now.clear()
        self.links = [(href, 0) for href, _ in self.links]
        self.ends_in_space = True

    def margin(self) -> str:
        return "> " * min(self.quoted, MOST_QUOTED)
