-- One standard running on one enquiry. A clock with neither verdict is running, whatever has been heard about it.
CREATE TABLE clocks (
    clock_id   uuid PRIMARY KEY,
    enquiry_id uuid NOT NULL,
    standard   text NOT NULL,
    started_at timestamptz NOT NULL,
    due_at     timestamptz NOT NULL CHECK (due_at >= started_at),
    stopped_at timestamptz CHECK (stopped_at >= started_at),
    state      text NOT NULL CHECK (state IN ('running', 'met', 'breached')),
    version    int NOT NULL,
    UNIQUE (enquiry_id, standard),
    CHECK ((state = 'met') = (stopped_at IS NOT NULL AND stopped_at <= due_at)),
    CHECK (state <> 'running' OR stopped_at IS NULL)
);
CREATE INDEX clocks_by_state ON clocks (state, started_at);

-- What was said of a clock, when, and because of what. `version` is the clock's after the change.
CREATE TABLE ledger (
    clock_id    uuid NOT NULL REFERENCES clocks,
    version     int NOT NULL,
    entry       text NOT NULL CHECK (entry IN ('started', 'met', 'breached', 'corrected')),
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    cause       uuid,
    actor       text NOT NULL,
    note        text NOT NULL,
    PRIMARY KEY (clock_id, version)
);

CREATE FUNCTION refuse_to_rewrite() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The ledger is only ever added to: write a further line instead.';
END
$$;
CREATE TRIGGER ledger_is_only_added_to BEFORE UPDATE OR DELETE ON ledger
    FOR EACH ROW EXECUTE FUNCTION refuse_to_rewrite();
