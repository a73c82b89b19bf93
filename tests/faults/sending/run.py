"""One run: mails are asked for, senders are killed over them, the last one lives; then the copies are counted."""

from __future__ import annotations

import asyncio
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email import message_from_bytes
from enum import StrEnum
from pathlib import Path
from typing import Any

from services.intake.app import SERVICE
from shared.work import Workshop
from tests.builders import a_workshop
from tests.faults.sending.asking import citizen
from tests.faults.sending.deadly import Moment
from tests.faults.verdict import Verdict
from tests.integration.intake.post import MAILBOXES
from tests.parts.councils import plain, take_up
from tests.parts.dovecot import PrivateDovecot, private_dovecot
from tests.parts.mailing import HERE
from tests.parts.postfix import PrivatePostfix, private_postfix
from tests.parts.programs import ROOT, environment
from tests.parts.scratch import scratch
from tests.parts.waiting import until

SENT, PASSWORD = "sent@copies.example", "secret"
ACCOUNT = f"""
[[account]]
name = "sent"
host = "{HERE}"
port = {{port}}
tls = "none"
user = "{SENT}"
password = "{PASSWORD}"
"""
BETWEEN = (Moment.ANSWERED, Moment.RECORDING)
"""After 250 has come, and before that is on record."""
OTHERS = (Moment.IN_DATA, Moment.BEFORE)
SIDE_BY_SIDE = 2
LATER, MUCH_LATER, AT_LAST = 20, 90, 600
"""Minutes by which clocks are ahead: each time, what was cut off before is due again."""


class Asking(StrEnum):
    """Whether it can be asked what has left."""

    POSSIBLE = "copies of what is sent can be asked"
    IMPOSSIBLE = "nobody can be asked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """
    So many senders are killed between 250 and record, and a fifth of that at other moments, each over another mail.

    Where nobody can be asked, every second one is killed once more over the same mail.
    """

    kills: int
    asking: Asking

    @property
    def moments(self) -> list[Moment]:
        between = [BETWEEN[nth % len(BETWEEN)] for nth in range(self.kills)]
        return between + [OTHERS[nth % len(OTHERS)] for nth in range(self.kills // 5)]

    @property
    def mails(self) -> int:
        return len(self.moments)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many mails had how many copies, how many are counted as maybe twice, and what became of the messages."""

    plan: Plan
    kills: Counter[Moment]
    copies: Counter[int]
    counted: int
    states: Counter[str]
    verdict: Verdict

    @property
    def violations(self) -> list[str]:
        return self.verdict.violations

    @property
    def between(self) -> int:
        """Kills after 250 had come and before that was on record."""
        return sum(self.kills[moment] for moment in BETWEEN)


Report = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Town:
    """A database, the citizens' mail server, and a mailbox for copies."""

    workshop: Workshop
    server: PrivatePostfix
    variables: Mapping[str, str]

    async def ask_for(self, many: int) -> None:
        asking = await self.starts("asking", str(many))
        assert await asking.wait() == 0

    async def starts(self, program: str, *arguments: str) -> Process:
        command = [sys.executable, "-m", f"tests.faults.sending.{program}", self.workshop.database.url, *arguments]
        return await asyncio.create_subprocess_exec(
            *command, env=environment(self.variables), cwd=ROOT, stdin=PIPE, stdout=PIPE
        )


