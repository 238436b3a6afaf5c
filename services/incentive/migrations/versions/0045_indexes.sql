-- No statement finds decisions by their list: those of an award are read by `award_id`, those of a batch by `batch_id`.
DROP INDEX decision_list;

-- The question that each index answers, and where it is asked.

-- Facts and awards.
COMMENT ON INDEX fact_recorded_at IS
    'Which version of a fact was the newest at an instant (services/incentive/store/as_of.py, joined_facts).';
COMMENT ON INDEX fact_current_about IS
    'Which facts are about a subject or exchange (services/incentive/store/facts.py, load_facts).';
COMMENT ON INDEX known_to_about IS
    'Which exchanges know a subject (readers_of in services/incentive/migrations/versions/0030_search.sql).';
COMMENT ON INDEX award_version_recorded_at IS
    'Which version of an award was the newest at an instant (services/incentive/store/as_of.py, awards_as_of).';
COMMENT ON INDEX award_version_first_purchase IS
    'Who ever had an award for a purchase near the cap (services/incentive/store/awards.py, ever_similar_buyers).';
COMMENT ON INDEX award_version_since IS
    'Which awards have a new version since an instant '
    '(services/incentive/store/published/changed_awards.py, changed_awards).';
COMMENT ON INDEX award_current_about IS
    'Which awards follow from the facts about a subject or exchange (services/incentive/store/awards.py, load_awards).';
COMMENT ON INDEX award_current_subject IS
    'Which awards a subject has, in a year or in all, and so which compete '
    '(services/incentive/store/awards.py, load_awards; services/incentive/queries/awards.py, awards_of_year).';
COMMENT ON INDEX award_current_exchange IS
    'Which awards are for services of an exchange (services/incentive/queries/awards.py, find_awards).';
COMMENT ON INDEX award_current_named IS
    'Which awards an exchange may see: the policy of row-level security '
    '(services/incentive/migrations/versions/r0012_schema.sql).';
COMMENT ON INDEX award_current_first_purchase IS
    'Who has an award for a purchase near the cap (services/incentive/store/awards.py, similar_buyers).';
COMMENT ON INDEX award_current_year IS
    'Which awards are of a year, and the list in order of year '
    '(services/incentive/queries/awards.py, find_awards; services/incentive/queries/worklist.py, list_worklist).';
COMMENT ON INDEX award_current_name IS
    'The list of awards in order of the subject''s name (services/incentive/queries/awards.py, AWARD_SORTS).';
COMMENT ON INDEX award_current_ceiling IS
    'Which awards have the greatest ceiling (services/incentive/queries/awards.py, AWARD_SORTS).';
COMMENT ON INDEX award_current_payable IS
    'Which awards have the greatest payable amount (services/incentive/queries/awards.py, AWARD_SORTS).';
COMMENT ON INDEX participant_subject IS
    'In what a subject takes part, when its facts change '
    '(services/incentive/store/derived/participants.py, write_participants).';
COMMENT ON INDEX published_award_over_budget IS
    'Which awards were published as over the budget '
    '(services/incentive/store/published/changed_awards.py, changed_awards).';
COMMENT ON INDEX reading_effect_reading IS
    'Which awards the alternative of a reading would change (services/incentive/store/readings.py, changed_awards).';
COMMENT ON INDEX reading_effect_about IS
    'Which effects are about a subject or exchange, when they are replaced '
    '(services/incentive/store/readings.py, publish_effects).';

-- The ledger.
COMMENT ON INDEX ledger_transaction_posted_at IS
    'How long the ledger was at an instant (services/incentive/queries/ledger.py, ledger_size).';
COMMENT ON INDEX ledger_transaction_award IS
    'Which transactions are of an award (services/incentive/queries/ledger.py, find_transactions; '
    'services/incentive/extract/selection.py).';
COMMENT ON INDEX ledger_transaction_subject IS
    'Which transactions are about a subject (services/incentive/queries/ledger.py, find_transactions; '
    'services/incentive/extract/selection.py).';
COMMENT ON INDEX ledger_transaction_subject_before IS
    'Which transactions moved an award away from a subject (services/incentive/queries/ledger.py, find_transactions).';
COMMENT ON INDEX ledger_transaction_of_no_award IS
    'Which transactions put settings in force, or are of acts about a subject, a rule or a year '
    '(services/incentive/extract/selection.py; services/incentive/rebuild/check_ledger.py).';
COMMENT ON INDEX ledger_transaction_declared IS
    'Which transaction is of a declaration (services/incentive/queries/acts.py, find_all_acts).';
