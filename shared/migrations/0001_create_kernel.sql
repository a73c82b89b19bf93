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
    partition    smallint PRIMARY KEY,
    placed_up_to bigint NOT NULL DEFAULT 0,
    sent_up_to   bigint NOT NULL DEFAULT 0 CHECK (sent_up_to <= placed_up_to)
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
    due_at         timestamptz NOT NULL,
    fire_at        timestamptz NOT NULL,
    tries          int NOT NULL DEFAULT 0,
    parked_why     text,
    correlation_id uuid NOT NULL,
    causation_id   uuid,
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
