"""The floor: the least a web server in Python can do to keep an enquiry, with the product's own pool and row."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from datetime import datetime

from aiohttp import web

from services.intake import store
from services.intake.domain import Submission
from shared.db import Database
from shared.settings import HouseSettings
from shared.timesource import TimeSource
from shared.vocabulary import Channel, ContactId, EnquiryId, Point, Reference, new_id

PATH = "/"


class Floor:
    """No checks, no key, no event: JSON in, one INSERT with its commit, JSON out."""

    def __init__(self, database: Database, moment: datetime) -> None:
        self.database = database
        self.moment = moment

    async def post(self, request: web.Request) -> web.Response:
        asked = json.loads(await request.read())
        enquiry_id, reference = new_id(), Reference(str(new_id()))
        submission = Submission(
            enquiry_id=EnquiryId(enquiry_id),
            contact_id=ContactId(new_id()),
            channel=Channel.WEB,
            point=Point.FORM,
            service_code=asked.get("service_code"),
            title=asked["title"],
            text=asked["text"],
            place=asked.get("place"),
            citizen_name=None,
            citizen_email=None,
        )
        async with self.database.connection() as db:
            await store.save_submission(db, submission, reference, self.moment)
        return web.json_response({"reference": reference, "enquiry_id": str(enquiry_id)}, status=201)


async def serve(url: str, port: int) -> None:
    """Until told to stop."""
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    database = Database(url, "intake", size=HouseSettings().pool_size)
    await database.open()
    async with database.connection() as db:
        floor = Floor(database, await TimeSource().now(db))
    app = web.Application()
    app.router.add_post(PATH, floor.post)
    app.router.add_get("/ready", ready)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    await stopping.wait()
    await runner.cleanup()
    await database.close()


async def ready(_: web.Request) -> web.Response:
    return web.Response()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], int(sys.argv[2])))
