-- What came by email: a machine's mail, what stood below a citizen's own words, and what a person has to put together.

-- `noted_as` only where a machine wrote; `sender` is the address that it named.
ALTER TABLE contacts
    ADD COLUMN noted_as text,
    ADD COLUMN sender text;

-- As said with this enquiry, like the text: a further enquiry that an adviser opens out of the contact brings none.
ALTER TABLE contact_enquiries ADD COLUMN quoted text;

-- It may not be recorded yet, so it refers to nothing. Only this side knows: nothing of it shows on the other enquiry.
ALTER TABLE enquiries ADD COLUMN perhaps_about uuid;

-- Set while the last that was sent to the citizen did not reach them.
ALTER TABLE enquiries ADD COLUMN unreached_since timestamptz;
CREATE INDEX enquiries_unreached ON enquiries (received_at, enquiry_id) WHERE unreached_since IS NOT NULL;

-- Of what became of a message: which one, and what it was.
ALTER TABLE timeline
    ADD COLUMN message_id uuid,
    ADD COLUMN message_kind text;

ALTER TABLE timeline
    DROP CONSTRAINT timeline_kind_check,
    ADD CONSTRAINT timeline_kind_check CHECK (kind IN (
        'received', 'contacted', 'machine_wrote', 'identified', 'unidentified', 'assigned', 'transferred', 'returned',
        'completed', 'noted', 'answered', 'asked', 'resumed', 'resolved', 'reopened', 'classified', 'linked',
        'work_requested', 'delivered', 'deferred', 'failed'
    ));
