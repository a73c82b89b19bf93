"""What can be set about sla."""

from functools import cache

from pydantic import Field

from shared.settings import ServiceSettings, read_settings


class SlaSettings(ServiceSettings, env_prefix="ACCESSPOINT_SLA_"):
    """What the council promises, until standards can be configured."""

    acknowledge_within_seconds: int = Field(
        86_400,
        ge=1,
        le=366 * 86_400,
        description="the seconds within which every enquiry is acknowledged, such as 86400 for one day",
    )


@cache
def sla_settings() -> SlaSettings:
    """Read once: what the process was started with holds until it ends."""
    return read_settings(SlaSettings)
