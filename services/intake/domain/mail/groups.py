"""
Groups: a mailbox of the council may be one, which hands on what citizens write to it marked as a mailing list's.

Google Workspace and Mailman do so. Where the writer's domain forbids to be handed on (DMARC), the group puts itself in
From, and whoever wrote stands elsewhere; the council's own web forms write the same way.
"""

import re
from collections.abc import Collection, Mapping, Sequence

from services.intake.domain.mail.addresses import addresses_in

LIST_HEADERS = ("list-id", "list-post", "mailing-list", "x-mailing-list")
WRITERS = ("x-original-from", "x-original-sender", "reply-to")
"""Where somebody is named for whom a mailbox of ours has written."""
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
