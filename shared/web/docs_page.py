"""Pages for people: what a service serves, what problems mean, and what runs here."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from shared.web.problems import KINDS

STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #57606a; --line: #d5dae0; --paper: #fff;
  --accent: #0b5c8a }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ed; --soft: #9aa4ae; --line: #353c44;
  --paper: #14181c; --accent: #7cc1ea } }
* { box-sizing: border-box }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1rem/1.55 system-ui, sans-serif }
main { max-width: 60rem; margin: 0 auto; padding: 2.5rem 1.25rem 5rem }
h1 { font-size: 2rem; line-height: 1.2; margin: 0 0 .5rem; letter-spacing: -.01em }
h2 { font-size: 1.15rem; margin: 0 } h3 { font-size: .95rem; margin: 1.25rem 0 .4rem }
p { margin: .4rem 0; max-width: 42rem } .soft { color: var(--soft) }
a { color: var(--accent) }
code { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; font-size: .88em }
section { border-top: 1px solid var(--line); margin-top: 2rem; padding-top: 1.5rem }
.line { display: flex; flex-wrap: wrap; gap: .6rem; align-items: baseline }
.method { background: var(--accent); color: var(--paper); border-radius: 4px; padding: .05rem .5rem;
  font-weight: 600; font-size: .82rem }
.path { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; overflow-wrap: anywhere }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; vertical-align: top; padding: .35rem .8rem .35rem 0;
  border-bottom: 1px solid var(--line) }
th { font-weight: 600; color: var(--soft); font-size: .85rem }
td:first-child { white-space: nowrap }
"""


def page(title: str, content: str) -> str:
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n"
        f"<body>\n<main>\n{content}\n</main>\n</body>\n</html>\n"
    )


def docs_page(name: str, described: Mapping[str, Any]) -> str:
    """Every operation of an OpenAPI description, in the order of the routes."""
    info = described["info"]
    operations = [
        section(method, path, operation, described)
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
    ]
    top = (
        f"<h1>{escape(info['title'])}</h1>\n<p>{escape(info['description'])}</p>\n"
        f'<p class="soft">The same for programs: <a href="/{name}/openapi.json">openapi.json</a>. '
        "Failures are problems (RFC 9457) with a sentence, the places at fault and a correlation id.</p>"
    )
    return page(info["title"], "\n".join([top, *operations]))


def section(method: str, path: str, operation: Mapping[str, Any], described: Mapping[str, Any]) -> str:
    parts = [
        f'<section id="{escape(operation["operationId"])}">',
        f'<div class="line"><span class="method">{method.upper()}</span><span class="path">{escape(path)}</span></div>',
        f"<h2>{escape(operation['summary'])}</h2>",
        f"<p>{escape(operation.get('description', ''))}</p>",
        f'<p class="soft">May be called by: {escape(", ".join(operation["x-roles"]))}</p>',
        parameters_table(operation["parameters"]),
        body_table(operation, described),
        responses_table(operation["responses"]),
        "</section>",
    ]
    return "\n".join(part for part in parts if part)


def parameters_table(parameters: Sequence[Mapping[str, Any]]) -> str:
    rows = [
        (each["name"], f"in the {each['in']}{', required' if each['required'] else ''}", note_of(each))
        for each in parameters
    ]
    return table("Send", ("Name", "Where", "What"), rows) if rows else ""


def body_table(operation: Mapping[str, Any], described: Mapping[str, Any]) -> str:
    if "requestBody" not in operation:
        return ""
    name = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
    shape = described["components"]["schemas"][name]
    required = shape.get("required", ())
    rows = [
        (field, "required" if field in required else "", note_of({"schema": schema}))
        for field, schema in shape.get("properties", {}).items()
    ]
    return table("Body", ("Field", "", "What"), rows)


def note_of(described: Mapping[str, Any]) -> str:
    schema = described.get("schema", {})
    words = [described.get("description") or schema.get("description", ""), kind_of(schema)]
    return " ".join(filter(None, words))


def kind_of(schema: Mapping[str, Any]) -> str:
    if "anyOf" in schema:
        return " or ".join(filter(None, (kind_of(each) for each in schema["anyOf"])))
    name = schema.get("format") or schema.get("type") or schema.get("$ref", "").rpartition("/")[2]
    return f"({name})" if name else ""


def responses_table(responses: Mapping[str, Mapping[str, Any]]) -> str:
    rows = [(status, response["description"], shown_in(response)) for status, response in responses.items()]
    return table("Answers", ("Status", "", "Body"), rows)


def shown_in(response: Mapping[str, Any]) -> str:
    refs = [content["schema"].get("$ref", "").rpartition("/")[2] for content in response.get("content", {}).values()]
    return ", ".join(filter(None, refs))


def table(title: str, heads: Iterable[str], rows: Iterable[Sequence[str]]) -> str:
    top = "".join(f"<th>{escape(head)}</th>" for head in heads)
    lines = "".join(line(*row) for row in rows)
    return f"<h3>{escape(title)}</h3>\n<table><thead><tr>{top}</tr></thead>\n<tbody>\n{lines}</tbody></table>"


def line(name: str, *cells: str) -> str:
    rest = "".join(f"<td>{escape(cell)}</td>" for cell in cells)
    return f"<tr><td><code>{escape(name)}</code></td>{rest}</tr>\n"


def index_page(services: Mapping[str, str]) -> str:
    """What runs here, with links."""
    lines = "".join(
        f'<tr><td><a href="/{name}/docs"><strong>{escape(name)}</strong></a></td><td>{escape(about)}</td>'
        f'<td><a href="/{name}/openapi.json">openapi.json</a> <a href="/{name}/ready">ready</a> '
        f'<a href="/{name}/metrics">metrics</a></td></tr>\n'
        for name, about in services.items()
    )
    head = "<h1>Accesspoint</h1>\n<p>The back end of a council's contact centre.</p>"
    return page("Accesspoint", f"{head}\n<table><tbody>\n{lines}</tbody></table>")


def problems_page() -> str:
    """What each `type` of a problem means."""
    lines = "".join(
        f'<tr id="{slug}"><td><code>/problems/{slug}</code></td><td>{kind.status}</td>'
        f"<td>{escape(kind.title)}</td></tr>\n"
        for kind, slug in KINDS.items()
    )
    return page("Problems", f"<h1>Problems</h1>\n<table><tbody>\n{lines}</tbody></table>")
