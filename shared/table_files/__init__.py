"""Tables that people send, CSV or XLSX: either format as the same rows of texts."""
