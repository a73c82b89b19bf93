-- A message by email answers a mail of the citizen's, where there is one. Of one that is withheld it is known why.
ALTER TABLE messages
    ADD COLUMN answers_to text,
    ADD COLUMN why text,
    ADD CONSTRAINT withheld_for_a_reason CHECK ((state = 'withheld') = (why IS NOT NULL));

-- What people have written goes before receipts, however many of these wait.
DROP INDEX messages_to_send;
CREATE INDEX messages_to_send ON messages (look_at) WHERE state IN ('waiting', 'sending') AND kind <> 'receipt';
CREATE INDEX receipts_to_send ON messages (look_at) WHERE state IN ('waiting', 'sending') AND kind = 'receipt';
