ALTER TABLE act
    DROP CONSTRAINT act_kind_check,
    ADD CONSTRAINT act_kind_check
        CHECK (kind IN ('decision', 'hold', 'release', 'eligibility', 'suspension', 'other_grant', 'grant_withdrawal',
                        'related_party', 'year_closing'));

-- A record of eligibility names each of the five conditions. Records of earlier versions keep their `criteria` and have no
-- `conditions`: the constraints, not validated, hold for new ones alone.
ALTER TABLE eligibility
    ADD COLUMN reason text,
    ADD COLUMN conditions jsonb,
    ADD CONSTRAINT eligibility_from CHECK (from_at IS NOT NULL AND isfinite(from_at)) NOT VALID,
    ADD CONSTRAINT eligibility_conditions
        CHECK (conditions IS NOT NULL AND criteria = '{}' AND conditions - ARRAY['civil_liability', 'sound_accounts',
               'good_credit', 'no_safety_accident', 'no_environmental_accident'] = '{}') NOT VALID,
    ADD CONSTRAINT eligibility_kind
        CHECK (kind_of_entity IN ('enterprise', 'research_institute', 'university', 'public_platform', 'park_operator',
                                  'other')) NOT VALID,
    ADD CONSTRAINT eligibility_verified
        CHECK (status <> 'verified' OR (
            kind_of_entity IS NOT NULL AND until_at IS NOT NULL AND jsonb_array_length(documents) > 0
            AND jsonb_array_length(jsonb_path_query_array(
                conditions, '$.* ? (@.met == true && @.basis like_regex ".")')) = 5)) NOT VALID,
    ADD CONSTRAINT eligibility_failed
        CHECK (status <> 'failed' OR (
            reason <> '' AND reason IS NOT NULL AND jsonb_path_exists(conditions, '$.* ? (@.met == false)'))) NOT VALID;

-- The totals of a year are final when it is closed: by the last of these acts, or once its closing day has passed since.
CREATE TABLE year_closing (
    id         text COLLATE "C" PRIMARY KEY REFERENCES act,
    year       smallint NOT NULL,
    status     text COLLATE "C" NOT NULL CHECK (status IN ('closed', 'open')),
    reason     text NOT NULL CHECK (reason <> ''),
    documents  jsonb NOT NULL
);
CREATE INDEX year_closing_year ON year_closing (year);

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON year_closing
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
GRANT SELECT, INSERT ON year_closing TO {role};

-- A year is open or closed for every exchange; the reason is not shown.
ALTER TABLE year_closing ENABLE ROW LEVEL SECURITY;
CREATE POLICY viewer ON year_closing FOR SELECT TO {viewer} USING (true);
GRANT SELECT (id, year, status) ON year_closing TO {viewer};
ALTER POLICY viewer ON act USING (
    CASE kind WHEN 'decision' THEN EXISTS (SELECT FROM decision s WHERE s.id = act.id)
              WHEN 'hold' THEN EXISTS (SELECT FROM hold s WHERE s.id = act.id)
              WHEN 'release' THEN EXISTS (SELECT FROM hold_release s WHERE s.id = act.id)
              WHEN 'eligibility' THEN EXISTS (SELECT FROM eligibility s WHERE s.id = act.id)
              WHEN 'suspension' THEN true
              WHEN 'year_closing' THEN true
              ELSE false END);
