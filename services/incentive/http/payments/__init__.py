"""Routes of payments: the list that finance pays by, and its table of what was paid."""
