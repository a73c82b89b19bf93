"""Draws docs/flow.md from the services' manifests: who says what to whom, and what time asks of each."""

from collections.abc import Iterator, Sequence

from shared.contracts.base import Event
from shared.runtime import Service

HEAD = """\
# Who says what to whom

Drawn from the services' manifests; `make check` fails while it is stale. Do not edit it: change a manifest,
then run `accesspoint flow > docs/flow.md`.
"""

Hearing = tuple[str, str]
"""A listener, and the function that handles the event there."""


def drawn(services: Sequence[Service]) -> str:
    """The whole page. The same services always give the same page."""
    parts = [HEAD, chart(services)]
    parts += [said(service, services) for service in services]
    parts.append(unheard(services))
    parts.append(later(services))
    return "\n".join(parts)


def chart(services: Sequence[Service]) -> str:
    """One arrow from speaker to listener, with each event and what is done about it."""
    lines = ["```mermaid", "flowchart LR"]
    lines += [f'    {service.name}["{service.name}"]' for service in services]
    for speaker in services:
        for listener in services:
            label = "<br/>".join(f"{name} → {handler}" for name, handler in between(speaker, listener))
            if label:
                lines.append(f'    {speaker.name} -->|"{label}"| {listener.name}')
    return "\n".join([*lines, "```", ""])


def between(speaker: Service, listener: Service) -> list[tuple[str, str]]:
    """Events of the speaker, in its order, with the listener's handler of each."""
    return [
        (event.name, handler)
        for event in speaker.says
        for name, handler in heard_by(event, [listener])
        if name == listener.name
    ]


def heard_by(event: type[Event], services: Sequence[Service]) -> list[Hearing]:
    return [
        (service.name, hears.handler.__name__)
        for service in services
        for hears in service.hears
        if hears.event is event
    ]


def said(speaker: Service, services: Sequence[Service]) -> str:
    lines = [f"## {speaker.name}", speaker.about, ""]
    lines += ["| says | which means | heard by |", "|---|---|---|"] if speaker.says else ["It says nothing."]
    for event in speaker.says:
        listeners = "<br>".join(f"{name}: `{handler}`" for name, handler in heard_by(event, services))
        lines.append(f"| `{event.name}` | {first_line(event)} | {listeners or 'nobody yet'} |")
    return "\n".join([*lines, ""])


def first_line(event: type[Event]) -> str:
    lines = (event.__doc__ or "").strip().splitlines()
    return lines[0].replace("|", r"\|") if lines else ""


def unheard(services: Sequence[Service]) -> str:
    """Said for the record, for other systems, or for a listener still to come."""
    lines = [
        f"- {speaker.name}: `{event.name}`"
        for speaker in services
        for event in speaker.says
        if not heard_by(event, services)
    ]
    return "\n".join(["## Said, and heard by nobody yet", *(lines or ["Nothing."]), ""])


def later(services: Sequence[Service]) -> str:
    rows = [row for service in services for row in time_asks(service)]
    table = ["| service | what | when | does |", "|---|---|---|---|", *rows]
    return "\n".join(["## What time asks of each service", *(table if rows else ["Nothing."]), ""])


def time_asks(service: Service) -> Iterator[str]:
    for timer in service.timers:
        when = "when due, once what was missed has been heard" if timer.judging else "when due"
        yield f"| {service.name} | timer `{timer.name}` | {when} | `{timer.action.__name__}` |"
    for sweep in service.sweeps:
        when = f"every {sweep.seconds:g} s, and when woken"
        yield f"| {service.name} | sweep `{sweep.name}` | {when} | `{sweep.action.__name__}` |"
