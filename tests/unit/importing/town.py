"""An intake that keeps imports in memory by the rules of the real one about cursors, and answers as it is told to."""

from __future__ import annotations

from collections import Counter
from typing import Any
from uuid import UUID

from aiohttp import web

from services.intake.api.imports import NewImport, NewRows
from shared.vocabulary import new_id

BEGUN = "2026-03-01T00:00:00Z"
PAGE = 2


class Town:
    """Rejects rows whose title begins with `Wrong`."""

    def __init__(self) -> None:
        self.imports: dict[str, dict[str, Any]] = {}
        self.rows: list[str] = []
        self.rejected: list[dict[str, Any]] = []
        self.calls: Counter[str] = Counter()
        self.instead: list[web.Response] = []
        self.keep_and_lose: int = 0
        self.breaks_at: int = 0
        self.tokens: set[str] = set()

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_post("/intake/v1/imports", self.begin)
        app.router.add_get("/intake/v1/imports", self.list)
        app.router.add_get("/intake/v1/imports/{id}", self.show)
        app.router.add_post("/intake/v1/imports/{id}/rows", self.take)
        app.router.add_get("/intake/v1/imports/{id}/rejected", self.list_rejected)
        app.router.add_post("/intake/v1/imports/{id}/release", self.release)
        return app

    @property
    def only(self) -> dict[str, Any]:
        """Of the imports, where there is one."""
        [one] = self.imports.values()
        return one

    async def begin(self, request: web.Request) -> web.Response:
        self.tokens.add(request.headers["Authorization"])
        asked = NewImport.model_validate_json(await request.read())
        key = f"{asked.system} {asked.file_digest} {asked.map_digest}"
        known = key in self.imports
        if not known:
            self.imports[key] = {
                "import_id": str(new_id()),
                "system": asked.system,
                "file_name": asked.file_name,
                "cut_over": asked.cut_over.isoformat() if asked.cut_over else BEGUN,
                "begun_at": BEGUN,
                "read_up_to": 0,
                "rows_in": 0,
                "known_already": 0,
                "rejected": 0,
                "released_at": None,
            }
        return web.json_response(self.imports[key], status=200 if known else 201)

    def asked_for(self, request: web.Request) -> dict[str, Any]:
        asked = UUID(request.match_info["id"])
        return next(each for each in self.imports.values() if each["import_id"] == str(asked))

    async def list(self, request: web.Request) -> web.Response:
        return web.json_response({"imports": [*reversed(self.imports.values())]})

    async def show(self, request: web.Request) -> web.Response:
        return web.json_response(self.asked_for(request))

    async def take(self, request: web.Request) -> web.Response:
        self.calls["rows"] += 1
        if self.calls["rows"] == self.breaks_at:
            return problem(422, "It cannot be taken in.")
        if self.instead:
            return self.instead.pop()
        begun = self.asked_for(request)
        batch = NewRows.model_validate_json(await request.read())
        if batch.after != begun["read_up_to"]:
            return problem(409, f"This import has been read up to line {begun['read_up_to']}.")
        wrong = [row for row in batch.rows if row.title.startswith("Wrong")]
        told = [{"line": row.line, "row_id": row.row_id, "because": "It is wrong."} for row in wrong]
        of_import = {"import_id": begun["import_id"]}
        self.rejected += [each | of_import for each in (*told, *(each.model_dump() for each in batch.rejected))]
        self.rows += [row.row_id for row in batch.rows if row not in wrong]
        begun["read_up_to"] = batch.up_to
        begun["rows_in"] += len(batch.rows) - len(wrong)
        begun["rejected"] += len(wrong) + len(batch.rejected)
        if self.keep_and_lose:
            self.keep_and_lose -= 1
            return problem(503, "Please try again in a moment.")
        answer = {"accepted": len(batch.rows) - len(wrong), "known_already": 0, "rejected": told}
        return web.json_response({"read_up_to": batch.up_to, **answer})

    async def list_rejected(self, request: web.Request) -> web.Response:
        after = int(request.query["after"])
        mine = [each for each in self.rejected if each["import_id"] == request.match_info["id"]]
        page = [each for each in sorted(mine, key=lambda each: int(each["line"])) if each["line"] > after][:PAGE]
        return web.json_response({"rejected": page, "next": page[-1]["line"] if len(page) == PAGE else None})

    async def release(self, request: web.Request) -> web.Response:
        begun = self.asked_for(request)
        begun["released_at"] = BEGUN
        return web.json_response(begun)


def problem(status: int, detail: str) -> web.Response:
    return web.json_response({"detail": detail}, status=status, headers={"Retry-After": "0"})
