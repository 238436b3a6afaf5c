"""The rights of each user as a table."""

import pytest
from kafka.admin import ACL, ACLOperation, ACLPermissionType, ResourcePattern, ResourceType

from deploy.broker.access import (
    describe,
    is_ours,
    rights_of_backup,
    rights_of_exchange,
    rights_of_reader,
    rights_of_service,
    superfluous,
    user_of,
)
from shared.settings import Service

EXCHANGES = ("kmdex", "kmdex2")
SERVICES: dict[Service, set[str]] = {
    "listing": {
        "READ TOPIC exchange.kmdex.listings.v1",
        "READ TOPIC exchange.kmdex2.listings.v1",
        "READ TOPIC facts.listing.v1",
        "READ TOPIC facts.first-listing.v1",
        "WRITE TOPIC facts.listing.v1",
        "WRITE TOPIC facts.first-listing.v1",
        "READ TOPIC logs.checkpoints.v1",
        "WRITE TOPIC logs.checkpoints.v1",
        "READ GROUP jiangbu.r1.listings",
        "WRITE TRANSACTIONAL_ID jiangbu.r1.listings",
    },
    "trade-ingest": {
        "READ TOPIC exchange.kmdex.trades.v1",
        "READ TOPIC exchange.kmdex2.trades.v1",
        "READ TOPIC facts.listing.v1",
        "READ TOPIC facts.first-purchase.v1",
        "READ TOPIC facts.annual-total.v1",
        "READ TOPIC facts.sign.v1",
        "WRITE TOPIC facts.first-purchase.v1",
        "WRITE TOPIC facts.annual-total.v1",
        "WRITE TOPIC facts.sign.v1",
        "READ TOPIC logs.checkpoints.v1",
        "WRITE TOPIC logs.checkpoints.v1",
        "READ GROUP jiangbu.r1.trades",
        "WRITE TRANSACTIONAL_ID jiangbu.r1.trades",
    },
    "incentive": {
        "READ TOPIC facts.first-listing.v1",
        "READ TOPIC facts.first-purchase.v1",
        "READ TOPIC facts.annual-total.v1",
        "READ TOPIC facts.sign.v1",
        "READ TOPIC logs.checkpoints.v1",
        "READ TOPIC incentive.awards.v1",
        "WRITE TOPIC incentive.awards.v1",
        "WRITE TOPIC logs.checkpoints.v1",
        "READ GROUP jiangbu.incentive",
        "WRITE TRANSACTIONAL_ID jiangbu.incentive.awards",
    },
}


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_has_what_it_reads_and_publishes(service: Service) -> None:
    rights = rights_of_service(service, ("r1",), EXCHANGES)
    assert {describe(acl) for acl in rights} == SERVICES[service]
    assert {user_of(acl) for acl in rights} == {service}


def test_a_service_with_two_registers_has_both_of_its_names() -> None:
    two = {describe(acl) for acl in rights_of_service("listing", ("r1", "r2"), EXCHANGES)}
    assert two - SERVICES["listing"] == {
        "READ GROUP jiangbu.r2.listings",
        "WRITE TRANSACTIONAL_ID jiangbu.r2.listings",
    }


def test_an_exchange_has_its_own_and_nothing_of_one_whose_name_begins_alike() -> None:
    rights = rights_of_exchange("kmdex")
    assert {describe(acl) for acl in rights} == {
        "WRITE TOPIC exchange.kmdex.listings.v1",
        "WRITE TOPIC exchange.kmdex.trades.v1",
        "READ TOPIC logs.checkpoints.v1",
        "WRITE TRANSACTIONAL_ID exchange.kmdex.*",
    }
    assert {user_of(acl) for acl in rights} == {"exchange.kmdex"}


@pytest.mark.parametrize("reader", ["bureau", "auditor"])
def test_a_reader_has_the_awards_and_consumer_groups_of_its_own(reader: str) -> None:
    rights = rights_of_reader(reader)
    assert {describe(acl) for acl in rights} == {"READ TOPIC incentive.awards.v1", f"READ GROUP {reader}.*"}
    assert {user_of(acl) for acl in rights} == {reader}


def test_backups_read_what_exchanges_publish_and_nothing_else() -> None:
    assert {describe(acl) for acl in rights_of_backup()} == {"READ TOPIC exchange.*"}
    assert {user_of(acl) for acl in rights_of_backup()} == {"backup"}


def acl(user: str, permission: ACLPermissionType = ACLPermissionType.ALLOW) -> ACL:
    return ACL(f"User:{user}", "*", ACLOperation.WRITE, permission, ResourcePattern(ResourceType.TOPIC, "facts.x"))


def test_superfluous_rights_are_those_given_to_our_users() -> None:
    wanted = rights_of_exchange("kmdex")
    of_others = {acl("admin"), acl("monitoring"), acl("exchanges"), acl("exchange.kmdex", ACLPermissionType.DENY)}
    too_much = {acl("exchange.kmdex"), acl("listing"), *rights_of_exchange("kmdex2")}
    assert superfluous({*wanted, *of_others, *too_much}, wanted) == too_much


@pytest.mark.parametrize(
    ("user", "ours"),
    [("listing", True), ("exchange.a", True), ("auditor", True), ("backup", True), ("admin", False), ("node", False)],
)
def test_users_that_are_made_here(user: str, ours: bool) -> None:
    assert is_ours(user) is ours
