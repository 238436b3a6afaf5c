"""The error of a file that cannot be read as a table."""


class TableError(ValueError):
    """The file is not a table of the expected columns; the message says why (中文 / English)."""
