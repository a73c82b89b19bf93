"""What of email is proved on the clone: kills on the way in and out, damaged mails, and the kinds they are told as."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from tests.proof.clone import ROOT, Clone
from tests.proof.page import Proven

PROOF = ROOT / "docs" / "proof"
DAMAGED = 200_000
PLACED = 2_000
IMPORTED = 10_000
P11 = "tests/integration/intake/test_p11.py"


def carry_mail(clone: Clone) -> Iterator[Proven]:
    """Lines 8.1, 8.2, 8.5 and 8.6: each by a program of its own, which fails when a promise was broken."""
    yield from program(clone, "8.1, 8.2", "1,000 mails each way under ten kills, and 200 three times", "mails")
    yield from program(clone, "8.6", "senders killed between the server's answer and the record, 100 times", "sending")
    done = clone.carry_out(".venv/bin/python", "-m", "tests.faults.mutated", "--mails", str(DAMAGED))
    what = f"{DAMAGED:,} damaged mails"
    yield Proven("8.5", what, done.last_words, "no exception, memory bounded", done.code == 0)
    test = "tests/integration/intake/test_p17_placing.py"
    done = clone.carry_out(
        ".venv/bin/python", "-m", "pytest", "-q", "-s", test, "-k", "damaged", ACCESSPOINT_TEST_DAMAGED=str(PLACED)
    )
    told = next((line for line in done.text.splitlines() if "different mails" in line), None)
    what, figure = f"{PLACED:,} damaged mails kept and placed", (told or done.last_words).strip(".")[:200]
    yield Proven("8.5", what, figure, "contacts = mails", done.code == 0 and told is not None)


def import_history(clone: Clone) -> Iterator[Proven]:
    """Line 8.2: the test of `make test`, with as many rows as were promised."""
    done = clone.carry_out("make", "test", f"ARGS={P11}", ACCESSPOINT_TEST_IMPORTED=str(IMPORTED))
    what = f"an import of {IMPORTED:,} sends nothing (P11)"
    figure = done.closing_line
    yield Proven("8.2", what, figure, "1 passed", done.code == 0 and "1 passed" in figure)


def program(clone: Clone, line: str, what: str, name: str) -> Iterator[Proven]:
    report = clone.folder.parent / f"{name}.md"
    done = clone.carry_out(".venv/bin/python", "-m", f"tests.faults.{name}", "--report", str(report))
    if report.exists():
        keep(report)
    yield Proven(line, what, done.last_words, "no promise broken", done.code == 0)


def tell_kinds(clone: Clone) -> Iterator[Proven]:
    """Line 8.4: the confusion table of the corpus."""
    table = "from tests.parts.mail_kinds import *; print(table_of(confusion(samples())))"
    done = clone.carry_out(".venv/bin/python", "-c", table)
    page = clone.folder.parent / "mail-kinds.md"
    page.write_text(f"# What kind each mail of the corpus is told as\n\n{done.text.strip()}\n", "utf-8")
    if done.code == 0:
        keep(page)
    told = done.last_words
    met = done.code == 0 and told.startswith("0 of ") and "; 0 of " in told
    yield Proven("8.4", "what kind each mail is told as", told, "none taken for what it is not", met)


def keep(page: Path) -> None:
    PROOF.mkdir(parents=True, exist_ok=True)
    shutil.copy(page, PROOF / page.name)
