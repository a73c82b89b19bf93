"""What can be set about intake: how much it takes in at once, and how it goes on trying to send."""

from datetime import timedelta
from functools import cache
from pathlib import Path

from pydantic import Field

from services.intake.domain.attachments import ENDINGS
from shared.settings import HouseSettings, ServiceSettings, read_settings


class IntakeSettings(ServiceSettings, env_prefix="ACCESSPOINT_INTAKE_"):
    """Limits for files, and patience with whoever carries messages."""

    max_files: int = Field(20, ge=1, le=100, description="a number of files from 1 to 100, such as 20")
    max_file_bytes: int = Field(
        10_000_000, ge=1_000, le=1_000_000_000, description="a number of bytes from 1000, such as 10000000"
    )
    max_upload_bytes: int = Field(
        50_000_000,
        ge=1_000,
        le=2_000_000_000,
        description="a number of bytes for all files of a call, such as 50000000",
    )
    media_types: str = Field(
        ",".join(ENDINGS),
        min_length=1,
        description="media types with commas between them, such as image/jpeg,text/plain",
    )
    link_seconds: int = Field(300, ge=10, le=86_400, description="a number of seconds from 10 to 86400, such as 300")
    send_tries: int = Field(10, ge=1, le=30, description="a number of attempts from 1 to 30, such as 10")
    send_again_seconds: float = Field(
        30, ge=1, le=86_400, description="the seconds before the second attempt, such as 30; each further wait doubles"
    )

    @property
    def taken(self) -> frozenset[str]:
        return frozenset(each.strip().lower() for each in self.media_types.split(","))

    @property
    def send_again_after(self) -> timedelta:
        return timedelta(seconds=self.send_again_seconds)


@cache
def settings() -> IntakeSettings:
    """Read once, at first use."""
    return read_settings(IntakeSettings)


@cache
def data_folder() -> Path:
    """Where files, messages and keys are. Replicas on several machines share it."""
    return read_settings(HouseSettings).data
