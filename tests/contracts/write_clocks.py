"""Writes docs/clocks.md: what every event does to a clock in every state."""

from pathlib import Path

from services.sla.domain.table import columns, table

PAGE = Path(__file__).parents[2] / "docs" / "clocks.md"
HEAD = """# What every event does to a clock

Generated from the rules in `services/sla/domain/`; a test fails while it is stale. Do not edit it: change the
rules, then run `python -m tests.contracts.write_clocks`.

A clock is folded from the facts by when they happened, never by when they were heard. So an event that is heard late is
read here against the state the clock was in when it happened; if that changes what was said, `clock.corrected` says so.
Of several events at the same moment, the one further up happened first.

- A standard starts a clock with its `from` and stops it at the first event of its `to`. When the enquiry is
  resolved all its clocks stop, and when a task is completed all of that task's, whether or not `to` lists it.
- The due moment itself is in time.
- While the citizen is awaited no time counts, where the standard says so. A pause moves a promise in hours by the open
  hours it holds, one in working days by as many working days as end in it, and any other by its own length. An
  acknowledgement or a holding answer leaves the citizen awaited.
- A due time that a person set moves with later pauses in the same way, and never lies before the end of one.
- An enquiry that was imported from an older system is judged by the due time it brings, which is its agreed date, and
  by no standard of today; what begins after its cut-over starts standards as ever. What came true up to the cut-over
  is written and told to nobody; where the enquiry was still open then, `clock.started` tells its due time.
- An agreed date that was broken cannot be moved: another one that is agreed then is a clock of its own.
- A contact that the council began, or after which nobody waits for anything, starts no clock.
- What a machine wrote, such as an auto-reply or a bounce (`contact.noted`), is not heard here at all: it starts,
  pauses, moves and stops nothing.
- A standard that is for certain services or queues applies while the enquiry is about such a service, or its
  answer waits on such a queue. Where it no longer applies its clock ends without a verdict, and comes back as
  if nothing had happened when it applies again. On a task the wait is another promise with every transfer to
  where the standard does not apply.
- When the council file changes a standard, or the calendar it counts in, each clock that is still running or
  paused under it is superseded, and the next one is started from the same start and judged by the same facts. A
  clock that has ended keeps the standard it ended under.
- Reopening starts the standards that begin with it. It does not start ended clocks again.

"""


def page() -> str:
    head = ("event", "in case", *columns())
    rows = [head, tuple("---" for _ in head)]
    rows += [(f"`{row.event}`" if "." in row.event else row.event, row.case, *row.cells) for row in table()]
    return HEAD + "".join(f"| {' | '.join(row)} |\n" for row in rows)


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
