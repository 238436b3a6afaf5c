ALTER TABLE act
    DROP CONSTRAINT act_kind_check,
    ADD CONSTRAINT act_kind_check
        CHECK (kind IN ('decision', 'hold', 'release', 'eligibility', 'suspension', 'other_grant', 'grant_withdrawal',
                        'related_party', 'year_closing', 'service', 'account', 'account_confirmation',
                        'declared_table', 'declared_table_confirmation', 'declared_table_discard',
                        'access_link', 'access_link_revocation'));

-- A one-time link by which a subject reads what is its own. The code of the link is nowhere; this is its hash.
CREATE TABLE access_link (
    id           text COLLATE "C" PRIMARY KEY REFERENCES act,
    subject      text COLLATE "C" NOT NULL,
    code_sha256  text COLLATE "C" NOT NULL CHECK (code_sha256 ~ '^[0-9a-f]{64}$'),
    expires_at   timestamptz NOT NULL CHECK (isfinite(expires_at)),
    CONSTRAINT access_link_code UNIQUE (code_sha256)
);
CREATE INDEX access_link_subject ON access_link (subject);
CREATE TABLE access_link_revocation (
    id              text COLLATE "C" PRIMARY KEY REFERENCES act,
    access_link_id  text COLLATE "C" NOT NULL REFERENCES access_link,
    reason          text NOT NULL CHECK (reason <> ''),
    CONSTRAINT access_link_revoked_once UNIQUE (access_link_id)
);
-- The key makes a link work once, also for requests at the same time.
CREATE TABLE access_link_use (
    access_link_id  text COLLATE "C" PRIMARY KEY REFERENCES access_link,
    used_at         timestamptz NOT NULL CHECK (isfinite(used_at))
);
-- A session that a link began ends when the link is revoked.
ALTER TABLE page_session ADD COLUMN access_link_id text COLLATE "C" REFERENCES access_link;

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON access_link
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON access_link_revocation
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON access_link_use
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
GRANT SELECT, INSERT ON access_link, access_link_revocation, access_link_use TO {role};

-- Which sender objected to which award, for as long as limits count it. A sender is a keyed hash of a network's address.
CREATE TABLE objection_sender (
    sender       text COLLATE "C" NOT NULL,
    award_id     text COLLATE "C" NOT NULL,
    received_at  timestamptz NOT NULL CHECK (isfinite(received_at))
);
CREATE INDEX objection_sender_received ON objection_sender (received_at);
GRANT SELECT, INSERT, DELETE ON objection_sender TO {role};
