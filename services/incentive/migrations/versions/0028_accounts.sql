ALTER TABLE act
    DROP CONSTRAINT act_kind_check,
    ADD CONSTRAINT act_kind_check
        CHECK (kind IN ('decision', 'hold', 'release', 'eligibility', 'suspension', 'other_grant', 'grant_withdrawal',
                        'related_party', 'year_closing', 'service', 'account', 'account_confirmation'));

-- A bank account of a subject. Everything that is shown or hashed has the number masked, and the SHA-256 of salt and number.
CREATE TABLE account (
    id              text COLLATE "C" PRIMARY KEY REFERENCES act,
    subject         text COLLATE "C" NOT NULL,
    bank            text NOT NULL CHECK (bank <> ''),
    number          text COLLATE "C" NOT NULL CHECK (number <> ''),
    salt            text COLLATE "C" NOT NULL,
    account_sha256  text COLLATE "C" NOT NULL,
    name            text NOT NULL CHECK (name <> ''),
    documents       jsonb NOT NULL,
    CONSTRAINT account_has_a_document CHECK (jsonb_array_length(documents) > 0),
    CONSTRAINT account_hash CHECK (account_sha256 = encode(sha256(convert_to(salt || number, 'UTF8')), 'hex'))
);
CREATE INDEX account_subject ON account (subject);

-- An account counts once another person confirmed it.
CREATE TABLE account_confirmation (
    id          text COLLATE "C" PRIMARY KEY REFERENCES act,
    account_id  text COLLATE "C" NOT NULL REFERENCES account,
    CONSTRAINT account_confirmed_once UNIQUE (account_id)
);
CREATE FUNCTION account_confirmed() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF (SELECT same_person(mine, other) FROM act mine, act other WHERE mine.id = NEW.id AND other.id = NEW.account_id)
    THEN
        RAISE EXCEPTION 'account % needs to be confirmed by another person', NEW.account_id
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'account_four_eyes';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER account_confirmed AFTER INSERT ON account_confirmation
    FOR EACH ROW EXECUTE FUNCTION account_confirmed();

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON account
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON account_confirmation
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
-- Accounts are shown to no exchange.
GRANT SELECT, INSERT ON account, account_confirmation TO {role};
