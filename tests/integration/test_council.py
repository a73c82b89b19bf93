"""The council file applied to every service: its versions, what ends an interruption, who comes first of two."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from services.cli import council as command
from services.cli.council import ANYTOWN, Standing, apply_everywhere, begin, carry_out, standing, workshops
from services.cli.house import SERVICES
from shared.council import Current, current
from shared.errors import Conflict, Refused, Unavailable
from shared.migrate import migrate
from shared.settings import HouseSettings
from shared.work import Work, Workshop
from tests.parts.councils import anytown, plain, take_up
from tests.parts.programs import environment, typed
from tests.parts.scratch import scratch

NAMES = tuple(service.name for service in SERVICES)
LONGER = anytown().replace("target = 10\n", "target = 15\n")
SHORTER = anytown().replace("target = 10\n", "target = 5\n")
BROKEN = anytown().replace('zone = "Europe/London"', 'zone = "Utopia"').replace("capacity = 2", "capacity = 0")


class Interrupted(Exception):
    """Somebody pulled the plug."""


@dataclass(frozen=True, slots=True)
class Town:
    """A migrated database, and the services' view of the council in it."""

    url: str

    @property
    def settings(self) -> HouseSettings:
        return HouseSettings(database_url=self.url)

    async def applies(self, file: str, reason: str = "For this test.") -> int:
        return await apply_everywhere(self.settings, self.url, file, "joan", reason)

    @asynccontextmanager
    async def services(self) -> AsyncIterator[dict[str, Workshop]]:
        async with workshops(self.settings, self.url) as found:
            yield found

    async def standing(self) -> Standing:
        async with self.services() as found:
            return await standing(found)

    async def held(self) -> dict[str, int]:
        """The version each service works by."""
        async with self.services() as found:
            return {name: (await now(workshop)).version for name, workshop in found.items()}


async def now(workshop: Workshop) -> Current:
    async with workshop.reading() as db:
        return await current(db)


@pytest.fixture
async def town(database: str) -> Town:
    """The plain council holds in it, as version 1."""
    return Town(database)


@pytest.fixture
async def bare(bare_database: str) -> Town:
    """Migrated, and without any council."""
    await migrate(bare_database, [service.schema for service in SERVICES])
    return Town(bare_database)


def interrupted_in(monkeypatch: pytest.MonkeyPatch, service: str) -> None:
    """The plug is pulled while that service takes the file up."""

    async def pull_the_plug(work: Work, council: Current) -> None:
        raise Interrupted

    others = [replace(each, takes_up=pull_the_plug) if each.name == service else each for each in SERVICES]
    monkeypatch.setattr(command, "SERVICES", others)


async def test_a_file_becomes_the_next_version_in_every_service(town: Town) -> None:
    assert await town.applies(anytown(), "Anytown is founded.") == 2
    assert await town.held() == dict.fromkeys(NAMES, 2)
    last = (await town.standing()).last
    assert last is not None
    assert (last.file, last.author, last.reason) == (anytown(), "joan", "Anytown is founded.")
    assert last.applied_at is not None


async def test_each_service_reads_the_council_that_holds(town: Town) -> None:
    await town.applies(LONGER)
    async with town.services() as found:
        for workshop in found.values():
            assert (await now(workshop)).council.standards["answer"].target == 15


async def test_what_means_the_same_makes_no_further_version(town: Town) -> None:
    assert await town.applies(anytown()) == 2
    assert await town.applies(anytown()) == 2
    assert await town.applies("# Looked through in May.\n" + anytown()) == 2


async def test_what_held_before_can_hold_again(town: Town) -> None:
    assert [await town.applies(file) for file in (anytown(), LONGER, anytown())] == [2, 3, 4]
    assert [version.version for version in (await town.standing()).versions] == [1, 2, 3, 4]


async def test_a_file_with_mistakes_changes_nothing(town: Town) -> None:
    with pytest.raises(Refused, match="2 mistakes"):
        await town.applies(BROKEN)
    assert await town.held() == dict.fromkeys(NAMES, 1)


