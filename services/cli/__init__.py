"""The only place where services meet: the `accesspoint` command."""

import gc


def main() -> None:
    """The console script. Its parts are loaded when it is called, so that `services.cli.house` alone stays light."""
    # What is loaded stays to the end: to look for garbage in it takes a fifth of the time of every start.
    gc.disable()
    from services.cli.commands import main as run_command  # noqa: PLC0415  see above

    gc.freeze()
    gc.enable()

    run_command()
