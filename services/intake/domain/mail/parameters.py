"""Parameters of Content-Type and Content-Disposition: names of files in all the ways that programs write them."""

import re
from collections.abc import Mapping
from itertools import islice
from urllib.parse import unquote_to_bytes

from services.intake.domain.mail.charsets import cleaned, decoded, decoded_words

LONGEST = 4000
"""Characters of a header whose parameters are read."""
MOST_PARAMETERS = 100
"""With pieces counted: RFC 2231 lets a long value be cut into several."""

PARAMETER = re.compile(r""";\s*+([^\s=;]++)\s*=\s*("(?:[^"\\]|\\.)*+"|[^;]*+)""")
MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,60}/[a-z0-9][a-z0-9!#$&^_.+-]{0,99}", re.ASCII)
PIECE = re.compile(r"([^*]+)(?:\*([0-9]{1,3}))?(\*)?", re.ASCII)
NAMES_CHARSET = re.compile("[^']*'[^']*'")
ESCAPED = re.compile(r"\\([\\\"])")


def media_type_of(line: str, otherwise: str) -> str:
    found = MEDIA_TYPE.match(line.lower().lstrip())
    return found[0] if found else otherwise


def parameters_of(line: str) -> Mapping[str, str]:
    """By name in small letters: joined, decoded, the first one where one is given twice."""
    plain: dict[str, str] = {}
    pieces: dict[str, dict[int, tuple[str, bool]]] = {}
    for each in islice(PARAMETER.finditer(line, 0, LONGEST), MOST_PARAMETERS):
        value, found = each[2], PIECE.fullmatch(each[1].lower())
        if found is None:
            continue
        if found[2] is None and not found[3]:
            plain.setdefault(found[1], cleaned(decoded_words(unquoted(value))))
        else:
            pieces.setdefault(found[1], {}).setdefault(int(found[2] or 0), (unquoted(value), bool(found[3])))
    return plain | {name: joined(by_number) for name, by_number in pieces.items()}


def joined(by_number: Mapping[int, tuple[str, bool]]) -> str:
    """RFC 2231: the first piece names the charset, and each says whether it is encoded."""
    charset, data = "", b""
    for number in sorted(by_number):
        value, is_encoded = by_number[number]
        if is_encoded:
            if number == min(by_number) and NAMES_CHARSET.match(value):
                charset, _, value = value.split("'", 2)
            data += unquote_to_bytes(value)
        else:
            data += value.encode("utf-8", "replace")
    return decoded(data, charset or "utf-8")[0]


def unquoted(value: str) -> str:
    value = value.strip()
    return ESCAPED.sub(r"\1", value[1:-1]) if len(value) > 1 and value[0] == value[-1] == '"' else value.strip('"')
