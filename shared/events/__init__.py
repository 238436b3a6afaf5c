"""What exchanges send: the documents, the rule of what is valid, and the reading of one record."""
