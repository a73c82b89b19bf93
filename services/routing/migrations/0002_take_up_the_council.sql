-- Queues, advisers and council services come from the council file; an enquiry may have several tasks, each placed for a
-- reason and as urgent as the promises made on it.

-- A queue that the council gives up stays for its old tasks, closed.
ALTER TABLE queues
    ADD general boolean NOT NULL DEFAULT false,
    ADD closed  boolean NOT NULL DEFAULT false,
    ADD skills  text[] NOT NULL DEFAULT '{}',
    ADD weight  smallint NOT NULL DEFAULT 1 CHECK (weight BETWEEN 1 AND 20),
    ADD CHECK (NOT (general AND closed));
CREATE UNIQUE INDEX queues_one_general ON queues (general) WHERE general;
DELETE FROM queues q WHERE NOT EXISTS (SELECT FROM tasks t WHERE t.queue_id = q.queue_id);

CREATE TABLE catalogue (
    service_code text PRIMARY KEY,
    name         text NOT NULL,
    queue_id     text NOT NULL REFERENCES queues,
    skills       text[] NOT NULL
);

-- A keyword as a query, to be asked of what a citizen wrote: in English by its stems, in any language as it stands.
CREATE TABLE keywords (
    service_code text NOT NULL REFERENCES catalogue ON DELETE CASCADE,
    keyword      text NOT NULL,
    query        tsquery NOT NULL,
    PRIMARY KEY (service_code, keyword)
);

-- Both readings of what a citizen wrote; a word of the title weighs most.
CREATE FUNCTION words_of(title text, body text) RETURNS tsvector LANGUAGE sql IMMUTABLE AS $$
    SELECT setweight(to_tsvector('pg_catalog.english', title), 'A') || setweight(to_tsvector('pg_catalog.simple', title), 'A')
        || to_tsvector('pg_catalog.english', body) || to_tsvector('pg_catalog.simple', body)
$$;
CREATE FUNCTION query_of(keyword text) RETURNS tsquery LANGUAGE sql IMMUTABLE AS $$
    SELECT phraseto_tsquery('pg_catalog.english', keyword) || phraseto_tsquery('pg_catalog.simple', keyword)
$$;

CREATE TABLE enquiries (
    enquiry_id     uuid PRIMARY KEY,
    service_code   text,
    resolved       boolean NOT NULL,
    correlation_id uuid NOT NULL
) WITH (fillfactor = 90);
INSERT INTO enquiries (enquiry_id, resolved, correlation_id)
SELECT DISTINCT ON (enquiry_id) enquiry_id, state = 'withdrawn', correlation_id FROM tasks ORDER BY enquiry_id;

-- What a service needs is needed where it is done; whoever gets a part of the work handed over needs their queue's skills.
CREATE FUNCTION skills_needed(on_queue text, of_service text) RETURNS text[] LANGUAGE sql STABLE AS $$
    SELECT coalesce(array_agg(DISTINCT skill ORDER BY skill), '{}')
      FROM (SELECT unnest(skills) FROM queues WHERE queue_id = on_queue
             UNION ALL
            SELECT unnest(skills) FROM catalogue WHERE service_code = of_service AND queue_id = on_queue) AS s (skill)
$$;

-- `request_id` is what asked for it: a contact, a hand-over, an event. `urgent_at` is when a promise on it runs out:
-- the order of choosing, stored so that an index has it. `triaged` says that no person has placed it.
ALTER TABLE tasks
    ADD request_id       uuid,
    ADD reason           text NOT NULL DEFAULT '',
    ADD triaged          boolean NOT NULL DEFAULT true,
    ADD skills           text[] NOT NULL DEFAULT '{}',
    ADD came_from        text REFERENCES queues,
    ADD urgent_at        timestamptz,
    ADD wanted_adviser   text REFERENCES advisers,
    ADD wanted_until     timestamptz,
    ADD CHECK ((wanted_adviser IS NULL) = (wanted_until IS NULL)),
    ADD CHECK (wanted_adviser IS NULL OR state IN ('waiting', 'offered')),
    DROP CONSTRAINT tasks_enquiry_id_purpose_key;
UPDATE tasks SET request_id = task_id, urgent_at = enqueued_at + interval '1 day';
ALTER TABLE tasks
    ALTER request_id SET NOT NULL,
    ALTER urgent_at SET NOT NULL,
    ALTER reason DROP DEFAULT,
    ALTER triaged DROP DEFAULT,
    ALTER skills DROP DEFAULT,
    ADD UNIQUE (enquiry_id, request_id),
    ADD FOREIGN KEY (enquiry_id) REFERENCES enquiries;
DROP INDEX tasks_waiting, tasks_open;
CREATE INDEX tasks_waiting ON tasks (queue_id, urgent_at, enqueued_at, task_id) WHERE state = 'waiting';
CREATE INDEX tasks_open ON tasks (queue_id, urgent_at, enqueued_at, task_id)
 WHERE state IN ('waiting', 'offered', 'assigned');
CREATE INDEX tasks_assigned ON tasks (assigned_to) WHERE state = 'assigned';

-- When the clocks that run on an enquiry, or on one of its tasks, run out. A broken promise stays: it is still owed.
CREATE TABLE dues (
    clock_id   uuid PRIMARY KEY,
    enquiry_id uuid NOT NULL,
    task_id    uuid,
    started_at timestamptz NOT NULL,
    due_at     timestamptz NOT NULL
) WITH (fillfactor = 80);
CREATE INDEX dues_of_enquiry ON dues (enquiry_id);

CREATE FUNCTION urgent_at(of_enquiry uuid, of_task uuid, without timestamptz) RETURNS timestamptz LANGUAGE sql STABLE AS $$
    SELECT coalesce(min(due_at), without) FROM dues
     WHERE enquiry_id = of_enquiry AND (task_id IS NULL OR task_id = of_task)
$$;

-- Whoever the council file no longer names stays for their old offers, unlisted and on no queue.
ALTER TABLE advisers
    ADD role         text NOT NULL DEFAULT 'adviser' CHECK (role IN ('adviser', 'officer', 'partner', 'manager')),
    ADD listed       boolean NOT NULL DEFAULT false,
    ADD skills       text[] NOT NULL DEFAULT '{}',
    ADD away_because text,
    ADD picked_at    timestamptz;
CREATE TABLE memberships (
    adviser_id text NOT NULL REFERENCES advisers,
    queue_id   text NOT NULL REFERENCES queues,
    nth        smallint NOT NULL,
    PRIMARY KEY (adviser_id, queue_id)
);
CREATE INDEX memberships_of_queue ON memberships (queue_id);

-- A slot that the adviser's capacity no longer has, but that is filled: it goes when it is freed.
ALTER TABLE slots ADD surplus boolean NOT NULL DEFAULT false, ADD CHECK (NOT surplus OR task_id IS NOT NULL);
CREATE INDEX slots_free ON slots (adviser_id) WHERE task_id IS NULL;

-- Whoever refused a task, let its offer lapse or gave it back is not offered it again for a while.
CREATE TABLE spared (
    task_id    uuid NOT NULL REFERENCES tasks,
    adviser_id text NOT NULL REFERENCES advisers,
    until      timestamptz NOT NULL,
    PRIMARY KEY (task_id, adviser_id)
);
DROP INDEX offers_turned_down;
CREATE INDEX offers_ended ON offers (adviser_id, ended_at) WHERE state IN ('accepted', 'refused', 'lapsed');
