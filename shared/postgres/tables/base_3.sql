-- Commits of a consumer whose outcome is unknown, because the server stopped waiting for its standby.
-- Frozen once released: change it by a new migration.

ALTER TABLE worker_run ADD COLUMN unknown_commits bigint NOT NULL DEFAULT 0 CHECK (unknown_commits >= 0);
