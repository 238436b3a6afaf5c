-- The quota of the quarantine: what it kept of an exchange's records on a Shanghai day, by time of receipt.
-- `cut_items`: items beyond the quota, which keep the first KiB of their value and no headers.
CREATE TABLE quarantine_day (
    exchange   text COLLATE "C" NOT NULL,
    day        date NOT NULL,
    items      bigint NOT NULL,
    cut_items  bigint NOT NULL,
    kept_bytes bigint NOT NULL,
    PRIMARY KEY (exchange, day)
);
GRANT SELECT, INSERT, UPDATE ON quarantine_day TO {role};
ALTER TABLE quarantine_day ENABLE ROW LEVEL SECURITY;
CREATE POLICY viewer ON quarantine_day FOR SELECT TO {viewer} USING (exchange = current_setting('jiangbu.viewer', true));
GRANT SELECT ON quarantine_day TO {viewer};
INSERT INTO quarantine_day (exchange, day, items, cut_items, kept_bytes)
    SELECT exchange, CAST(received_at AT TIME ZONE INTERVAL '8 hours' AS date), count(*), 0,
           coalesce(sum(octet_length(value)), 0)
    FROM quarantine GROUP BY 1, 2;

-- Errors that many rejected records share. They name fields and limits and quote nothing of a record.
CREATE TABLE quarantine_errors (
    id     integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    digest bytea NOT NULL UNIQUE,
    errors jsonb NOT NULL
);
GRANT SELECT, INSERT ON quarantine_errors TO {role};
ALTER TABLE quarantine_errors ENABLE ROW LEVEL SECURITY;
CREATE POLICY viewer ON quarantine_errors FOR SELECT TO {viewer} USING (true);
GRANT SELECT ON quarantine_errors TO {viewer};

-- `errors`: null if they are those of `errors_id`.
ALTER TABLE quarantine
    ADD COLUMN cut boolean NOT NULL DEFAULT false,
    ADD COLUMN errors_id integer,
    ALTER COLUMN errors DROP NOT NULL;

-- Items of the records counted that are cut.
ALTER TABLE intake_day ADD COLUMN cut_items bigint NOT NULL DEFAULT 0;
