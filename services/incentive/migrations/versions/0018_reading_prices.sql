-- The effects of the alternative of each computable reading. Derived from facts, acts and settings by a background
-- process, and no part of the log: the tables may be emptied at any time, and are filled again.

-- The state of the ledger that the effects are of: one row, none before the first computation.
CREATE TABLE priced_ledger (
    singleton    boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    as_of        timestamptz NOT NULL CHECK (isfinite(as_of)),
    fact_id      bigint NOT NULL, -- the last fact
    ledger_size  bigint NOT NULL,
    settings_id  integer NOT NULL
);

-- An award whose payable the alternative of a reading alone would change. `before` and `after` are null where nothing is
-- payable. An exchange knows of an effect if its own documents show it (`seen_by`); `is_whole` is said of all documents.
CREATE TABLE reading_effect (
    reading         text COLLATE "C" NOT NULL,
    award_id        text COLLATE "C" NOT NULL,
    about           text COLLATE "C" NOT NULL,
    before_subject  text COLLATE "C",
    before_year     smallint,
    before_fen      bigint CHECK (before_fen > 0),
    after_subject   text COLLATE "C",
    after_year      smallint,
    after_fen       bigint CHECK (after_fen > 0),
    is_whole        boolean NOT NULL,
    seen_by         text[] COLLATE "C" NOT NULL,
    PRIMARY KEY (award_id, reading)
);
CREATE INDEX reading_effect_reading ON reading_effect (reading, award_id);
CREATE INDEX reading_effect_about ON reading_effect (about);

-- The years that the alternative of a reading would change: awards and subjects that differ, and the year's whole payable.
CREATE TABLE reading_year (
    reading     text COLLATE "C" NOT NULL,
    year        smallint NOT NULL,
    awards      integer NOT NULL CHECK (awards > 0),
    subjects    integer NOT NULL CHECK (subjects > 0),
    before_fen  bigint NOT NULL CHECK (before_fen >= 0),
    after_fen   bigint NOT NULL CHECK (after_fen >= 0),
    PRIMARY KEY (reading, year)
);

GRANT SELECT, INSERT, UPDATE, DELETE ON priced_ledger, reading_effect, reading_year TO {role};

ALTER TABLE priced_ledger ENABLE ROW LEVEL SECURITY;
ALTER TABLE reading_effect ENABLE ROW LEVEL SECURITY;
CREATE POLICY viewer ON priced_ledger FOR SELECT TO {viewer} USING (true);
CREATE POLICY viewer ON reading_effect FOR SELECT TO {viewer} USING (
    seen_by @> ARRAY[current_setting('jiangbu.viewer', true)] COLLATE "C");
GRANT SELECT (reading, award_id, is_whole) ON reading_effect TO {viewer};
GRANT SELECT ON priced_ledger TO {viewer};
