ALTER TABLE act
    DROP CONSTRAINT act_kind_check,
    ADD CONSTRAINT act_kind_check
        CHECK (kind IN ('decision', 'hold', 'release', 'eligibility', 'suspension', 'other_grant', 'grant_withdrawal',
                        'related_party', 'year_closing'));

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
