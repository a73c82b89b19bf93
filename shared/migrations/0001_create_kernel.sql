-- What every service needs to hear, decide, write and say in one transaction. Made in each service's own schema.

CREATE TABLE constants (
    name  text PRIMARY KEY,
    value text NOT NULL
);
INSERT INTO constants (name, value) VALUES ('partitions', '16');

-- One row per subject: gives the sequence, and is the lock that orders everything about the subject.
CREATE TABLE subjects (
    subject  text PRIMARY KEY,
    sequence bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 70);

CREATE TABLE said (
    said_id        uuid PRIMARY KEY,
    subject        text NOT NULL,
    sequence       bigint NOT NULL,
    name           text NOT NULL,
    data           json NOT NULL,
    occurred_at    timestamptz NOT NULL,
    recorded_at    timestamptz NOT NULL,
    correlation_id uuid NOT NULL,
    causation_id   uuid,
    actor          text NOT NULL,
    traceparent    text
);

-- Said, but without a position yet. Within a subject, id order is commit order; between subjects it need not be.
CREATE TABLE unplaced (
    unplaced_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    said_id     uuid NOT NULL,
    partition   smallint NOT NULL
);

CREATE TABLE positions (
    partition smallint NOT NULL,
    position  bigint NOT NULL,
    said_id   uuid NOT NULL,
    PRIMARY KEY (partition, position)
);

CREATE TABLE partitions (
    partition     smallint PRIMARY KEY,
    placed_up_to  bigint NOT NULL DEFAULT 0,
    awaited_up_to bigint NOT NULL DEFAULT 0, -- the last position of an event that somebody acts on
    sent_up_to    bigint NOT NULL DEFAULT 0 CHECK (sent_up_to <= placed_up_to)
) WITH (fillfactor = 50);
INSERT INTO partitions (partition) SELECT generate_series(0, 15);

CREATE TABLE relay_lease (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    holder uuid,
    until  timestamptz
);
INSERT INTO relay_lease DEFAULT VALUES;

-- The inbox: the last position handled, per speaker and partition.
CREATE TABLE cursors (
    speaker   text NOT NULL,
    partition smallint NOT NULL,
    position  bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (speaker, partition)
) WITH (fillfactor = 50);

-- Events that cannot be handled yet, or not without a person. A row without a position could not even be read.
CREATE TABLE set_aside (
    set_aside_id uuid PRIMARY KEY,
    speaker      text NOT NULL,
    partition    smallint NOT NULL,
    position     bigint,
    subject      text,
    name         text,
    body         bytea NOT NULL,
    state        text NOT NULL CHECK (state IN ('ahead', 'early', 'behind', 'parked')),
    why          text NOT NULL,
    waits_for    text,
    wanted       text CHECK (wanted IN ('replay', 'drop')),
    since        timestamptz NOT NULL,
    tried_at     timestamptz NOT NULL,
    UNIQUE (speaker, partition, position),
    CHECK ((state = 'early') = (waits_for IS NOT NULL))
);
CREATE INDEX set_aside_by_subject ON set_aside (subject, speaker, position);
CREATE INDEX set_aside_waiting ON set_aside (waits_for) WHERE state = 'early';
CREATE INDEX set_aside_wanted ON set_aside (partition) WHERE wanted IS NOT NULL;

-- Counted before a redelivered event is handled, so that one that kills the process is found out.
CREATE TABLE starts (
    speaker   text NOT NULL,
    partition smallint NOT NULL,
    position  bigint NOT NULL,
    count     int NOT NULL,
    PRIMARY KEY (speaker, partition, position)
);

CREATE TABLE replicas (
    replica uuid PRIMARY KEY,
    seen_at timestamptz NOT NULL
) WITH (fillfactor = 50);

CREATE TABLE timers (
    timer_id       uuid PRIMARY KEY,
    name           text NOT NULL,
    key            text NOT NULL,
    subject        text NOT NULL,
    partition      smallint NOT NULL,
    due_at         timestamptz NOT NULL,
    fire_at        timestamptz NOT NULL,
    tries          int NOT NULL DEFAULT 0,
    parked_why     text,
    correlation_id uuid NOT NULL,
    causation_id   uuid,
    traceparent    text,
    UNIQUE (name, key)
);
CREATE INDEX timers_to_fire ON timers (fire_at) WHERE parked_why IS NULL;

