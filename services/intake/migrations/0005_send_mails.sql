-- A message by email answers a mail of the citizen's, where there is one. Of one that is withheld it is known why.
ALTER TABLE messages
    ADD COLUMN answers_to text,
    ADD COLUMN why text,
    ADD CONSTRAINT withheld_for_a_reason CHECK ((state = 'withheld') = (why IS NOT NULL));
