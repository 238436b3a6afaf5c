from tests.support.language import english  # noqa: F401
