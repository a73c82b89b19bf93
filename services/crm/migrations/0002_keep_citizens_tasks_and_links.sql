-- Who the citizens are and on which evidence, which contact was about which enquiry, and where the work on it is.

CREATE TABLE citizens (
    citizen_id  uuid PRIMARY KEY,
    name        text,
    surname     text,
    surname_key text,
    version     bigint NOT NULL DEFAULT 1,
    known_since timestamptz NOT NULL
);

-- `value` as it was given, `normalised` as it is compared. Ended, never deleted: a number may pass to somebody else.
CREATE TABLE identifiers (
    identifier_id uuid PRIMARY KEY,
    citizen_id    uuid NOT NULL REFERENCES citizens,
    kind          text NOT NULL CHECK (kind IN ('email', 'telephone', 'uprn', 'card')),
    value         text NOT NULL,
    normalised    text NOT NULL,
    evidence      text NOT NULL CHECK (evidence IN ('claimed', 'verified')),
    source        text NOT NULL,
    valid_from    timestamptz NOT NULL,
    valid_to      timestamptz,
    ended_by      text,
    CHECK ((valid_to IS NULL) = (ended_by IS NULL))
);
CREATE INDEX identifiers_by_value ON identifiers (normalised, kind);
CREATE UNIQUE INDEX identifiers_of_citizen ON identifiers (citizen_id, kind, normalised) WHERE valid_to IS NULL;

-- A contact may be about several enquiries, and an enquiry has many contacts. How the contact ended, and what was said,
-- may differ between them; what was said in the contact that brought the enquiry is the enquiry's own text.
CREATE TABLE contact_enquiries (
    contact_id uuid NOT NULL REFERENCES contacts,
    enquiry_id uuid NOT NULL REFERENCES enquiries,
    outcome    text NOT NULL,
    text       text,
    PRIMARY KEY (enquiry_id, contact_id)
);
CREATE INDEX contact_enquiries_of_contact ON contact_enquiries (contact_id);
INSERT INTO contact_enquiries (contact_id, enquiry_id, outcome)
SELECT contact_id, enquiry_id, 'received' FROM contacts;

CREATE TABLE attachments (
    file_id    uuid NOT NULL,
    contact_id uuid NOT NULL,
    enquiry_id uuid NOT NULL,
    name       text NOT NULL,
    media_type text NOT NULL,
    size       bigint NOT NULL,
    PRIMARY KEY (enquiry_id, file_id),
    FOREIGN KEY (enquiry_id, contact_id) REFERENCES contact_enquiries
);

ALTER TABLE enquiries
    ADD COLUMN citizen_id uuid REFERENCES citizens,
    ADD COLUMN identified_by text,
    ADD COLUMN asked_at timestamptz,
    DROP CONSTRAINT enquiries_state_check,
    ADD CONSTRAINT enquiries_state_check CHECK (state IN ('open', 'answered', 'awaiting_citizen', 'resolved')),
    ADD CHECK ((state = 'awaiting_citizen') = (asked_at IS NOT NULL)),
    ADD CHECK (citizen_id IS NULL OR identified_by IS NOT NULL);
CREATE INDEX enquiries_of_citizen ON enquiries (citizen_id, received_at DESC) WHERE citizen_id IS NOT NULL;

-- `nth` tells apart what happened at one moment. `citizen_id` is the enquiry's, here too so that a page of a
-- citizen's timeline is read from one index.
ALTER TABLE timeline
    ADD COLUMN nth bigint GENERATED ALWAYS AS IDENTITY,
    ADD COLUMN citizen_id uuid,
    ADD COLUMN contact_id uuid,
    DROP CONSTRAINT timeline_kind_check,
    ADD CONSTRAINT timeline_kind_check CHECK (kind IN (
        'received', 'contacted', 'identified', 'unidentified', 'assigned', 'transferred', 'returned', 'completed',
        'noted', 'answered', 'asked', 'resumed', 'resolved', 'reopened', 'classified', 'linked', 'work_requested',
        'delivered', 'failed'
    ));
UPDATE timeline t SET contact_id = c.contact_id FROM contacts c WHERE c.enquiry_id = t.enquiry_id AND t.kind = 'received';
DROP INDEX timeline_of_enquiry;
CREATE INDEX timeline_of_enquiry ON timeline (enquiry_id, occurred_at, nth);
CREATE INDEX timeline_of_citizen ON timeline (citizen_id, occurred_at DESC, nth DESC) WHERE citizen_id IS NOT NULL;
-- No version is made twice: what one person decided cannot hide what another did.
CREATE UNIQUE INDEX timeline_versions ON timeline (enquiry_id, version) WHERE version IS NOT NULL;

ALTER TABLE contacts
    DROP COLUMN enquiry_id,
    ADD COLUMN logged_by text,
    ADD COLUMN language text,
    ADD COLUMN citizen_surname text,
    ADD COLUMN citizen_telephone text,
    ADD COLUMN citizen_uprn text,
    DROP CONSTRAINT contacts_direction_check,
    ADD CONSTRAINT contacts_direction_check CHECK (direction IN ('inbound', 'outbound', 'other'));

-- A citizen who may be the one; an adviser decides.
CREATE TABLE suggestions (
    enquiry_id uuid NOT NULL REFERENCES enquiries,
    citizen_id uuid NOT NULL REFERENCES citizens,
    because    text[] NOT NULL,
    PRIMARY KEY (enquiry_id, citizen_id)
);

CREATE TABLE links (
    enquiry_id       uuid NOT NULL REFERENCES enquiries,
    other_enquiry_id uuid NOT NULL REFERENCES enquiries,
    link             text NOT NULL CHECK (link IN ('related', 'duplicate_of', 'same_contact')),
    linked_at        timestamptz NOT NULL,
    linked_by        text NOT NULL,
    PRIMARY KEY (enquiry_id, other_enquiry_id, link),
    CHECK (enquiry_id <> other_enquiry_id)
);
CREATE INDEX links_to ON links (other_enquiry_id);

-- Kept by what routing says.
CREATE TABLE tasks (
    task_id     uuid PRIMARY KEY,
    enquiry_id  uuid NOT NULL REFERENCES enquiries,
    queue_id    text NOT NULL,
    office      text,
    kind        text,
    work_id     uuid,
    state       text NOT NULL CHECK (state IN ('waiting', 'assigned', 'completed', 'withdrawn')),
    adviser_id  text,
    enqueued_at timestamptz
) WITH (fillfactor = 80);
CREATE INDEX tasks_of_enquiry ON tasks (enquiry_id);

-- The queues an enquiry is on or was on: whoever works on one of them may see it.
CREATE TABLE enquiry_queues (
    queue_id   text NOT NULL,
    enquiry_id uuid NOT NULL REFERENCES enquiries,
    PRIMARY KEY (queue_id, enquiry_id)
);

ALTER TABLE accesses
    ADD COLUMN citizen_id uuid,
    ALTER COLUMN enquiry_id DROP NOT NULL,
    ADD CHECK (num_nonnulls(enquiry_id, citizen_id) > 0),
    DROP CONSTRAINT accesses_what_check,
    ADD CONSTRAINT accesses_what_check CHECK (what IN ('record', 'list', 'citizen', 'timeline', 'search', 'suggestion'));
CREATE INDEX accesses_of_citizen ON accesses (citizen_id, occurred_at) WHERE citizen_id IS NOT NULL;
