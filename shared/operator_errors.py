"""Fatal conditions that need an operator; reported in one line without a traceback."""


class OperatorError(Exception):
    """Continuing would lose, skip or duplicate data. The message says what is wrong and what to do."""
