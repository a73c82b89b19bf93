"""Groups: what citizens write to an address of the council that is one reaches it as theirs, and lists stay lists."""

import pytest

from services.intake.domain.mail.model import Mail, MailKind, Sender
from services.intake.domain.mail.reading import read

OWN = frozenset({"hello@anytown.example", "parking@anytown.example"})
GOOGLES = (
    "List-ID: <hello.anytown.example>\n"
    "Mailing-list: list hello@anytown.example; contact hello+owners@anytown.example\n"
    "List-Post: <https://groups.google.com/a/anytown.example/group/hello/post>, <mailto:hello@anytown.example>\n"
    "List-Unsubscribe: <mailto:googlegroups-manage+1+unsubscribe@googlegroups.com>\n"
    "Precedence: list\n"
)
FROM_ADA = "From: Ada Smith <ada@example.org>\n"
FOR_ADA = "From: 'Ada Smith' via Hello <hello@anytown.example>\n"
ADA = Sender("Ada Smith", "ada@example.org")


def of(
    head: str,
    sent_from: str | None = "hello+bncBDA@anytown.example",
    *,
    subject: str = "Bins",
    text: str = "Not emptied.\n",
) -> Mail:
    raw = f"{head}To: hello@anytown.example\nSubject: {subject}\nDate: Mon, 3 Jun 2024 09:00:00 +0000\n\n{text}"
    return read(raw.encode(), sent_from=sent_from, ours=lambda _: False, own=OWN)


@pytest.mark.parametrize(
    "marks",
    [
        GOOGLES,
        "List-Id: Hello <hello.lists.anytown.example>\nPrecedence: list\n",
        "List-Id: PARKING.ANYTOWN.EXAMPLE\n",
        "List-Post: <mailto:parking@anytown.example>\nPrecedence: bulk\nList-Unsubscribe: <https://x.example>\n",
        "X-Mailing-List: hello@anytown.example\n",
        "List-Id: <hello.lists.anytown.example>\nList-Post: <mailto:hello@lists.anytown.example>\n",
        "List-Id: <hello.anytown.example>\nList-Post: NO\n",
    ],
)
def test_what_came_through_a_group_of_ours_is_a_citizens(marks: str) -> None:
    found = of(FROM_ADA + marks)
    assert (found.kind, found.sender) == (MailKind.ORDINARY, ADA)


@pytest.mark.parametrize(
    "marks",
    [
        "List-Id: News <news.example.org>\n",
        GOOGLES + "List-Id: News <news.example.org>\n",
        "List-Id: <hello.anytown.example.org>\n",
        "List-Post: <mailto:news@example.org>\nX-Mailing-List: hello@anytown.example\n",
        "List-Post: NO\n",
        "List-Id: <hello.anytown.example>\nX-Mailing-List: news@example.org\n",
        "List-Id: <hello.anytown.example>\nList-Post: <mailto:news@lists.example.org>\n",
        "X-Mailing-List: hello@anytown.example\n" * 11,
        "Precedence: bulk\nList-Unsubscribe: <https://example.org>\n",
    ],
)
def test_what_came_through_another_list_is_a_lists(marks: str) -> None:
    assert of(FROM_ADA + marks).kind is MailKind.LIST


def test_a_machine_that_writes_to_a_group_of_ours_is_a_machine() -> None:
    assert of(FROM_ADA + GOOGLES + "Auto-Submitted: auto-replied\n").kind is MailKind.AUTO_REPLY


@pytest.mark.parametrize(
    ("named", "others"),
    [
        ("X-Original-From: Ada Smith <ada@example.org>\nReply-To: Hello <hello@anytown.example>\n", ()),
        ("Reply-To: hello+abc@anytown.example, Ada Smith <ada@example.org>\n", ()),
        (
            "X-Original-From: Ada Smith <ada@example.org>\nReply-To: Mallory <mallory@example.net>\n",
            ("mallory@example.net",),
        ),
        ("Reply-To: hello@anytown.example\nCc: Ada Smith <ada@example.org>\n", ()),
        (
            "X-Original-From: Ada Smith <ada@example.org>\nReply-To: hello@anytown.example\nCc: M <m@example.net>\n",
            ("m@example.net",),
        ),
    ],
)
def test_for_whom_an_address_of_ours_has_written_is_the_sender_and_whoever_else_may_have_is_told(
    named: str, others: tuple[str, ...]
) -> None:
    found = of(FOR_ADA + GOOGLES + named)
    assert (found.kind, found.sender, found.also_named) == (MailKind.ORDINARY, ADA, others)
    assert any("for somebody else" in note for note in found.notes)


def test_who_only_wants_the_answer_elsewhere_stays_the_sender() -> None:
    found = of(FROM_ADA + "Reply-To: home@example.org\nX-Original-From: x@example.org\nCc: y@example.org\n")
    assert (found.sender, found.answers_to, found.also_named) == (ADA, ("home@example.org",), ())


