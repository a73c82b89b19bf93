"""What is no mistake, but may not be meant: things nobody uses, people who miss a skill."""

from __future__ import annotations

from collections.abc import Iterator

from shared.council.mistakes.codes import references
from shared.council.mistakes.draft import Draft, Mistake


def things_nobody_uses(draft: Draft) -> Iterator[Mistake]:
    used = {(kind, code) for _, kind, code in references(draft)}
    for kind in ("calendar", "centre", "skill"):
        for path, table in draft.tables(kind):
            if (kind, table.get("code")) not in used:
                yield Mistake(path, "Nothing in this file uses it.")


def people_who_miss_a_skill(draft: Draft) -> Iterator[Mistake]:
    for path, adviser in draft.advisers:
        for place, code in enumerate(adviser.queues):
            queue = draft.queues.having(code)
            missing = [skill for skill in queue.skills if skill not in adviser.skills] if queue else []
            if missing:
                yield Mistake(
                    (*path, "queues", place), f'Without the skill {", ".join(missing)} no task of "{code}" is offered.'
                )
