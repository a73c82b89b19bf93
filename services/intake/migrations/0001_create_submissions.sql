-- What a citizen said, word for word. Written once, by one INSERT.
CREATE TABLE submissions (
    enquiry_id    uuid PRIMARY KEY,
    contact_id    uuid NOT NULL,
    reference     text NOT NULL UNIQUE,
    channel       text NOT NULL,
    point         text NOT NULL,
    service_code  text,
    title         text NOT NULL,
    text          text NOT NULL,
    place         text,
    citizen_name  text,
    citizen_email text,
    received_at   timestamptz NOT NULL
);

-- How far an enquiry has come, as heard from the other services. Apart from what was said, which never changes.
CREATE TABLE milestones (
    enquiry_id     uuid PRIMARY KEY REFERENCES submissions,
    taken_up_at    timestamptz,
    answered_at    timestamptz,
    resolved_at    timestamptz,
    acknowledge_by timestamptz,
    kept           boolean,
    CHECK (kept IS NULL OR acknowledge_by IS NOT NULL)
);
