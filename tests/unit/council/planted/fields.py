"""What is no TOML, and what no key may hold."""

from tests.unit.council.planted.one import Planted

MONDAY = 'hours.monday = ["09:00-17:00"]'
FRIDAY = 'hours.friday = ["09:00-16:30"]'
ZONE = 'zone = "Europe/London"'
PREFIX = 'reference_prefix = "ANY"'
HIGHWAYS = 'code = "highways"\nname = "Highways"\noffice = "back"'
WELSH = '[[skill]]\ncode = "welsh"\nname = "Welsh"'
ANSWER = 'target = 10\nmeasure = "working_days"'
AGAIN = 'from = "enquiry.reopened"\nto = ["enquiry.answered.full", "enquiry.resolved"]'
MARY = 'code = "mary"\nname = "Mary Seacole"\nrole = "adviser"\nqueues = ["general"]\ncapacity = 1'
JOSEPH = 'code = "joseph"\nname = "Joseph Bazalgette"\nrole = "partner"\nqueues = ["water-company"]'

TOML = (
    Planted("a quotation mark is left open", ZONE, 'zone = "Europe/London', "close the quotation mark"),
    Planted("a word stands without quotation marks", ZONE, "zone = Europe", "put texts into quotation marks"),
    Planted("a key has no equals sign", PREFIX, 'reference_prefix "ANY"', "an equals sign"),
    Planted("a key stands twice", ZONE, f"{ZONE}\n{ZONE} # again", "take one of the two away", "# again"),
    Planted(
        "there are two tables [council]",
        PREFIX,
        f"{PREFIX}\n[council]\n# two",
        "put what is in both into one",
        "]\n# two",
    ),
    Planted("a backslash is not doubled", 'name = "Town Hall"', r'name = "Town \Hall"', "write it twice"),
    Planted("two pairs stand in a line", PREFIX, f"{PREFIX} general = true", "begin a new line"),
)
FIELDS = (
    Planted(
        "a key is misspelt",
        PREFIX,
        'refrence_prefix = "ANY"',
        '"refrence_prefix" means nothing here: write "reference_prefix"',
    ),
    Planted(
        "a key is missing",
        f"{PREFIX}\n",
        "",
        '"reference_prefix" is missing: write two to six capital letters',
        "[council]",
    ),
    Planted(
        "a prefix is in small letters",
        PREFIX,
        'reference_prefix = "any"',
        '"any" is not understood: write two to six capital',
    ),
    Planted("a name is empty", 'name = "Office hours"', 'name = "  "', "write a text of 1 to 2,000 characters"),
    Planted("a name holds a NUL", 'name = "Office hours"', r'name = "Office\u0000hours"', "U+0000"),
    Planted("a name is a number", 'name = "Office hours"', "name = 5", "5 is not understood: write a text"),
    Planted("a language is no language", 'en = "Anytown Council"', 'English = "Anytown Council"', "one per language"),
    Planted("a list is a text", MONDAY, 'hours.monday = "09:00-17:00"', "write a list of hours"),
    Planted("a day of the week is misspelt", MONDAY, 'hours.mondy = ["09:00-17:00"]', 'write "monday"'),
    Planted("hours are written as in speech", MONDAY, 'hours.monday = ["9-5"]', 'write it as "09:00-17:00"'),
    Planted("an hour is after midnight", FRIDAY, 'hours.friday = ["09:00-25:00"]', "hours end at 24:00"),
    Planted("a minute is past the hour", FRIDAY, 'hours.friday = ["09:00-16:75"]', "minutes at :59"),
    Planted("hours end before they begin", FRIDAY, 'hours.friday = ["16:30-09:00"]', "for a night write"),
    Planted("hours end as they begin", FRIDAY, 'hours.friday = ["09:00-09:00"]', "ends as it begins"),
    Planted("hours overlap", FRIDAY, 'hours.friday = ["09:00-13:00", "12:30-16:30"]', "overlap"),
    Planted("a date is in quotation marks", "2026-12-24", '"2026-12-24"', "write a date without quotation marks"),
    Planted(
        "hours of a day overlap on that day",
        'hours = ["09:00-12:00"]',
        'hours = ["09:00-12:00", "11:00-13:00"]',
        "overlap",
    ),
    Planted(
        "a kind of centre is unknown", 'kind = "one_stop_shop"', 'kind = "one_stop"', 'did you mean "one_stop_shop"?'
    ),
    Planted("an office is unknown", HIGHWAYS, HIGHWAYS.replace("back", "black"), 'did you mean "back"?', '"black"'),
    Planted("an office is other", HIGHWAYS, HIGHWAYS.replace("back", "other"), '"other" is not understood', '"other"'),
    Planted("a code has capitals and blanks", 'code = "town-hall"', 'code = "Town Hall"', "small letters", also=2),
    Planted("a code is a number", 'code = "524"', "code = 524", "524 is not understood"),
    Planted("yes instead of true", "general = true", 'general = "yes"', "write true or false"),
    Planted("a target is a text", ANSWER, ANSWER.replace("10", '"ten"'), "write a whole number", '"ten"'),
    Planted(
        "a target is nothing",
        ANSWER,
        ANSWER.replace("10", "0"),
        "0 is not understood: write a whole number",
        "target = 0",
    ),
    Planted("a target is a fraction", ANSWER, ANSWER.replace("10", "1.5"), "1.5 is not understood", "target = 1.5"),
    Planted(
        "a measure is unknown",
        ANSWER,
        ANSWER.replace("working_days", "work_days"),
        'did you mean "working_days"?',
        "work_days",
    ),
    Planted(
        "a standard starts with nothing known",
        AGAIN,
        AGAIN.replace("reopened", "reopend"),
        'did you mean "enquiry.reopened"?',
        "reopend",
    ),
    Planted(
        "a standard has no end",
        AGAIN,
        'from = "enquiry.reopened"\nto = []',
        "An empty list is not understood",
        "to = []",
    ),
    Planted("a warning comes after the end", "warnings = [50, 80]", "warnings = [50, 120]", "from 1 to 99"),
    Planted(
        "a role is unknown", JOSEPH, JOSEPH.replace('"partner"', '"partners"'), 'did you mean "partner"?', '"partners"'
    ),
    Planted(
        "somebody has no queue",
        MARY,
        MARY.replace('["general"]', "[]"),
        "write a list of codes of queues",
        "queues = []",
    ),
    Planted(
        "a capacity is too large",
        MARY,
        MARY.replace("capacity = 1", "capacity = 100"),
        "from 1 to 20",
        "capacity = 100",
    ),
    Planted(
        "single brackets",
        WELSH,
        WELSH.replace("[[skill]]", "[skills]"),
        '"skills" means nothing here: write "skill"',
        "[skills]",
        also=1,
    ),
)
