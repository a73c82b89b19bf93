"""Tables on a terminal: wide enough for what somebody is to copy out of them."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

WIDE = 160


def lay_out(table: Table) -> None:
    """Wider than a narrow terminal if need be: an id that is cut is of no use."""
    console = Console(highlight=False)
    Console(width=max(console.width, WIDE), highlight=False).print(table)
