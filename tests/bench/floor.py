"""The floor: the least a web server in Python can do to keep an enquiry, with the product's own pool and row."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from datetime import datetime

from aiohttp import web

from services.intake.domain.contacts import Contact, Enquiry
from services.intake.store import contacts
from shared.db import Database
from shared.settings import HouseSettings
from shared.timesource import TimeSource
from shared.vocabulary import Channel, ContactId, EnquiryId, Point, new_id

PATH = "/"


class Floor:
    """No checks, no key, no event: JSON in, one INSERT with its commit, JSON out."""

    def __init__(self, database: Database, moment: datetime) -> None:
        self.database = database
        self.moment = moment

    async def post(self, request: web.Request) -> web.Response:
        asked = json.loads(await request.read())
        contact = Contact(contact_id=ContactId(new_id()), channel=Channel.WEB, point=Point.FORM)
        enquiry = Enquiry(
            enquiry_id=EnquiryId(new_id()),
            title=asked["title"],
            text=asked["text"],
            place=asked.get("place"),
            service_code=asked.get("service_code"),
        )
        async with self.database.connection() as db:
            [reference] = (await contacts.save(db, contact, self.moment, {str(new_id()): enquiry})).values()
        return web.json_response({"reference": reference, "enquiry_id": str(enquiry.enquiry_id)}, status=201)


async def serve(url: str, port: int) -> None:
    """Until told to stop."""
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    database = Database(url, "intake", size=HouseSettings().pool_size)
    await database.open()
    async with database.connection() as db:
        await contacts.keep_prefix(db, "ANY")
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
