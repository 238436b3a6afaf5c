-- The question that each index answers, and where it is asked.
COMMENT ON INDEX trade_by_seq IS
    'Which entries of the register have these numbers, for the log and for evidence '
    '(shared/register/log_entries.py, entry_reader), and since a certain one (services/trade_ingest/busy_sellers.py); '
    'the list in order of seq (shared/web/register/documents.py).';
COMMENT ON INDEX trade_past_by_seq IS
    'Which replaced or late entries of the register have these numbers, for the log and for evidence '
    '(shared/register/log_entries.py, entry_reader).';
COMMENT ON INDEX trade_past_by_replaced_by IS
    'Which trades were replaced since a certain entry (services/trade_ingest/busy_sellers.py, bring_forward).';
COMMENT ON INDEX trade_first IS
    'Which purchase of a buyer is the first, once the former first is replaced '
    '(shared/register/firsts.py, update_firsts); what a buyer bought in a year '
    '(services/trade_ingest/risk_flag_measures.py, _PROVIDERS and _OPERATORS).';
COMMENT ON INDEX trade_void IS
    'Which cancelled purchase of a buyer comes before its first (shared/register/facts.py, render_firsts).';
COMMENT ON INDEX trade_large IS
    'Which purchase is the largest that followed a small first one '
    '(services/trade_ingest/risk_flag_measures.py, _BUYERS).';
COMMENT ON INDEX trade_by_provider IS
    'What a provider sold in a year (services/trade_ingest/risk_flag_measures.py, _PROVIDERS), and which sale was the '
    'last of a bucket, once the last is replaced (services/trade_ingest/totals_store.py, apply_deltas).';
COMMENT ON INDEX trade_by_time IS
    'Which trade of an exchange was the last of a bucket, once the last is replaced '
    '(services/trade_ingest/totals_store.py, apply_deltas); the list of an exchange in order of time '
    '(shared/web/register/documents.py, document_list).';
COMMENT ON INDEX trade_by_completed_at IS
    'Which trades are the newest, of all exchanges (shared/web/register/documents.py, document_list).';
COMMENT ON INDEX trade_by_number IS
    'Which trades have these numbers, whatever their exchange, and the list in order of number '
    '(shared/web/register/documents.py, open_documents).';
COMMENT ON INDEX trade_by_listing IS
    'Which trades a listing proves, when its fact changes (services/trade_ingest/listing_facts.py, '
    'apply_listing_facts).';
COMMENT ON INDEX listing_fact_by_seq IS
    'Which listing facts are entries with these numbers, for the log and for evidence '
    '(shared/register/log_entries.py, entry_reader).';
COMMENT ON INDEX busy_seller_trade_by_buyer IS
    'Whether a buyer paid an amount to a seller before (services/trade_ingest/busy_sellers.py, _ADD).';
COMMENT ON INDEX busy_seller_amount_repeated IS
    'Which repeated amounts of a seller make up the most (services/trade_ingest/busy_sellers.py, busy_rows).';
COMMENT ON INDEX busy_seller_pair_largest IS
    'Which parties bought the most of a seller (services/trade_ingest/busy_sellers.py, busy_rows).';

-- Each batch updates a few totals among very many. With room for the new version on the same page, no index is written.
ALTER TABLE provider_total SET (fillfactor = 90);
