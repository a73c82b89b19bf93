-- What came from an older system was that system's up to the import's cut-over: judged there, and told to nobody.
ALTER TABLE facts ADD COLUMN cut_over timestamptz;

-- For the figures: what was received in some months. The others are few, and keep looking for them short.
CREATE INDEX facts_first_words ON facts (occurred_at) WHERE kind IN ('enquiry.received', 'enquiry.imported');
CREATE INDEX facts_handed_over ON facts (enquiry_id, task_id) WHERE handed_over;
CREATE INDEX facts_reopened ON facts (enquiry_id, occurred_at) WHERE kind = 'enquiry.reopened';
