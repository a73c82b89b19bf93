"""What is named out of the council file: council services and queues, with what was perhaps meant."""

from collections.abc import Collection, Mapping
from difflib import get_close_matches

from shared.council import Council, in_words
from shared.errors import Invalid
from shared.vocabulary import QueueId

MOST_NEAR = 3
ALIKE = 0.5


def service_code(council: Council, code: str) -> str:
    if code in council.services:
        return code
    raise Invalid(
        f"The council has no service {code}: "
        + perhaps(code, {each.code: in_words(each.name) for each in council.service})
    )


def queue_for_work(council: Council, code: str, busy: Collection[QueueId]) -> QueueId:
    """Another office's queue, on which no task of this enquiry is open yet."""
    if code not in council.queues:
        raise Invalid(
            f"The council has no queue {code}: "
            + perhaps(code, {each.code: in_words(each.name) for each in council.queue})
        )
    queue = QueueId(code)
    if queue in busy:
        raise Invalid(f"A task of this enquiry is open on {code} already: write a note, or choose another queue.")
    return queue


def perhaps(given: str, names: Mapping[str, str]) -> str:
    """Those whose code or name is near to what was written."""
    if not names:
        return "the council file names none."
    spelt = {word.casefold(): code for code, name in names.items() for word in (code, name, *name.split())}
    near = dict.fromkeys(spelt[word] for word in get_close_matches(given.casefold(), spelt, 3 * MOST_NEAR, ALIKE))
    if not near:
        return "look it up in the council file."
    return f"perhaps you mean {' or '.join(f'{code} ({names[code]})' for code in list(near)[:MOST_NEAR])}."
