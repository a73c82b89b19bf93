"""What routing can do. Each action reads, decides, writes, then says so."""

from services.routing.actions.taking_up import take_up_council

__all__ = ["take_up_council"]
