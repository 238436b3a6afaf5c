-- A subject finds the extracts that its own keys and accounts requested; their pieces follow.
CREATE POLICY subject ON extract FOR SELECT TO {viewer} USING (
    role = concat('subject:', current_setting('jiangbu.viewer', true)));
