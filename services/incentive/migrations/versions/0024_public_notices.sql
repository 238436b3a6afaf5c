-- A list that was posted or decided on, as it was shown: canonical JSON, from which pages and documents are rendered.
CREATE TABLE official_list (
    sha256        text COLLATE "C" PRIMARY KEY,
    kind          text COLLATE "C" NOT NULL CHECK (kind = 'public_notice'),
    recorded_at   timestamptz NOT NULL CHECK (isfinite(recorded_at)),
    notice_from   date CHECK (isfinite(notice_from)),
    notice_until  date CHECK (isfinite(notice_until)), -- the last day
    content       bytea NOT NULL,
    CONSTRAINT official_list_is_its_hash CHECK (sha256 = encode(sha256(content), 'hex')),
    CONSTRAINT official_list_notice CHECK (
        (kind = 'public_notice') = (notice_from IS NOT NULL) AND (kind = 'public_notice') = (notice_until IS NOT NULL)
        AND notice_from <= notice_until)
);
CREATE INDEX official_list_in_force ON official_list (notice_until, notice_from) WHERE kind = 'public_notice';
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON official_list
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
GRANT SELECT, INSERT ON official_list TO {role};

-- Decisions name the list that they are on, and the days of the calendar that their period was counted by.
ALTER TABLE decision
    ADD COLUMN calendar jsonb,
    ADD COLUMN notice_list text COLLATE "C" REFERENCES official_list;
CREATE INDEX decision_list ON decision (notice_list) WHERE notice_list IS NOT NULL;

-- An objection (异议) that was received without a key while a notice was in force. It holds nothing by itself: the bureau
-- places the hold, which names it.
CREATE TABLE public_objection (
    id           text COLLATE "C" PRIMARY KEY,
    received_at  timestamptz NOT NULL CHECK (isfinite(received_at)),
    award_id     text COLLATE "C" NOT NULL,
    name         text NOT NULL,
    contact      text NOT NULL,
    reason       text NOT NULL
);
CREATE INDEX public_objection_award ON public_objection (award_id, received_at);
CREATE INDEX public_objection_received ON public_objection (received_at);
-- No trigger: the owner of the database can blank a citizen's name and contact.
GRANT SELECT, INSERT ON public_objection TO {role};

ALTER TABLE hold
    ADD COLUMN objection_id text COLLATE "C" REFERENCES public_objection,
    ADD CONSTRAINT hold_registers_an_objection CHECK (objection_id IS NULL OR kind = 'objection');
CREATE UNIQUE INDEX hold_objection ON hold (objection_id) WHERE objection_id IS NOT NULL;
