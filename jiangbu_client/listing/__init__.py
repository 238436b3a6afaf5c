
""" A client library for accessing 挂牌登记 / Listing """
from .client import AuthenticatedClient, Client

__all__ = (
    "AuthenticatedClient",
    "Client",
)
