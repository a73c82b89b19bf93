"""The settings of routing."""

from datetime import timedelta
from functools import cache

from pydantic import Field

from shared.settings import ServiceSettings, read_settings


class RoutingSettings(ServiceSettings, env_prefix="ACCESSPOINT_ROUTING_"):
    """How long an adviser has to answer, is spared what they did not take, and has a task kept for them alone."""

    lease_seconds: float = Field(30, ge=1, le=3600, description="a number of seconds from 1 to 3600, such as 30")
    pause_seconds: float = Field(60, ge=0, le=3600, description="a number of seconds from 0 to 3600, such as 60")
    for_one_seconds: float = Field(600, ge=0, le=86_400, description="a number of seconds from 0 to 86400, such as 600")

    @property
    def lease(self) -> timedelta:
        return timedelta(seconds=self.lease_seconds)

    @property
    def pause(self) -> timedelta:
        return timedelta(seconds=self.pause_seconds)

    @property
    def for_one(self) -> timedelta:
        return timedelta(seconds=self.for_one_seconds)


@cache
def settings() -> RoutingSettings:
    """Read once, at first use."""
    return read_settings(RoutingSettings)
