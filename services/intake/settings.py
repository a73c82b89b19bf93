"""What can be set about intake: how much it takes in at once, by which ways mail comes, and how it is sent."""

from datetime import timedelta
from functools import cache
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path

from pydantic import Field, ValidationInfo, field_validator

from services.intake.domain.attachments import ENDINGS
from shared.settings import HouseSettings, ServiceSettings, read_settings


class IntakeSettings(ServiceSettings, env_prefix="ACCESSPOINT_INTAKE_"):
    """Limits for files and mail, the ways of mail, and patience with whoever carries messages."""

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
    send_days: float = Field(
        5, ge=0.01, le=30, description="the days after which a message is given up, from 0.01 to 30, such as 5"
    )
    send_again_seconds: float = Field(
        30, ge=1, le=86_400, description="the seconds before the second attempt, such as 30; each further wait doubles"
    )

    mail_max_bytes: int = Field(
        50_000_000, ge=10_000, le=500_000_000, description="a number of bytes for one mail, such as 50000000"
    )
    smtp_networks: str = Field(
        "127.0.0.0/8,::1/128",
        min_length=1,
        description="the networks whose mail servers may send, with commas between them, such as 10.0.0.0/8",
    )
    smtp_certificate: Path | None = Field(None, description="the path of a certificate, to offer STARTTLS")
    smtp_key: Path | None = Field(None, description="the path of the certificate's key")
    mail_accounts: Path | None = Field(None, description="the path of the file of IMAP accounts, such as mail.toml")
    imap_look_seconds: float = Field(
        60, ge=1, le=1_500, description="the seconds after which a mailbox is looked at unasked, such as 60"
    )
    smtp_url: str | None = Field(
        None,
        repr=False,
        pattern=r"^smtps?://",
        description="a URL such as smtp://name:password@mail.anytown.example:587",
    )
    sent_copies: str | None = Field(
        None, description="the account of the file of IMAP accounts that gets a copy of whatever is sent, such as sent"
    )
    sent_copies_address: str | None = Field(
        None, validate_default=True, description="the address of that account, such as sent@anytown.example"
    )
    sent_copies_seconds: float = Field(
        1_200,
        ge=1,
        le=86_400,
        description="the seconds that a copy may take, before a mail that was cut off is sent again, such as 1200",
    )
    mails_per_hour: int = Field(2_000, ge=1, description="the most mails to send in an hour, such as 2000")
    receipts_per_address: int = Field(5, ge=0, description="the most receipts to one address in an hour, such as 5")
    receipt_after_seconds: float = Field(
        5,
        ge=0,
        le=3_600,
        description="the seconds before a receipt is sent, for the promises to be known, such as 5",
    )

    @property
    def networks(self) -> tuple[IPv4Network | IPv6Network, ...]:
        return tuple(ip_network(each.strip()) for each in self.smtp_networks.split(","))

    @field_validator("smtp_networks")
    @classmethod
    def check_networks(cls, told: str) -> str:
        for each in told.split(","):
            ip_network(each.strip())
        return told

    @field_validator("sent_copies_address")
    @classmethod
    def check_copies(cls, address: str | None, told: ValidationInfo) -> str | None:
        """Of the account and its address, one is no use without the other."""
        if (address is None) is not (told.data.get("sent_copies") is None):
            raise ValueError("one is missing")
        return address

    @property
    def taken(self) -> frozenset[str]:
        return frozenset(each.strip().lower() for each in self.media_types.split(","))

    @property
    def patience(self) -> timedelta:
        return timedelta(days=self.send_days)

    @property
    def send_again_after(self) -> timedelta:
        return timedelta(seconds=self.send_again_seconds)


@cache
def settings() -> IntakeSettings:
    """Read once, at first use."""
    return read_settings(IntakeSettings)


@cache
def council_domain() -> str:
    """By which we name ourselves to other servers."""
    return read_settings(HouseSettings).council_domain


@cache
def data_folder() -> Path:
    """Where files, messages and keys are. Replicas on several machines share it."""
    return read_settings(HouseSettings).data
