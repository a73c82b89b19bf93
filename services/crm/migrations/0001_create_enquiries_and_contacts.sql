-- What the council knows of each enquiry, what has happened to it, and who has looked at it.

-- `version` counts what people decided about the enquiry; who works on it does not change it.
CREATE TABLE enquiries (
    enquiry_id   uuid PRIMARY KEY,
    reference    text NOT NULL,
    title        text NOT NULL,
    text         text NOT NULL,
    place        text,
    service_code text,
    channel      text NOT NULL,
    state        text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'answered', 'resolved')),
    version      bigint NOT NULL DEFAULT 1,
    received_at  timestamptz NOT NULL,
    assigned_to  text,
    answered_at  timestamptz,
    resolved_at  timestamptz,
    resolution   text,
    CHECK (state <> 'answered' OR answered_at IS NOT NULL),
    CHECK ((state = 'resolved') = (resolved_at IS NOT NULL)),
    CHECK ((state = 'resolved') = (resolution IS NOT NULL))
) WITH (fillfactor = 80);
CREATE INDEX enquiries_by_state ON enquiries (state, received_at DESC, enquiry_id DESC);
CREATE INDEX enquiries_by_reference ON enquiries (reference);

CREATE TABLE contacts (
    contact_id    uuid PRIMARY KEY,
    enquiry_id    uuid NOT NULL REFERENCES enquiries,
    channel       text NOT NULL,
    point         text NOT NULL,
    direction     text NOT NULL CHECK (direction IN ('inbound', 'outbound')),
    started_at    timestamptz NOT NULL,
    ended_at      timestamptz,
    citizen_name  text,
    citizen_email text
);
CREATE INDEX contacts_of_enquiry ON contacts (enquiry_id);

-- `version` is the enquiry's version that the entry made; entries that made none leave it empty.
CREATE TABLE timeline (
    entry_id    uuid PRIMARY KEY,
    enquiry_id  uuid NOT NULL REFERENCES enquiries,
    kind        text NOT NULL CHECK (kind IN ('received', 'assigned', 'answered', 'resolved')),
    detail      text,
    text        text,
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    actor       text NOT NULL,
    version     bigint
);
CREATE INDEX timeline_of_enquiry ON timeline (enquiry_id, occurred_at);

-- Every read of a record about a citizen. Kept when the enquiry goes, so it refers to nothing.
CREATE TABLE accesses (
    access_id      uuid PRIMARY KEY,
    enquiry_id     uuid NOT NULL,
    who            text NOT NULL,
    what           text NOT NULL CHECK (what IN ('record', 'list')),
    why            text,
    occurred_at    timestamptz NOT NULL,
    correlation_id uuid NOT NULL
);
CREATE INDEX accesses_of_enquiry ON accesses (enquiry_id, occurred_at);
