"""Addresses behind which nobody reads: a receipt for what came from there would be answered by a machine, or bounce."""

import re

NOBODY = re.compile(
    r"""(?x)
    (?: mailer-?daemon | postmaster | listserv | majordomo | nobody | root | undisclosed-recipients
      | (?:do[-_.]?)?not?[-_.]?reply | auto[-_.]?(?:reply|responder|matic)
      | owner-.+ | .+-(?:request|bounces?) )
    (?:[+=].*)?
  | bounces?(?:[-+=].*)?
    """,
    re.IGNORECASE,
)


def is_nobodys(address: str) -> bool:
    """Whatever stands after a plus makes no difference. After a dot it does: a person may be called Root."""
    return NOBODY.fullmatch(address.rpartition("@")[0]) is not None
