-- The question that each index answers, and where it is asked.
COMMENT ON INDEX listing_by_seq IS
    'Which entries of the register have these numbers, for the log and for evidence '
    '(shared/register/log_entries.py, entry_reader); the list in order of seq (shared/web/register/documents.py).';
COMMENT ON INDEX listing_past_by_seq IS
    'Which replaced or late entries of the register have these numbers, for the log and for evidence '
    '(shared/register/log_entries.py, entry_reader).';
COMMENT ON INDEX listing_first IS
    'Which listing of a provider is the first, once the former first is replaced '
    '(shared/register/firsts.py, update_firsts).';
COMMENT ON INDEX listing_void IS
    'Which annulled listing of a provider comes before its first (shared/register/facts.py, render_firsts).';
COMMENT ON INDEX listing_by_time IS
    'Which listings are the newest, of all exchanges (shared/web/register/documents.py, document_list).';
COMMENT ON INDEX listing_by_number IS
    'Which listings have these numbers, whatever their exchange, and the list in order of number '
    '(shared/web/register/documents.py, open_documents).';
