-- An email as it arrived; `identity` is over mailbox, Message-ID and content: one that is known already is not kept again.
-- The contact and the enquiry it may become have their ids from the beginning. Once deleted, the row stays and its bytes go.
CREATE TABLE mails (
    mail_id        uuid PRIMARY KEY,
    identity       bytea NOT NULL UNIQUE,
    mailbox        text NOT NULL,
    message_id     text,
    repeats_id     boolean NOT NULL,
    arrived_by     text NOT NULL CHECK (arrived_by IN ('smtp', 'lmtp', 'imap')),
    sent_from      text,
    sent_to        text NOT NULL,
    size           int NOT NULL,
    received_at    timestamptz NOT NULL,
    kept_at        timestamptz NOT NULL,
    contact_id     uuid NOT NULL UNIQUE,
    enquiry_id     uuid NOT NULL UNIQUE,
    correlation_id uuid NOT NULL,
    state          text NOT NULL DEFAULT 'kept' CHECK (state IN ('kept', 'reading', 'placed', 'deleted')),
    starts         int NOT NULL DEFAULT 0,
    look_at        timestamptz NOT NULL,
    kind           text,
    placed_as      text CHECK (placed_as IN ('enquiry', 'further', 'held', 'noted')),
    about          uuid REFERENCES submissions,
    why            text,
    placed_at      timestamptz,
    deleted_at     timestamptz,
    deleted_by     text,
    deleted_because text,
    CHECK (state = 'deleted' OR (state = 'placed') = (placed_at IS NOT NULL))
) WITH (fillfactor = 70);
CREATE INDEX mails_to_place ON mails (look_at) WHERE state IN ('kept', 'reading');
CREATE INDEX mails_by_message_id ON mails (message_id) WHERE message_id IS NOT NULL;
CREATE INDEX mails_by_enquiry ON mails (about) WHERE about IS NOT NULL;
CREATE INDEX mails_by_time ON mails (kept_at, mail_id);

-- The raw bytes, in pieces, so that nobody has to hold a large mail several times over.
CREATE TABLE mail_pieces (
    mail_id uuid NOT NULL REFERENCES mails,
    nth     int NOT NULL,
    bytes   bytea NOT NULL,
    PRIMARY KEY (mail_id, nth)
);
ALTER TABLE mail_pieces ALTER COLUMN bytes SET STORAGE EXTERNAL;

-- A file that was deleted has no name any more, its row stays for who was given it. Its bytes go soon after.
ALTER TABLE files
    ADD COLUMN deleted_at timestamptz,
    ADD COLUMN dropped_at timestamptz;
CREATE INDEX files_to_drop ON files (deleted_at) WHERE deleted_at IS NOT NULL AND dropped_at IS NULL;

-- What was read in it, for people to look at.
CREATE TABLE mail_texts (
    mail_id        uuid PRIMARY KEY REFERENCES mails,
    sender_name    text,
    sender_address text,
    subject        text NOT NULL,
    text           text NOT NULL,
    quoted         text NOT NULL,
    signature      text NOT NULL,
    html           text,
    sent_at        timestamptz,
    notes          text[] NOT NULL
);

-- How far a folder of an account has been read, and where that was: with another user or server, the same name stands for
-- other mails. Up to `moved_up_to`, mails may have arrived only by being moved. One replica at a time holds it.
CREATE TABLE mail_positions (
    account      text NOT NULL,
    folder       text NOT NULL,
    uid_validity bigint NOT NULL,
    last_uid     bigint NOT NULL,
    cut_over     timestamptz NOT NULL,
    read_at      text,
    moved_up_to  bigint NOT NULL DEFAULT 0,
    held_by      uuid,
    held_until   timestamptz,
    looked_at    timestamptz,
    missing      int NOT NULL DEFAULT 0,
    PRIMARY KEY (account, folder)
) WITH (fillfactor = 50);

-- Each mail of a folder that was seen there. Without a mail, it is older than the cut-over: by its arrival there, or by the
-- date that is written in it.
CREATE TABLE mail_uids (
    account      text NOT NULL,
    folder       text NOT NULL,
    uid_validity bigint NOT NULL,
    uid          bigint NOT NULL,
    mail_id      uuid REFERENCES mails,
    by_its_date  boolean NOT NULL DEFAULT false,
    PRIMARY KEY (account, folder, uid_validity, uid)
);

-- Who is known by an address on an enquiry: they gave it in a contact that was taken as theirs, or were written to.
CREATE TABLE participants (
    enquiry_id uuid NOT NULL REFERENCES submissions,
    address    text NOT NULL,
    since      timestamptz NOT NULL,
    PRIMARY KEY (enquiry_id, address)
);
CREATE INDEX participants_by_address ON participants (address);
INSERT INTO participants (enquiry_id, address, since)
SELECT DISTINCT ON (s.enquiry_id) s.enquiry_id, lower(c.citizen_email), c.started_at
  FROM submissions s JOIN contacts c USING (contact_id)
 WHERE c.citizen_email IS NOT NULL AND NOT EXISTS (SELECT 1 FROM imported_rows r WHERE r.enquiry_id = s.enquiry_id)
ON CONFLICT DO NOTHING;

-- Whose enquiry it is, as heard from crm: their other addresses are theirs here as well.
CREATE TABLE identified (
    enquiry_id uuid PRIMARY KEY REFERENCES submissions,
    citizen_id uuid NOT NULL
);
CREATE INDEX identified_by_citizen ON identified (citizen_id);

-- An address from which a message of ours came back, and when it last did.
CREATE TABLE bounced_addresses (
    address    text PRIMARY KEY,
    bounced_at timestamptz NOT NULL,
    why        text NOT NULL
);

-- What is or was stopped, by whom and why, and who started it again. At present only `mail`: all that goes out by email.
CREATE TABLE stopped (
    what       text NOT NULL,
    stopped_at timestamptz NOT NULL,
    stopped_by text NOT NULL,
    because    text NOT NULL,
    started_at timestamptz,
    started_by text,
    PRIMARY KEY (what, stopped_at),
    CHECK ((started_at IS NULL) = (started_by IS NULL))
);
CREATE UNIQUE INDEX stopped_now ON stopped (what) WHERE started_at IS NULL;

-- By email, a message has a Message-ID of its own from the beginning, and is sent from a mailbox. A receipt that a
-- budget does not allow is withheld.
ALTER TABLE messages
    ADD COLUMN mail_message_id text UNIQUE,
    ADD COLUMN mailbox text,
    ADD COLUMN deferred boolean NOT NULL DEFAULT false,
    DROP CONSTRAINT messages_state_check,
    ADD CONSTRAINT messages_state_check CHECK (state IN ('waiting', 'sending', 'delivered', 'failed', 'withheld'));
CREATE INDEX messages_by_enquiry ON messages (enquiry_id);
CREATE UNIQUE INDEX one_receipt_for_an_enquiry ON messages (enquiry_id) WHERE kind = 'receipt';
CREATE INDEX receipts_by_address ON messages (lower(regexp_replace(address, '\+[^@]*@', '@')), requested_at)
 WHERE kind = 'receipt';

-- An attempt that ends without anybody knowing whether it was sent, and is made again, may come twice.
ALTER TABLE attempts ADD COLUMN maybe_twice boolean NOT NULL DEFAULT false;
CREATE INDEX attempts_by_time ON attempts (begun_at);
