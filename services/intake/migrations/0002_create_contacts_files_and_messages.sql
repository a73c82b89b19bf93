-- What a new reference begins with; of the council that holds now.
CREATE TABLE reference_prefix (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    prefix text NOT NULL
);

-- One interaction each, by whichever channel, as it was said. Written once.
-- One on an enquiry that is known already names it, and has its text here.
CREATE TABLE contacts (
    contact_id        uuid PRIMARY KEY,
    channel           text NOT NULL,
    point             text NOT NULL,
    direction         text NOT NULL,
    outcome           text NOT NULL,
    started_at        timestamptz NOT NULL,
    ended_at          timestamptz CHECK (ended_at >= started_at),
    logged_by         text,
    citizen_name      text,
    citizen_surname   text,
    citizen_email     text,
    citizen_telephone text,
    citizen_uprn      text,
    citizen_id        uuid,
    language          text,
    about             uuid REFERENCES submissions,
    text              text,
    CHECK ((about IS NULL) = (text IS NULL))
);
INSERT INTO contacts (contact_id, channel, point, direction, outcome, started_at, citizen_name, citizen_email)
SELECT contact_id, channel, point, 'inbound', 'received', received_at, citizen_name, citizen_email FROM submissions;

ALTER TABLE submissions
    DROP COLUMN channel, DROP COLUMN point, DROP COLUMN citizen_name, DROP COLUMN citizen_email,
    ADD COLUMN outcome text,
    ADD FOREIGN KEY (contact_id) REFERENCES contacts,
    DROP CONSTRAINT submissions_reference_key;
CREATE INDEX submissions_by_contact ON submissions (contact_id);
-- An enquiry is found by the number alone, whatever the council called itself when it gave the reference.
CREATE UNIQUE INDEX submissions_by_number ON submissions (right(reference, 14));

-- What the other services have said about an enquiry, in the order in which it was heard.
CREATE TABLE steps (
    step_id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    enquiry_id  uuid NOT NULL REFERENCES submissions,
    step        text NOT NULL,
    occurred_at timestamptz NOT NULL
);
CREATE INDEX steps_by_enquiry ON steps (enquiry_id, step_id);
INSERT INTO steps (enquiry_id, step, occurred_at)
SELECT enquiry_id, step, occurred_at
  FROM milestones, LATERAL (VALUES (1, 'taken_up', taken_up_at), (2, 'answered', answered_at), (3, 'resolved', resolved_at))
       AS each (nth, step, occurred_at)
 WHERE occurred_at IS NOT NULL
 ORDER BY enquiry_id, nth;

-- What sla has said of the clocks on an enquiry. Without a standard, the date was agreed with the citizen.
CREATE TABLE promises (
    clock_id   uuid PRIMARY KEY,
    heard      bigint GENERATED ALWAYS AS IDENTITY,
    enquiry_id uuid NOT NULL REFERENCES submissions,
    standard   text,
    due_at     timestamptz,
    standing   text NOT NULL CHECK (standing IN ('running', 'waiting_for_you', 'kept', 'broken', 'superseded'))
) WITH (fillfactor = 70);
CREATE INDEX promises_by_enquiry ON promises (enquiry_id, heard);
-- Those that still run come again, with their clock, as soon as sla speaks of them.
INSERT INTO promises (clock_id, enquiry_id, standard, due_at, standing)
SELECT gen_random_uuid(), enquiry_id, 'acknowledgement', acknowledge_by, CASE WHEN kept THEN 'kept' ELSE 'broken' END
  FROM milestones WHERE kept IS NOT NULL;
DROP TABLE milestones;

-- The bytes are with the gateway for files, under the same id: there before the row is.
CREATE TABLE files (
    file_id    uuid PRIMARY KEY,
    contact_id uuid NOT NULL REFERENCES contacts,
    name       text NOT NULL,
    media_type text NOT NULL,
    size       bigint NOT NULL,
    sha256     bytea NOT NULL
);
CREATE INDEX files_by_contact ON files (contact_id, file_id);

-- Who has been given a file, or a link to it.
CREATE TABLE file_accesses (
    access_id      uuid PRIMARY KEY,
    file_id        uuid NOT NULL REFERENCES files,
    who            text NOT NULL,
    what           text NOT NULL CHECK (what IN ('file', 'link')),
    occurred_at    timestamptz NOT NULL,
    correlation_id uuid NOT NULL
);
CREATE INDEX file_accesses_by_file ON file_accesses (file_id, occurred_at);

-- What citizens are to be told. `look_at` is when it is tried, or when an attempt under way is taken for lost.
CREATE TABLE messages (
    message_id     uuid PRIMARY KEY,
    enquiry_id     uuid NOT NULL REFERENCES submissions,
    kind           text NOT NULL,
    text           text NOT NULL,
    channel        text NOT NULL,
    name           text,
    address        text,
    language       text,
    state          text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'sending', 'delivered', 'failed')),
    requested_at   timestamptz NOT NULL,
    look_at        timestamptz NOT NULL,
    correlation_id uuid NOT NULL,
    causation_id   uuid,
    traceparent    text
) WITH (fillfactor = 70);
CREATE INDEX messages_to_send ON messages (look_at) WHERE state IN ('waiting', 'sending');

-- Stored before it is made. One without an end is under way, or was cut off.
CREATE TABLE attempts (
    message_id uuid NOT NULL REFERENCES messages,
    nth        int NOT NULL,
    begun_at   timestamptz NOT NULL,
    ended_at   timestamptz,
    why        text,
    PRIMARY KEY (message_id, nth)
);
