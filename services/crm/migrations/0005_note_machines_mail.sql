-- What came by email: a machine's mail, what stood below a citizen's own words, and what a person has to put together.

-- `noted_as` only where a machine wrote; `sender` is the address that it named.
ALTER TABLE contacts
    ADD COLUMN noted_as text,
    ADD COLUMN sender text;

-- As said with this enquiry, like the text: a further enquiry that an adviser opens out of the contact brings none.
ALTER TABLE contact_enquiries ADD COLUMN quoted text;

-- It may not be recorded yet, so it refers to nothing. Only this side knows: nothing of it shows on the other enquiry.
ALTER TABLE enquiries ADD COLUMN perhaps_about uuid;

ALTER TABLE timeline
    DROP CONSTRAINT timeline_kind_check,
    ADD CONSTRAINT timeline_kind_check CHECK (kind IN (
        'received', 'contacted', 'machine_wrote', 'identified', 'unidentified', 'assigned', 'transferred', 'returned',
        'completed', 'noted', 'answered', 'asked', 'resumed', 'resolved', 'reopened', 'classified', 'linked',
        'work_requested', 'delivered', 'deferred', 'failed'
    ));
