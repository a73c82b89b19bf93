"""What may stand in a letter, and that filling one in shows what is given and does nothing else."""

from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.cli.check import read_file
from shared.council import Letters, look_at
from shared.council.letters import FIELDS, Filling, fill, look_through
from shared.errors import Refused
from shared.vocabulary import MessageKind
from tests.unit.council.towns import ANYTOWN

FILE = read_file(ANYTOWN)


def a_filling(**given: str | tuple[str, ...]) -> Filling:
    plain = {"name": "Jo", "reference": "ANY-7K3M-9QPX-2RT4", "text": "It is mended.", "council": "Anytown Council"}
    return Filling(**{"promises": ("One.", "Two."), "received_on": "Monday 2 March 2026", **plain, **given})  # type: ignore[arg-type]


def test_every_field_has_a_value_and_says_what_it_is() -> None:
    assert {field.name for field in fields(Filling)} == set(FIELDS)
    assert all(FIELDS.values())


def test_there_is_a_letter_for_every_kind_of_message() -> None:
    assert {*Letters.model_fields, "other"} == {*MessageKind}


def test_a_template_has_fields_conditions_and_the_promises() -> None:
    template = """
{% if name %}Dear {{ name }},{% else %}Hello,{% endif %}

{% for promise in promises %}
{{ loop.index }}. {{ promise }}
{% endfor %}

{{ council | upper }}
"""
    assert look_through(template) == look_through("")
    assert fill(template, a_filling()) == "Dear Jo,\n\n1. One.\n\n2. Two.\n\nANYTOWN COUNCIL"
    assert fill(template, a_filling(name="", promises=())) == "Hello,\n\nANYTOWN COUNCIL"


@pytest.mark.parametrize(
    "template",
    [
        "{{ name.__class__ }}",
        "{{ ''.__class__.__mro__ }}",
        "{{ name.upper() }}",
        "{{ 'a' * 1000000000 }}",
        "{% set x = text %}{{ x }}",
        "{% for a in text %}{{ a }}{% endfor %}",
        "{% for a in promises %}{% for b in promises %}{{ a }}{% endfor %}{% endfor %}",
        "{% for a in promises recursive %}{{ loop(promises) }}{% endfor %}",
        "{% include 'letters' %}",
        "{% import 'os' as os %}",
        "{% macro a() %}{{ a() }}{% endmacro %}",
        "{{ range(1000000000) }}",
        "{{ name | attr('upper') }}",
        "{{ cycler }}",
        "{{ self }}",
        "{{ nobody }}",
        "{{ name",
        "{% if name %}",
    ],
)
def test_whatever_is_more_than_that_is_a_mistake_and_is_never_done(template: str) -> None:
    found = look_through(template)
    assert found.unknown or found.wrong
    if template != "{{ self }}":  # it shows a name of Jinja's and nothing else
        with pytest.raises(Refused):
            fill(template, a_filling())


@pytest.mark.parametrize(
    ("template", "why"),
    [
        ("{{ promises | first }}", "within {% if %}"),
        ("{{ text | last }}", "within {% if %}"),
        ("{% if promises > 3 %}More.{% endif %}", "cannot be filled in"),
        ("{{ name | upper(5) }}", "cannot be filled in"),
        ("{{ promises }}", "is a list"),
        ("{{ promises | upper }}", "is a list"),
    ],
)
def test_what_cannot_be_filled_in_with_all_or_with_nothing_is_a_mistake(template: str, why: str) -> None:
    [wrong] = look_through(template).wrong
    assert why in wrong


@pytest.mark.parametrize(
    "template", ["{{ promises | join(' ') }}", "{% if promises %}{{ promises | first }}{% endif %}"]
)
def test_one_promise_or_all_of_them_may_be_shown(template: str) -> None:
    assert look_through(template) == look_through("")


@given(st.text(max_size=80))
def test_what_a_citizen_writes_is_shown_and_is_no_template(said: str) -> None:
    assert fill("[{{ text }}]", a_filling(text=f"{{{{ name }}}}{said}!")).startswith("[{{ name }}")


@given(st.text(alphabet="{}%# abnif", max_size=30))
def test_what_passes_the_check_can_be_filled_in(template: str) -> None:
    found = look_through(template)
    if not found.unknown and not found.wrong:
        fill(template, a_filling())


def test_a_letter_in_one_language_only_is_a_hint() -> None:
    file = FILE.replace('cy = "Mae eich ymholiad wedi cyrraedd: {{ reference }}"\n', "")
    assert [(note.where, note.why) for note in look_at(file).hints] == [
        ("letters > receipt > subject", "It is not given in cy.")
    ]
