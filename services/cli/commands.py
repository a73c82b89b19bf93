"""The `accesspoint` command: what a person at a terminal can ask of the house."""

from __future__ import annotations

import asyncio
import json
from typing import Annotated

import typer
from rich.console import Console

from services.cli import asyncapi as asyncapi_document
from services.cli import council, mail, parked, triage
from services.cli import flow as flow_page
from services.cli import roles as roles_page
from services.cli.check import check_command
from services.cli.house import SERVICES, bus_of, needs_common_database, schemas, service_named, topology
from services.cli.importing.command import import_command
from services.cli.place import database_of, database_url
from services.cli.plot import plot_command
from services.cli.replay import replay_command
from services.cli.running import running, told_to_stop
from services.cli.up import up as keep_up
from shared.auth import new_api_key, sign
from shared.errors import AppError, Unavailable
from shared.migrate import Migration
from shared.migrate import migrate as bring_up_to_date
from shared.relay import resend as send_again
from shared.settings import HouseSettings, read_settings, unknown_variables
from shared.telemetry import set_up_logs
from shared.vocabulary import Role
from shared.web.openapi import openapi_of

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Accesspoint: the contact centre for councils. Start with `accesspoint up`.",
)
app.add_typer(council.app, name="council")
app.add_typer(mail.app, name="mail")
app.add_typer(parked.app, name="parked")
app.add_typer(triage.app, name="triage")
app.command("check")(check_command)
app.command("replay")(replay_command)
app.command("import")(import_command)
app.command("plot")(plot_command)
console = Console(highlight=False, soft_wrap=True)

ServiceName = Annotated[str, typer.Argument(help="intake, routing, crm or sla.")]


def main() -> None:
    """Every failure we expect ends as one sentence and exit code 1; anything else is a bug and shows itself."""
    try:
        app()
    except AppError as error:
        Console(stderr=True, highlight=False, soft_wrap=True).print(f"{error}", markup=False)
        raise SystemExit(1) from None


def ready_settings(*, quiet: bool = False) -> HouseSettings:
    """`quiet` leaves out what went well, unless somebody asked for it: for a terminal with a person before it."""
    settings = read_settings(HouseSettings)
    level = "warning" if quiet and "log_level" not in settings.model_fields_set else settings.log_level
    set_up_logs(level, settings.log_format)
    for name in unknown_variables([HouseSettings, *(service.settings for service in SERVICES)]):
        Console(stderr=True).print(f"{name} means nothing to Accesspoint: is it misspelt?", markup=False)
    return settings


@app.command()
def up(
    demo: Annotated[bool, typer.Option(help="Fill Anytown's new data folder with forty enquiries.")] = True,
) -> None:
    """Start the whole product on this machine: database, all four services, demo data.

    Listens on 127.0.0.1:8080 (ACCESSPOINT_PORT); keeps everything under var/ (ACCESSPOINT_DATA).
    """
    asyncio.run(keep_up(ready_settings(quiet=True), demo=demo))


@app.command()
def serve(service: ServiceName) -> None:
    """Run one service alone, beside the others on the same database and broker.

    Needs ACCESSPOINT_DATABASE_URL and ACCESSPOINT_AMQP_URL, and `accesspoint migrate` run once before.
    """
    settings = ready_settings()
    one = service_named(service)
    url = settings.database_url_of(one.name)
    if settings.amqp_url is None or url is None:
        raise Unavailable(
            "A service that runs alone meets the others through a database and a broker: set "
            "ACCESSPOINT_DATABASE_URL and ACCESSPOINT_AMQP_URL, or start all four with `accesspoint up`."
        )

    async def keep_serving() -> None:
        stopping = told_to_stop()
        async with running([one], settings, url, declare=False):
            await stopping.wait()

    asyncio.run(keep_serving())


@app.command()
def migrate() -> None:
    """Bring the database up to date and tell the broker who hears whom. Running it again is harmless.

    A new database begins with the council file that ACCESSPOINT_COUNCIL names.
    """
    settings = ready_settings()

    async def everything() -> tuple[list[Migration], council.Begun | None]:
        common = database_url(settings) if needs_common_database(settings) else None
        applied = await bring_up_to_date(common, schemas(settings))
        begun = await council.begin(settings, common or "")
        if settings.amqp_url is not None:
            bus = bus_of(settings)
            try:
                await bus.declare(topology(settings))
            finally:
                await bus.close()
        return applied, begun

    applied, begun = asyncio.run(everything())
    console.print(f"{len(applied)} migrations applied." if applied else "The database was up to date.")
    if begun is not None:
        console.print(f"{begun}", markup=False)


@app.command()
def token(
    name: Annotated[str, typer.Argument(help="Whose token: an adviser's or manager's name, such as ada.")],
    role: Annotated[list[Role], typer.Option(help="May be given several times.")] = [Role.ADVISER],  # noqa: B006  typer reads it once
    hours: Annotated[float, typer.Option(help="How long it is good for.")] = 12,
) -> None:
    """Sign a token for a person, to be sent as `Authorization: Bearer TOKEN`.

    Signed with the installation's own key; with ACCESSPOINT_JWKS set, tokens come from your sign-in service instead.
    """
    print(sign(read_settings(HouseSettings), name, role, hours))  # noqa: T201  so that $(...) gets it plain


@app.command()
def key(name: Annotated[str, typer.Argument(help="Which machine: such as kiosk-1.")]) -> None:
    """Make an API key for a machine. It is shown this once; only its hash is kept."""
    print(new_api_key(read_settings(HouseSettings), name))  # noqa: T201  so that $(...) gets it plain


@app.command()
def resend(
    service: ServiceName,
    start: Annotated[int, typer.Option("--from", min=1, help="The first position to say again.")],
) -> None:
    """Publish again what a service said, from a position on, after a broker lost it.

    Listeners skip what they have handled already, so too much is harmless.
    """
    settings = ready_settings()
    one = service_named(service)

    async def say_again() -> None:
        database = database_of(settings, one.name)
        await database.open()
        try:
            async with database.connection() as db:
                await send_again(db, start)
        finally:
            await database.close()

    asyncio.run(say_again())
    console.print(f"{one.name} publishes again from position {start} of every partition.")


@app.command()
def flow() -> None:
    """Draw who says what to whom, as docs/flow.md."""
    print(flow_page.drawn(SERVICES), end="")  # noqa: T201  the page itself


@app.command()
def roles() -> None:
    """Draw who may call what, as docs/roles.md."""
    print(roles_page.drawn(SERVICES), end="")  # noqa: T201  the page itself


@app.command()
def openapi(service: ServiceName) -> None:
    """Print a service's OpenAPI 3.1 document."""
    one = service_named(service)
    print(json.dumps(openapi_of(one.name, one.about, one.serves), indent=2))  # noqa: T201  the document itself


@app.command()
def asyncapi() -> None:
    """Print the AsyncAPI 3 document of every event."""
    settings = read_settings(HouseSettings)
    print(json.dumps(asyncapi_document.described(SERVICES, settings.council_domain), indent=2))  # noqa: T201  the document itself