COMMENT ON INDEX ledger_entry_account IS
    'What the balance of an account is, without reading the entries '
    '(services/incentive/queries/ledger.py, find_balances; ledger_entered and ledger_overdrawn in '
    'services/incentive/migrations/versions/0021_claims.sql).';

-- Acts.
COMMENT ON INDEX act_recorded_at IS
    'What was done between two instants, and the list of acts in order of time '
    '(services/incentive/queries/acts.py, find_all_acts).';
COMMENT ON INDEX decision_subject IS
    'What was decided for a subject (services/incentive/store/acts.py, outstanding_of; '
    'services/incentive/store/published/changed_awards.py; room_uses in '
    'services/incentive/migrations/versions/0021_claims.sql).';
COMMENT ON INDEX decision_year IS
    'What was approved, paid and returned for a year (services/incentive/store/budgets.py, load_posted; '
    'budget_posted in services/incentive/migrations/versions/0021_claims.sql).';
COMMENT ON INDEX decision_batch IS
    'Which decisions are of a batch (services/incentive/store/batches.py, find_decisions).';
COMMENT ON INDEX decision_voucher IS
    'Which awards were paid under a voucher (services/incentive/queries/finding/search.py, search_ledger).';
COMMENT ON INDEX hold_award IS
    'What holds an award (services/incentive/store/award_context.py, load_award_context).';
COMMENT ON INDEX hold_objection IS
    'An objection is registered by one hold at most; which one (services/incentive/store/public/objections.py, '
    'is_registered).';
COMMENT ON INDEX eligibility_subject IS
    'What is recorded of the eligibility of a subject (services/incentive/store/award_context.py, load_award_context).';
COMMENT ON INDEX other_grant_subject IS
    'What a subject was granted under other policies (services/incentive/store/acts.py, other_grants_of).';
COMMENT ON INDEX related_party_subject IS
    'To whom a subject is related: pairs of which it is the first (services/incentive/store/acts.py, related_of).';
COMMENT ON INDEX related_party_other IS
    'To whom a subject is related: pairs of which it is the second (services/incentive/store/acts.py, related_of).';
COMMENT ON INDEX year_closing_year IS
    'Whether a year was closed or reopened (services/incentive/store/acts.py, year_acts_of).';
COMMENT ON INDEX service_statement IS
    'When a statement was served (services/incentive/store/frozen/statements.py, served_days).';
COMMENT ON INDEX account_subject IS
    'Which account of a subject was confirmed last (services/incentive/store/acts.py, accounts_of).';
COMMENT ON INDEX access_link_subject IS
    'Which one-time links a subject was given (services/incentive/store/acts.py, list_acts).';

-- Notices and objections.
COMMENT ON INDEX official_list_in_force IS
    'Which notices are posted on a day (services/incentive/store/frozen/official_lists.py, notices_in_force).';
COMMENT ON INDEX public_objection_award IS
    'How many objections to an award were received since an instant '
    '(services/incentive/store/public/objections.py, count_objections).';
COMMENT ON INDEX public_objection_received IS
    'How many objections were received since an instant, and their list in order of time '
    '(services/incentive/store/public/objections.py, count_objections and find_objections).';
COMMENT ON INDEX objection_sender_received IS
    'How often a sender objected lately, and what no limit counts any more '
    '(services/incentive/store/public/senders.py, count_sent and note_sender).';

-- Extracts, files, uploads and sessions.
COMMENT ON INDEX extract_unfinished IS
    'Which extract is to be made next (services/incentive/extract/jobs.py, take_next).';
COMMENT ON INDEX extract_expires IS
    'Which extracts have expired (services/incentive/extract/jobs.py, expire).';
COMMENT ON INDEX kept_file_uploaded_at IS
    'Which files have been kept for a while and are named by no act (remove_unnamed_files in '
    'services/incentive/migrations/versions/0033_unnamed_files.sql).';
COMMENT ON INDEX upload_exchange IS
    'What an exchange uploaded, the newest first (services/incentive/store/uploads/stored.py, list_uploads).';
COMMENT ON INDEX upload_record_upload IS
    'Which events an upload made, and that it made none before it is removed: the foreign key '
    '(services/incentive/store/uploads/stored.py, records_of and discard_upload).';
COMMENT ON INDEX page_session_expires IS
    'Which sessions have expired (services/incentive/pages/session/sign_in.py, begin_session).';

-- Each batch updates a few rows among very many. With room for the new version on the same page, no index is written.
ALTER TABLE fact_current SET (fillfactor = 90);
ALTER TABLE published_award SET (fillfactor = 90);
