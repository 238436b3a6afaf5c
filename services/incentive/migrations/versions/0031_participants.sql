-- How each participant of an exchange stands under a rule in a year: derived from facts and the policy by intake.
CREATE TABLE participant (
    exchange           text COLLATE "C" NOT NULL,
    year               smallint NOT NULL,
    rule               text COLLATE "C" NOT NULL,
    subject            text COLLATE "C" NOT NULL,
    name               text COLLATE "C" NOT NULL,
    measure_fen        bigint NOT NULL,
    missing_fen        bigint,
    own_fen            bigint NOT NULL,
    is_shared          boolean NOT NULL,
    -- What the exchange may see: null where other exchanges have a part in the measure.
    shown_measure_fen  bigint GENERATED ALWAYS AS (CASE WHEN NOT is_shared THEN measure_fen END) STORED,
    shown_missing_fen  bigint GENERATED ALWAYS AS (CASE WHEN NOT is_shared THEN missing_fen END) STORED,
    PRIMARY KEY (exchange, year, rule, subject)
);
CREATE INDEX participant_subject ON participant (subject);

GRANT SELECT, INSERT, UPDATE, DELETE ON participant TO {role};
ALTER TABLE participant ENABLE ROW LEVEL SECURITY;
CREATE POLICY viewer ON participant FOR SELECT TO {viewer} USING (
    exchange = current_setting('jiangbu.viewer', true));
GRANT SELECT (exchange, year, rule, subject, name, own_fen, shown_measure_fen, shown_missing_fen)
    ON participant TO {viewer};
