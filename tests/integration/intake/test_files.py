"""Attachments: many, looked at, kept under their ids, given only to those who may have them."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from services.intake.actions import filing
from services.intake.gateways.files import FolderOfFiles, files
from services.intake.settings import settings
from services.intake.timers import sort_new_files
from shared.vocabulary import FileId, Role, new_id
from shared.work import Workshop
from tests.builders import said_by
from tests.integration.intake.desk import CONTACTS, ENQUIRIES, LAMP, PNG, Desk, rows

PDF = b"%PDF-1.7\n" + b"x" * 100_000
FILES = "/intake/v1/files"


def on_disk(data: Path) -> list[Path]:
    return sorted(path for path in data.rglob("*") if path.is_file() and "keys" not in path.parts)


async def attached(desk: Desk, workshop: Workshop, *sent: tuple[str, bytes]) -> list[dict[str, Any]]:
    """The attachments as they were said."""
    answered = await desk.sends(*sent)
    assert answered.status == 201, answered.told
    attachments: list[dict[str, Any]] = (await said_by(workshop))[-1].data["attachments"]
    return attachments


async def test_p29_many_files_come_with_an_enquiry_and_each_comes_back_as_it_was(
    desk: Desk, workshop: Workshop, data: Path
) -> None:
    sent = [("lamp.png", PNG), ("letter.pdf", PDF), ("notes.txt", "Straße, 街灯".encode())]
    attachments = await attached(desk, workshop, *sent)
    assert [(each["name"], each["media_type"], each["size"]) for each in attachments] == [
        ("lamp.png", "image/png", len(PNG)),
        ("letter.pdf", "application/pdf", len(PDF)),
        ("notes.txt", "text/plain", 15),
    ]
    for (name, content), each in zip(sent, attachments, strict=True):
        given = await desk.gets(f"{FILES}/{each['file_id']}", desk.token)
        assert (given.status, given.raw) == (200, content)
        assert given.headers["Content-Type"].partition(";")[0] == each["media_type"]
        assert given.headers["Content-Disposition"] == f"attachment; filename*=UTF-8''{name}"
        assert given.headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in given.headers["Content-Security-Policy"]
    assert {path.name for path in on_disk(data)} == {each["file_id"] for each in attachments}
    assert [(row["who"], row["what"]) for row in await rows(workshop, "file_accesses")] == [
        ("adviser/mary", "file")
    ] * 3


@pytest.mark.parametrize(
    ("credential", "status"),
    [(None, 401), ("machine", 403), (Role.PARTNER, 403), (Role.OFFICER, 200), (Role.MANAGER, 200)],
)
async def test_p29_only_those_who_may_have_a_file_are_given_it(
    desk: Desk, workshop: Workshop, credential: Any, status: int
) -> None:
    [each] = await attached(desk, workshop, ("lamp.png", PNG))
    token = desk.kiosk() if credential == "machine" else desk.token_of(credential) if credential else None
    assert (await desk.gets(f"{FILES}/{each['file_id']}", token)).status == status
    link = await desk.posts(f"{FILES}/{each['file_id']}/links", {}, token)
    assert link.status == (201 if status == 200 else status)
    assert len(await rows(workshop, "file_accesses")) == (2 if status == 200 else 0)


async def test_p29_an_auditor_reads_a_file_and_makes_no_links(desk: Desk, workshop: Workshop) -> None:
    [each] = await attached(desk, workshop, ("lamp.png", PNG))
    auditor = desk.token_of(Role.AUDITOR)
    assert (await desk.gets(f"{FILES}/{each['file_id']}", auditor)).raw == PNG
    assert (await desk.posts(f"{FILES}/{each['file_id']}/links", {}, auditor)).status == 403
    assert [row["who"] for row in await rows(workshop, "file_accesses")] == ["auditor/sam"]


async def test_a_partner_is_told_to_ask_for_a_link_and_may_follow_it(desk: Desk, workshop: Workshop) -> None:
    [each] = await attached(desk, workshop, ("lamp.png", PNG))
    refused = await desk.gets(f"{FILES}/{each['file_id']}", desk.token_of(Role.PARTNER))
    assert (refused.status, "ask the council's adviser for a link" in refused.sentence) == (403, True)
    link = (await desk.posts(f"{FILES}/{each['file_id']}/links", {}, desk.token)).fields
    assert (await desk.gets(link["url"], desk.token_of(Role.PARTNER))).raw == PNG


async def test_a_text_is_given_without_a_charset_that_nobody_has_said(desk: Desk, workshop: Workshop) -> None:
    for content in ("£5, naïve".encode("cp1252"), "£5, naïve".encode("utf-16")):
        [each] = await attached(desk, workshop, ("notes.txt", content))
        given = await desk.gets(f"{FILES}/{each['file_id']}", desk.token)
        assert (given.raw, given.headers["Content-Type"]) == (content, "text/plain")


async def test_p29_a_link_is_good_for_one_file_and_a_few_minutes(
    desk: Desk, workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = await attached(desk, workshop, ("lamp.png", PNG), ("letter.pdf", PDF))
    link = (await desk.posts(f"{FILES}/{one['file_id']}/links", {}, desk.token)).fields
    assert (await desk.gets(link["url"])).raw == PNG
    good_for = datetime.fromisoformat(link["expires_at"]) - datetime.now(UTC)
    assert timedelta(minutes=4) < good_for <= timedelta(minutes=5)
    elsewhere = await desk.gets(link["url"].replace(one["file_id"], other["file_id"]))
    longer = await desk.gets(link["url"].replace("expires=1", "expires=2"))
    nonsense = await desk.gets(link["url"] + "x")
    for refused in (elsewhere, longer, nonsense):
        assert (refused.status, "changed" in refused.sentence) == (403, True)
    workshop.timesource = type(workshop.timesource)(timedelta(minutes=6))
    over = await desk.gets(link["url"])
    assert (over.status, over.sentence) == (403, "This link is over: ask for a new one where you found it.")
    assert (await desk.gets(f"{FILES}/{one['file_id']}/content")).status == 422


async def test_files_that_nobody_knows_are_not_there(desk: Desk) -> None:
    assert (await desk.gets(f"{FILES}/{new_id()}", desk.token)).status == 404
    assert (await desk.posts(f"{FILES}/{new_id()}/links", {}, desk.token)).status == 404


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd", "passwd.txt"),
        ("..\\..\\boot.ini", "boot.ini.txt"),
        ("..", "file.txt"),
        ("", "file.txt"),
        ("page.html", "page.html.txt"),
        ("évidence 👍.txt", "évidence 👍.txt"),
        ("فاتورة.txt", "فاتورة.txt"),
        ("invoice_\u202etxt.exe", "invoice_txt.exe.txt"),
        ("x" * 300 + ".txt", "x" * 196 + ".txt"),
    ],
)
async def test_a_name_is_only_shown_and_never_a_path(
    desk: Desk, workshop: Workshop, data: Path, name: str, shown: str
) -> None:
    [each] = await attached(desk, workshop, (name, b"hello"))
    assert each["name"] == shown
    assert [path.name for path in on_disk(data)] == [each["file_id"]]
    assert all(path.is_relative_to(data / "files") for path in on_disk(data))
    assert (await desk.gets(f"{FILES}/{each['file_id']}", desk.token)).raw == b"hello"


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("setup.exe", b"MZ\x90\x00" + b"\0" * 100, "of a kind that we do not take"),
        ("lamp.png", b"MZ\x90\x00" + b"\0" * 100, "of a kind that we do not take"),
        ("all.zip", b"PK\x03\x04" + b"\0" * 100, "of a kind that we do not take"),
        ("film.mp4", b"\0\0\0\x18ftypisom" + b"\0" * 100, "of a kind that we do not take"),
        ("empty.txt", b"", "is empty"),
    ],
)
async def test_what_is_not_taken_is_named_and_nothing_is_half_done(
    desk: Desk, workshop: Workshop, data: Path, name: str, content: bytes, why: str
) -> None:
    refused = await desk.sends(("lamp.png", PNG), (name, content))
    assert refused.status == 422
    assert f"The file {name} {why}" in refused.sentence or why in refused.sentence
    assert (await rows(workshop, "contacts"), await said_by(workshop), on_disk(data)) == ([], [], [])


async def test_too_large_and_too_many_are_refused_while_they_arrive(
    desk: Desk, workshop: Workshop, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("MAX_FILES", "2"), ("MAX_FILE_BYTES", "1000"), ("MAX_UPLOAD_BYTES", "1500")):
        monkeypatch.setenv(f"ACCESSPOINT_INTAKE_{name}", value)
    settings.cache_clear()
    for sent, why in (
        ([("big.txt", b"x" * 1_001)], "The file big.txt is larger than 0.001 MB"),
        ([("one.txt", b"x" * 900), ("two.txt", b"x" * 900)], "larger than 0.0015 MB together"),
        ([(f"{nth}.txt", b"x") for nth in range(3)], "at most 2 at once"),
    ):
        refused = await desk.sends(*sent)
        assert (refused.status, why in refused.sentence) == (413, True), refused.told
    assert (await rows(workshop, "contacts"), on_disk(data)) == ([], [])
    assert (await desk.sends(("one.txt", b"x" * 1_000), ("two.txt", b"x" * 500))).status == 201


async def test_files_come_with_further_contacts_and_with_logged_ones(desk: Desk, workshop: Workshop) -> None:
    receipt = await desk.asks()
    path = f"{ENQUIRIES}/{receipt['reference']}/contacts"
    added = await desk.uploads(path, "contact", {"text": "A picture."}, [("lamp.png", PNG)])
    assert added.status == 201, added.told
    body = {"channel": "post", "enquiries": [LAMP_ONLY, LAMP_ONLY]}
    logged = await desk.uploads(CONTACTS, "contact", body, [("letter.pdf", PDF)], desk.token)
    assert logged.status == 201, logged.told
    names = [[each["name"] for each in spoken.data["attachments"]] for spoken in await said_by(workshop)]
    assert sorted(names) == [[], ["lamp.png"], ["letter.pdf"], ["letter.pdf"]]
    further = await desk.posts(f"{CONTACTS}/{logged.fields['contact_id']}/enquiries", LAMP_ONLY, desk.token)
    assert further.status == 201
    files_of = [spoken.data["attachments"] for spoken in await said_by(workshop) if spoken.data["attachments"]]
    assert len({file["file_id"] for each in files_of for file in each}) == len(await rows(workshop, "files")) == 2


LAMP_ONLY = {"title": "A lamp is out", "text": "Outside number 12."}


async def test_a_repeat_with_the_same_files_gets_its_first_answer_and_other_files_are_another_command(
    desk: Desk, workshop: Workshop
) -> None:
    key = str(new_id())

    async def send(name: str, content: bytes) -> int:
        answered = await desk.uploads(ENQUIRIES, "enquiry", LAMP, [(name, content)], key=key)
        return answered.status

    assert [await send("lamp.png", PNG), await send("lamp.png", PNG)] == [201, 201]
    assert [await send("lamp.png", PNG + b"x"), await send("other.png", PNG)] == [422, 422]
    assert len(await rows(workshop, "submissions")) == len(await rows(workshop, "files")) == 1


def aged(path: Path) -> None:
    long_ago = path.stat().st_mtime - 2 * filing.A_WHILE.total_seconds()
    os.utime(path, (long_ago, long_ago))


async def test_files_with_rows_are_settled_and_those_whose_work_came_to_nothing_are_cleared_away(
    desk: Desk, workshop: Workshop, data: Path
) -> None:
    [kept] = await attached(desk, workshop, ("lamp.png", PNG))
    folder = FolderOfFiles(data / "files")
    orphan, young = folder.fresh / str(new_id()), folder.fresh / str(new_id())
    broken_off = folder.arriving / "half.part"
    for path in (orphan, young, broken_off):
        path.write_bytes(PNG)
    for path in (orphan, broken_off, folder.fresh / kept["file_id"]):
        aged(path)
    await sort_new_files(workshop)
    assert on_disk(data) == sorted([young, folder.place(FileId(UUID(kept["file_id"])))])
    assert (await desk.gets(f"{FILES}/{kept['file_id']}", desk.token)).raw == PNG
    await sort_new_files(workshop)
    assert len(on_disk(data)) == 2


async def test_a_file_may_be_settled_while_somebody_reads_it(data: Path) -> None:
    file_id, folder = FileId(new_id()), files()
    folder.arriving.mkdir(parents=True)
    taken = folder.arriving / "x.part"
    taken.write_bytes(PNG)
    await folder.keep(file_id, taken)
    reading = await folder.read(file_id)
    await folder.settle([file_id])
    await folder.settle([file_id])
    assert b"".join([chunk async for chunk in reading]) == PNG


async def test_a_lost_file_is_said_to_be_away_and_not_to_be_empty(desk: Desk, workshop: Workshop, data: Path) -> None:
    [each] = await attached(desk, workshop, ("lamp.png", PNG))
    (data / "files" / "new" / each["file_id"]).unlink()
    assert (await desk.gets(f"{FILES}/{each['file_id']}", desk.token)).status == 503
