"""Parts that are right each by itself, and do not fit together."""

from tests.unit.council.planted.one import Planted

TASK_STANDARD = 'code = "taken-up"'
SATURDAY = 'hours.saturday = ["09:00-13:00"]'
CHRISTMAS = 'override = [{ date = 2026-12-24, hours = ["09:00-12:00"], reason = "Christmas Eve" }]'
ZONE = 'zone = "Europe/London"'
HIGHWAYS = 'code = "highways"\nname = "Highways"\noffice = "back"'
LIGHTS = 'keywords = ["street light", "lamp", "lamp post", "lighting"]'
ANSWER = 'target = 10\nmeasure = "working_days"'
AGAIN = 'from = "enquiry.reopened"\nto = ["enquiry.answered.full", "enquiry.resolved"]'
TAKEN_UP = 'applies_to.offices = ["front"]\nfrom = "task.queued"\nto = ["task.assigned"]'
ADA = 'code = "ada"\nname = "Ada Lovelace"\nrole = "adviser"\nqueues = ["general", "council-tax"]'
JOSEPH = 'code = "joseph"\nname = "Joseph Bazalgette"\nrole = "partner"\nqueues = ["water-company"]'
WATER = 'name = "Anytown Water"\noffice = "partner"'

TOGETHER = (
    Planted(
        "a zone is unknown",
        ZONE,
        'zone = "Europe/Londom"',
        'There is no time zone "Europe/Londom": write "Europe/London"',
    ),
    Planted("a zone is a guess", ZONE, 'zone = "our own"', "write one such as"),
    Planted("a nation is unknown", 'nation = "GB-ENG"', 'nation = "England"', "GB-SCT or US-MA"),
    Planted("a part of a nation is unknown", 'nation = "GB-ENG"', 'nation = "GB-YKS"', "GB-ENG"),
    Planted(
        "a calendar's own zone is unknown",
        'name = "Office hours"',
        'name = "Office hours"\nzone = "Nowhere"',
        "no time zone",
        '"Nowhere"',
    ),
    Planted("a code is given twice", 'code = "533"', 'code = "524" # bis', 'There is a service "524" already', "# bis"),
    Planted("two people sign in with one name", 'code = "grace"', 'code = "Ada"', 'There is an adviser "ada" already'),
    Planted(
        "a queue is named that is not there",
        'queue = "council-tax"',
        'queue = "counciltax"',
        'There is no queue "counciltax": write "council-tax"',
    ),
    Planted(
        "a calendar is named that is not there",
        'kind = "one_stop_shop"\ncalendar = "office"',
        'kind = "one_stop_shop"\ncalendar = "ofice"',
        'write "office"',
        "ofice",
    ),
    Planted(
        "a skill is named that is not there",
        '["council-tax", "welsh"]',
        '["council-tax", "welch"]',
        'There is no skill "welch": write "welsh"',
    ),
    Planted(
        "a centre is named that is not there",
        f'{HIGHWAYS}\ncentre = "town-hall"',
        f'{HIGHWAYS}\ncentre = "moon"',
        'There is no centre "moon": write one of "town-hall", "contact-centre"',
        '"moon"',
    ),
    Planted(
        "a standard is for a service that is not there",
        TASK_STANDARD,
        f'{TASK_STANDARD}\napplies_to.services = ["533", "999"]',
        'There is no service "999"',
        '"999"',
    ),
    Planted(
        "a calendar is never open",
        SATURDAY,
        f'{SATURDAY}\n[[calendar]]\ncode = "never"\nname = "Never"\nhours = {{}}',
        "No day of the week is open",
        "hours = {}",
    ),
    Planted(
        "a day is told twice",
        CHRISTMAS,
        CHRISTMAS[:-1] + ",\n{ date = 2026-12-24, hours = [] }]",
        "2026-12-24 is there already",
        "hours = [] }",
    ),
    Planted("no queue is general", "general = true\n", "", "No queue is general", '[[queue]]\ncode = "general"'),
    Planted(
        "two queues are general",
        'name = "Council tax and benefits"',
        'name = "Council tax and benefits"\ngeneral = true # too',
        '"general" is the general queue already',
        "# too",
    ),
    Planted(
        "the general queue is not in the front office",
        'office = "front"\ngeneral = true',
        'office = "back"\ngeneral = true',
        "The general queue belongs to the front office, and this one to the back office",
        "general = true",
        also=3,
    ),
    Planted(
        "nobody serves a queue of the front office",
        '[[queue]]\ncode = "waste"',
        '[[queue]]\ncode = "kiosk"\nname = "Kiosk"\noffice = "front"\n[[queue]]\ncode = "waste"',
        'Nobody serves "kiosk"',
        '[[queue]]\ncode = "kiosk"',
    ),
    Planted(
        "nobody serves a partner's queue",
        '[[queue]]\ncode = "waste"',
        '[[queue]]\ncode = "gas"\nname = "Gas"\noffice = "partner"\n[[queue]]\ncode = "waste"',
        'whose role is "partner"',
        '[[queue]]\ncode = "gas"',
    ),
    Planted(
        "nobody on a queue has its skills",
        HIGHWAYS,
        f'{HIGHWAYS}\nskills = ["welsh"]',
        'Nobody who serves it has "welsh"',
        'skills = ["welsh"]',
    ),
    Planted(
        "nobody on a queue can do a service",
        LIGHTS,
        f'{LIGHTS}\nskills = ["welsh"]',
        'give the skills to one of "isambard"',
        'skills = ["welsh"]',
    ),
    Planted(
        "an adviser serves the back office",
        ADA,
        ADA.replace('"general",', '"general", "waste",'),
        'write role = "officer"',
        '"general", "waste"',
    ),
    Planted(
        "a partner serves the back office",
        JOSEPH,
        JOSEPH.replace('"water-company"', '"water-company", "waste"'),
        "belongs to the back office",
        '"water-company", "waste"',
    ),
    Planted(
        "a task takes more than anybody has",
        HIGHWAYS,
        f"{HIGHWAYS}\nweight = 4",
        "write capacity = 4 or more",
        'queues = ["highways"]',
    ),
    Planted("a word leads to two queues", LIGHTS, 'keywords = ["lighting", "Bins"]', '"Bins" leads to "waste" already'),
    Planted("a standard has a name that is taken", TASK_STANDARD, 'code = "agreed"', "write another code"),
    Planted(
        "an end cannot come: of a task",
        AGAIN,
        AGAIN.replace("enquiry.resolved", "task.completed"),
        'is never stopped by "task.completed"',
        '"task.completed"',
    ),
    Planted(
        "an end cannot come: of an enquiry",
        TAKEN_UP,
        TAKEN_UP.replace("task.assigned", "enquiry.resolved"),
        'is never stopped by "enquiry.resolved"',
        'to = ["enquiry.resolved"]',
    ),
    Planted(
        "an end is the beginning",
        TAKEN_UP,
        TAKEN_UP.replace("task.queued", "task.assigned"),
        'write "task.completed"',
        'to = ["task.assigned"]\ntarget = 4',
    ),
    Planted(
        "a pause cannot come",
        TAKEN_UP,
        f'{TAKEN_UP}\npauses = ["enquiry.awaiting_citizen"] #',
        "Until somebody has taken the task",
        "] #",
    ),
    Planted("warnings are out of order", "warnings = [50, 80]", "warnings = [80, 50]", "write [50, 80]"),
    Planted("a warning is given twice", "warnings = [50, 80]", "warnings = [50, 50]", "50 stands twice in this list"),
    Planted(
        "a target is beyond the calendar", ANSWER, ANSWER.replace("10", "99999"), "write a smaller target", "99999"
    ),
    Planted(
        "a standard is for an office without queues",
        WATER,
        WATER.replace("partner", "back"),
        'No queue has office = "partner"',
        'applies_to.offices = ["back", "partner"]',
        also=1,
    ),
    Planted(
        "a queue is none of the office's",
        TAKEN_UP,
        f'applies_to.queues = ["waste"]\n{TAKEN_UP}',
        'add "back" to applies_to.offices',
        'applies_to.queues = ["waste"]',
    ),
    Planted(
        "the first language is missing",
        'promise = { en = "We let you know that we are dealing with it within one working day.", cy',
        "promise = { cy",
        'add en = "..."',
    ),
    Planted(
        "a language is not the council's",
        'name = "Full answer"',
        'name = { en = "Full answer", de = "Antwort" }',
        'not given in "de"',
    ),
)
