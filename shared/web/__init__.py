"""HTTP: routes that say who may call, calls, problems, repeatable commands, and pages about them."""

from shared.web.answer import Answer, etag
from shared.web.app import Mount, http_app
from shared.web.call import Call
from shared.web.routes import Route, route
from shared.web.shapes import Body, Query, Shown

__all__ = ["Answer", "Body", "Call", "Mount", "Query", "Route", "Shown", "etag", "http_app", "route"]
