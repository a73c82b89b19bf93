"""Systems that answer each other: a budget ends it, and no clock starts or stops but for what looks like people."""

from collections import Counter
from collections.abc import Sequence

import pytest

from tests.faults.house import until_ready
from tests.faults.mails.answering import Machine, Manners, listening
from tests.faults.mails.town import Town, town, until_quiet
from tests.faults.records import Records, records_of
from tests.integration.intake.post import TO_US
from tests.parts.mailing import send
from tests.parts.postfix import Relays
from tests.parts.waiting import until

BUDGET = 3
TOLD = {
    "ACCESSPOINT_INTAKE_RECEIPTS_PER_ADDRESS": str(BUDGET),
    "ACCESSPOINT_INTAKE_RECEIPT_AFTER_SECONDS": "0",
}
MAILS = "SELECT placed_as FROM intake.mails WHERE sent_from = $1"
RECEIPTS = "SELECT state FROM intake.messages WHERE kind = 'receipt' AND address = $1"
OF_THEIRS = """
SELECT ce.enquiry_id FROM crm.contact_enquiries ce JOIN crm.contacts c USING (contact_id) WHERE c.citizen_email = $1
"""
STATES = f"SELECT state FROM crm.enquiries WHERE enquiry_id IN ({OF_THEIRS})"
LEDGER = f"SELECT entry FROM sla.ledger JOIN sla.clocks USING (clock_id) WHERE enquiry_id IN ({OF_THEIRS})"
AS_ANSWERED = {Manners.POLITE: "noted", Manners.TO_REPLY_TO: "further"}


@pytest.mark.usefixtures("postfix")
async def test_p10_machines_that_answer_every_receipt_come_to_an_end_and_no_clock_stops_by_them() -> None:
    machines = [Machine(manners) for manners in Manners]
    relays: Relays = {machine.domain: (machine.port, "smtp") for machine in machines}
    async with listening(machines), town(relays=relays, told=TOLD) as there:
        await let_them_talk(machines, there)
        async with records_of(there.database) as found:
            for machine in machines:
                if machine.manners is Manners.TO_MAILBOX:
                    await gets_no_more_than_the_budget(machine, found)
                else:
                    await gets_one_receipt(machine, found)


async def let_them_talk(machines: Sequence[Machine], there: Town) -> None:
    """Each writes once, and everything is left alone until nothing moves any more."""
    await until_ready(there.house)
    for machine in machines:
        machine.server_port = there.postfix.port
        send(there.postfix.port, machine.posting(TO_US))
    await until(lambda: all(machine.got for machine in machines), within=60, what="a receipt for each")
    await until_quiet(there)


async def gets_no_more_than_the_budget(machine: Machine, found: Records) -> None:
    """Nothing tells its mails from those of people who write for the first time."""
    assert [mail["Auto-Submitted"] for mail in machine.got] == ["auto-replied"] * BUDGET
    assert Counter(await found.column(RECEIPTS, machine.address)) == {"delivered": BUDGET, "withheld": 1}
    assert Counter(await found.column(MAILS, machine.address)) == {"enquiry": BUDGET + 1}
    assert Counter(await found.column(STATES, machine.address)) == {"open": BUDGET + 1}
    assert Counter(await found.column(LEDGER, machine.address)) == {"started": BUDGET + 1}


async def gets_one_receipt(machine: Machine, found: Records) -> None:
    """It answers on the thread, so that what it says is no new enquiry."""
    assert [mail["Auto-Submitted"] for mail in machine.got] == ["auto-replied"]
    assert await found.column(RECEIPTS, machine.address) == ["delivered"]
    assert Counter(await found.column(MAILS, machine.address)) == {"enquiry": 1, AS_ANSWERED[machine.manners]: 1}
    assert await found.column(STATES, machine.address) == ["open"]
    assert await found.column(LEDGER, machine.address) == ["started"]