class Senders:
    """A replica: what dies is a process that it forks, so that the next is there at once."""

    def __init__(self, process: Process) -> None:
        self.process = process

    async def send(self, moment: Moment, ahead: float) -> int:
        """What it ended with; negative when a signal ended it."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{moment}|{ahead}\n".encode())
        await self.process.stdin.drain()
        while line := (await self.process.stdout.readline()).decode().strip():
            if line.lstrip("-").isdigit():  # the others are log lines
                return int(line)
        raise AssertionError("the senders have ended")


@asynccontextmanager
async def replicas(there: Town) -> AsyncIterator[list[Senders]]:
    """Two."""
    processes = [await there.starts("deadly") for _ in range(SIDE_BY_SIDE)]
    try:
        yield [Senders(process) for process in processes]
    finally:
        for process in processes:
            process.kill()
            await process.wait()


async def run(plan: Plan, url: str, report: Report) -> Outcome:
    """On a database that is migrated and has a council."""
    with scratch("sending") as folder:
        async with town(plan, url, folder) as there:
            return await Run(plan, there, report).whole()


@asynccontextmanager
async def town(plan: Plan, url: str, folder: Path) -> AsyncIterator[Town]:
    await take_up(url, plain() + MAILBOXES)
    with private_dovecot({SENT: PASSWORD}) as copies, relaying(copies) as server:
        variables = {"ACCESSPOINT_DATA": str(folder), "ACCESSPOINT_INTAKE_SMTP_URL": f"smtp://{HERE}:{server.port}"}
        if plan.asking is Asking.POSSIBLE:
            accounts = folder / "accounts.toml"
            accounts.write_text(ACCOUNT.format(port=copies.port))
            variables |= {
                "ACCESSPOINT_INTAKE_MAIL_ACCOUNTS": str(accounts),
                "ACCESSPOINT_INTAKE_SENT_COPIES": "sent",
                "ACCESSPOINT_INTAKE_SENT_COPIES_ADDRESS": SENT,
            }
        async with a_workshop(url, SERVICE) as workshop:
            yield Town(workshop, server, variables)


def relaying(copies: PrivateDovecot) -> Any:
    return private_postfix({"copies.example": (copies.lmtp_port, "lmtp")})


class Run:
    """One under way."""

    def __init__(self, plan: Plan, there: Town, report: Report) -> None:
        self.plan = plan
        self.there = there
        self.report = report
        self.kills: Counter[Moment] = Counter()
        self.survived: list[str] = []

    async def whole(self) -> Outcome:
        await self.there.ask_for(self.plan.mails)
        moments = self.plan.moments
        async with replicas(self.there) as senders:
            await self.kill(senders, moments, ahead=0)
            if self.plan.asking is Asking.IMPOSSIBLE:
                await self.kill(senders, moments[::2], ahead=LATER)
            for ahead in (MUCH_LATER, AT_LAST):
                code = await senders[0].send(Moment.NEVER, ahead)
                self.survived += [f"a sender that nobody killed ended with {code}"] if code else []
                await self.all_delivered()
        return await self.count()

    async def kill(self, senders: list[Senders], moments: list[Moment], ahead: float) -> None:
        """A sender for each, two at a time as two replicas would."""
        waiting = iter(moments)

        async def one_after_the_other(replica: Senders) -> None:
            for moment in waiting:
                code = await replica.send(moment, ahead)
                if code == -signal.SIGKILL:
                    self.kills[moment] += 1
                else:
                    self.survived.append(f"a sender to be killed {moment} ended with {code}")
                self.report("senders are killed", self.kills.total(), self.plan.mails)

        async with asyncio.TaskGroup() as group:
            for replica in senders:
                group.create_task(one_after_the_other(replica))
        await self.all_delivered()

    async def all_delivered(self) -> None:
        await until(self.there.server.queue_is_empty, within=60, what="the citizens' server done with all mails")

    async def count(self) -> Outcome:
        async with self.there.workshop.reading() as db:
            messages = [dict(row) for row in await db.fetch("SELECT * FROM messages ORDER BY requested_at")]
            attempts = [dict(row) for row in await db.fetch("SELECT * FROM attempts")]
        copies = {row["mail_message_id"]: 0 for row in messages}
        for message_id in self.received():
            copies[message_id] += 1
        counted = {row["message_id"] for row in attempts if row["maybe_twice"]}
        found = Verdict()
        found.look("every sender was killed when it was to be", self.survived)
        found.look("no message waits", [row["address"] for row in messages if row["state"] in ("waiting", "sending")])
        most = 1 if self.plan.asking is Asking.POSSIBLE else 2
        found.look(f"nobody has more than {most}", [each for each, number in copies.items() if number > most])
        twice = [row for row in messages if copies[row["mail_message_id"]] > 1]
        found.look("each second copy is counted", [row["address"] for row in twice if row["message_id"] not in counted])
        none = [row for row in messages if not copies[row["mail_message_id"]]]
        found.look("whoever has none is known", [row["address"] for row in none if row["state"] != "failed"])
        return Outcome(
            self.plan,
            self.kills,
            Counter(copies.values()),
            len(counted),
            Counter(row["state"] for row in messages),
            found,
        )

    def received(self) -> Iterator[str]:
        """The Message-IDs of all that citizens have in their mailboxes."""
        for nth in range(self.plan.mails):
            for raw in self.there.server.received_by(citizen(nth)):
                yield str(message_from_bytes(raw)["Message-ID"])
