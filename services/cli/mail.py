"""`accesspoint mail`: the mailboxes that are read, the mails that came, those that went out, and the stop switch."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Annotated, TypeVar
from uuid import UUID

import typer
from rich.console import Console
from rich.table import Table

from services.cli import waiting
from services.cli.council import signed_in
from services.cli.outbox import newest
from services.cli.place import database_of
from services.cli.probing import cut_over_in, probed
from services.cli.tables import lay_out
from services.intake.actions.mail import looking, stopping
from services.intake.actions.mail.looking import MailAndFiles
from services.intake.domain.mail.model import MailKind
from services.intake.gateways.accounts import Account, Accounts, accounts
from services.intake.store.mail import looking as mails
from services.intake.store.mail import positions
from services.intake.store.mail.looking import Asked, Backlog, ListedMail
from services.intake.store.mail.positions import Reading
from services.intake.store.mail.waiting import WaitingMail
from services.intake.store.stopped import MAIL, Ended, Stopped, ended
from shared.errors import Refused
from shared.settings import HouseSettings, read_settings
from shared.timesource import TimeSource
from shared.vocabulary import MailId, MessageId, new_id
from shared.work import Cause, Work, Workshop

T = TypeVar("T")
STOPS_TOLD = 5

app = typer.Typer(
    no_args_is_help=True,
    help="""Mail in and out: what is read from mailboxes, what came, what was sent, and how to stop it.

    A council that only has a mailbox begins with `accesspoint mail probe`.
    """,
)
console = Console(highlight=False, soft_wrap=True)

Id = Annotated[UUID, typer.Argument(help="As `accesspoint mail list` shows it.")]
Author = Annotated[str, typer.Option(default_factory=signed_in, help="Who does it; it is kept. [you]")]
Most = Annotated[int, typer.Option(min=1, max=1_000, help="How many, the newest first.")]


@asynccontextmanager
async def intake() -> AsyncIterator[Workshop]:
    database = database_of(read_settings(HouseSettings), "intake")
    await database.open()
    try:
        yield Workshop(database, TimeSource())
    finally:
        await database.close()


def carry_out(action: Callable[[Work], Awaitable[T]], who: str) -> T:
    """In one work, in the name of whoever sits at the terminal."""

    async def run() -> T:
        async with intake() as workshop:
            return await workshop.run([], action, Cause(who, new_id()))

    return asyncio.run(run())


def named(author: str) -> str:
    if not author.strip():
        raise Refused("Nobody is signed in here: write who you are for --author.")
    return f"person/{author.strip()}"


def file_of_accounts() -> Accounts:
    found = accounts()
    if found is None:
        raise Refused(
            "No file of accounts is set: write one, and set ACCESSPOINT_INTAKE_MAIL_ACCOUNTS to its path. "
            "docs/guides/read-a-mailbox.md tells how."
        )
    return found


@app.command()
def probe(
    account: Annotated[str, typer.Argument(help="The name of an account in the file of accounts.")],
    cut_over: Annotated[
        str | None,
        typer.Option(help="See what this cut-over would do, such as 2026-11-02T08:00:00Z. Left out: the account's."),
    ] = None,
) -> None:
    """Show what is in an IMAP account and what reading it would do. Writes nothing, changes no flag.

    Try it: accesspoint mail probe enquiries --cut-over 2026-11-02T08:00:00Z
    """
    one = file_of_accounts().named(account)
    asked = cut_over_in(cut_over) or one.cut_over
    for line in asyncio.run(probed(one)).lines(asked):
        console.print(line, markup=False)


@app.command("accounts")
def accounts_command() -> None:
    """Tell how far each account has been read, when it was last looked at, and whether mails are missing."""
    known = {(each.account, each.folder): each for each in asyncio.run(readings())}
    for account in file_of_accounts().account:
        row = known.pop((account.name, account.folder), None)
        for line in told_of(account, row):
            console.print(line, markup=False)
    for row in known.values():
        console.print(f"{row.account}, folder {row.folder}: not in the file any more. {so_far(row)}", markup=False)


def told_of(account: Account, row: Reading | None) -> Iterator[str]:
    if account.mailbox is None:
        yield f"{account.name}, folder {account.folder}: for no mailbox, so nothing is read there."
    elif account.cut_over is None:
        yield f"{account.name}, folder {account.folder}: without a cut-over, so nothing is read there."
        yield f"  See what is in it: accesspoint mail probe {account.name}"
    else:
        cut_over = f"{account.cut_over:%Y-%m-%d %H:%M} UTC"
        yield f'{account.name}, folder {account.folder}: for mailbox "{account.mailbox}", cut-over {cut_over}.'
        yield f"  {so_far(row) if row is not None else 'It has not been looked at yet: is Accesspoint running?'}"


def so_far(row: Reading) -> str:
    looked_at = f"looked at {row.looked_at:%Y-%m-%d %H:%M:%S} UTC" if row.looked_at else "not looked at yet"
    missing = f"{row.missing} MISSING, tried again every ten minutes" if row.missing else "none missing"
    by_date = f" ({row.by_their_date} by the date written in them)" if row.by_their_date else ""
    passed_over = f"{row.passed_over} passed over{by_date}"
    return f"Read up to UID {row.last_uid}: {row.kept} kept, {passed_over}, {missing}; {looked_at}."


async def readings() -> list[Reading]:
    async with intake() as workshop, workshop.reading() as db:
        return await positions.readings(db, await workshop.timesource.now(db))


@app.command("list")
def list_command(
    state: Annotated[str | None, typer.Option(help="kept, reading, placed or deleted.")] = None,
    kind: Annotated[MailKind | None, typer.Option(help="Only of this kind.")] = None,
    mailbox: Annotated[str | None, typer.Option(help="Only for this mailbox of the council file.")] = None,
    most: Most = 30,
) -> None:
    """List the mails that came in, the last first: when, for which mailbox, and what became of each."""
    found = asyncio.run(listed(Asked(state=state, kind=kind, mailbox=mailbox), most))
    table = Table("id", "received (UTC)", "mailbox", "by", "kind", "placed as", "reference", box=None)
    for mail in found:
        what = mail.placed_as or mail.state
        received = f"{mail.received_at:%Y-%m-%d %H:%M:%S}"
        table.add_row(
            str(mail.mail_id), received, mail.mailbox, mail.arrived_by, mail.kind or "", what, mail.reference or ""
        )
    if found:
        lay_out(table)
    else:
        console.print("There are no such mails.")


async def listed(asked: Asked, most: int) -> list[ListedMail]:
    async with intake() as workshop, workshop.reading() as db:
        return await mails.listed(db, asked, most)


@app.command()
def show(mail: Id, author: Author) -> None:
    """Show a mail as it was read. That you saw it is kept."""
    who = named(author)

    async def action(work: Work) -> MailAndFiles:
        return await looking.show(work, MailId(mail), who)

    for line in told(carry_out(action, who)):
        console.print(line, markup=False)


def told(found: MailAndFiles) -> list[str]:
    mail = found.mail
    about = f" ({mail.reference})" if mail.reference else ""
    lines = [f"{mail.mail_id}: {mail.kind or 'not read yet'}, {mail.placed_as or mail.state}{about}"]
    if mail.why:
        lines.append(f"Why: {mail.why}")
    if mail.deleted_at is not None:
        return [*lines, f"Deleted at {mail.deleted_at:%Y-%m-%d %H:%M} UTC by {mail.deleted_by}: {mail.deleted_because}"]
    lines += [f"Note: {note}" for note in mail.notes or ()]
    if mail.subject is not None:
        sender = " ".join(filter(None, [mail.sender_name, f"<{mail.sender_address}>" if mail.sender_address else None]))
        lines += [f"From: {sender}", f"To: {mail.sent_to}", f"Subject: {mail.subject}", "", mail.text or ""]
    for heading, text in (("-- signature --", mail.signature), ("-- quoted --", mail.quoted)):
        lines += [heading, text] if text else []
    lines += [f"File: {each.name} ({each.media_type}, {each.size} bytes)" for each in found.files]
    return lines


@app.command()
def raw(mail: Id, author: Author) -> None:
    """Write a mail to standard output byte for byte as it arrived. That you had it is kept.

    Try it: accesspoint mail raw MAIL_ID > mail.eml
    """
    who = named(author)

    async def write() -> None:
        async with intake() as workshop:

            async def action(work: Work) -> AsyncIterator[bytes]:
                return (await looking.give(work, MailId(mail), who, workshop)).chunks

            async for piece in await workshop.run([], action, Cause(who, new_id())):
                sys.stdout.buffer.write(piece)

    asyncio.run(write())


@app.command()
def delete(
    mail: Id,
    author: Author,
    reason: Annotated[str, typer.Option(prompt="Why is it deleted", help="Why; it is kept.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before deleting it.")] = False,
) -> None:
    """Delete a mail for good: its bytes, what was read in them, and the files that came with it.

    A row stays by which it is known: delivered again, it becomes nothing. Contact and enquiry stay in the record, with
    the text that was said of them.
    """
    who = named(author)
    if not reason.strip():
        raise Refused("Whoever deletes a mail says why: write something for --reason.")
    if not yes:
        typer.confirm(f"Delete mail {mail} and its files, for good?", abort=True)

    async def action(work: Work) -> None:
        await looking.delete(work, MailId(mail), who, reason.strip())

    carry_out(action, who)
    console.print("It is deleted. Delivered again, it will be known and become nothing.")


@app.command()
def outbox(
    text: Annotated[bool, typer.Option("--text", help="Show the newest one in full.")] = False,
    most: Most = 20,
) -> None:
    """Show the mails that were sent into the folder var/messages, where no mail server is set to send them by.

    With ACCESSPOINT_INTAKE_SMTP_URL set, mails go to that server instead.
    """
    folder = read_settings(HouseSettings).data / "messages"
    found = newest(folder, 1 if text else most)
    if not found:
        console.print(f"No mail has been sent into {folder}.", markup=False)
    elif text:
        for line in found[0].as_read():
            console.print(line, markup=False)
    else:
        table = Table("sent (UTC)", "to", "subject", "reference", box=None)
        for each in found:
            sent_at = datetime.fromtimestamp(each.sent_at, UTC)
            table.add_row(f"{sent_at:%Y-%m-%d %H:%M:%S}", each.header("To"), each.header("Subject"), each.reference)
        lay_out(table)


@app.command()
def stop(
    author: Author,
    reason: Annotated[str, typer.Option(prompt="Why is it stopped", help="Why; it is kept.")],
) -> None:
    """Let nothing go out by email any more, in any replica. What is to be sent waits; mail still comes in.

    Try it: accesspoint mail stop --reason "Receipts go to the wrong people"
    """
    who = named(author)
    if not reason.strip():
        raise Refused("Whoever stops mail says why: write something for --reason.")

    async def action(work: Work) -> Stopped | None:
        return await stopping.stop(work, who, reason.strip())

    tell_standing(carry_out(action, who))


@app.command()
def start(author: Author) -> None:
    """Let mail go out again, and what has waited as well."""

    async def action(work: Work) -> None:
        await stopping.start(work)

    carry_out(action, named(author))
    tell_standing(None)


@app.command()
def status() -> None:
    """Tell whether mail goes out; why it does not, and who stopped it before; and what came and waits to be placed."""

    async def look() -> tuple[Stopped | None, list[Ended], Backlog]:
        async with intake() as workshop, workshop.reading() as db:
            return await stopping.standing(db), await ended(db, MAIL, STOPS_TOLD), await mails.backlog(db)

    standing, before, backlog = asyncio.run(look())
    tell_standing(standing)
    for each in before:
        console.print(
            f"Stopped {each.stopped_at:%Y-%m-%d %H:%M:%S} UTC by {each.stopped_by}: {each.because} "
            f"Started again {each.started_at:%Y-%m-%d %H:%M:%S} UTC by {each.started_by}.",
            markup=False,
        )
    if backlog.since is not None:
        how_many = "1 mail waits" if backlog.mails == 1 else f"{backlog.mails} mails wait"
        console.print(f"{how_many} to be placed, the oldest since {backlog.since:%Y-%m-%d %H:%M:%S} UTC.")
        console.print("See which: accesspoint mail list --state reading, or --state kept", markup=False)


@app.command("waiting")
def waiting_command(most: Most = 100) -> None:
    """List the mails that wait to go out, the one that has waited longest first: to whom, since when and why."""

    async def look() -> tuple[list[WaitingMail], Stopped | None]:
        async with intake() as workshop:
            return await waiting.looked_at(workshop, most)

    found, standing = asyncio.run(look())
    if found:
        lay_out(waiting.table_of(found, standing))
    else:
        console.print("No mail waits to go out.")


@app.command()
def withhold(
    messages: Annotated[list[UUID], typer.Argument(help="As `accesspoint mail waiting` shows them.")],
    author: Author,
    reason: Annotated[str, typer.Option(prompt="Why is it withheld", help="Why; it is kept.")],
) -> None:
    """Never send these mails. On the record of each enquiry stands that it was not sent, and why."""
    who = named(author)
    if not reason.strip():
        raise Refused("Whoever withholds a mail says why: write something for --reason.")

    async def carry() -> None:
        async with intake() as workshop:
            await waiting.withheld(workshop, [MessageId(each) for each in messages], who, reason.strip())

    asyncio.run(carry())
    console.print("Withheld: never sent, and the record says so.")


def tell_standing(standing: Stopped | None) -> None:
    if standing is None:
        console.print("Mail goes out.")
    else:
        console.print(
            f"Mail is stopped since {standing.stopped_at:%Y-%m-%d %H:%M:%S} UTC by {standing.stopped_by}: "
            f"{standing.because}",
            markup=False,
        )
