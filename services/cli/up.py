"""The whole product on one machine: embedded database, all four services, demo data, and where to look."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import structlog
from rich.console import Console

from services.cli.check import read_checked
from services.cli.council import ANYTOWN, begin, standing, workshops
from services.cli.demo import DEMO_ADVISER, seed
from services.cli.embedded import EmbeddedPostgres
from services.cli.house import SERVICES, needs_common_database, schemas
from services.cli.running import running, told_to_stop, until_ready
from shared.auth import sign
from shared.council import read_again
from shared.errors import Unavailable
from shared.migrate import migrate
from shared.settings import HouseSettings
from shared.vocabulary import Role

LOOK_AFTER_IT_EVERY = 1.0
SMTP_PORT = 2525

log = structlog.get_logger()
console = Console(stderr=False, highlight=False, soft_wrap=True)


@dataclass(frozen=True, slots=True)
class Found:
    """A database to run on; `is_new` when this start has made it, so that nobody else's enquiries can be in it."""

    url: str
    is_new: bool


@asynccontextmanager
async def a_database(settings: HouseSettings) -> AsyncIterator[Found]:
    """The one that was named, else our own under the data folder."""
    if settings.database_url is not None or not needs_common_database(settings):
        yield Found(settings.database_url or "", is_new=False)
        return
    server = EmbeddedPostgres(settings.data.resolve() / "database")
    is_new = not server.cluster.exists()
    if is_new and settings.council is not None:
        read_checked(settings.council)  # a broken one leaves nothing behind
    await asyncio.to_thread(server.start)
    closing = asyncio.Event()
    minding = asyncio.create_task(mind(server, closing))
    try:
        yield Found(server.url, is_new)
    finally:
        closing.set()
        await asyncio.gather(minding, return_exceptions=True)
        await asyncio.to_thread(server.stop)


async def mind(server: EmbeddedPostgres, closing: asyncio.Event) -> None:
    """Starts it again when somebody or something has ended it: nobody else would. What was committed is there."""
    while not closing.is_set():
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(closing.wait(), LOOK_AFTER_IT_EVERY)
        if not closing.is_set() and server.pid is None:
            log.warning("the embedded database has ended and is started again")
            try:
                await asyncio.to_thread(server.start)
            except Unavailable as error:
                log.error("the embedded database does not start", why=str(error))


async def up(settings: HouseSettings, *, demo: bool) -> None:
    """Until told to stop."""
    stopping = told_to_stop()
    settings = settings.model_copy(
        update={
            "council": settings.council or ANYTOWN,
            "smtp_port": SMTP_PORT if settings.smtp_port is None else settings.smtp_port,
        }
    )
    async with a_database(settings) as database:
        await migrate(database.url, schemas(settings))
        if begun := await begin(settings, database.url):
            console.print(f"{begun}", markup=False)
        async with running(SERVICES, settings, database.url, declare=True) as replicas:
            missing = await until_ready(replicas, stopping)
            for part, why in missing.items():
                console.print(f"Not ready: {part}: {why}")
            demo = demo and await is_anytown(settings, database.url)
            if demo and database.is_new and not missing:
                await seed(settings, address(settings))
            if not stopping.is_set():
                doors = {name: at for replica in replicas for name, at in replica.addresses.items()}
                console.print(welcome(settings, doors, demo=demo), markup=False)
            await stopping.wait()
            console.print("Stopping: what is under way is finished first.")


async def is_anytown(settings: HouseSettings, url: str) -> bool:
    """Demo data and the commands to try are about Anytown's people: no other council has them."""
    async with workshops(settings, url) as found:
        council = (await standing(found)).council
    return council is not None and council.council.name == read_again(ANYTOWN.read_text("utf-8")).council.name


def address(settings: HouseSettings) -> str:
    return f"http://{settings.host}:{settings.port}"


def welcome(settings: HouseSettings, doors: Mapping[str, str], *, demo: bool) -> str:
    """Where to look, and commands that work as printed, from an enquiry to its end."""
    lines = [
        "",
        f"Accesspoint is running. Stop it with Ctrl-C; what it keeps is in {settings.data}/.",
        "",
        f"  all services    {address(settings)}/",
        *(f"  {service.name:<15} {address(settings)}/{service.name}/docs" for service in SERVICES),
        f"  health          {address(settings)}/ready",
        *(f"  mail by {name.upper():<7} {at}" for name, at in doors.items()),
    ]
    if demo and settings.jwks is None:
        lines += ["", "Try it: a citizen asks, an adviser answers. Paste this into another terminal:", ""]
        token = sign(settings, DEMO_ADVISER, [Role.ADVISER])
        lines.append(tour(address(settings), token))
    return "\n".join(lines) + "\n"


def tour(url: str, token: str) -> str:
    return Path(__file__).with_name("tour.sh").read_text().replace("@URL@", url).replace("@TOKEN@", token)
