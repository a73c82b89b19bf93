-- What an older system called itself and an enquiry that came from it.
ALTER TABLE enquiries
    ADD COLUMN system text,
    ADD COLUMN row_id text,
    ADD CHECK ((system IS NULL) = (row_id IS NULL));
CREATE INDEX enquiries_by_row_id ON enquiries (row_id) WHERE row_id IS NOT NULL;
