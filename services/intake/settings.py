"""What can be set about intake."""

from functools import cache

from shared.settings import HouseSettings, ServiceSettings, read_settings


class IntakeSettings(ServiceSettings, env_prefix="ACCESSPOINT_INTAKE_"):
    """Nothing of its own yet; the council's prefix holds for the whole installation."""


@cache
def council_prefix() -> str:
    """What every reference of this council begins with."""
    return read_settings(HouseSettings).council_prefix
