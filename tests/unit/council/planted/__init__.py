"""Mistakes to plant in the council file of Anytown: what is written instead, and what is told about it."""

from tests.unit.council.planted.fields import FIELDS, TOML
from tests.unit.council.planted.mail import MAIL
from tests.unit.council.planted.one import Planted
from tests.unit.council.planted.together import TOGETHER

__all__ = ["PLANTED", "Planted"]

PLANTED = (*TOML, *FIELDS, *TOGETHER, *MAIL)
