"""The key that signs links to files: made at first use, and shared by the replicas on one data folder."""

import secrets
from functools import cache
from pathlib import Path

from services.intake.settings import data_folder
from shared.auth.files import create_private

KEY_BYTES = 32


@cache
def key_in(folder: Path) -> bytes:
    file = folder / "file-links.key"
    if not file.exists():
        create_private(file, secrets.token_bytes(KEY_BYTES))
    return file.read_bytes()


def link_key() -> bytes:
    return key_in(data_folder() / "keys")
