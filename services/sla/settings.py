"""What can be set about sla: nothing of its own. What is promised stands in the council file."""

from shared.settings import ServiceSettings


class SlaSettings(ServiceSettings, env_prefix="ACCESSPOINT_SLA_"):
    """All of it comes from the council."""
