-- Red flags wait in their thousands while other facts pass them. By id, each round would read through all of them.
CREATE INDEX outbox_by_topic ON outbox (topic, id);
COMMENT ON INDEX outbox_by_topic IS
    'Which changes of some topics have waited longest (shared/register/publish/outbox.py, load_dirty).';
