"""Calendars and working time."""
