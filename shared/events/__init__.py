"""Events of exchanges: documents, validation, and decoding of a record."""
