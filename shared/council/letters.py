"""Letters: what citizens are written, as templates in the council file, and the fields that may stand in them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from functools import lru_cache

from jinja2 import StrictUndefined, Template, nodes
from jinja2.exceptions import SecurityError, TemplateError, TemplateSyntaxError
from jinja2.meta import find_undeclared_variables
from jinja2.runtime import LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment
from typing_extensions import override

from shared.errors import Refused

FIELDS: Mapping[str, str] = {
    "name": "what the citizen is called; empty where nobody knows",
    "reference": "of the enquiry, such as ANY-7K3M-9QPX-2RT4",
    "text": "what the adviser wrote; empty in a receipt",
    "promises": "those that run, each a sentence with its due time: a list, for {% for promise in promises %}",
    "council": "its name",
    "received_on": "the day on which the enquiry came, in words",
}
FILTERS = ("capitalize", "first", "join", "last", "lower", "title", "trim", "upper")
OF_A_LIST = ("first", "join", "last")
OF_A_LOOP = ("first", "index", "last")
PROMISES = "promises"
BLANK_LINES = re.compile(r"\n(?:[ \t]*\n){2,}")

# A letter is filled in by what citizens wrote, so it may do no more than show it: nothing is called, reckoned or kept.
MAY_STAND = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.If,
    nodes.For,
    nodes.Name,
    nodes.Const,
    nodes.Not,
    nodes.And,
    nodes.Or,
    nodes.Compare,
    nodes.Operand,
    nodes.CondExpr,
    nodes.Filter,
    nodes.Getattr,
)
ONLY = "A letter has only fields, {% if %} and {% for promise in promises %}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Filling:
    """What stands in a letter's fields."""

    name: str
    reference: str
    text: str
    promises: tuple[str, ...]
    council: str
    received_on: str


SAMPLES = (
    Filling(
        name="Jo Miller",
        reference="ANY-7K3M-9QPX-2RT4",
        text="It will be mended.",
        promises=("We answer within one working day.", "We resolve it within five."),
        council="Anytown",
        received_on="Monday, 2 March 2026",
    ),
    Filling(name="", reference="ANY-7K3M-9QPX-2RT4", text="", promises=(), council="Anytown", received_on="Monday"),
)


class Sandbox(ImmutableSandboxedEnvironment):
    """Of an object nothing can be had but what a loop tells of itself."""

    @override
    def is_safe_attribute(self, obj: object, attr: str, value: object) -> bool:
        return isinstance(obj, LoopContext) and attr in OF_A_LOOP

    @override
    def is_safe_callable(self, obj: object) -> bool:
        return False


def sandbox() -> Sandbox:
    """Plain text comes out: whoever makes HTML of it escapes all of it."""
    made = Sandbox(undefined=StrictUndefined, autoescape=False)
    made.globals.clear()
    made.filters = {name: made.filters[name] for name in FILTERS}
    return made


SANDBOX = sandbox()


def fill(template: str, filling: Filling) -> str:
    """`Refused`, with a sentence, when the template cannot be filled in. Of several blank lines one is left."""
    given = {field.name: getattr(filling, field.name) for field in fields(filling)}
    try:
        filled = compiled(template).render(given)
    except (TemplateError, TypeError, ValueError) as error:
        raise Refused(f"This letter cannot be filled in: {error}.") from error
    return BLANK_LINES.sub("\n\n", filled).strip()


@lru_cache(maxsize=256)
def compiled(template: str) -> Template:
    tree = SANDBOX.parse(template)
    for why in strangers_in(tree):
        raise SecurityError(why)
    return SANDBOX.from_string(tree)


@dataclass(frozen=True, slots=True)
class LookedThrough:
    """The fields in a template that there are none of, and whatever else keeps it from being filled in."""

    unknown: tuple[str, ...] = ()
    wrong: tuple[str, ...] = ()


def look_through(template: str) -> LookedThrough:
    """Without a letter at hand, so that a mistake is found before anybody is written to."""
    try:
        tree = SANDBOX.parse(template)
    except TemplateSyntaxError as error:
        said = (error.message or "").partition(".")[0]
        why = f"This is no template ({said}): write a field as {{{{ reference }}}}, and end each {{% if %}}."
        return LookedThrough(wrong=(why,))
    if strangers := tuple(dict.fromkeys(strangers_in(tree))):
        return LookedThrough(wrong=strangers)
    unknown = tuple(sorted(unknown_in(tree)))
    return LookedThrough(unknown, () if unknown else tuple(dict.fromkeys(failures_of(template))))


def failures_of(template: str) -> Iterator[str]:
    """What it says when it is filled in, once with all there is, and once with as little as there may be."""
    for sample in SAMPLES:
        try:
            fill(template, sample)
        except Refused as refused:
            yield f"{refused} Whatever may be empty stands within {{% if %}}."


def unknown_in(tree: nodes.Template) -> set[str]:
    """Jinja knows `self` without being told."""
    named = {name.name for name in tree.find_all(nodes.Name)}
    return (find_undeclared_variables(tree) - set(FIELDS)) | (named & {"self"})


def strangers_in(tree: nodes.Template) -> Iterator[str]:
    """What may not stand in a letter, a sentence each."""
    loops = list(tree.find_all(nodes.For))
    for node in (tree, *tree.find_all(nodes.Node)):
        if not isinstance(node, MAY_STAND):
            yield f"{ONLY}: take out what is more than that."
        elif isinstance(node, nodes.Filter) and node.name not in FILTERS:
            yield f'There is no filter "{node.name}": write one of {", ".join(FILTERS)}.'
        elif isinstance(node, nodes.Output) and any(map(is_the_list, node.nodes)):
            yield f"{PROMISES} is a list: go through it, or write {{{{ promises | join(' ') }}}}."
        elif isinstance(node, nodes.Getattr) and not is_of_a_loop(node):
            yield f'There is nothing in a field that is called "{node.attr}": write the field alone.'
    for loop in loops:
        if not (isinstance(loop.iter, nodes.Name) and loop.iter.name == PROMISES) or list(loop.find_all(nodes.For)):
            yield f"{ONLY}, and no loop in another: go through the promises once."


def is_the_list(shown: nodes.Node) -> bool:
    """And nothing that picks or joins its sentences."""
    while isinstance(shown, nodes.Filter) and shown.node is not None and shown.name not in OF_A_LIST:
        shown = shown.node
    return isinstance(shown, nodes.Name) and shown.name == PROMISES


def is_of_a_loop(node: nodes.Getattr) -> bool:
    return isinstance(node.node, nodes.Name) and node.node.name == "loop" and node.attr in OF_A_LOOP