def test_an_address_of_ours_that_names_nobody_else_is_no_citizens() -> None:
    found = of("From: Ada via Hello <hello@anytown.example>\nReply-To: hello+abc@anytown.example\n")
    assert (found.kind, found.sender) == (MailKind.ORDINARY, Sender("Ada via Hello", None))
    assert found.notes == ("It is from an address of ours, and does not say for whom.",)
    several = of("From: Ada via Hello <hello@anytown.example>\nCc: ada@example.org, jo@example.org\n")
    assert several.sender == found.sender


@pytest.mark.parametrize("marks", ["", GOOGLES, GOOGLES + "X-Original-Sender: parking@anytown.example\n"])
def test_whom_a_colleague_writes_to_from_a_shared_mailbox_has_not_written(marks: str) -> None:
    found = of(f"From: Parking <parking@anytown.example>\nCc: ada@example.org\n{marks}")
    assert found.sender == Sender("Parking", None)


def test_whom_a_colleague_writes_to_from_the_groups_own_address_has_not_written() -> None:
    original = "X-Original-Sender: hello@anytown.example\n"
    assert of(f"From: Hello <hello@anytown.example>\nCc: ada@example.org\n{GOOGLES}{original}").sender.address is None


def test_an_address_of_the_list_is_the_groups_too() -> None:
    marks = "List-Id: <hello.lists.anytown.example>\nList-Post: <mailto:hello@lists.anytown.example>\n"
    group = "hello@lists.anytown.example"
    found = of(f"From: Ada Smith via Hello <{group}>\nReply-To: Hello <{group}>, Ada Smith <ada@example.org>\n{marks}")
    assert (found.kind, found.sender) == (MailKind.ORDINARY, ADA)
    assert found.also_named == (group,)  # known on nothing: whoever may write in its name gets onto no enquiry


@pytest.mark.parametrize(
    "named",
    [
        "Reply-To: " + "ada@example.org, " * 1_000 + "mallory@example.net\n",
        f"Reply-To: {'a' * 310_000} <ada@example.org>\nReply-To: mallory@example.net\n",
        f"Reply-To: ada@example.org\nCc: {'a' * 310_000}\nCc: mallory@example.net\n",
        "Reply-To: ada@example.org\nCc: " + ", ".join(f"mallory{n}@example.net" for n in range(21)) + "\n",
    ],
)
def test_of_too_many_nobody_can_tell_who_has_written_through_a_group(named: str) -> None:
    found = of(FOR_ADA + GOOGLES + "X-Original-From: Ada Smith <ada@example.org>\n" + named)
    assert (found.sender, found.also_named) == (ADA, None)


@pytest.mark.parametrize("marks", [GOOGLES, ""])
@pytest.mark.parametrize(
    ("writer", "subject", "text", "kind"),
    [
        (
            "MAILER-DAEMON@example.org",
            "failure notice",
            "Hi. This is the qmail-send program at example.org.\n\n<ada@example.org>:\nNo such user (#5.1.1)\n",
            MailKind.BOUNCE,
        ),
        ("noreply@example.org", "Automatic reply: Bins", "I am not here.\n", MailKind.AUTO_REPLY),
    ],
)
def test_a_group_that_puts_itself_in_from_makes_no_person_of_a_machine(
    marks: str, writer: str, subject: str, text: str, kind: MailKind
) -> None:
    found = of(f"{FOR_ADA}X-Original-From: {writer}\n{marks}", subject=subject, text=text)
    assert found.kind is kind
    assert [each.address for each in found.bounced] == (["ada@example.org"] if kind is MailKind.BOUNCE else [])


@pytest.mark.parametrize(
    ("answered", "subject", "text"),
    [
        (
            "noreply@anytown.example",
            "Missed bin report [#48213]",
            "This is an automatically generated mail.\n",
        ),
        (
            "noreply@anytown.example, ada@example.org",
            "Request received",
            "Please do not reply to this email.\n",
        ),
        ("postmaster@anytown.example", "New bin", "My new bin wasn't delivered to my house.\n"),
    ],
)
def test_whom_a_form_of_ours_wants_answered_makes_no_machine_of_whoever_wrote(
    answered: str, subject: str, text: str
) -> None:
    form = f"From: Web forms <hello@anytown.example>\nReply-To: {answered}\n"
    through_group = f"{form}{GOOGLES}X-Original-Sender: hello@anytown.example\n"
    for head in (form, through_group):
        assert of(head, subject=subject, text=text, sent_from="web@anytown.example").kind is MailKind.ORDINARY


def test_what_a_citizen_wrote_in_a_form_of_ours_is_theirs_though_the_form_says_that_it_sent_it() -> None:
    form = "From: Forms <hello@anytown.example>\nAuto-Submitted: auto-generated\n"
    assert (of(form + "Reply-To: Ada Smith <ada@example.org>\n").kind) is MailKind.ORDINARY
    assert (of(form).kind) is MailKind.AUTO_REPLY


@pytest.mark.parametrize(
    ("head", "by_group"),
    [
        (FROM_ADA, False),
        (FROM_ADA + GOOGLES, True),
        (FOR_ADA + "Reply-To: ada@example.org\n", True),
        (FROM_ADA + "List-Id: <news.example.org>\n", False),
    ],
)
def test_it_is_told_whether_the_sender_on_the_envelope_is_a_groups(head: str, by_group: bool) -> None:
    assert of(head).by_own_group is by_group
