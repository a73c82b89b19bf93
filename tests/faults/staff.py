"""A council whose advisers differ: in queues, in skills, and in how much they can have in hand."""

import json

from shared.vocabulary import AdviserId
from tests.parts.councils import PLAIN

OTHER_QUEUES = """
[[skill]]
code = "welsh"
name = "Welsh"

[[queue]]
code = "heavy"
name = "Work that fills two slots"
office = "back"
weight = {weight}

[[queue]]
code = "welsh"
name = "In Welsh"
office = "front"
skills = ["welsh"]
"""
SERVICE_OF = """
[[service]]
code = "{queue}"
name = "{queue}"
queue = "{queue}"
"""
ADVISER_OF = """
[[adviser]]
code = "{name}"
name = "{name}"
role = "adviser"
queues = {queues}
skills = {skills}
capacity = {capacity}
"""
QUEUES = ("general", "heavy", "welsh")
ADVISERS: tuple[tuple[str, list[str], list[str], int], ...] = (
    ("ada", ["general"], [], 1),
    ("bob", ["general", "heavy"], [], 3),
    ("cyd", ["general", "heavy", "welsh"], ["welsh"], 2),
    ("dan", ["welsh", "general"], ["welsh"], 1),
    ("eve", ["heavy"], [], 2),
    ("fay", ["general"], [], 1),
)
NAMES = tuple(AdviserId(name) for name, *_ in ADVISERS)


def council_file(more_room: int = 0, weight: int = 2) -> str:
    """Everybody may have so many more tasks in hand than usual; heavy work fills so many slots."""
    services = "".join(SERVICE_OF.format(queue=queue) for queue in QUEUES)
    people = "".join(
        ADVISER_OF.format(name=name, queues=json.dumps(queues), skills=json.dumps(skills), capacity=room + more_room)
        for name, queues, skills, room in ADVISERS
    )
    return PLAIN.format(seconds=86_400) + OTHER_QUEUES.format(weight=weight) + services + people
