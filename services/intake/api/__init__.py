"""What intake serves: to the public, to those who log contacts, read files, messages and mails, or bring in history."""

from services.intake.api import contacts, enquiries, files, imports, mails, messages

SERVES = (*enquiries.SERVES, *contacts.SERVES, *files.SERVES, *messages.SERVES, *mails.SERVES, *imports.SERVES)
