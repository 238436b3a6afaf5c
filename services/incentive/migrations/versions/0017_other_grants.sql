-- A grant under another municipal policy names the rules or awards for the same matter. Records of earlier versions keep
-- what they had: the constraints, not validated, hold for new ones alone.
ALTER TABLE other_grant
    ADD COLUMN department text,
    ADD COLUMN document_no text,
    ADD COLUMN granted_on date CHECK (isfinite(granted_on)),
    ADD COLUMN rules text[] COLLATE "C",
    ADD COLUMN awards text[] COLLATE "C",
    ADD CONSTRAINT other_grant_whole
        CHECK (num_nulls(department, document_no, granted_on, rules, awards) = 0) NOT VALID,
    ADD CONSTRAINT other_grant_has_a_document CHECK (jsonb_array_length(documents) > 0) NOT VALID,
    ADD CONSTRAINT other_grant_over_zero CHECK (amount_fen > 0) NOT VALID;

ALTER TABLE act
    DROP CONSTRAINT act_kind_check,
    ADD CONSTRAINT act_kind_check
        CHECK (kind IN ('decision', 'hold', 'release', 'eligibility', 'suspension', 'other_grant', 'grant_withdrawal',
                        'related_party'));

-- A withdrawn grant counts no more.
CREATE TABLE grant_withdrawal (
    id              text COLLATE "C" PRIMARY KEY REFERENCES act,
    other_grant_id  text COLLATE "C" NOT NULL REFERENCES other_grant,
    reason          text NOT NULL,
    CONSTRAINT grant_withdrawn_once UNIQUE (other_grant_id)
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON grant_withdrawal
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
GRANT SELECT, INSERT ON grant_withdrawal TO {role};
