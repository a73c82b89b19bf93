-- Where tasks wait, who may take them, and the offers in between.

CREATE TABLE queues (
    queue_id text PRIMARY KEY,
    name     text NOT NULL,
    office   text NOT NULL CHECK (office IN ('front', 'back', 'partner'))
);
INSERT INTO queues (queue_id, name, office) VALUES ('general', 'General enquiries', 'front');

-- `enqueued_at` is set once: a task never loses its place by being offered, refused or moved.
CREATE TABLE tasks (
    task_id        uuid PRIMARY KEY,
    enquiry_id     uuid NOT NULL,
    queue_id       text NOT NULL REFERENCES queues,
    purpose        text NOT NULL,
    kind           text NOT NULL CHECK (kind IN ('live', 'deferrable')),
    state          text NOT NULL DEFAULT 'waiting'
                   CHECK (state IN ('waiting', 'offered', 'assigned', 'completed', 'withdrawn')),
    enqueued_at    timestamptz NOT NULL,
    changed_at     timestamptz NOT NULL,
    weight         smallint NOT NULL DEFAULT 1 CHECK (weight BETWEEN 1 AND 20),
    assigned_to    text,
    version        bigint NOT NULL DEFAULT 1,
    correlation_id uuid NOT NULL,
    UNIQUE (enquiry_id, purpose),
    CHECK (state NOT IN ('waiting', 'offered') OR assigned_to IS NULL),
    CHECK (state NOT IN ('assigned', 'completed') OR assigned_to IS NOT NULL)
) WITH (fillfactor = 70);
CREATE INDEX tasks_waiting ON tasks (queue_id, enqueued_at, task_id) WHERE state = 'waiting';
CREATE INDEX tasks_open ON tasks (queue_id, state) WHERE state IN ('waiting', 'offered', 'assigned');

CREATE TABLE advisers (
    adviser_id     text PRIMARY KEY,
    presence       text NOT NULL CHECK (presence IN ('ready', 'away')),
    presence_since timestamptz NOT NULL,
    capacity       smallint NOT NULL DEFAULT 1 CHECK (capacity BETWEEN 1 AND 20)
) WITH (fillfactor = 70);

-- An adviser's capacity, one row per slot. A task fills as many as it weighs, from its offer until it ends; a row holds
-- one part of one task, so no adviser can hold more than fits and no task can be in two places.
CREATE TABLE slots (
    adviser_id text NOT NULL REFERENCES advisers,
    slot       smallint NOT NULL,
    task_id    uuid REFERENCES tasks,
    part       smallint,
    idle_since timestamptz NOT NULL,
    PRIMARY KEY (adviser_id, slot),
    UNIQUE (task_id, part),
    CHECK ((task_id IS NULL) = (part IS NULL))
) WITH (fillfactor = 70);

CREATE TABLE offers (
    offer_id    uuid PRIMARY KEY,
    task_id     uuid NOT NULL REFERENCES tasks,
    adviser_id  text NOT NULL REFERENCES advisers,
    slots       smallint NOT NULL,
    state       text NOT NULL DEFAULT 'live'
                CHECK (state IN ('live', 'accepted', 'refused', 'lapsed', 'withdrawn')),
    made_at     timestamptz NOT NULL,
    lease_until timestamptz NOT NULL,
    ended_at    timestamptz,
    CHECK ((state = 'live') = (ended_at IS NULL)),
    CHECK (state <> 'accepted' OR ended_at < lease_until)
) WITH (fillfactor = 70);
CREATE UNIQUE INDEX offers_one_live_per_task ON offers (task_id) WHERE state = 'live';
CREATE INDEX offers_live_for_adviser ON offers (adviser_id) WHERE state = 'live';
CREATE INDEX offers_turned_down ON offers (task_id) WHERE state IN ('refused', 'lapsed');
