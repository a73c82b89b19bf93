"""The quick way against the slow one, on ten thousand cases that anybody can draw again."""

import random
from datetime import date, timedelta

from shared.worktime import Calendar, Hours, between, due, is_open, next_opening
from tests.unit.worktime.examples import ALL_DAY, NATIONS, OFFICE, WITH_LUNCH
from tests.unit.worktime.oracle import Walk, changes_of

SEED = 1971
CALENDARS, CASES = 50, 200
DAYS = 21
# Ordinary changes; of half an hour; at midnight; one minute after midnight; a month apart; a whole day left out.
PLACES = (
    ("Europe/London", 2026),
    ("America/New_York", 2025),
    ("Australia/Lord_Howe", 2024),
    ("America/Sao_Paulo", 2018),
    ("America/St_Johns", 2010),
    ("Africa/Casablanca", 2025),
    ("Pacific/Apia", 2011),
)


def drawn_day(draw: random.Random) -> tuple[Hours, ...]:
    edges = sorted(draw.sample(range(1441), 2 * draw.randint(1, 3)))
    odd = tuple(Hours(edges[n], edges[n + 1]) for n in range(0, len(edges), 2))
    return draw.choice([OFFICE, WITH_LUNCH, ALL_DAY, (), odd, odd])


def drawn_walk(draw: random.Random) -> tuple[Calendar, Walk]:
    """Some days around a change of clocks."""
    zone, year = draw.choice(PLACES)
    first = draw.choice(changes_of(zone, year)).replace(minute=0) - timedelta(days=draw.randint(1, DAYS - 2))
    dates = [date(first.year, first.month, first.day) + timedelta(days=draw.randrange(DAYS)) for _ in range(3)]
    overrides = {day: drawn_day(draw) for day in dates}
    calendar = Calendar(zone, tuple(drawn_day(draw) for _ in range(7)), draw.choice(NATIONS), overrides)
    return calendar, Walk(calendar, first, DAYS)


def test_p02_due_and_between_are_what_a_walk_minute_by_minute_finds() -> None:
    draw = random.Random(SEED)
    compared = 0
    for _ in range(CALENDARS):
        calendar, walk = drawn_walk(draw)
        end = walk.first + timedelta(days=DAYS, microseconds=-1)
        for _ in range(CASES):
            start = walk.first + timedelta(microseconds=draw.randrange(DAYS * 86_400_000_000))
            amount = draw.random() ** 3 * walk.worked(start, end)
            found = walk.due(start, amount)
            if found is not None:
                assert due(calendar, start, amount) == found, (calendar, start, amount)
            other = walk.first + timedelta(microseconds=draw.randrange(DAYS * 86_400_000_000))
            begin, finish = sorted((start, other))
            assert between(calendar, begin, finish) == walk.worked(begin, finish), (calendar, begin, finish)
            assert is_open(calendar, start) == bool(walk.open[(start - walk.first) // timedelta(minutes=1)])
            opening = next_opening(calendar, start)
            next_minute = walk.due(start, timedelta(microseconds=1))
            if opening is not None and next_minute is not None:
                assert opening == next_minute - timedelta(microseconds=1), (calendar, start)
            compared += found is not None
    assert compared == CALENDARS * CASES
