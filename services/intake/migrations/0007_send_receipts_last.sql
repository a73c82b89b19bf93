-- What people have written goes before receipts, however many of these wait.
DROP INDEX messages_to_send;
CREATE INDEX messages_to_send ON messages (look_at) WHERE state IN ('waiting', 'sending') AND kind <> 'receipt';
CREATE INDEX receipts_to_send ON messages (look_at) WHERE state IN ('waiting', 'sending') AND kind = 'receipt';
