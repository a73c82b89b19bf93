-- One file of an older system, taken in under one map. `read_up_to` is its cursor: a line of the file.
CREATE TABLE imports (
    import_id     uuid PRIMARY KEY,
    system        text NOT NULL,
    file_name     text NOT NULL,
    file_digest   bytea NOT NULL,
    map_digest    bytea NOT NULL,
    cut_over      timestamptz NOT NULL,
    begun_at      timestamptz NOT NULL,
    read_up_to    bigint NOT NULL DEFAULT 0,
    rows_in       bigint NOT NULL DEFAULT 0,
    known_already bigint NOT NULL DEFAULT 0,
    rejected      bigint NOT NULL DEFAULT 0,
    released_at   timestamptz,
    UNIQUE (system, file_digest, map_digest)
) WITH (fillfactor = 70);

-- Which enquiry a row of the older system has become. `digest` is of its content, wherever in a file it stands.
CREATE TABLE imported_rows (
    system     text NOT NULL,
    row_id     text NOT NULL,
    import_id  uuid NOT NULL REFERENCES imports,
    line       bigint NOT NULL,
    digest     bytea NOT NULL,
    enquiry_id uuid NOT NULL UNIQUE REFERENCES submissions,
    due_at     timestamptz,
    PRIMARY KEY (system, row_id)
);
CREATE UNIQUE INDEX imported_rows_by_line ON imported_rows (import_id, line);

-- What the reader of the file or intake would not take in, and why.
CREATE TABLE rejected_rows (
    import_id uuid NOT NULL REFERENCES imports,
    line      bigint NOT NULL,
    row_id    text,
    because   text NOT NULL,
    PRIMARY KEY (import_id, line)
);
