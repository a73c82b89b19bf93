"""Who is calling: nobody in particular, a machine with an API key, or a person with a token."""

from shared.auth.callers import PUBLIC, Caller
from shared.auth.gatekeeper import Gatekeeper
from shared.auth.keys import make_keys, new_api_key, sign

__all__ = ["PUBLIC", "Caller", "Gatekeeper", "make_keys", "new_api_key", "sign"]
