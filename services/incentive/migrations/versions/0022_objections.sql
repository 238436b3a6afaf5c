-- An objection (异议) is a hold that says who objects, and its answer a release with an outcome. Those of earlier versions
-- keep what they had and have no documents: constraints that are not validated hold for new ones alone.
ALTER TABLE hold
    ADD COLUMN objected_by text,
    ADD COLUMN received_on date CHECK (isfinite(received_on)),
    ADD COLUMN documents jsonb,
    ADD CONSTRAINT hold_has_documents CHECK (documents IS NOT NULL) NOT VALID;

ALTER TABLE hold_release
    ADD COLUMN outcome text COLLATE "C" CHECK (outcome IN ('upheld', 'partly', 'dismissed')),
    ADD COLUMN documents jsonb,
    ADD CONSTRAINT hold_release_has_documents CHECK (documents IS NOT NULL) NOT VALID;
