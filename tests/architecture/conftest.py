"""Every file of the project is taken apart here: to look for garbage in that takes as long as doing it."""

import gc
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="package", autouse=True)
def no_garbage_is_looked_for() -> Iterator[None]:
    gc.disable()
    yield
    gc.freeze()  # pytest itself looks for garbage several times at the end
    gc.enable()
