"""Working time: calendars of weekly hours, dated overrides and bank holidays, and due times reckoned by them."""

from shared.worktime.bankholidays import bank_holidays, is_bank_holiday
from shared.worktime.calendars import Calendar, Hours
from shared.worktime.reckoning import CannotEnd, between, due, due_in_days, is_open, next_opening

__all__ = [
    "Calendar",
    "CannotEnd",
    "Hours",
    "bank_holidays",
    "between",
    "due",
    "due_in_days",
    "is_bank_holiday",
    "is_open",
    "next_opening",
]
