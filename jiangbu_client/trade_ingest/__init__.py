
""" A client library for accessing 交易登记 / Trade ingest """
from .client import AuthenticatedClient, Client

__all__ = (
    "AuthenticatedClient",
    "Client",
)
