"""What intake serves: to the public, to those who log contacts, and to those who read files and messages."""

from services.intake.api import contacts, enquiries, files, messages

SERVES = (*enquiries.SERVES, *contacts.SERVES, *files.SERVES, *messages.SERVES)
