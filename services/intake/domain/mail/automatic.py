"""Addresses behind which nobody reads: a receipt for what came from there would be answered by a machine, or bounce."""

import re

NOBODY = re.compile(
    r"""(?x)
    (?: mailer-?daemon | postmaster | daemon | (?:auto)?[-_.]?bounces? | listserv | majordomo | nobody | root
      | (?:do[-_.]?)?no?t?[-_.]?reply | auto[-_.]?(?:reply|responder|matic)
      | undisclosed.* | owner-.+ | .+-(?:owner|request|bounces?|admin) )
    (?:[-_.+=].*)?
    """,
    re.IGNORECASE,
)


def is_nobodys(address: str) -> bool:
    return NOBODY.fullmatch(address.rpartition("@")[0]) is not None
