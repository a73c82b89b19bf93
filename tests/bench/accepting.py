"""How many enquiries are accepted per second and how soon each is answered, beside the floor."""

from __future__ import annotations

from collections.abc import Mapping

from tests.bench.ends import Witness
from tests.bench.figures import Goal, middle, percentile
from tests.bench.load import Run
from tests.bench.plan import CLIENTS, ENQUIRIES, Bench
from tests.bench.processes import Running

GOAL_ALONE = Goal(0.4, of_ratio=True)
GOAL_CLIENTS = 8
PERCENTS = (50, 95, 99)

Rounds = Mapping[int, list[Run]]
"""By the number of clients."""


async def beside_the_floor(bench: Bench, floor: Running, intake: Running) -> Rounds:
    """Round by round in turns, so that whatever else the machine does disturbs both alike."""
    await bench.warm_up(floor.url + "/")
    await bench.warm_up(intake.url + ENQUIRIES)
    floors: dict[int, list[Run]] = {clients: [] for clients in CLIENTS}
    alone: dict[int, list[Run]] = {clients: [] for clients in CLIENTS}
    for clients in CLIENTS:
        for number in range(1, bench.plan.rounds + 1):
            bench.report(f"floor and intake alone, {clients} clients, round {number}")
            floors[clients].append(await bench.load(floor.url + "/", clients))
            alone[clients].append(await bench.load(intake.url + ENQUIRIES, clients))
    note(bench, "floor", floors, None)
    note(bench, "intake_alone", alone, floors)
    bench.note("generator.cpu_per_post", middle(cpu_per_post(run) for run in alone[GOAL_CLIENTS]), "CPU ms")
    return floors


async def with_all_running(bench: Bench, name: str, intake: Running, house: Witness, floors: Rounds | None) -> None:
    """Each round begins with nothing left to hear from the one before."""
    runs: dict[int, list[Run]] = {clients: [] for clients in CLIENTS}
    for clients in CLIENTS:
        for number in range(1, bench.plan.rounds + 1):
            bench.report(f"accepted by {name}, {clients} clients, round {number}")
            runs[clients].append(await bench.load(intake.url + ENQUIRIES, clients))
            await house.caught_up()
    note(bench, name, runs, floors)


def note(bench: Bench, name: str, runs: Rounds, floors: Rounds | None) -> None:
    for clients, rounds in runs.items():
        beside = floors[clients] if floors else None
        is_goal = name == "intake_alone" and clients == GOAL_CLIENTS
        bench.note(
            f"{name}.accepted.{clients}_clients",
            middle(run.rate for run in rounds),
            "per second",
            floor=middle(run.rate for run in beside) if beside else None,
            goal=GOAL_ALONE if is_goal else None,
        )
        for percent in PERCENTS:
            bench.note(
                f"{name}.p{percent}.{clients}_clients",
                middle(percentile(run.milliseconds, percent) for run in rounds),
                "ms",
                floor=middle(percentile(run.milliseconds, percent) for run in beside) if beside else None,
            )


def cpu_per_post(run: Run) -> float:
    return 1000 * run.cpu_seconds / len(run.milliseconds)
