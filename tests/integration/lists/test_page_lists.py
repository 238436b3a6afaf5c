"""Lists on pages: sorted by their headings, in pages of a chosen size both ways, and whole as files."""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING

import openpyxl
import pytest

from tests.support.incentive.bureau import Bureau, empty_bureau
from tests.support.incentive.pages import Page, signed_in_to
from tests.support.web.listed_acts import record_of_each_kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask.testing import FlaskClient

    from tests.support.engines.session import FreshDatabase

AWARDS = 30  # more than a page
_AWARD = re.compile(r'<th scope="row"><a href="/awards/([^"?]+)"')


@pytest.fixture(scope="module")
def bureau(postgres: FreshDatabase) -> Iterator[Bureau]:
    with empty_bureau(postgres) as found:
        ids = [found.purchase(number, f"{1 + number * 7 % 5}00000.00") for number in range(1, AWARDS + 1)]
        record_of_each_kind(found, ids[0])
        body = {"action": "apply", "awards": [{"award_id": one} for one in ids[:2]]}
        assert found.post("/v1/batches", body, key="apply")[0] == 201
        yield found


@pytest.fixture(scope="module")
def reader(bureau: Bureau) -> FlaskClient:
    return signed_in_to(bureau.ask.client.application, "auditor")


def link(reader: FlaskClient, address: str, text: str) -> str:
    """The address of the link with this text on a page."""
    found = re.search(rf'<a [^>]*href="([^"]+)"[^>]*>{text}</a>', reader.get(address).text)
    assert found is not None, (address, text)
    return found[1].replace("&amp;", "&")


def awards_on(reader: FlaskClient, address: str) -> list[str]:
    return _AWARD.findall(reader.get(address).text)


def test_a_heading_sorts_and_turns_the_list(bureau: Bureau, reader: FlaskClient) -> None:
    rising = link(reader, "/awards?year=2026", "测算上限")
    assert 'aria-sort="ascending"' in reader.get(rising).text
    query = {"year": 2026, "sort": "ceiling", "limit": 25}
    assert awards_on(reader, rising) == [one["award_id"] for one in bureau.ask.ok("/v1/awards", **query)["items"]]
    falling = link(reader, rising, "测算上限")
    expected = bureau.ask.ok("/v1/awards", order="desc", **query)["items"]
    assert awards_on(reader, falling) == [one["award_id"] for one in expected]
    assert 'aria-sort="descending"' in reader.get(falling).text


def test_pages_lead_there_and_back(bureau: Bureau, reader: FlaskClient) -> None:
    start = "/awards?year=2026&sort=payable&order=desc"
    first = awards_on(reader, start)
    following = link(reader, start, "下一页")
    assert "sort=payable" in following
    assert "year=2026" in following
    query = {"year": 2026, "sort": "payable", "order": "desc"}
    expected = [one["award_id"] for one in bureau.ask.ok("/v1/awards", limit=500, **query)["items"]]
    assert first + awards_on(reader, following) == expected
    assert awards_on(reader, link(reader, following, "上一页")) == first
    assert awards_on(reader, link(reader, start, "50")) == expected
    assert f"共 {len(expected)} 项" in reader.get(start).text


def test_a_cursor_of_another_order_and_an_unknown_state_are_refused(bureau: Bureau, reader: FlaskClient) -> None:
    following = link(reader, "/awards?sort=ceiling", "下一页")
    assert reader.get(following.replace("sort=ceiling", "sort=payable")).status_code == 422
    [batch] = bureau.ask.ok("/v1/batches")["items"]
    for address in ("/awards", "/acts", "/batches", f"/batches/{batch['batch_id']}", "/declared", "/declared/tables"):
        for wrong in ("limit=0", "sort=colour", "order=up", "cursor=x"):
            assert reader.get(f"{address}?{wrong}").status_code == 422, (address, wrong)


@pytest.mark.parametrize(
    ("address", "path"),
    [
        (
            "/awards?rule=first_purchase&sort=ceiling&order=desc",
            "/v1/awards?rule=first_purchase&sort=ceiling&order=desc",
        ),
        ("/acts?sort=transaction&order=asc", "/v1/acts"),
        ("/batches?sort=at&order=asc", "/v1/batches"),
        ("/declared?sort=earned_on", "/v1/declared?sort=earned_on"),
        ("/declared/tables?sort=added", "/v1/declared/tables?sort=added"),
        ("/related-parties?order=desc", "/v1/related-parties?order=desc"),
    ],
)
def test_a_page_gives_its_whole_list_as_files(bureau: Bureau, reader: FlaskClient, address: str, path: str) -> None:
    key = {"Authorization": "Bearer auditor-key", "Accept": "text/csv"}
    expected = bureau.ask.client.get(path, headers=key, buffered=True).text
    rows = list(csv.reader(io.StringIO(expected, newline="")))
    assert len(rows) > 1
    links = [one for one in Page(reader.get(address).text).links if "format=" in one]
    assert [one.partition("format=")[2] for one in links] == ["csv", "xlsx"]
    as_csv, as_xlsx = (reader.get(one, buffered=True) for one in links)
    assert as_csv.text == expected
    sheet = openpyxl.load_workbook(io.BytesIO(as_xlsx.data), read_only=True).worksheets[0]
    found = list(sheet.iter_rows(values_only=True))
    assert [list(found[0]), len(found)] == [rows[0], len(rows)]
