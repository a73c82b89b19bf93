"""The only place where services meet: the `accesspoint` command."""


def main() -> None:
    """The console script. Its parts are loaded when it is called, so that `services.cli.house` alone stays light."""
    from services.cli.commands import main as run_command  # noqa: PLC0415  see above

    run_command()
