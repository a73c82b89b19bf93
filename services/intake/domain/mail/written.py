"""The letters that citizens are written where their council has put down no words of its own."""

from collections.abc import Mapping
from typing import NamedTuple

from shared.vocabulary import MessageKind


class Template(NamedTuple):
    """Subject and text, with fields."""

    subject: str
    text: str


DEAR = "{% if name %}Dear {{ name }},{% else %}Hello,{% endif %}\n\n"
ANNWYL = "{% if name %}Annwyl {{ name }},{% else %}Helo,{% endif %}\n\n"
PROMISES = "{% for promise in promises %}\n{{ promise }}\n{% endfor %}\n\n"
MORE = "Reference: {{ reference }}\nIf you want to add something, reply to this email.\n\n{{ council }}"
RHAGOR = "Cyfeirnod: {{ reference }}\nOs hoffech ychwanegu rhywbeth, atebwch yr e-bost hwn.\n\n{{ council }}"

ENGLISH: Mapping[MessageKind, Template] = {
    MessageKind.RECEIPT: Template(
        "We have received your enquiry {{ reference }}",
        f"{DEAR}Your email reached us on {{{{ received_on }}}}.\n\n{PROMISES}{MORE}",
    ),
    MessageKind.ACKNOWLEDGEMENT: Template(
        "We are dealing with your enquiry {{ reference }}", f"{DEAR}{{{{ text }}}}\n\n{PROMISES}{MORE}"
    ),
    MessageKind.HOLDING: Template(
        "Your enquiry {{ reference }} takes longer", f"{DEAR}{{{{ text }}}}\n\n{PROMISES}{MORE}"
    ),
    MessageKind.FULL: Template("Our answer to your enquiry {{ reference }}", f"{DEAR}{{{{ text }}}}\n\n{MORE}"),
    MessageKind.QUESTION: Template(
        "A question about your enquiry {{ reference }}",
        f"{DEAR}{{{{ text }}}}\n\nPlease reply to this email: we need your answer to go on.\n\n{MORE}",
    ),
    MessageKind.OTHER: Template("About your enquiry {{ reference }}", f"{DEAR}{{{{ text }}}}\n\n{MORE}"),
}
WELSH: Mapping[MessageKind, Template] = {
    MessageKind.RECEIPT: Template(
        "Rydym wedi derbyn eich ymholiad {{ reference }}",
        f"{ANNWYL}Dyddiad cyrraedd eich e-bost: {{{{ received_on }}}}.\n\n{PROMISES}{RHAGOR}",
    ),
    MessageKind.ACKNOWLEDGEMENT: Template(
        "Rydym yn delio â'ch ymholiad {{ reference }}", f"{ANNWYL}{{{{ text }}}}\n\n{PROMISES}{RHAGOR}"
    ),
    MessageKind.HOLDING: Template(
        "Mae eich ymholiad {{ reference }} yn cymryd mwy o amser", f"{ANNWYL}{{{{ text }}}}\n\n{PROMISES}{RHAGOR}"
    ),
    MessageKind.FULL: Template("Ein hateb i'ch ymholiad {{ reference }}", f"{ANNWYL}{{{{ text }}}}\n\n{RHAGOR}"),
    MessageKind.QUESTION: Template(
        "Cwestiwn am eich ymholiad {{ reference }}",
        f"{ANNWYL}{{{{ text }}}}\n\nAtebwch yr e-bost hwn: mae angen eich ateb arnom i fynd ymlaen.\n\n{RHAGOR}",
    ),
    MessageKind.OTHER: Template("Ynglŷn â'ch ymholiad {{ reference }}", f"{ANNWYL}{{{{ text }}}}\n\n{RHAGOR}"),
}
BY_LANGUAGE: Mapping[str, Mapping[MessageKind, Template]] = {"en": ENGLISH, "cy": WELSH}


class Words(NamedTuple):
    """How a moment and a promise are put."""

    at: str
    by: str
    agreed: str


WORDS: Mapping[str, Words] = {
    "en": Words("{day} at {time}", "{promise} That is by {when}.", "We agreed to answer by {when}."),
    "cy": Words("{day} am {time}", "{promise} Hynny yw erbyn {when}.", "Cytunwyd y byddem yn ateb erbyn {when}."),
}
PLAIN = Words("{day}, {time}", "{promise} ({when})", "{when}")
"""In a language that we have no words of."""
