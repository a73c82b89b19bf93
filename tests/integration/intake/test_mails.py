"""Mails as people look at them: listed, shown, given byte for byte, deleted; and the stop switch."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.intake import timers
from services.intake.actions.mail import keeping, placing
from services.intake.domain.mail.identity import identity_of
from services.intake.domain.mail.model import Arrived, ArrivedBy, Mail, MailKind, PlacedAs, Sender
from services.intake.store.mail import keeping as store
from services.intake.store.mail.keeping import Placed
from shared.telemetry import REGISTRY
from shared.timesource import TimeSource
from shared.vocabulary import EnquiryId, MailId, Role, new_id
from shared.work import Work, Workshop
from tests.builders import a_cause
from tests.integration.intake.desk import Desk, rows
from tests.integration.intake.post import TO_US, a_mail

MAILS = "/intake/v1/mails"
STOP = "/intake/v1/stops/mail"
READ = Mail(
    kind=MailKind.ORDINARY,
    because="Nothing says otherwise.",
    sender=Sender("Jo Miller", "jo@example.org"),
    subject="Missed bin",
    text="The green bin was not emptied.",
    quoted="> We come on Monday.",
    html="<p>The green bin was not emptied.</p>",
    sent_at=datetime(2026, 3, 2, 9, tzinfo=UTC),
    notes=("One part had an unknown charset.",),
)


@dataclass(slots=True)
class Box:
    """Mails that are kept here, and placed without being read."""

    workshop: Workshop
    kept: list[MailId] = field(default_factory=list)

    async def gets(self, raw: bytes, *, mailbox: str = "council", by: ArrivedBy = ArrivedBy.IMAP) -> MailId:
        arrived = Arrived(mailbox=mailbox, by=by, sent_from="jo@example.org", sent_to=TO_US, raw=raw)

        async def keep(work: Work) -> MailId:
            [kept] = await keeping.keep(work, [arrived], identity_of(raw))
            return kept.mail_id

        mail_id = await self.workshop.run([], keep, a_cause())
        self.kept.append(mail_id)
        return mail_id

    async def places(self, mail_id: MailId, about: str | None = None, kind: MailKind = MailKind.ORDINARY) -> None:
        async def place(work: Work) -> None:
            as_what = PlacedAs.FURTHER if about else PlacedAs.NOTED
            placed = Placed(as_what, EnquiryId(UUID(about)) if about else None, "Its reference is in the subject.")
            await store.place(work.db, mail_id, replace(READ, kind=kind), placed, work.now)

        await self.workshop.run([], place, a_cause())


@pytest.fixture
def box(workshop: Workshop) -> Box:
    return Box(workshop)


async def test_mails_are_listed_the_last_first_and_without_what_they_say(desk: Desk, box: Box) -> None:
    enquiry = await desk.asks()
    for nth in range(3):
        await box.gets(a_mail(f"Letter {nth}"))
    await box.places(box.kept[0], enquiry["enquiry_id"])
    answered = await desk.gets(MAILS, desk.token)
    assert answered.status == 200, answered.told
    assert [mail["mail_id"] for mail in answered.fields["mails"]] == [str(each) for each in reversed(box.kept)]
    assert answered.fields["next"] is None
    last = answered.fields["mails"][-1]
    assert (last["state"], last["kind"], last["placed_as"]) == ("placed", "ordinary", "further")
    assert (last["reference"], last["enquiry_id"]) == (enquiry["reference"], enquiry["enquiry_id"])
    assert "jo@example.org" not in answered.told
    assert await rows(box.workshop, "mail_accesses") == []


async def test_a_long_list_comes_in_pages_that_neither_repeat_nor_leave_out(desk: Desk, box: Box) -> None:
    for nth in range(130):
        await box.gets(a_mail(f"Letter {nth}"))
    first = (await desk.gets(MAILS, desk.token)).fields
    await box.gets(a_mail("One that came meanwhile"))
    second = (await desk.gets(f"{MAILS}?before={first['next']}", desk.token)).fields
    told = [mail["mail_id"] for page in (first, second) for mail in page["mails"]]
    assert (len(first["mails"]), second["next"]) == (100, None)
    assert sorted(told) == sorted(str(each) for each in box.kept[:130])


async def test_the_list_can_be_narrowed(desk: Desk, box: Box) -> None:
    await box.gets(a_mail("One"))
    await box.gets(a_mail("Two"), mailbox="waste")
    await box.gets(a_mail("Three"))
    await box.places(box.kept[2], kind=MailKind.BOUNCE)
    for query, found in {"mailbox=waste": [1], "state=kept": [1, 0], "kind=bounce": [2], "kind=list": []}.items():
        shown = (await desk.gets(f"{MAILS}?{query}", desk.token)).fields["mails"]
        assert [mail["mail_id"] for mail in shown] == [str(box.kept[nth]) for nth in found]
    assert (await desk.gets(f"{MAILS}?state=lost", desk.token)).status == 422


async def test_a_mail_is_shown_as_it_was_read_and_that_is_kept(desk: Desk, box: Box) -> None:
    mail_id = await box.gets(a_mail())
    unread = (await desk.gets(f"{MAILS}/{mail_id}", desk.token)).fields
    assert (unread["state"], unread["text"], unread["files"]) == ("kept", None, [])
    await box.places(mail_id)
    shown = (await desk.gets(f"{MAILS}/{mail_id}", desk.token)).fields
    assert (shown["sender_name"], shown["sender_address"], shown["subject"]) == (
        "Jo Miller",
        "jo@example.org",
        "Missed bin",
    )
    assert (shown["text"], shown["quoted"], shown["html"]) == (READ.text, READ.quoted, READ.html)
    assert (shown["notes"], shown["why"]) == ([*READ.notes], "Its reference is in the subject.")
    accesses = await rows(box.workshop, "mail_accesses")
    assert [(row["who"], row["what"], row["mail_id"]) for row in accesses] == [("adviser/mary", "text", mail_id)] * 2


async def test_a_mail_is_given_byte_for_byte_and_that_is_kept(desk: Desk, box: Box) -> None:
    raw = a_mail("\r\n".join(["x" * 70] * 30_000))
    mail_id = await box.gets(raw)
    given = await desk.gets(f"{MAILS}/{mail_id}/raw", desk.token)
    assert (given.status, given.raw) == (200, raw)
    assert given.headers["Content-Type"] == "message/rfc822"
    assert f"{mail_id}.eml" in given.headers["Content-Disposition"]
    assert [(row["who"], row["what"]) for row in await rows(box.workshop, "mail_accesses")] == [("adviser/mary", "raw")]


@pytest.mark.parametrize(
    ("role", "lists", "reads", "deletes"),
    [
        (None, 401, 401, 401),
        ("machine", 403, 403, 403),
        (Role.OFFICER, 200, 200, 403),
        (Role.AUDITOR, 200, 200, 403),
        (Role.PARTNER, 403, 403, 403),
        (Role.ICT, 200, 403, 403),
        (Role.ADMINISTRATOR, 200, 403, 200),
    ],
)
async def test_only_those_who_may_see_a_mail_see_it(
    desk: Desk, box: Box, role: Any, lists: int, reads: int, deletes: int
) -> None:
    mail_id = await box.gets(a_mail())
    await box.places(mail_id)
    token = desk.kiosk() if role == "machine" else desk.token_of(role) if role else None
    assert (await desk.gets(MAILS, token)).status == lists
    for path in (f"{MAILS}/{mail_id}", f"{MAILS}/{mail_id}/raw"):
        assert (await desk.gets(path, token)).status == reads
    assert (await desk.posts(f"{MAILS}/{mail_id}/deletion", {"because": "They asked."}, token)).status == deletes
    assert len(await rows(box.workshop, "mail_accesses")) == (2 if reads == 200 else 0)


async def test_a_deleted_mail_leaves_a_row_by_which_it_is_known_when_it_comes_again(desk: Desk, box: Box) -> None:
    raw = a_mail()
    mail_id = await box.gets(raw)
    await box.places(mail_id)
    administrator = desk.token_of(Role.ADMINISTRATOR)
    for because in ("They asked for it.", "Once more."):
        left = await desk.posts(f"{MAILS}/{mail_id}/deletion", {"because": because}, administrator)
        assert (left.status, left.fields["deleted_because"]) == (200, "They asked for it.")
        assert left.fields["deleted_by"] == "administrator/sam"
    assert await rows(box.workshop, "mail_pieces") == await rows(box.workshop, "mail_texts") == []
    assert await box.gets(raw) == mail_id
    [mail] = await rows(box.workshop, "mails")
    assert (mail["state"], mail["sent_from"]) == ("deleted", None)
    assert await rows(box.workshop, "mail_pieces") == []
    gone = await desk.gets(f"{MAILS}/{mail_id}/raw", desk.token)
    assert (gone.status, "was deleted" in gone.sentence) == (404, True)
    assert (await desk.gets(f"{MAILS}/{mail_id}", desk.token)).fields["text"] is None


async def test_a_mail_that_is_still_to_be_read_is_not_deleted_and_one_that_never_was_is_not_there(
    desk: Desk, box: Box
) -> None:
    mail_id, administrator = await box.gets(a_mail()), desk.token_of(Role.ADMINISTRATOR)
    early = await desk.posts(f"{MAILS}/{mail_id}/deletion", {"because": "They asked."}, administrator)
    assert (early.status, "in a moment" in early.sentence) == (409, True)
    assert (await desk.posts(f"{MAILS}/{mail_id}/deletion", {}, administrator)).status == 422
    for path in (f"{MAILS}/{new_id()}", f"{MAILS}/{new_id()}/raw"):
        assert (await desk.gets(path, desk.token)).status == 404
    nothing = await desk.posts(f"{MAILS}/{new_id()}/deletion", {"because": "They asked."}, administrator)
    assert nothing.status == 404


async def test_a_mail_that_fails_even_as_unreadable_shows_by_its_age_and_can_be_deleted(
    desk: Desk, box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    mail_id, administrator = await box.gets(a_mail()), desk.token_of(Role.ADMINISTRATOR)

    async def fails(*_: object) -> None:
        raise RuntimeError

    async def age() -> float:
        await timers.tell_oldest_mail(box.workshop)
        return REGISTRY.get_sample_value("accesspoint_oldest_mail_seconds", {"service": "intake"}) or 0.0

    monkeypatch.setattr(placing, "with_files", fails)
    deletion = f"{MAILS}/{mail_id}/deletion", {"because": "It fails."}, administrator
    for _ in range(placing.STARTS + 2):
        assert (await desk.posts(*deletion)).status == 409
        await timers.place_mails(box.workshop)
        box.workshop.timesource = TimeSource(box.workshop.timesource.offset + placing.LOST_AFTER)
    assert await age() > placing.LOST_AFTER.total_seconds() * placing.STARTS
    assert (await desk.posts(*deletion)).status == 200
    assert await age() == 0
    await timers.place_mails(box.workshop)
    [mail] = await rows(box.workshop, "mails")
    assert (mail["state"], await rows(box.workshop, "contacts")) == ("deleted", [])


async def test_mail_is_stopped_with_a_reason_and_started_again(desk: Desk, workshop: Workshop) -> None:
    ict = desk.token_of(Role.ICT)

    async def puts(body: dict[str, Any], token: str = ict) -> Any:
        response = await desk.client.put(STOP, json=body, headers={"Authorization": f"Bearer {token}"})
        return response.status, await response.json()

    assert (await desk.gets(STOP, ict)).fields["stopped"] is False
    assert (await puts({"stopped": True}))[0] == 422
    assert (await puts({"stopped": True, "because": "No."}, desk.token))[0] == 403
    status, stopped = await puts({"stopped": True, "because": "Receipts go astray."})
    assert (status, stopped["stopped_by"], stopped["because"]) == (200, "ict/sam", "Receipts go astray.")
    assert datetime.now(UTC) - datetime.fromisoformat(stopped["stopped_at"]) < timedelta(minutes=1)
    assert (await puts({"stopped": True, "because": "Again."}))[1]["because"] == "Receipts go astray."
    assert (await desk.gets(STOP, ict)).fields == stopped
    assert await puts({"stopped": False}) == (
        200,
        {"stopped": False, "stopped_at": None, "stopped_by": None, "because": None},
    )
    [kept] = await rows(workshop, "stopped")
    assert kept["started_by"] == "ict/sam"
