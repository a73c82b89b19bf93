"""HTTP: routes that say who may call, calls, problems, repeatable commands, files, and pages about them."""

from shared.web.answer import Answer, Download, etag
from shared.web.app import Mount, http_app
from shared.web.call import Call
from shared.web.routes import Route, route
from shared.web.shapes import Body, Query, Shown
from shared.web.uploads import Upload, UploadLimits, Uploads

__all__ = [
    "Answer",
    "Body",
    "Call",
    "Download",
    "Mount",
    "Query",
    "Route",
    "Shown",
    "Upload",
    "UploadLimits",
    "Uploads",
    "etag",
    "http_app",
    "route",
]
