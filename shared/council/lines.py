"""In which line of a TOML text each of its keys stands: the standard library reads TOML, but does not say."""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from collections import Counter

Path = tuple[str | int, ...]
"""What leads to a value: `("standard", 3, "warnings", 0)`. Places in a list count from 0."""

BETWEEN = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
BESIDE = re.compile(r"[ \t]*")
TEXT = re.compile(
    r'"""(?:\\[\s\S]|[^\\])*?"{3,5}'
    r"|'''[\s\S]*?'{3,5}"
    r'|"(?:\\.|[^"\\])*"'
    r"|'[^']*'"
)
BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
OTHER_VALUE = re.compile(r"[^,\]}#\n]+")


def lines_of(file: str) -> dict[Path, int]:
    """The line of each key and each place in a list, from 1. The text must be TOML: ask `tomllib` first."""
    scanner = Scanner(file)
    scanner.read_document()
    return scanner.lines


class Scanner:
    """
    Goes through a text that is known to be TOML, so that it need not doubt what it sees.

    A table that stands in several places is where it is first named.
    """

    def __init__(self, file: str) -> None:
        self.file = file
        self.at = 0
        self.starts = [0, *(found.end() for found in re.finditer("\n", file))]
        self.lines: dict[Path, int] = {}
        self.tables: Counter[Path] = Counter()

    def read_document(self) -> None:
        table: Path = ()
        self.skip(BETWEEN)
        while self.at < len(self.file):
            if self.sees("["):
                table = self.read_header()
            else:
                self.read_pair(table)
            self.skip(BETWEEN)

    def read_header(self) -> Path:
        """`[table]` or `[[table]]`; keys on the way may name lists of tables, and mean the last one in each."""
        line = self.line()
        is_list = self.sees("[[")
        self.at += 2 if is_list else 1
        keys = self.read_keys()
        self.at += 2 if is_list else 1
        path: Path = ()
        for key in keys[:-1]:
            path = self.last_of((*path, key))
            self.lines.setdefault(path, line)
        path = (*path, keys[-1])
        self.lines.setdefault(path, line)
        if is_list:
            self.tables[path] += 1
            path = self.last_of(path)
            self.lines[path] = line
        return path

    def last_of(self, path: Path) -> Path:
        self.lines.setdefault(path, self.line())
        return (*path, self.tables[path] - 1) if path in self.tables else path

    def read_pair(self, table: Path) -> None:
        line = self.line()
        keys = self.read_keys()
        for end in range(1, len(keys) + 1):
            self.lines.setdefault((*table, *keys[:end]), line)
        self.skip(BESIDE)
        self.at += len("=")
        self.skip(BESIDE)
        self.read_value((*table, *keys))

    def read_keys(self) -> list[str]:
        """`a."b.c".d`, up to what is no key any more."""
        keys = []
        while True:
            self.skip(BESIDE)
            keys.append(self.read_key())
            self.skip(BESIDE)
            if not self.sees("."):
                return keys
            self.at += len(".")

    def read_key(self) -> str:
        bare = BARE_KEY.match(self.file, self.at)
        if bare is not None:
            self.at = bare.end()
            return bare[0]
        start = self.at
        self.skip(TEXT)
        key: str = tomllib.loads(f"key = {self.file[start : self.at]}")["key"]
        return key

    def read_value(self, path: Path) -> None:
        if self.sees("["):
            self.read_list(path)
        elif self.sees("{"):
            self.read_inline_table(path)
        elif not self.skip(TEXT):
            self.skip(OTHER_VALUE)

    def read_list(self, path: Path) -> None:
        self.at += len("[")
        place = 0
        self.skip(BETWEEN)
        while not self.sees("]"):
            self.lines[(*path, place)] = self.line()
            self.read_value((*path, place))
            place += 1
            self.skip_comma()
        self.at += len("]")

    def read_inline_table(self, path: Path) -> None:
        self.at += len("{")
        self.skip(BETWEEN)
        while not self.sees("}"):
            self.read_pair(path)
            self.skip_comma()
        self.at += len("}")

    def skip_comma(self) -> None:
        self.skip(BETWEEN)
        if self.sees(","):
            self.at += len(",")
            self.skip(BETWEEN)

    def skip(self, what: re.Pattern[str]) -> bool:
        """Whether there was anything."""
        found = what.match(self.file, self.at)
        if found is None or found.end() == self.at:
            return False
        self.at = found.end()
        return True

    def sees(self, sign: str) -> bool:
        return self.file.startswith(sign, self.at)

    def line(self) -> int:
        return bisect_right(self.starts, self.at)
