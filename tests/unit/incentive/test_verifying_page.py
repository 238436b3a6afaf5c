"""The page `verify.html`: its policy allows its own script and style alone, and it knows every kind of act."""

from __future__ import annotations

import base64
import hashlib
import json
import re

from services.incentive.extract.verifying_page import verifying_page
from services.incentive.verifier.acts import ACT_IDS


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


def test_it_knows_every_kind_of_act_that_verify_py_knows() -> None:
    (listed,) = re.findall(r"const ACT_IDS = (\[.*?\]);", verifying_page().decode(), re.DOTALL)
    assert tuple(json.loads(re.sub(r",\s*\]", "]", listed))) == ACT_IDS
