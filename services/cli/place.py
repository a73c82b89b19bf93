"""Where this installation's database is, for commands that visit a house that may be running."""

from services.cli.embedded import EmbeddedPostgres
from shared.db import Database
from shared.errors import Unavailable
from shared.settings import HouseSettings


def database_url(settings: HouseSettings, service: str | None = None) -> str:
    """The one that was named, else the embedded one, which runs while `accesspoint up` does."""
    given = settings.database_url_of(service) if service else settings.database_url
    if given is not None:
        return given
    server = EmbeddedPostgres(settings.data.resolve() / "database")
    if server.pid is None:
        raise Unavailable(
            f"The embedded database in {settings.data} is not running: start `accesspoint up`, "
            "or set ACCESSPOINT_DATABASE_URL."
        )
    return server.url


def database_of(settings: HouseSettings, service: str) -> Database:
    """For a short visit as that service. The caller opens and closes it."""
    own_login = settings.own_database_url_of(service) is not None
    return Database(database_url(settings, service), service, size=2, own_login=own_login)
