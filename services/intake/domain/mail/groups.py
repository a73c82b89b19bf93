"""
Groups: a mailbox of the council may be one, which hands on what citizens write to it marked as a mailing list's.

Google Workspace and Mailman do so. Where the writer's domain forbids to be handed on (DMARC), the group puts itself in
From, and whoever wrote stands elsewhere; the council's own web forms write the same way.
"""

import re
from collections.abc import Collection, Mapping, Sequence

from services.intake.domain.mail.addresses import addresses_in, senders_in
from services.intake.domain.mail.headers import Head
from services.intake.domain.mail.model import Sender

LIST_HEADERS = ("list-id", "list-post", "mailing-list", "x-mailing-list")
WRITERS = ("x-original-from", "x-original-sender", "reply-to")
"""Where somebody is named for whom a mailbox of ours has written."""
MOST_NAMED, LONGEST_NAMED = 20, 10_000
"""Beyond, whoever the group itself has named may stand where nobody looks any more."""
LISTS = "lists."
"""Lists may have a domain of their own below the council's."""
MOST_MARKS, LONGEST_MARK = 10, 1000
"""No list marks its mail with more."""
IN_BRACKETS = re.compile(r"<([^<>]*+)>")


def is_own(address: str, own: Collection[str]) -> bool:
    """`own` are addresses of the council's mailboxes. Whatever stands after a plus makes no difference."""
    local, _, domain = address.rpartition("@")
    return f"{local.partition('+')[0]}@{domain}" in own


def through_own_group(headers: Mapping[str, Sequence[str]], own: Collection[str]) -> bool:
    """Whether it is a list's only because a mailbox of ours is one: another list's mail names that list, too."""
    ids, *marks = ([value[:LONGEST_MARK] for value in headers.get(name, ())] for name in LIST_HEADERS)
    others = [value for values in marks for value in values]
    known = {f"{local}.{between}{domain}" for local, domain in map(halves, own) for between in ("", LISTS)}
    if not 0 < len(ids) + len(others) <= MOST_MARKS or any(id_in(value) not in known for value in ids):
        return False
    named = [tuple(addresses_in([value])) for value in others]
    return all(any(is_own_list(each, own) for each in several) for several in named if several or not ids)


def writer_behind(
    head: Head, own: Collection[str], *, through_group: bool
) -> tuple[Sender | None, Sequence[str] | None]:
    """
    For whom a mailbox of ours has written, and who else may be meant; None where these are too many to tell.

    A group hands on what citizens write, a web form what they wrote there. Anybody who writes to a group can put
    somebody else into these headers, and the group adds who it really was. Where answers go to the list, Mailman names
    the writer in Cc alone; but whom a colleague writes to from a shared mailbox stands there as well.
    """
    lines, copies = [line for name in WRITERS for line in head.lines(name)], head.lines("cc")
    named, copied = ([each for line in some for each in named_in(line, own)] for some in (lines, copies))
    writer = next(iter(named), copied[0] if through_group and len(copied) == 1 else None)
    if writer is None:
        return None, ()
    others = [each for each in addresses_in([*lines, *copies]) if each != writer.address and not is_own(each, own)]
    is_known_whole = len(others) <= MOST_NAMED and sum(map(len, [*lines, *copies])) <= LONGEST_NAMED
    return writer, tuple(others) if is_known_whole else None


def named_in(line: str, own: Collection[str]) -> Sequence[Sender]:
    return [each for each in senders_in(line) if each.address and not is_own(each.address, own)]


def is_own_list(address: str, own: Collection[str]) -> bool:
    local, domain = halves(address)
    return is_own(address, own) or is_own(f"{local}@{domain.removeprefix(LISTS)}", own)


def halves(address: str) -> tuple[str, str]:
    local, _, domain = address.rpartition("@")
    return local, domain


def id_in(value: str) -> str:
    """Of a List-Id (RFC 2919), in small letters."""
    found = IN_BRACKETS.search(value)
    return (found[1] if found else value).strip().lower()
