"""What is done on the clone, line by line, and the figures it gives."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from tests.parts.waiting import until_now
from tests.proof import history, post
from tests.proof.clone import ROOT, Clone, Done
from tests.proof.page import Proven

PROOF = ROOT / "docs" / "proof"
BUS_TESTS = "tests/integration/test_bus.py"
FIRST_START, LATER_START = 90.0, 5.0
CLEAN_CHECK, WARM_CHECK = 60.0, 15.0
TEST_MINUTES = 20.0
TOUR_BEGINS, TOUR_ENDS = "URL=", "sla/v1/clocks/$ENQUIRY"


def run_it(clone: Clone) -> Iterator[Proven]:
    """Line 1.1: started twice from nothing, and the commands it prints pasted as they are."""
    printed = clone.folder.parent / "printed.txt"
    with clone.running(printed) as (_, seconds):
        yield below("1.1", "`make run` on an empty folder answers `/ready`", seconds, FIRST_START)
    with clone.running(printed) as (_, seconds):
        yield below("1.1", "the second time", seconds, LATER_START)
        done = clone.carry_out("bash", "-eu", "-c", tour_in(printed))
        resolved = done.code == 0 and '"state":"resolved"' in done.text.replace(" ", "")
        yield Proven("1.1", "the printed commands, pasted", "resolved" if resolved else "failed", "resolved", resolved)


def tour_in(printed: Path) -> str:
    until_now(lambda: TOUR_ENDS in printed.read_text(), within=60, what="the printed commands")
    lines = printed.read_text().splitlines()
    first = next(n for n, line in enumerate(lines) if line.startswith(TOUR_BEGINS))
    last = next(n for n, line in enumerate(lines) if TOUR_ENDS in line)
    return "\n".join(lines[first : last + 1])


def check_it(clone: Clone) -> Iterator[Proven]:
    """Lines 1.3 and 1.8: how long checking takes, and that a stale drawing is noticed."""
    yield below(
        "1.3",
        "`make check` on the clean clone, packages cached",
        seconds_of(clone.carry_out("make", "check")),
        CLEAN_CHECK,
    )
    yield below("1.3", "`make check` again", seconds_of(clone.carry_out("make", "check")), WARM_CHECK)
    drawing = clone.folder / "docs" / "flow.md"
    fresh = drawing.read_text()
    drawing.write_text(fresh + "\nStale.\n")
    noticed = clone.carry_out("make", "check").code != 0
    drawing.write_text(fresh)
    yield Proven("1.8", "`make check` with a stale docs/flow.md", "fails" if noticed else "passes", "fails", noticed)


def test_it(clone: Clone) -> Iterator[Proven]:
    """Lines 1.2 to 1.5 and 4.1 to 4.6: all tests, what they say without a broker, and the stories among them."""
    results = clone.folder.parent / "results.xml"
    done = clone.carry_out("make", "test", f"ARGS=--junitxml={results}")
    yield Proven(
        "1.2",
        "`make test`",
        done.closing_line + done.failed,
        "all pass, none skipped",
        done.code == 0 and "skipped" not in done.closing_line,
    )
    yield below("1.2", "`make test`, minutes", done.seconds / 60, TEST_MINUTES)
    without = clone.carry_out("make", "test", f"ARGS={BUS_TESTS}", ACCESSPOINT_TEST_WITHOUT_BROKER="yes", CI="")
    named = "skipped" in without.closing_line and "no RabbitMQ" in without.text
    yield Proven(
        "1.2",
        "without a broker, the bus's tests",
        without.closing_line,
        "skipped with the reason",
        without.code == 0 and named,
    )
    strict = clone.carry_out("make", "test", f"ARGS={BUS_TESTS}", ACCESSPOINT_TEST_WITHOUT_BROKER="yes", CI="true")
    yield Proven("1.2", "the same with CI=true", f"exit code {strict.code}", "not 0", strict.code != 0)
    for story in STORIES:
        yield story.told_by(results)


@dataclass(frozen=True, slots=True)
class Story:
    """Tests that show one thing: those of a module, with a word in their names."""

    line: str
    what: str
    module: str = "tests"
    word: str = ""

    def told_by(self, results: Path) -> Proven:
        every = ElementTree.parse(results).iter("testcase")  # noqa: S314  our own file
        cases = [case for case in every if self.is_told_by(case)]
        bad = [case for case in cases if case.find("failure") is not None or case.find("error") is not None]
        seconds = sum(float(case.get("time", 0)) for case in cases)
        figure = f"{len(cases) - len(bad)} of {len(cases)} in {seconds:.0f} s"
        return Proven(self.line, self.what, figure, "all", bool(cases) and not bad)

    def is_told_by(self, case: ElementTree.Element) -> bool:
        return case.get("classname", "").startswith(self.module) and self.word in case.get("name", "")


STORIES = (
    Story("1.3", "planted violations, each named by its contract", "tests.architecture.test_contracts_catch"),
    Story("1.4, 4.1", "journeys, in one process and on RabbitMQ in two replicas", "tests.journeys"),
    Story("1.5", "single faults", "tests.faults"),
    Story("4.2", "working hours (P02)", word="p02"),
    Story("4.2", "lunch breaks, holidays, 24:00 (P03)", word="p03"),
    Story("4.2", "clock changes (P04)", word="p04"),
    Story("4.3", "every event in every state of a clock (P05)", word="p05"),
    Story("4.1", "a standard changed under running clocks (P06)", word="p06"),
    Story("4.4", "offers by two replicas to advisers who vanish (P12)", word="p12"),
    Story("4.5", "two advisers on one enquiry (P13)", word="p13"),
    Story("6.4", "every operation withstands generated calls of every role", "tests.hostile.test_every_operation"),
    Story("6.4", "the matrix of routes and roles", "tests.hostile.test_matrix"),
    Story("6.5", "the ten-minute tour, walked", "tests.journeys.test_tour"),
    Story("8.1", "mails under kills (P01)", word="p01"),
    Story("8.2", "each mail once (P08)", word="p08"),
    Story("8.2", "nothing is sent for what is old (P11)", word="p11"),
    Story("8.3", "threads (P09)", word="p09"),
    Story("8.4", "machines that answer machines (P10)", word="p10"),
    Story("8.5", "whatever cannot be read (P17)", word="p17"),
    Story("8.6", "no second copy (P28)", word="p28"),
    Story("8.8", "every command of the README, mail among them", "tests.journeys.test_readme"),
    Story("4.6", "mistakes planted in a council file, each with its line", "tests.unit.council", "planted"),
)


def storm(clone: Clone) -> Iterator[Proven]:
    """Lines 1.5 and 4.4: everything killed while enquiries are under way."""
    report = clone.folder.parent / "faults.md"
    done = clone.carry_out("make", "faults", f"ARGS=--report {report}")
    if report.exists():
        keep(report, "faults.md")
    seed = re.search(r"[Ss]eed:?\s*(\d+)", done.text)
    figure = f"exit code {done.code}, {done.seconds / 60:.1f} minutes, seed {seed[1] if seed else 'unknown'}"
    yield Proven("1.5", "`make faults`: 2,000 enquiries, everything killed", figure, "exit code 0", done.code == 0)
    steps = re.search(r"([\d,]+) steps[^\n]*", done.text)
    told, count = (steps[0], steps[1]) if steps else ("no steps were counted", "")
    nothing_wrong = count == "5,000" and done.code == 0
    yield Proven("4.4", "offers under faults (P12)", told, "5,000 steps, nothing wrong", nothing_wrong)


def measure(clone: Clone, line: str, parts: str, name: str) -> Iterator[Proven]:
    """Rates, latencies and memory: these parts of `make bench`, kept by this name. `line` is what most is shown for."""
    done = clone.carry_out("make", "bench", f"ARGS=--only {parts}")
    found = clone.folder / "var" / "bench.json"
    if done.code != 0 or not found.exists():
        yield Proven(line, f"`make bench`, parts {parts}", done.last_words, "exit code 0", met=False)
        return
    for kept in (found, found.with_suffix(".svg")):
        keep(kept, name + kept.suffix)
    for each in json.loads(found.read_text()):
        yield Proven(line_of(each["name"]), each["name"], measured(each), str(each.get("goal") or ""), each.get("met"))


def line_of(figure: str) -> str:
    return next((line for line, parts in MEASURED_FOR.items() if figure.startswith(parts)), "1.6")


END_TO_END = ("broker.end_to_end", "embedded.end_to_end")
OF_THE_FRAME = 300
MEASURED_FOR = {
    "8.7": ("mails", "memory.large_mail"),
    "4.2": ("due_times",),
    "4.7": ("offers", "citizens", "timeline", *END_TO_END),
}


def measured(figure: dict[str, Any]) -> str:
    ratio = f", {figure['ratio']:.2f} of the floor" if figure.get("ratio") is not None else ""
    earlier = f", earlier {figure['earlier']:.1f}" if figure.get("earlier") is not None else ""
    return f"{figure['value']:.1f} {figure['unit']}{ratio}{earlier}"


def replay_it(clone: Clone) -> Iterator[Proven]:
    """Line 1.7: the slice of real enquiries, against both houses."""
    report = clone.folder.parent / "replay.md"
    done = clone.carry_out(".venv/bin/python", "-m", "tests.proof.replayed", str(report))
    if report.exists():
        keep(report, "replay.md")
    yield Proven(
        "1.7", "replay of the slice, embedded and on RabbitMQ", done.last_words, "every row once", done.code == 0
    )


def keep(file: Path, name: str) -> None:
    PROOF.mkdir(parents=True, exist_ok=True)
    shutil.copy(file, PROOF / name)


def below(line: str, what: str, value: float, goal: float) -> Proven:
    return Proven(line, what, f"{value:.1f}", f"at most {goal:g}", 0 <= value <= goal)


def seconds_of(done: Done) -> float:
    """A command that failed took no time that counts."""
    return done.seconds if done.code == 0 else -1.0


STEPS: dict[str, Callable[[Clone], Iterator[Proven]]] = {
    "run": run_it,
    "check": check_it,
    "replay": replay_it,
    "faults": storm,
    "bench": partial(measure, line="1.6", parts="a,b,c,d,e,f,g,h", name="bench"),
    "mail-bench": partial(measure, line="8.7", parts="i,j,k", name="bench-of-mails"),
    "history": history.take_in_history,
    "mail": post.carry_mail,
    "import": post.import_history,
    "kinds": post.tell_kinds,
    "test": test_it,
    "versions": history.versions,
}
