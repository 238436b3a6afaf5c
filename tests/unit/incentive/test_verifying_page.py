"""The page `verify.html`: its policy allows no network, and its own script and style alone."""

from __future__ import annotations

import base64
import hashlib
import re

from services.incentive.extract.verifying_page import verifying_page


def test_its_policy_allows_its_script_and_style_and_nothing_else() -> None:
    page = verifying_page().decode()
    (script,), (style,) = (re.findall(f"<{name}>(.*?)</{name}>", page, re.DOTALL) for name in ("script", "style"))
    hashes = [base64.b64encode(hashlib.sha256(part.encode()).digest()).decode() for part in (script, style)]
    policy = (
        f"default-src 'none'; script-src 'sha256-{hashes[0]}'; style-src 'sha256-{hashes[1]}'; base-uri 'none'; "
        "form-action 'none'"
    )
    assert re.findall('<meta http-equiv="Content-Security-Policy" content="(.*?)">', page) == [policy]
    assert not re.search(r"\b(src|href|style|on[a-z]+)=", page)
