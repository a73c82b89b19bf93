"""From the citizen's post until every service has heard the last event, at full speed and at a steady rate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tests.bench.ends import Witness
from tests.bench.figures import Goal, middle, percentile
from tests.bench.plan import ENQUIRIES, STEADY_RATE, Bench
from tests.bench.processes import Running
from tests.bench.taking import cpu_seconds, family

GOAL_RATE = Goal(200)
GOAL_P99 = Goal(250, at_least=False)
PERCENTS = (50, 95, 99)


@dataclass(frozen=True, slots=True)
class House:
    """One way of running the product: where to post, where to look, and which processes it consists of."""

    name: str
    intake: Running
    witness: Witness
    pids: Mapping[str, int]

    @property
    def url(self) -> str:
        return self.intake.url + ENQUIRIES

    def cpu(self) -> dict[str, float]:
        return {name: family(pid, cpu_seconds) for name, pid in self.pids.items()}


async def end_to_end(bench: Bench, house: House) -> None:
    await bench.warm_up(house.url)
    await house.witness.caught_up()
    await at_full_speed(bench, house)
    await at_a_steady_rate(bench, house)
    await house.witness.check_all_is_there()


async def at_full_speed(bench: Bench, house: House) -> None:
    """The processor time is told too: it hardly depends on what else the machine does, as the rate does."""
    rates: list[float] = []
    posted: list[float] = []
    spent: dict[str, list[float]] = {name: [] for name in house.pids}
    for number in range(1, bench.plan.rounds + 1):
        bench.report(f"{house.name}: {bench.plan.enquiries} enquiries end to end, round {number}")
        began, before = await house.witness.now(), house.cpu()
        run = await bench.burst(house.url)
        await house.witness.caught_up()
        rates.append(bench.plan.enquiries / await house.witness.seconds_since(began))
        posted.append(run.rate)
        for name, seconds in house.cpu().items():
            spent[name].append(1000 * (seconds - before[name]) / bench.plan.enquiries)
    bench.note(f"{house.name}.end_to_end", middle(rates), "per second", goal=GOAL_RATE)
    bench.note(f"{house.name}.end_to_end.posted", middle(posted), "per second")
    for name, milliseconds in spent.items():
        bench.note(f"{house.name}.cpu_per_enquiry.{name}", middle(milliseconds), "CPU ms")
    bench.note(f"{house.name}.cpu_per_enquiry.in_all", sum(map(middle, spent.values())), "CPU ms")


async def at_a_steady_rate(bench: Bench, house: House) -> None:
    """From the commit that makes the answer true, which is a little before the answer, until all three committed."""
    rounds: list[dict[str, list[float]]] = []
    answered: list[list[float]] = []
    for number in range(1, bench.plan.rounds + 1):
        bench.report(f"{house.name}: {STEADY_RATE:g} per second, round {number}")
        began = await house.witness.now()
        run = await bench.steady(house.url)
        await house.witness.caught_up()
        answered.append(run.milliseconds)
        rounds.append(await house.witness.milliseconds_since(began))
    for percent in PERCENTS:
        values = [percentile(found["all"], percent) for found in rounds]
        goal = GOAL_P99 if percent == max(PERCENTS) else None
        bench.note(f"{house.name}.steady.p{percent}", middle(values), "ms", goal=goal)
    for service in ("routing", "crm", "sla"):
        values = [percentile(found[service], 99) for found in rounds]
        bench.note(f"{house.name}.steady.{service}.p99", middle(values), "ms")
    for percent in PERCENTS:
        bench.note(
            f"{house.name}.steady.answered.p{percent}", middle(percentile(each, percent) for each in answered), "ms"
        )
