-- Who has been shown a mail, or given its bytes.
CREATE TABLE mail_accesses (
    access_id      uuid PRIMARY KEY,
    mail_id        uuid NOT NULL REFERENCES mails,
    who            text NOT NULL,
    what           text NOT NULL CHECK (what IN ('text', 'raw')),
    occurred_at    timestamptz NOT NULL,
    correlation_id uuid NOT NULL
);
CREATE INDEX mail_accesses_by_mail ON mail_accesses (mail_id, occurred_at);
