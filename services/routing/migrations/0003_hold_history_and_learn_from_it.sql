-- Enquiries of an older system: what is open of them is held until its import is released; what is resolved is learned
-- from, as are the council's own. What was learned suggests queues, beside the catalogue's rules.

-- Only imports that are released: the others have rows in `held` alone.
CREATE TABLE imports (
    import_id   uuid PRIMARY KEY,
    released_at timestamptz NOT NULL,
    said_id     uuid
);

-- A task to come. It is no task yet, so that choosing, worklists and figures never meet it. `came_at` only where its
-- import was released before: then its task waits from that moment on, and not from the release.
CREATE TABLE held (
    enquiry_id  uuid PRIMARY KEY REFERENCES enquiries,
    import_id   uuid NOT NULL,
    request_id  uuid NOT NULL,
    queue_id    text NOT NULL REFERENCES queues,
    reason      text NOT NULL,
    triaged     boolean NOT NULL,
    received_at timestamptz NOT NULL,
    came_at     timestamptz
);
CREATE INDEX held_of_import ON held (import_id, received_at, enquiry_id);

-- What was known of an enquiry when its task was made, in words without an order; once it is resolved, the queue that
-- dealt with it last. It is an example when it has both.
CREATE TABLE examples (
    enquiry_id  uuid PRIMARY KEY REFERENCES enquiries,
    received_at timestamptz NOT NULL,
    channel     text NOT NULL,
    service_code text,
    area        text,
    words       text[] NOT NULL,
    place_words text[] NOT NULL,
    queue_id    text,
    resolved_at timestamptz
) WITH (fillfactor = 90);

-- What was learned, version by version; the last one stands. A process keeps the one it has read, by its id.
CREATE TABLE models (
    model_id   uuid PRIMARY KEY,
    version    int NOT NULL UNIQUE CHECK (version > 0),
    author     text NOT NULL,
    trained_at timestamptz NOT NULL,
    until      timestamptz NOT NULL,
    examples   int NOT NULL,
    held_back  json,
    weights    json NOT NULL
);

-- Apart from the tasks: choosing reads those whole.
CREATE TABLE suggestions (
    task_id   uuid PRIMARY KEY REFERENCES tasks,
    model_id  uuid NOT NULL REFERENCES models,
    suggested json NOT NULL
);

-- Queues that the council has given up since are passed over.
CREATE FUNCTION suggestions_of(of_task uuid) RETURNS json LANGUAGE sql STABLE AS $$
    SELECT coalesce(json_agg(json_build_object('queue_id', queue_id, 'name', name, 'share', share, 'because', because)
                             ORDER BY nth), '[]')
      FROM (SELECT q.queue_id, q.name, e.suggested -> 'share' AS share, e.suggested -> 'because' AS because, e.nth
              FROM suggestions s, json_array_elements(s.suggested) WITH ORDINALITY AS e (suggested, nth), queues q
             WHERE s.task_id = of_task AND q.queue_id = e.suggested ->> 'queue_id' AND NOT q.closed
             ORDER BY e.nth LIMIT 3) AS open
$$;
