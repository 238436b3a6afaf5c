-- The confirmed account of the subject that a payment went to; null where none was on record.
ALTER TABLE decision
    ADD COLUMN account text COLLATE "C",
    ADD CONSTRAINT decision_account FOREIGN KEY (account) REFERENCES account_confirmation (account_id),
    ADD CONSTRAINT decision_with_account CHECK (account IS NULL OR action = 'pay');
