"""Sign-in through a real Keycloak."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from services.incentive.pages.session.oidc import offer_oidc
from shared.settings import OidcSettings
from tests.browser.site import check_accessible
from tests.support.engines.keycloak import CLIENT, PASSWORD, VERSION, Keycloak, running_keycloak
from tests.support.engines.session import RAN_AGAINST

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

    from tests.browser.site import Site

PEOPLE = {
    "zhang": ["auditor", "of another system"],
    "li": ["exchange:kmdex"],
    "wang": [],
    "zhao": ["auditor", "bureau"],
}


def offered(site: Site, issuer: str) -> None:
    settings = OidcSettings(issuer, CLIENT, PASSWORD, "roles", "preferred_username", site.url)
    offer_oidc(site.makers.app, settings)


@pytest.fixture(scope="module")
def keycloak(
    site: Site, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Keycloak]:
    try:
        with running_keycloak(tmp_path_factory.mktemp("keycloak")) as found:
            found.make_realm(f"{site.url}/sign-in/oidc/return", PEOPLE)
            offered(site, found.issuer)
            request.config.stash[RAN_AGAINST]["Keycloak"] = VERSION
            yield found
    finally:
        site.makers.app.extensions.pop("jiangbu.oidc", None)


def sign_in_as(page: Page, name: str) -> None:
    page.goto("/awards?year=2026")
    check_accessible(page, "/sign-in")
    page.get_by_role("link", name="Sign in with your organisation's account").click()
    page.locator("#username").fill(name)
    page.locator("#password").fill(PASSWORD)
    page.locator("#kc-login").click()


def test_a_person_signs_in_with_the_role_of_a_claim_and_out(site: Site, keycloak: Keycloak) -> None:
    del keycloak
    with site.open(None, language="en") as page:
        sign_in_as(page, "zhang")
        page.wait_for_url(f"{site.url}/awards?year=2026")
        assert page.locator(".role").inner_text().startswith("Auditor zhang@")
        page.get_by_role("button", name="Sign out").click()
        page.goto("/awards")
        assert page.url.startswith(f"{site.url}/sign-in?")
    with site.open(None, language="en") as page:
        sign_in_as(page, "li")
        page.wait_for_url(f"{site.url}/awards?year=2026")
        assert page.locator(".role").inner_text().startswith("Exchange kmdex li@")
        answer = page.goto("/exchanges/dcdex")
        assert answer is not None
        assert answer.status == 404


@pytest.mark.parametrize("name", ["wang", "zhao"])
def test_who_has_no_role_or_several_is_refused(site: Site, keycloak: Keycloak, name: str) -> None:
    del keycloak
    with site.open(None, language="en") as page:
        sign_in_as(page, name)
        assert "no role here, or more than one" in page.get_by_role("alert").inner_text()
        page.goto("/awards")
        assert page.url.startswith(f"{site.url}/sign-in?")


def test_what_the_provider_did_not_send_signs_nobody_in(site: Site, keycloak: Keycloak) -> None:
    client = site.makers.app.test_client()
    began = client.get("/sign-in/oidc?next=//example.org")
    assert began.headers["Location"].startswith(keycloak.issuer)
    assert "code_challenge_method=S256" in began.headers["Location"]
    state = began.headers["Location"].partition("state=")[2].partition("&")[0]
    for query in ("", "?error=access_denied", "?code=x&state=y", f"?code=x&state={state}"):
        answer = client.get(f"/sign-in/oidc/return{query}")
        assert answer.status_code == 401, query
        assert client.get("/awards").status_code == 303


def test_without_the_provider_keys_still_sign_in(site: Site, keycloak: Keycloak) -> None:
    offered(site, "http://127.0.0.1:9/realms/none")
    client = site.makers.app.test_client()
    answer = client.get("/sign-in/oidc")
    assert answer.status_code == 503
    assert "统一身份认证暂无应答" in answer.text
    with site.open("auditor") as page:
        page.goto("/awards")
    offered(site, keycloak.issuer)
