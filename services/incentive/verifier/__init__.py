"""Verify an extract of the ledger from the extract alone, with Python 3.9 or later and nothing else.

    python verify.py --key FILE [--since OLDER.zip] [--html REPORT.html] [EXTRACT]

EXTRACT is the zip or the folder it was unpacked to (default: the folder of this file). FILE holds the verifier keys of
the logs, one a line, which the auditor has from the services themselves (`/v1/log/keys`) or from witnesses.

This is a second, independent implementation of the contract and of the policy: slow and simple on purpose, without
network and without any code of the services. It checks in this order: the hash of every file against the signed
manifest; the policy files; each log's entries against the root hash in its signed checkpoint; the postings; every fact,
recomputed from the documents of the registers; every award, recomputed from the facts, and what is posted for it; an
older extract against this one. The report says what could not be proved.

Exit code: 0 sound, 1 unsound, 2 invalid arguments or key file.
"""
