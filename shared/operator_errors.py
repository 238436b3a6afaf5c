"""States in which a program must not go on, and which a person can mend: told in one line, without a traceback."""


class OperatorError(Exception):
    """Going on would lose, skip or double something; the message says what is the matter and what to do."""