CREATE TABLE idempotency_keys (
    caller      text NOT NULL,
    key         text NOT NULL,
    fingerprint bytea NOT NULL,
    status      smallint NOT NULL,
    headers     jsonb NOT NULL,
    body        bytea NOT NULL,
    kept_at     timestamptz NOT NULL,
    PRIMARY KEY (caller, key)
);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (kept_at);

-- Locks in sorted order, making rows that are missing, and reads the clock once the locks are held.
CREATE FUNCTION lock_subjects(wanted text[]) RETURNS timestamptz LANGUAGE plpgsql AS $$
DECLARE
    held int;
BEGIN
    IF cardinality(wanted) > 0 THEN
        PERFORM 1 FROM subjects WHERE subject = ANY (wanted) ORDER BY subject FOR NO KEY UPDATE;
        GET DIAGNOSTICS held = ROW_COUNT;
        IF held < cardinality(wanted) THEN
            INSERT INTO subjects (subject) SELECT w FROM unnest(wanted) AS w ORDER BY w ON CONFLICT DO NOTHING;
            PERFORM 1 FROM subjects WHERE subject = ANY (wanted) ORDER BY subject FOR NO KEY UPDATE;
        END IF;
    END IF;
    RETURN clock_timestamp();
END
$$;

-- A relay's turn in one visit: marks as sent what the broker has confirmed, and gives positions to what has none.
-- Everybody locks the lease first. Each statement sees what was committed before it began, so a relay that has taken
-- over sees all that its predecessor has placed.
-- `awaited` names the events that somebody acts on: the others are sent with the next of those. Empty means all.
-- `placed` is -1 for a relay that has lost its lease.
CREATE FUNCTION relay_turn(
    me uuid, ahead interval, most int, awaited text[], sent smallint[], befores bigint[], up_tos bigint[],
    OUT placed int
) LANGUAGE plpgsql AS $$
DECLARE
    in_time boolean;
BEGIN
    placed := 0;
    IF cardinality(sent) > 0 OR EXISTS (SELECT FROM unplaced) THEN
        SELECT until > clock_timestamp() + ahead INTO in_time FROM relay_lease WHERE holder = me FOR UPDATE;
        IF in_time IS NOT NULL THEN
            UPDATE partitions p SET sent_up_to = t.up_to
              FROM unnest(sent, befores, up_tos) AS t (partition, before, up_to)
             WHERE p.partition = t.partition AND p.sent_up_to = t.before;
        END IF;
        IF in_time IS TRUE THEN
            WITH taken AS (
                DELETE FROM unplaced
                 WHERE unplaced_id IN (SELECT unplaced_id FROM unplaced ORDER BY unplaced_id LIMIT most)
                RETURNING unplaced_id, said_id, partition
            ), numbered AS (
                SELECT partition, said_id,
                       awaited = '{}' OR (SELECT name FROM said s WHERE s.said_id = t.said_id) = ANY (awaited)
                           AS is_awaited,
                       row_number() OVER (PARTITION BY partition ORDER BY unplaced_id) AS nth
                  FROM taken t
            ), bumped AS (
                UPDATE partitions p
                   SET placed_up_to = p.placed_up_to + n.last,
                       awaited_up_to = coalesce(p.placed_up_to + n.last_awaited, p.awaited_up_to)
                  FROM (SELECT partition, max(nth) AS last, max(nth) FILTER (WHERE is_awaited) AS last_awaited
                          FROM numbered GROUP BY partition) n
                 WHERE p.partition = n.partition
                RETURNING p.partition, p.placed_up_to - n.last AS before
            )
            INSERT INTO positions (partition, position, said_id)
            SELECT n.partition, b.before + n.nth, n.said_id FROM numbered n JOIN bumped b USING (partition);
            GET DIAGNOSTICS placed = ROW_COUNT;
        ELSE
            placed := -1;
        END IF;
    END IF;
END
$$;
