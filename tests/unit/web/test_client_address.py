"""The client's network: the peer, or what trusted proxies say, and never what the client says."""

from __future__ import annotations

from ipaddress import ip_network
from types import SimpleNamespace

import pytest
from flask import Flask

from shared.web.client_address import client_network


@pytest.mark.parametrize(
    ("peer", "forwarded", "network"),
    [
        ("192.0.2.1", None, "192.0.2.1/32"),
        ("192.0.2.1", "203.0.113.9", "192.0.2.1/32"),
        ("10.1.0.1", "203.0.113.9", "203.0.113.9/32"),
        ("10.1.0.1", "198.51.100.7, 203.0.113.9, 10.1.0.2", "203.0.113.9/32"),
        ("10.1.0.1", "10.1.0.3, 10.1.0.2", "10.1.0.3/32"),
        ("10.1.0.1", "203.0.113.9, nonsense", "10.1.0.1/32"),
        ("10.1.0.1", "2001:db8:0:1:2:3:4:5", "2001:db8:0:1::/64"),
        ("::ffff:10.1.0.1", "203.0.113.9", "203.0.113.9/32"),
        ("", "203.0.113.9", ""),
    ],
)
def test_only_trusted_proxies_name_the_client(peer: str, forwarded: str | None, network: str) -> None:
    app = Flask(__name__)
    app.extensions["jiangbu"] = SimpleNamespace(trusted_proxies=(ip_network("10.1.0.0/16"), ip_network("::1/128")))
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
    with app.test_request_context("/", environ_base={"REMOTE_ADDR": peer}, headers=headers):
        assert client_network() == network
