"""Whether a service is alive, and whether all its parts are ready."""

from collections.abc import Callable

Check = Callable[[], str | None]
"""Why a part is not ready, or None when it is. Asked at each `/ready`, so it must be quick."""


class Health:
    """Parts by name. A part is down until it says that it is up."""

    def __init__(self) -> None:
        self.parts: dict[str, str | None] = {}
        self.checks: dict[str, Check] = {}

    def expect(self, part: str, why: str = "it is starting") -> None:
        """Names a part that must come up before the service is ready."""
        self.parts.setdefault(part, why)

    def up(self, part: str) -> None:
        self.parts[part] = None

    def down(self, part: str, why: str) -> None:
        self.parts[part] = why

    def watch(self, part: str, check: Check) -> None:
        """A part whose state is looked up whenever somebody asks."""
        self.checks[part] = check

    def forget(self, part: str) -> None:
        self.parts.pop(part, None)
        self.checks.pop(part, None)

    def ready(self) -> tuple[bool, dict[str, str]]:
        """Whether all parts are up, and why those that are not are down."""
        missing = {part: why for part, why in self.parts.items() if why is not None}
        for part, check in self.checks.items():
            why = check()
            if why is not None:
                missing[part] = why
        return not missing, missing
