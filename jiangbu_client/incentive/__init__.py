
""" A client library for accessing 奖补 / Incentive """
from .client import AuthenticatedClient, Client

__all__ = (
    "AuthenticatedClient",
    "Client",
)
