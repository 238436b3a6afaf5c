"""Every page that a person reaches by links: no dead end, no foreign script, and figures equal to what they link to."""

from __future__ import annotations

import re
from datetime import timedelta
from itertools import count
from typing import TYPE_CHECKING

import pytest

from tests.support.incentive.bureau import DOCUMENTS, Bureau
from tests.support.incentive.extract_makers import Makers, makers_of, subject_of
from tests.support.incentive.pages import SCRIPT, counted_links, crawl, signed_in
from tests.support.web.keys import OWNERS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.engines.session import FreshDatabase

# The pages of each person whose figures link to what they count, with the least number of such links.
OFFICE = {"/": 5, "/worklist": 6, "/worklist/waiting": 5, "/year": 20, "/quarantine": 5}
COUNTING = {
    "auditor": OFFICE,
    "bureau": OFFICE,
    "exchange:kmdex": {"/quarantine": 5, "/exchanges/kmdex": 2},
    "exchange:dcdex": {"/quarantine": 5, "/exchanges/dcdex": 2},
    OWNERS[5]: {},
}


@pytest.fixture(scope="module")
def makers(postgres: FreshDatabase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Makers]:
    """A set with everything that the bureau decides, of which two awards wait under notices of different ends."""
    with makers_of(postgres, tmp_path_factory.mktemp("crawl")) as found:
        bureau = Bureau(found.set.ledger, found.set.rulebook, found.set.now, count(10_000))
        estimated = [
            one for one in bureau.ask.all("/v1/awards", limit=500, state="estimated") if one["payable"] != "0.00"
        ]
        day = bureau.now.date()
        for number, award in enumerate(estimated[:3]):
            bureau.verify(subject_of(award))
            bureau.done(award["award_id"], "apply", "review", "joint_review")
            ends = (day + timedelta(days=20 if number else 30)).isoformat()
            bureau.done(award["award_id"], "publish", **{"from": day.isoformat(), "until": ends})
        paper = [{"name": "开户许可证.pdf", "sha256": DOCUMENTS[0]["sha256"]}]
        account = {"bank": "虚构银行", "account": "6222020200011234567", "name": "虚构甲", "documents": paper}
        bureau.post(f"/v1/subjects/{subject_of(estimated[0])}/accounts", account)
        found.set.now = bureau.now
        for register, kind in ((found.set.trades, "trades"), (found.set.listings, "listings")):
            for exchange in ("kmdex", "dcdex"):
                register.take(
                    f"exchange.{exchange}.{kind}.v1", [(None, b"rubbish")], int(bureau.now.timestamp() * 1000)
                )
        yield found


@pytest.mark.parametrize("role", COUNTING)
def test_every_link_leads_somewhere_and_pages_are_sound(makers: Makers, role: str) -> None:
    client = signed_in(makers, role)
    pages = crawl(client)
    assert [address for address, answer in pages.items() if answer.status_code not in (200, 302)] == []
    shown = {address: answer.text for address, answer in pages.items() if answer.mimetype == "text/html"}
    assert len(shown) > 10
    refreshed: set[str] = set()
    for address, answer in pages.items():
        if address.startswith("/docs"):
            continue
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "no-store" or address.startswith("/static/")
        if answer.mimetype == "text/html":
            text = answer.text
            if address.startswith("/statements/"):  # its one style sheet is in the page, allowed by its hash
                assert "style-src 'sha256-" in policy
                text = text.replace("<style>", "", 1)
            # Pages that count the present, and no others, may run the one script.
            text, scripts = SCRIPT.subn("", text)
            assert ("script-src 'self'; connect-src 'self'" in policy) == (scripts == 1), address
            assert ("script" in policy) == (scripts == 1), address
            refreshed |= {address.partition("?")[0]} if scripts else set()
            assert re.search(r"<script|<style|\sstyle=|\son[a-z]+=|javascript:", text) is None, address
    assert any(address.startswith("/exchanges/") for address in refreshed) == (role != OWNERS[5])
    assert not any(address.startswith(("/awards", "/policy", "/trades")) for address in refreshed)
    equal, unequal = counted_links(client, pages)
    assert unequal == []
    assert {path: equal[path] for path, least in COUNTING[role].items() if equal[path] < least} == {}
