-- What was heard of an enquiry, and due times that people set. Rows are never changed; clocks are folded from them.
CREATE TABLE facts (
    enquiry_id   uuid NOT NULL,
    fact_id      uuid NOT NULL,
    kind         text NOT NULL,
    occurred_at  timestamptz NOT NULL,
    heard_at     timestamptz NOT NULL,
    heard_under  int NOT NULL,
    task_id      uuid,
    queue_id     text,
    office       text,
    handed_over  boolean NOT NULL,
    service_code text,
    channel      text,
    answer       text,
    standard     text,
    start_id     uuid,
    due_at       timestamptz,
    why          text,
    PRIMARY KEY (enquiry_id, fact_id)
);

-- Every form a standard has ever had, with its calendar, under an id that follows from its content: never changed.
CREATE TABLE standards (
    standard_id     uuid PRIMARY KEY,
    code            text NOT NULL,
    terms           json NOT NULL,
    council_version int NOT NULL
);

CREATE FUNCTION refuse_to_change_a_standard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'A standard never changes: a further version of the council file brings another one.';
END
$$;
CREATE TRIGGER standards_never_change BEFORE UPDATE OR DELETE ON standards
    FOR EACH ROW EXECUTE FUNCTION refuse_to_change_a_standard();

-- Which of them held under which version of the council file: in this form since one version, in any since another.
CREATE TABLE in_force (
    council_version int NOT NULL,
    code            text NOT NULL,
    standard_id     uuid NOT NULL REFERENCES standards,
    since           int NOT NULL,
    code_since      int NOT NULL,
    PRIMARY KEY (council_version, code)
);

-- Tasks that wait or are being worked on, for the figures of the moment.
CREATE TABLE open_tasks (
    task_id     uuid PRIMARY KEY,
    enquiry_id  uuid NOT NULL,
    queue_id    text NOT NULL,
    enqueued_at timestamptz NOT NULL,
    assigned    boolean NOT NULL,
    handed_over boolean NOT NULL
);
CREATE INDEX open_tasks_by_enquiry ON open_tasks (enquiry_id);

ALTER TABLE clocks
    ADD COLUMN start_id        uuid,
    ADD COLUMN standard_id     uuid REFERENCES standards,
    ADD COLUMN council_version int NOT NULL DEFAULT 0,
    ADD COLUMN task_id         uuid,
    ADD COLUMN queue_id        text,
    ADD COLUMN paused_at       timestamptz,
    ADD COLUMN at_risk         int CHECK (at_risk IS NULL OR state IN ('running', 'paused')),
    ADD COLUMN next_moment     timestamptz,
    ADD COLUMN set_by          uuid,
    ADD COLUMN judged_up_to    timestamptz,
    ADD COLUMN replaces        uuid REFERENCES clocks,
    ADD COLUMN retired         boolean NOT NULL DEFAULT false,
    ALTER COLUMN due_at DROP NOT NULL,
    DROP CONSTRAINT clocks_enquiry_id_standard_key,
    DROP CONSTRAINT clocks_check,
    DROP CONSTRAINT clocks_check2,
    DROP CONSTRAINT clocks_state_check,
    ADD CHECK (state IN ('running', 'paused', 'met', 'breached', 'superseded')),
    ADD CHECK ((state = 'met') = (stopped_at IS NOT NULL AND stopped_at <= due_at)),
    ADD CHECK (state <> 'paused' OR (due_at IS NULL AND paused_at IS NOT NULL));
DROP INDEX clocks_by_state;

ALTER TABLE ledger DROP CONSTRAINT ledger_entry_check;

-- Clocks of the first release ran by a setting that is no more, and their facts were not kept: no standard takes
-- their place. Statements never ask what time it is, so the line bears the time at which the clock was started.
INSERT INTO ledger (clock_id, version, entry, occurred_at, recorded_at, actor, note)
SELECT clock_id, version + 1, 'superseded', started_at, started_at, 'machine/migrate',
       'It ran by a setting that is no more, and ended without a verdict when a later release was installed.'
  FROM clocks WHERE state = 'running';
UPDATE clocks SET state = 'superseded', version = version + 1 WHERE state = 'running';
UPDATE clocks SET start_id = enquiry_id, retired = true;
ALTER TABLE clocks ALTER COLUMN start_id SET NOT NULL, ALTER COLUMN council_version DROP DEFAULT;

CREATE UNIQUE INDEX clocks_once ON clocks (enquiry_id, standard, start_id) WHERE NOT retired;
CREATE INDEX clocks_by_enquiry ON clocks (enquiry_id);
CREATE INDEX clocks_open ON clocks (standard_id, started_at) WHERE state IN ('running', 'paused');
CREATE INDEX clocks_at_risk ON clocks (enquiry_id) WHERE at_risk IS NOT NULL AND state = 'running';
CREATE INDEX clocks_broken ON clocks (enquiry_id) WHERE state = 'breached' AND stopped_at IS NULL;
