"""The drawing of who says what to whom is read from the manifests, and is always the same."""

from pathlib import Path
from typing import ClassVar

from services.cli.flow import drawn
from shared.contracts.base import Event
from shared.hearing import on
from shared.runtime import Service
from shared.settings import ServiceSettings
from shared.timers import Timer, every, when
from shared.work import Work, Workshop


class AtTheDoor(Event):
    speaker: ClassVar[str] = "door"

    @property
    def subject(self) -> str:
        return "door/front"


class BellRang(AtTheDoor):
    """
    Somebody stands at the door.

    They may have stood there for a while.
    """

    name: ClassVar[str] = "bell.rang"


class LetterCame(AtTheDoor):
    """A letter | lies on the mat."""

    name: ClassVar[str] = "letter.came"


async def open_the_door(event: BellRang, work: Work) -> None: ...


async def remind(work: Work, timer: Timer) -> None: ...


async def listen(workshop: Workshop) -> None: ...


DOOR = Service(
    name="door",
    about="Tells who is there.",
    serves=(),
    hears=(),
    says=(BellRang, LetterCame),
    migrations=Path("door"),
    settings=ServiceSettings,
)
HALL = Service(
    name="hall",
    about="Lets people in.",
    serves=(),
    hears=(on(BellRang, open_the_door),),
    says=(),
    timers=(when("reminder", remind), when("verdict", remind, judging=True)),
    sweeps=(every(0.5, "listen", listen),),
    migrations=Path("hall"),
    settings=ServiceSettings,
)
PAGE = drawn((DOOR, HALL))


def test_an_arrow_leads_from_speaker_to_listener_with_what_is_done() -> None:
    assert '    door -->|"bell.rang → open_the_door"| hall\n' in PAGE
    assert "hall -->" not in PAGE


def test_the_table_says_what_an_event_means_and_who_hears_it() -> None:
    assert "| `bell.rang` | Somebody stands at the door. | hall: `open_the_door` |" in PAGE
    assert r"| `letter.came` | A letter \| lies on the mat. | nobody yet |" in PAGE


def test_what_nobody_hears_is_listed() -> None:
    assert "## Said, and heard by nobody yet\n- door: `letter.came`\n" in PAGE


def test_what_time_asks_is_listed() -> None:
    assert "| hall | timer `reminder` | when due | `remind` |" in PAGE
    assert "| hall | timer `verdict` | when due, once what was missed has been heard | `remind` |" in PAGE
    assert "| hall | sweep `listen` | every 0.5 s, and when woken | `listen` |" in PAGE


def test_a_service_that_says_nothing_has_no_table() -> None:
    assert "## hall\nLets people in.\n\nIt says nothing.\n" in PAGE


def test_the_same_services_give_the_same_page() -> None:
    assert drawn((DOOR, HALL)) == PAGE
    assert PAGE.endswith("|\n")
