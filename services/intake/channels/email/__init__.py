"""Email coming in: what mail servers bring by SMTP or LMTP, and what is fetched from mailboxes by IMAP."""

from services.intake.channels.email.fetching import ACCOUNTS
from services.intake.channels.email.listening import LMTP_LISTENER, SMTP_LISTENER

ENTRANCES = (SMTP_LISTENER, LMTP_LISTENER, ACCOUNTS)
