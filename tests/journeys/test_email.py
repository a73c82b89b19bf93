"""Journey 4, an email thread: a mail, its receipt, an answer, the reply to that; and a machine that changes nothing."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from email.utils import parseaddr
from itertools import cycle
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import pytest

from services.cli.outbox import SentMail, newest
from tests.conftest import outside_the_loop
from tests.journeys.anytown import Anytown
from tests.parts.councils import anytown as anytown_file
from tests.parts.councils import take_up
from tests.parts.house import NAMES, ProcessHouse, house_in_this_process
from tests.parts.ledger import looking, parked, until_all_is_heard
from tests.parts.mailing import Posting, send, simple_mail
from tests.parts.ports import free_port, free_ports
from tests.parts.postgres import create_database, drop_database
from tests.parts.scratch import scratch
from tests.parts.waiting import until

ROSA = "rosa@example.org"
MAILBOX = "enquiries@anytown.example"
WITHIN = 60.0
MANY = 100


@dataclass(slots=True)
class Penfriend:
    """A citizen who writes mails. Where there are several doors, each mail comes through the next."""

    folder: Path
    ports: Iterator[int]
    sent: list[str] = field(default_factory=list)

    async def writes(self, subject: str, text: str, *, to: str = MAILBOX, **headers: str) -> None:
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        self.sent.append(f"<{uuid4()}@example.org>")
        raw = simple_mail(sender=ROSA, to=to, subject=subject, text=text, message_id=self.sent[-1], headers=told)
        await asyncio.to_thread(send, next(self.ports), Posting(raw, ROSA, (to,)))

    async def replies(self, mail: SentMail, text: str, **headers: str) -> None:
        told = {"In_Reply_To": mail.header("Message-ID"), "Subject": f"Re: {mail.header('Subject')}", **headers}
        await self.writes(told.pop("Subject"), text, to=parseaddr(mail.header("Reply-To"))[1], **told)

    def mails(self) -> list[SentMail]:
        return [mail for mail in newest(self.folder, MANY) if ROSA in mail.header("To")]

    async def gets(self, subject: str) -> SentMail:
        """The mail that has this in its subject."""

        def there() -> SentMail | None:
            return next((mail for mail in self.mails() if subject in mail.header("Subject")), None)

        return await until(there, within=WITHIN, what=f"a mail about {subject}")


@pytest.fixture(scope="module")
def two_of_each_with_mail(postgres: str, rabbit_url: str) -> Iterator[tuple[ProcessHouse, list[int]]]:
    """Two replicas of each service; those of intake listen for mail, each on a port of its own."""
    database_url = outside_the_loop(create_database(postgres))
    ports = free_ports(2)
    with scratch("house") as folder:
        house = ProcessHouse(database_url, rabbit_url, folder, f"house-{uuid4().hex[:8]}", council=anytown_file())
        try:
            house.migrate()
            for port in ports:
                house.environment["ACCESSPOINT_SMTP_PORT"] = str(port)
                for name in NAMES:
                    house.start(name)
            outside_the_loop(house.until_ready())
            yield house, ports
        finally:
            house.close()
    outside_the_loop(drop_database(database_url))


@pytest.fixture(params=["local", "rabbit"])
async def anytown(
    request: pytest.FixtureRequest,
    database: str,
    tmp_path: Path,
    session: aiohttp.ClientSession,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[tuple[Anytown, Penfriend]]:
    """The council of Anytown at work, on either carrier, and a citizen who writes to it."""
    if request.param == "rabbit":
        house, ports = request.getfixturevalue("two_of_each_with_mail")
        town = Anytown(house, session)
        yield town, Penfriend(house.settings.data / "messages", cycle(ports))
        await town.goes_home()
        return
    port = free_port()
    monkeypatch.setenv("ACCESSPOINT_SMTP_PORT", str(port))
    await take_up(database, anytown_file())
    async with house_in_this_process(database, tmp_path) as here:
        yield Anytown(here, session), Penfriend(here.settings.data / "messages", cycle([port]))


async def enquiry_of(town: Anytown, reference: str) -> str:
    async with looking(town.house.database_url) as db:
        return str(await db.fetchval("SELECT enquiry_id FROM intake.submissions WHERE reference = $1", reference))


async def is_answered(town: Anytown, enquiry: str, text: str) -> None:
    """By Ada, to the end."""
    ada = town.person("ada")
    task = await ada.takes(enquiry)
    await ada.decides(enquiry, "answers", kind="full", text=text)
    await ada.does(task, "complete")
    await ada.decides(enquiry, "resolution", resolution="answered")
    await ada.clock(enquiry, "answer", "met")


async def how_it_stands(town: Anytown, enquiry: str) -> dict[str, Any]:
    """What a machine must not change: all but the timeline and its contacts."""
    ada = town.person("ada")
    await until_all_is_heard(town.house.database_url)
    record = await ada.record(enquiry)
    clocks = (await ada.ask("GET", f"/sla/v1/clocks/{enquiry}"))["clocks"]
    return {"clocks": clocks, **{name: record[name] for name in ("state", "version", "tasks", "answered_at")}}


async def test_a_mail_is_answered_its_reply_comes_back_to_it_and_a_machine_is_only_noted(
    anytown: tuple[Anytown, Penfriend],
) -> None:
    town, rosa = anytown
    await rosa.writes("I moved house", "Where do I say so?")
    receipt = await rosa.gets("We have your enquiry")
    assert (receipt.header("Auto-Submitted"), receipt.header("In-Reply-To")) == ("auto-replied", rosa.sent[0])
    enquiry = await enquiry_of(town, receipt.reference)

    await is_answered(town, enquiry, "Tell us on the form for moving house.")
    answer = await rosa.gets("answer")
    assert "Tell us on the form for moving house." in answer.text
    assert (answer.reference, answer.header("Auto-Submitted")) == (receipt.reference, "")
    assert parseaddr(answer.header("Reply-To"))[1].startswith("enquiries+")

    await rosa.replies(answer, "It asks for a number that I do not have.")
    ada = town.person("ada")
    record = await ada.sees(enquiry, lambda record: record["state"] == "open", "being open again")
    assert [contact["channel"] for contact in record["contacts"] if contact["direction"] == "inbound"] == ["email"] * 2
    await ada.clock(enquiry, "answer-again", "running")

    before = await how_it_stands(town, enquiry)
    await rosa.replies(answer, "I am away until Monday.", Subject="Out of office", Auto_Submitted="auto-replied")
    await ada.sees(enquiry, lambda record: "machine_wrote" in kinds(record), "a machine having written")
    assert await how_it_stands(town, enquiry) == before
    assert len(rosa.mails()) == 2
    assert await parked(town.house.database_url) == []


def kinds(record: dict[str, Any]) -> list[str]:
    return [entry["kind"] for entry in record["timeline"]]
