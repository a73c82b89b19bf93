CREATE TABLE handled (
    handled_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    subject    text NOT NULL,
    number     int NOT NULL,
    causation  uuid
);
CREATE TABLE fired (key text NOT NULL, due_at timestamptz NOT NULL);
