"""Tables sent by browser on a broker with users and rights: as the exchange's own user, or not at all."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from services.incentive.commands.send_upload import ExchangeUsers, send_records
from services.incentive.store.uploads.stored import find_upload, records_of
from tests.support.incentive.pages import signed_in_to
from tests.support.paths import ROOT
from tests.support.table_files.upload_set import UploadSet, mapped, send_form, table, uploading_set

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask.testing import FlaskClient

    from tests.support.engines.secured_broker import SecuredBroker
    from tests.support.engines.session import FreshDatabase

OWN, OTHER = "kmdex", "dcdex"


@pytest.fixture(scope="module")
def made(
    secured: SecuredBroker, postgres: FreshDatabase, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[UploadSet]:
    """A set whose API connects as `incentive`, which may write to no topic of an exchange."""
    applied = secured.jiangbu(ROOT / "exchanges.yaml", "topics", "apply", "--secrets", str(secured.secrets))
    assert applied.exit_code == 0, applied.output
    folder = tmp_path_factory.mktemp("secured-uploads")
    users = ExchangeUsers(folder / "users", secured.as_user("incentive"))
    with uploading_set(postgres, folder, users, secured.as_user("admin"), (OWN, OTHER)) as found:
        yield found


@pytest.fixture
def clerk(made: UploadSet) -> FlaskClient:
    return signed_in_to(made.app, f"exchange:{OWN}", "en")


def set_password(made: UploadSet, broker: SecuredBroker, of: str) -> None:
    """Put the password of an exchange's user into the folder as that of OWN."""
    file = made.users / f"exchange.{OWN}" / "kafka-password"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(broker.password_file(f"exchange.{of}").read_bytes())


def sent(made: UploadSet, number: str) -> list[str]:
    """Return the ids of the events of a trade; the topic also has records of other tests, in other forms."""
    events = [json.loads(value) for _, value in made.published() if f"-{number}-".encode() in value]
    return [event["id"] for event in events]


def test_a_table_goes_through_as_the_exchanges_own_user(
    made: UploadSet, clerk: FlaskClient, secured: SecuredBroker
) -> None:
    set_password(made, secured, OWN)
    address = mapped(clerk, table("OWN1", "OWN2"))
    assert send_form(clerk, address, "/send").status_code == 303
    assert sorted(sent(made, "OWN1") + sent(made, "OWN2")) == [f"{OWN}-trade-OWN1-1", f"{OWN}-trade-OWN2-1"]
    assert "Sent, not handled yet</span> 2" in clerk.get(address).text
    assert "is off for your exchange" in signed_in_to(made.app, f"exchange:{OTHER}", "en").get("/uploads").text


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", f"does not accept the password of user exchange.{OWN}"), ("zh", f"不接受用户 exchange.{OWN} 的密码")],
)
def test_another_users_password_is_told_and_nothing_is_sent_until_it_is_right(
    made: UploadSet, secured: SecuredBroker, language: str, said: str
) -> None:
    clerk, number = signed_in_to(made.app, f"exchange:{OWN}", language), f"WRONG{language}"
    set_password(made, secured, OTHER)
    address = mapped(clerk, table(f"{number}1", f"{number}2"))
    answer = send_form(clerk, address, "/send")
    assert (answer.status_code, said in answer.text) == (503, True), answer.text
    assert sent(made, f"{number}1") == sent(made, f"{number}2") == []
    set_password(made, secured, OWN)
    assert send_form(clerk, address, "/send").status_code == 303
    assert len(sent(made, f"{number}1") + sent(made, f"{number}2")) == 2


@pytest.mark.parametrize("user", [f"exchange.{OTHER}", "incentive"])
def test_no_other_user_may_send_it(made: UploadSet, clerk: FlaskClient, secured: SecuredBroker, user: str) -> None:
    set_password(made, secured, OTHER)
    number = f"NOT{len(user)}"
    address = mapped(clerk, table(number))
    assert send_form(clerk, address, "/send").status_code == 503  # confirmed, and not sent
    with made.made.ledger.connect() as connection:
        upload = find_upload(connection, OWN, address.rpartition("/")[2])
        assert upload is not None
        sending = send_records(upload, records_of(connection, upload), secured.as_user(user).client_config())
    assert sending.places == []
    assert sending.failure is not None
    assert f"exchange.{OWN}.trades.v1" in sending.failure.en
    assert sent(made, number) == []
