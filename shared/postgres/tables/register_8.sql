-- The question that each index of the quarantine answers, and where it is asked.
COMMENT ON INDEX quarantine_by_exchange IS
    'Which records of an exchange were rejected, in order of id (shared/web/register/quarantine.py, list_quarantine).';
COMMENT ON INDEX quarantine_by_time IS
    'Which records were rejected, in order of time (shared/web/register/quarantine.py, list_quarantine).';
COMMENT ON INDEX quarantine_by_reason IS
    'How many records of an exchange were rejected for each reason, and how many of their documents were corrected: '
    'without reading the records (shared/web/register/quarantine.py, count_quarantine).';
COMMENT ON INDEX quarantine_by_document IS
    'Which rejected record of a document is the newest (shared/web/register/quarantine.py, events_to_correct).';
COMMENT ON INDEX quarantine_by_place IS
    'Which records at certain offsets of a topic were rejected (shared/web/register/places.py, AT_PLACES).';