@pytest.mark.parametrize("service", NAMES)
async def test_an_interrupted_application_is_ended_by_applying_the_file_again(
    town: Town, service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        interrupted_in(patched, service)
        with pytest.raises(Interrupted):
            await town.applies(LONGER)
    reached = NAMES[: NAMES.index(service)]
    assert await town.held() == {name: 2 if name in reached else 1 for name in NAMES}
    assert (await town.standing()).lacking == ([name for name in NAMES if name not in reached] if reached else [])

    assert await town.applies(LONGER) == 2
    assert await town.held() == dict.fromkeys(NAMES, 2)
    assert (await town.standing()).lacking == []


async def test_a_start_ends_what_was_interrupted(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        interrupted_in(patched, "crm")
        with pytest.raises(Interrupted):
            await town.applies(LONGER)
    begun = await begin(town.settings, town.url)
    assert str(begun) == "Version 2 of the council file is now applied to every service."
    assert await town.held() == dict.fromkeys(NAMES, 2)
    assert await begin(town.settings, town.url) is None


async def test_another_file_may_follow_an_interrupted_one(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        interrupted_in(patched, "crm")
        with pytest.raises(Interrupted):
            await town.applies(LONGER)
    assert await town.applies(SHORTER) == 3
    assert await town.held() == dict.fromkeys(NAMES, 3)
    assert [version.file for version in (await town.standing()).versions] == [plain(), LONGER, SHORTER]


async def test_a_service_takes_up_each_version_once(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[int] = []

    async def take_note(work: Work, council: Current) -> None:
        taken.append(council.version)

    monkeypatch.setattr(command, "SERVICES", [replace(SERVICES[0], takes_up=take_note), *SERVICES[1:]])
    for file in (LONGER, LONGER, SHORTER):
        await town.applies(file)
    assert taken == [2, 3]


async def test_of_two_people_at_once_one_gets_a_conflict(town: Town) -> None:
    """Both have seen the difference to the same version."""
    seen = await town.standing()
    versions = [seen.next(file, author, "I was first.") for file, author in ((LONGER, "ann"), (SHORTER, "bob"))]
    async with town.services() as his, town.services() as hers:
        ended = await asyncio.gather(carry_out(hers, versions[0]), carry_out(his, versions[1]), return_exceptions=True)
    refusals = [each for each in ended if each is not None]
    assert [type(each) for each in refusals] == [Conflict]
    assert "version 2" in str(refusals[0])
    after = await town.standing()
    assert len(after.versions) == 2
    assert after.lacking == []


async def test_who_was_interrupted_and_overtaken_cannot_go_on(town: Town) -> None:
    """Else a service would take up the older file after the newer one."""
    seen = await town.standing()
    late = seen.next(LONGER, "ann", "Staff are few.")
    async with town.services() as found:
        await carry_out(dict.fromkeys(NAMES, found["intake"]), late)
    assert await town.applies(SHORTER) == 3
    async with town.services() as found:
        with pytest.raises(Conflict, match="version 3"):
            await carry_out(found, late)
    assert await town.held() == dict.fromkeys(NAMES, 3)


async def test_two_who_apply_the_same_file_both_succeed(town: Town) -> None:
    assert set(await asyncio.gather(town.applies(LONGER), town.applies(LONGER))) == {2}


async def test_without_a_council_nothing_can_be_looked_up(bare: Town) -> None:
    async with bare.services() as found:
        with pytest.raises(Unavailable, match="accesspoint council apply"):
            await now(found["crm"])


async def test_a_new_database_begins_with_the_file_that_is_named(bare: Town) -> None:
    assert await begin(bare.settings, bare.url) is None
    named = bare.settings.model_copy(update={"council": ANYTOWN})
    assert str(await begin(named, bare.url)) == f"The council begins with {ANYTOWN}, as version 1."
    assert await bare.held() == dict.fromkeys(NAMES, 1)


async def test_a_database_that_has_a_council_keeps_it(town: Town) -> None:
    named = town.settings.model_copy(update={"council": Path("there/is/no/such.toml")})
    assert await begin(named, town.url) is None
    assert await town.held() == dict.fromkeys(NAMES, 1)


async def test_a_broken_first_file_is_refused_whole(bare: Town) -> None:
    with scratch("council") as folder:
        broken = folder / "broken.toml"
        broken.write_text(BROKEN)
        with pytest.raises(Refused, match="2 mistakes: nothing was changed"):
            await begin(bare.settings.model_copy(update={"council": broken}), bare.url)
    assert (await bare.standing()).versions == []


async def test_a_database_of_an_older_release_is_told_to_migrate(bare_database: str) -> None:
    await migrate(bare_database, [service.schema for service in SERVICES])
    async with Town(bare_database).services() as found, found["sla"].reading() as db:
        await db.execute("DROP TABLE council_versions")
        await db.execute("DELETE FROM migrations WHERE file LIKE '%create_council%'")
    with pytest.raises(Refused, match="accesspoint migrate"):
        await take_up(bare_database, plain())


@dataclass(frozen=True, slots=True)
class Terminal:
    """Where somebody types commands, in a folder of their own."""

    folder: Path
    variables: Mapping[str, str]

    def file(self, text: str) -> str:
        path = self.folder / "council.toml"
        path.write_text(text)
        return str(path)

    def says(self, *words: str, answer: str = "") -> subprocess.CompletedProcess[str]:
        return typed(words, environment(self.variables), folder=self.folder, answers=answer)

    def is_told(self, *words: str, answer: str = "") -> str:
        done = self.says(*words, answer=answer)
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture
def terminal(database: str) -> Iterator[Terminal]:
    with scratch("terminal") as folder:
        yield Terminal(folder, {"ACCESSPOINT_DATABASE_URL": database, "PYTHONPATH": str(ANYTOWN.parents[2])})


def test_a_check_names_each_mistake_as_editors_read_it(terminal: Terminal) -> None:
    done = terminal.says("check", terminal.file(BROKEN), str(ANYTOWN))
    lines = done.stdout.splitlines()
    assert done.returncode == 1
    assert lines[0].startswith(f"{terminal.folder}/council.toml:5: council > zone: ")
    assert lines[2] == f"{terminal.folder}/council.toml has 2 mistakes."
    assert lines[-1].startswith(f"{ANYTOWN} has no mistakes. Anytown Council (GB-ENG, Europe/London): 2 calendars")
    assert terminal.says("check", str(ANYTOWN)).returncode == 0


def test_what_changes_is_shown_and_asked_before_it_holds(terminal: Terminal) -> None:
    file = terminal.file(LONGER)
    terminal.is_told("council", "apply", str(ANYTOWN), "--reason", "Founded.", "--author", "ann", "--yes")
    assert 'changed  standard "answer"\n           target was 10, is 15' in terminal.is_told("council", "diff", file)

    refused = terminal.says("council", "apply", file, "--reason", "Fewer staff.", answer="n\n")
    assert refused.returncode == 1
    assert terminal.is_told("council", "show") == anytown()

    told = terminal.is_told("council", "apply", file, "--reason", "Fewer staff.", "--author", "ann", answer="y\n")
    assert "target was 10, is 15" in told
    assert told.endswith("Version 3 of the council file holds.\n")
    assert terminal.is_told("council", "show") == LONGER
    assert terminal.is_told("council", "show", "--version", "2") == anytown()
    assert "Fewer staff." in terminal.is_told("council", "history")
    assert "Nothing changes: version 3" in terminal.is_told("council", "apply", file, "--reason", "Again.", "--yes")
    assert "No difference to version 3." in terminal.is_told("council", "diff", file)


def test_a_broken_file_is_refused_with_its_lines_and_changes_nothing(terminal: Terminal) -> None:
    done = terminal.says("council", "apply", terminal.file(BROKEN), "--reason", "Try.", "--yes")
    assert done.returncode == 1
    assert "council.toml:5: council > zone: " in done.stderr
    assert "nothing was changed" in done.stderr
    assert "Traceback" not in done.stderr
    assert terminal.is_told("council", "show") == plain()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["check", "nowhere.toml"], "There is no file nowhere.toml"),
        (["check", "."], "cannot be read"),
        (["council", "show", "--version", "7"], "no version 7"),
        (["council", "apply", str(ANYTOWN), "--reason", " ", "--yes"], "write something for --author and --reason"),
    ],
)
def test_whatever_is_wrong_is_one_sentence(terminal: Terminal, words: list[str], told: str) -> None:
    done = terminal.says(*words)
    assert done.returncode == 1
    assert told in done.stderr.replace("\n", " ")
    assert "Traceback" not in done.stderr


async def test_migrating_a_new_database_says_which_council_it_begins_with(bare_database: str) -> None:
    with scratch("terminal") as folder:
        new = Terminal(folder, {"ACCESSPOINT_DATABASE_URL": bare_database, "ACCESSPOINT_COUNCIL": str(ANYTOWN)})
        here = replace(new, folder=ANYTOWN.parents[2])
        assert f"The council begins with {ANYTOWN}, as version 1." in here.is_told("migrate")
        assert "begins" not in here.is_told("migrate")
    assert await Town(bare_database).held() == dict.fromkeys(NAMES, 1)


def test_a_first_start_with_a_broken_file_leaves_nothing_behind() -> None:
    with scratch("terminal") as folder:
        data = folder / "data"
        new = Terminal(folder, {"ACCESSPOINT_DATA": str(data), "PYTHONPATH": str(ANYTOWN.parents[2])})
        done = replace(new, variables={**new.variables, "ACCESSPOINT_COUNCIL": new.file(BROKEN)}).says("up")
        assert done.returncode == 1
        assert "council.toml:5: council > zone: " in done.stderr
        assert not (data / "database").exists()
