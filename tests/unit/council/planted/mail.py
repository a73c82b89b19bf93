"""What is wrong with mailboxes and letters."""

from tests.unit.council.planted.one import Planted

ENQUIRIES = 'addresses = ["enquiries@anytown.example", "ymholiadau@anytown.example"]'
WASTE = 'addresses = ["waste@anytown.example"]\nqueue = "waste"'
SUBJECT = 'en = "We have your enquiry {{ reference }}"'
PROMISES = "{{ promise }}\n{% endfor %}\n\nIf you"

MAIL = (
    Planted("an address is none", ENQUIRIES, 'addresses = ["enquiries"]', '"enquiries" is not understood'),
    Planted(
        "an address has a plus", ENQUIRIES, 'addresses = ["enquiries+all@anytown.example"]', "addresses without a plus"
    ),
    Planted("an address is in brackets", ENQUIRIES, 'addresses = ["<enquiries@anytown.example>"]', "is not understood"),
    Planted("a domain is not in ASCII", ENQUIRIES, 'addresses = ["enquiries@münchen.example"]', "xn--mnchen-3ya"),
    Planted("a mailbox has no address", ENQUIRIES, "addresses = [] # none", "An empty list is not understood"),
    Planted(
        "an address belongs to two mailboxes",
        WASTE,
        'addresses = [\n"Enquiries@Anytown.example"]',
        '"Enquiries@Anytown.example" is an address of mailbox "enquiries" already',
        '"Enquiries@A',
    ),
    Planted(
        "an address stands in a mailbox twice",
        WASTE,
        'addresses = ["waste@anytown.example",\n"WASTE@anytown.example"]',
        'is an address of mailbox "waste" already',
        '"WASTE',
    ),
    Planted(
        "two mailboxes have one code",
        'code = "enquiries"',
        'code = "waste" # mail',
        'a mailbox "waste" already',
        'code = "waste"\nname = { en = "Anytown Waste',
    ),
    Planted(
        "a mailbox is for a queue that is not there",
        WASTE,
        WASTE.replace('"waste"', '"wast"'),
        'There is no queue "wast": write "waste"',
        '"wast"',
    ),
    Planted(
        "a mailbox is for a service that is not there",
        ENQUIRIES,
        f'{ENQUIRIES}\nservice = "5333"',
        'There is no service "5333": write "533"',
        '"5333"',
    ),
    Planted(
        "a mailbox is for a queue and for a service",
        WASTE,
        f'{WASTE}\nservice = "524"',
        "take one of the two away",
        'service = "524"',
    ),
    Planted("a letter is of no kind", SUBJECT, f"{SUBJECT}\n[letters.recipe]", 'write "receipt"', "[letters.recipe]"),
    Planted(
        "a field of a letter is misspelt",
        SUBJECT,
        SUBJECT.replace("reference", "refrence"),
        'There is no field "refrence": write "reference"',
        "refrence",
    ),
    Planted("a field is not closed", SUBJECT, SUBJECT.replace(" }}", ""), "write a field as {{ reference }}"),
    Planted(
        "a letter calls something",
        SUBJECT,
        SUBJECT.replace("reference", "reference.lower()"),
        "A letter has only fields",
        also=1,
    ),
    Planted(
        "a letter has a filter that there is none of",
        SUBJECT,
        SUBJECT.replace("reference", "reference | upcase"),
        'There is no filter "upcase": write one of capitalize',
    ),
    Planted(
        "a letter goes through its text",
        PROMISES,
        PROMISES.replace("{{ promise }}", "{% for sign in text %}{{ sign }}{% endfor %}"),
        "go through the promises once",
        'en = """\n{% if name',
    ),
    Planted("a letter lacks the first language", SUBJECT, "", 'add en = "..."', "[letters.receipt.subject]"),
    Planted(
        "a letter is in a language that the council does not speak",
        SUBJECT,
        f'{SUBJECT}\nde = "Ihre Anfrage"',
        'not given in "de"',
        'de = "I',
    ),
)
