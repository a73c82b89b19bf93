-- The council file as it was applied, version by version: every service keeps the whole of it, and reads its own part.
CREATE TABLE council_versions (
    version     int PRIMARY KEY CHECK (version > 0),
    fingerprint text NOT NULL,
    file        text NOT NULL,
    author      text NOT NULL,
    reason      text NOT NULL,
    applied_at  timestamptz NOT NULL
);
