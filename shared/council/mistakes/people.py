"""Queues and the people who serve them: nothing may wait where nobody can ever be offered it."""

from __future__ import annotations

from collections.abc import Iterator

from shared.council.mistakes.draft import Draft, Mistake
from shared.council.model import Adviser, Queue
from shared.vocabulary import Office, Role

OFFICE_OF = {Role.ADVISER: Office.FRONT, Role.OFFICER: Office.BACK, Role.PARTNER: Office.PARTNER}
ROLE_OF = {office: role for role, office in OFFICE_OF.items()}
IN_WORDS = {Office.FRONT: "the front office", Office.BACK: "the back office", Office.PARTNER: "a partner"}


def one_general_queue(draft: Draft) -> Iterator[Mistake]:
    """It takes what fits nowhere else."""
    general = [(path, queue) for path, queue in draft.queues if queue.general]
    if not general and draft.queues.whole:
        yield Mistake(
            ("queue",), "No queue is general: write general = true at the one that takes what fits nowhere else."
        )
    for path, queue in general[1:]:
        first = general[0][1].code
        yield Mistake((*path, "general"), f'"{first}" is the general queue already: take it away from "{queue.code}".')
    for path, queue in general[:1]:
        if queue.office is not Office.FRONT:
            yield Mistake(
                (*path, "general"),
                f"The general queue belongs to the front office, and this one to {IN_WORDS[queue.office]}: "
                'write office = "front", or make another queue general.',
            )


def queues_nobody_serves(draft: Draft) -> Iterator[Mistake]:
    if not draft.advisers.whole:
        return
    for path, queue in draft.queues:
        members = members_of(draft, queue)
        if not members:
            yield Mistake(
                path,
                f'Nobody serves "{queue.code}": name it in the queues of an adviser whose role is '
                f'"{ROLE_OF[queue.office]}".',
            )
        elif not any(set(queue.skills) <= set(member.skills) for member in members):
            yield Mistake(
                (*path, "skills"),
                f"Nobody who serves it has {listed(queue.skills)}: give the skills to one of {names(members)}.",
            )


def services_nobody_can_do(draft: Draft) -> Iterator[Mistake]:
    if not draft.advisers.whole:
        return
    for path, service in draft.services:
        queue = draft.queues.having(service.queue)
        members = members_of(draft, queue) if queue else []
        if queue and members and service.skills:
            needed = tuple(dict.fromkeys((*queue.skills, *service.skills)))
            if not any(set(needed) <= set(member.skills) for member in members):
                yield Mistake(
                    (*path, "skills"),
                    f'Nobody who serves "{queue.code}" has {listed(needed)}: '
                    f"give the skills to one of {names(members)}.",
                )


def members_of(draft: Draft, queue: Queue) -> list[Adviser]:
    return [adviser for _, adviser in draft.advisers if queue.code in adviser.queues]


def names(members: list[Adviser]) -> str:
    return ", ".join(f'"{member.code}"' for member in members)


def listed(codes: tuple[str, ...]) -> str:
    return " and ".join(f'"{code}"' for code in codes)


def people_on_queues_of_another_office(draft: Draft) -> Iterator[Mistake]:
    for path, adviser in draft.advisers:
        for place, code in enumerate(adviser.queues):
            queue = draft.queues.having(code)
            if queue and OFFICE_OF.get(adviser.role, queue.office) is not queue.office:
                yield Mistake(
                    (*path, "queues", place),
                    f'"{code}" belongs to {IN_WORDS[queue.office]}: take it away, '
                    f'or write role = "{ROLE_OF[queue.office]}".',
                )


def people_with_too_little_capacity(draft: Draft) -> Iterator[Mistake]:
    for path, adviser in draft.advisers:
        for place, code in enumerate(adviser.queues):
            queue = draft.queues.having(code)
            if queue and queue.weight > adviser.capacity:
                yield Mistake(
                    (*path, "queues", place),
                    f'A task of "{code}" takes {queue.weight} of a capacity, and theirs is {adviser.capacity}: '
                    f"write capacity = {queue.weight} or more.",
                )


def words_that_lead_to_two_queues(draft: Draft) -> Iterator[Mistake]:
    """A citizen's word chooses the queue, so it may choose only one."""
    seen: dict[str, tuple[str, str]] = {}
    for path, service in draft.services:
        for place, keyword in enumerate(service.keywords):
            code, queue = seen.setdefault(" ".join(keyword.casefold().split()), (service.code, service.queue))
            if queue != service.queue:
                yield Mistake(
                    (*path, "keywords", place),
                    f'"{keyword}" leads to "{queue}" already, by service "{code}": take it away from one of the two.',
                )
