"""The demo data: forty enquiries in every state, brought there by the people of Anytown through the API."""

from __future__ import annotations

import csv
import random
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from itertools import cycle
from pathlib import Path
from typing import Any

import aiohttp
import structlog

from services.cli.desk import ANSWER, Desk
from shared.auth import sign
from shared.errors import AppError
from shared.settings import HouseSettings
from shared.vocabulary import Role

log = structlog.get_logger()

DEMO_ADVISER = "ada"
ENQUIRIES = Path(__file__).parents[2] / "deploy" / "demo" / "anytown-enquiries.csv"
SEED = 1952
LONGEST_AGO = timedelta(days=16)
SHORTEST_CALL, LONGEST_CALL = 2, 25

PEOPLE: Mapping[str, Role] = {
    "ada": Role.ADVISER,
    "grace": Role.ADVISER,
    "mary": Role.ADVISER,
    "isambard": Role.OFFICER,
    "octavia": Role.OFFICER,
    "joseph": Role.PARTNER,
}
WHO_SERVES: Mapping[str, tuple[str, ...]] = {
    "general": ("mary", "grace", "ada"),
    "council-tax": ("grace", "ada"),
    "highways": ("isambard",),
    "waste": ("octavia",),
    "water-company": ("joseph",),
}
POINTS: Mapping[str, str] = {
    "telephone": "exchange",
    "one_stop_shop": "counter",
    "post": "other",
    "outreach": "other",
}
CITIZENS = (
    ("Rosa Parks", "rosa.parks@example.org", "01632 960 001"),
    ("Siân O’Brien", "sian.obrien@example.org", "01632/960-002"),
    ("Amina Yusuf", "amina.yusuf@example.org", "+44 1632 960003"),
    ("Ben Okri", "ben.okri@example.org", "01632 960 004"),
    ("Zofia Nowak", "zofia.nowak@example.org", "01632 960 005"),
    ("ليلى حداد", "layla.haddad@example.org", "01632 960 006"),
    ("Tom Fisher", "tom.fisher@example.org", "01632 960 007"),
)


@dataclass(frozen=True, slots=True)
class Row:
    """One enquiry of the file, and where it should stand in the end."""

    title: str
    text: str
    service_code: str
    channel: str
    state: str


def read_rows() -> list[Row]:
    with ENQUIRIES.open(encoding="utf-8", newline="") as lines:
        return [Row(**row) for row in csv.DictReader(lines)]


@dataclass(slots=True)
class Enquiry:
    """One that was received, and what is known of it while it is brought into its state."""

    reference: str
    enquiry_id: str
    task_id: str = ""
    worker: str = ""


