"""What can be set about crm."""

from shared.settings import ServiceSettings


class CrmSettings(ServiceSettings, env_prefix="ACCESSPOINT_CRM_"):
    """Nothing of its own yet."""
