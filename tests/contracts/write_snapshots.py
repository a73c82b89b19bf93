"""Writes down what events look like now, unless that would break a promise made to listeners."""

import sys

from services.cli.house import SERVICES
from tests.contracts.additions import broken_promises
from tests.contracts.snapshots import FOLDER, as_text, current, stored


def main() -> int:
    before = stored()
    now = current([event for service in SERVICES for event in service.says])
    broken = broken_promises(before, now)
    if broken:
        print("Nothing was written, because listeners could not live with this:", *broken, sep="\n- ")
        print("An event that was never released may change: delete its snapshot first, then run this again.")
        return 1
    FOLDER.mkdir(exist_ok=True)
    for name, schema in now.items():
        if before.get(name) != schema:
            (FOLDER / f"{name}.json").write_text(as_text(schema), "utf-8")
            print(f"{'changed' if name in before else 'new'}: {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
