"""
Groups: a mailbox of the council may be one, which hands on what citizens write to it marked as a mailing list's.

Google Workspace and Mailman do so. Where the writer's domain forbids to be handed on (DMARC), the group puts itself in
From, and whoever wrote stands elsewhere; the council's own web forms write the same way.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from services.intake.domain.mail.addresses import addresses_in, senders_in
from services.intake.domain.mail.headers import Head
from services.intake.domain.mail.model import Sender

LIST_HEADERS = ("list-id", "list-post", "mailing-list", "x-mailing-list")
ORIGINALS, ANSWERED = ("x-original-from", "x-original-sender"), ("reply-to",)
"""Where somebody is named for whom a mailbox of ours has written: by a group, and by a group or a form."""
MOST_NAMED, LONGEST_NAMED = 20, 10_000
"""Beyond, whoever the group itself has named may stand where nobody looks any more."""
LISTS = "lists."
"""Lists may have a domain of their own below the council's."""
MOST_MARKS, LONGEST_MARK = 10, 1000
"""No list marks its mail with more."""
IN_BRACKETS = re.compile(r"<([^<>]*+)>")


def is_own(address: str, own: Collection[str]) -> bool:
    """`own` are addresses of the council's mailboxes. Whatever stands after a plus makes no difference."""
    return plain(address) in own


def plain(address: str) -> str:
    local, domain = halves(address)
    return f"{local.partition('+')[0]}@{domain}"


@dataclass(frozen=True, slots=True)
class Marks:
    """What a list has marked a mail with: the ids of lists, and the addresses in each other mark."""

    ids: Collection[str]
    named: Sequence[Collection[str]]

    def names(self, address: str) -> bool:
        """Whether the list is the one that this address is."""
        local, domain = halves(plain(address))
        own = {f"{local}@{domain.removeprefix(LISTS)}"}
        return bool(ids_of(own) & {*self.ids}) or any(is_own_list(each, own) for some in self.named for each in some)


def marks_in(headers: Mapping[str, Sequence[str]]) -> Marks | None:
    """None where it has none, or more than any list's mail."""
    ids, *marks = ([value[:LONGEST_MARK] for value in headers.get(name, ())] for name in LIST_HEADERS)
    others = [value for values in marks for value in values]
    if not 0 < len(ids) + len(others) <= MOST_MARKS:
        return None
    return Marks([id_in(value) for value in ids], [tuple(addresses_in([value])) for value in others])


def through_own_group(headers: Mapping[str, Sequence[str]], own: Collection[str]) -> bool:
    """Whether it is a list's only because a mailbox of ours is one: another list's mail names that list, too."""
    marks = marks_in(headers)
    if marks is None or not ids_of(own).issuperset(marks.ids):
        return False
    return all(any(is_own_list(each, own) for each in some) for some in marks.named if some or not marks.ids)


def written_by_own_group(address: str, headers: Mapping[str, Sequence[str]], own: Collection[str]) -> bool:
    """Whether that group has put itself in From, where somebody else had stood."""
    marks = marks_in(headers)
    return marks is not None and through_own_group(headers, own) and marks.names(address)


@dataclass(frozen=True, slots=True)
class Behind:
    """
    For whom a mailbox of ours has written, and who else may be meant: None where these are too many to tell.

    `by_group` says that a group has put itself in their place, or named them: a form names whom to answer.
    """

    writer: Sender | None
    others: Sequence[str] | None
    by_group: bool


def behind(head: Head, written: str, own: Collection[str], *, written_by_group: bool) -> Behind:
    """
    `written` is the mailbox, as From has it.

    A group hands on what citizens write, a web form what they wrote there. Anybody who writes to a group can put
    somebody else into these headers, and the group adds who it really was.

    Where answers go to the list, Mailman names the writer in Cc alone. Whom a colleague writes to stands there, too.
    """
    originals, answered = ([line for name in names for line in head.lines(name)] for names in (ORIGINALS, ANSWERED))
    copies = head.lines("cc")
    first, second, third = (
        [each for line in lines for each in named_in(line, own)] for lines in (originals, answered, copies)
    )
    put_itself_there = written_by_group and not any(addresses_in(originals))
    alone = third if put_itself_there and len(third) == 1 else []
    writer = next(chain(first, second, alone), None)
    lines = [*originals, *answered, *copies]
    others = [each for each in addresses_in(lines) if writer and each != writer.address and not is_own_list(each, own)]
    if not is_own(written, own):
        others.append(written)  # a domain of its own for lists may let anybody write in its name
    is_known_whole = len(others) <= MOST_NAMED and sum(map(len, lines)) <= LONGEST_NAMED
    return Behind(writer, tuple(others) if is_known_whole else None, by_group=put_itself_there or bool(first))


def named_in(line: str, own: Collection[str]) -> Sequence[Sender]:
    return [each for each in senders_in(line) if each.address and not is_own_list(each.address, own)]


def is_own_list(address: str, own: Collection[str]) -> bool:
    local, domain = halves(address)
    return is_own(address, own) or is_own(f"{local}@{domain.removeprefix(LISTS)}", own)


def ids_of(own: Collection[str]) -> set[str]:
    return {f"{local}.{between}{domain}" for local, domain in map(halves, own) for between in ("", LISTS)}


def halves(address: str) -> tuple[str, str]:
    local, _, domain = address.rpartition("@")
    return local, domain


def id_in(value: str) -> str:
    """Of a List-Id (RFC 2919), in small letters."""
    found = IN_BRACKETS.search(value)
    return (found[1] if found else value).strip().lower()
