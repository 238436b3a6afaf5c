"""Routes of search and of the participants of an exchange."""
