-- An enquiry is looked up by the number in its reference: the letters before it may be old ones, or left out.
CREATE INDEX enquiries_by_number ON enquiries (right(reference, 14));
DROP INDEX enquiries_by_reference;