class Stage:
    """Where the people of Anytown act. The same seed gives the same citizens and the same times, counted from `now`."""

    def __init__(self, desks: Mapping[str, Desk], now: datetime) -> None:
        self.desks = desks
        self.now = now
        self.chance = random.Random(SEED)  # noqa: S311  a story, no secret
        self.turns: dict[str, Iterator[str]] = {queue: cycle(names) for queue, names in WHO_SERVES.items()}

    async def play(self, rows: Sequence[Row]) -> None:
        for row in rows:
            enquiry = await (self.ask_by_web(row) if row.channel == "web" else self.log(row))
            for act in ACTS[row.state]:
                await act(self, enquiry)

    async def ask_by_web(self, row: Row) -> Enquiry:
        name, email, _ = self.chance.choice(CITIZENS)
        body = {**wanted(row), "name": name, "email": email}
        receipt = await self.desks["public"].ask("POST", "/intake/v1/enquiries", body)
        return Enquiry(receipt["reference"], receipt["enquiry_id"])

    async def log(self, row: Row) -> Enquiry:
        name, _, telephone = self.chance.choice(CITIZENS)
        started = self.now - LONGEST_AGO * self.chance.random() - timedelta(minutes=LONGEST_CALL)
        ended = started + timedelta(minutes=self.chance.randint(SHORTEST_CALL, LONGEST_CALL))
        at_once = row.state == "first_contact"
        body = {
            "channel": row.channel,
            "point": POINTS[row.channel],
            "started_at": started.isoformat(),
            "ended_at": ended.isoformat(),
            "outcome": "resolved_at_first_contact" if at_once else "received",
            "citizen": {"name": name, "telephone": telephone},
            "enquiries": [wanted(row)],
        }
        logged = (await self.desks["mary"].ask("POST", "/intake/v1/contacts", body))["enquiries"][0]
        return Enquiry(logged["reference"], logged["enquiry_id"])

    async def pick(self, enquiry: Enquiry) -> None:
        """Whoever's turn it is takes it, without waiting to be offered it."""
        task = await self.desks["ada"].open_task(enquiry.enquiry_id)
        enquiry.task_id, enquiry.worker = task["task_id"], next(self.turns[task["queue_id"]])
        await self.desks[enquiry.worker].ask("POST", f"/routing/v1/tasks/{enquiry.task_id}/pick")

    async def complete(self, enquiry: Enquiry) -> None:
        await self.desks[enquiry.worker].ask("POST", f"/routing/v1/tasks/{enquiry.task_id}/complete")

    async def decide(self, enquiry: Enquiry, what: str, body: dict[str, Any]) -> None:
        desk = self.desks[enquiry.worker]
        version = (await desk.record(enquiry.enquiry_id))["version"]
        await desk.ask("POST", f"/crm/v1/enquiries/{enquiry.enquiry_id}/{what}", body, version)

    async def hold(self, enquiry: Enquiry) -> None:
        await self.decide(enquiry, "answers", {"kind": "holding", "text": "We have asked a colleague who knows more."})

    async def answer(self, enquiry: Enquiry) -> None:
        await self.decide(enquiry, "answers", {"kind": "full", "text": ANSWER})

    async def question(self, enquiry: Enquiry) -> None:
        asked = {"text": "Could you tell us the address, please?", "told_by": "telephone"}
        await self.decide(enquiry, "questions", asked)

    async def resolve(self, enquiry: Enquiry) -> None:
        await self.decide(enquiry, "resolution", {"resolution": "answered"})

    async def hand_over(self, enquiry: Enquiry) -> None:
        await self.decide(enquiry, "work", {"queue": "highways", "note": "Please look at it on your round."})

    async def write_again(self, enquiry: Enquiry) -> None:
        path = f"/intake/v1/enquiries/{enquiry.reference}/contacts"
        await self.desks["public"].ask("POST", path, {"text": "It is as bad as before."})


def wanted(row: Row) -> dict[str, str]:
    body = {"title": row.title, "text": row.text}
    return {**body, "service_code": row.service_code} if row.service_code else body


Act = Callable[[Stage, Enquiry], Awaitable[None]]

ACTS: Mapping[str, tuple[Act, ...]] = {
    "waiting": (),
    "first_contact": (),
    "assigned": (Stage.pick,),
    "partner": (Stage.pick,),
    "held": (Stage.pick, Stage.hold, Stage.complete),
    "asked": (Stage.pick, Stage.question, Stage.complete),
    "handed_over": (Stage.pick, Stage.hand_over, Stage.complete),
    "answered": (Stage.pick, Stage.answer, Stage.complete),
    "resolved": (Stage.pick, Stage.answer, Stage.complete, Stage.resolve),
    "reopened": (Stage.pick, Stage.answer, Stage.complete, Stage.resolve, Stage.write_again),
}


async def seed(settings: HouseSettings, url: str) -> None:
    """Only into a database made just now: people who answer whatever waits must never meet a real citizen."""
    if settings.jwks is not None or not ENQUIRIES.exists():
        return
    try:
        async with aiohttp.ClientSession() as session:
            desks = {name: Desk(session, url, sign(settings, name, [role])) for name, role in PEOPLE.items()}
            citizens = Desk(session, url, None)
            rows = read_rows()
            await Stage({**desks, "public": citizens}, await time_there(session, url)).play(rows)
    except (AppError, aiohttp.ClientError) as error:
        log.warning("the demo data is not complete", why=str(error))


async def time_there(session: aiohttp.ClientSession, url: str) -> datetime:
    """As the server tells it."""
    async with session.get(f"{url}/live") as response:
        return parsedate_to_datetime(response.headers["Date"])
