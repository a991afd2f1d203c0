"""An account that cannot be spent from is named, says the way out, and delivers nothing (C37)."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from models.contract.money import Money
from models.contract.network import ObjectKind
from models.contract.vocabulary import AccountStatus
from platforms.errors import NetworkError
from platforms.meta.account import prepaid_balance
from platforms.network import AdNetwork
from tests.clock import Clock
from tests.platforms import test_meta as on_meta
from tests.platforms.planting import REVIEW
from tests.platforms.x_bench import connected, picture, plant
from tests.sandbox_server import Sandbox

LEVELS = (ObjectKind.CAMPAIGN, ObjectKind.AD_GROUP)
ACCOUNTS = {"meta": "1001", "x": "18ce54d4x5t"}
SAYS = {
    "meta": {
        "suspended": "under risk review",
        "disabled": "disabled; see Account Quality",
        "payment_declined": "unsettled; pay",
        "prepaid_exhausted": "prepaid balance is used up ($0.00); add funds",
    },
    "x": {
        "suspended": "has not approved the account (it is UNDER_REVIEW)",
        "disabled": "has not approved the account (it is REJECTED)",
        "payment_declined": "cannot pay (CARD_DECLINED)",
        "prepaid_exhausted": "cannot pay (CREDIT_EXHAUSTED)",
    },
}


async def planted(
    name: str, box: Sandbox, directory: Path
) -> tuple[AdNetwork, dict[ObjectKind, str]]:
    """An adapter and a whole tree, paused: the ids to switch, by level."""
    if name == "x":
        network: AdNetwork = connected(box.url, box.world.now)
        tree = await plant(network, box.world.now(), picture(directory))  # type: ignore[arg-type]
        return network, dict(zip(LEVELS, (tree.campaign.id, tree.group.id), strict=True))
    network = on_meta.Clocked(box).network
    made = await on_meta.tree(network, picture(directory, (1080, 1080)))
    kinds = (*LEVELS, ObjectKind.AD)
    return network, {kind: made[kind].id for kind in kinds}


async def switched(network: AdNetwork, ids: dict[ObjectKind, str], *, on: bool) -> bool:
    """Whether every level took the switch, children first."""
    accepted = True
    for kind in reversed(ids):
        try:
            (answer,) = await network.switch(kind, [ids[kind]], on=on)
        except NetworkError:
            return False
        accepted = accepted and answer.accepted
    return accepted


def spending(box: Sandbox) -> bool:
    return any(row["rate_micros_per_hour"] for row in box.control.get("/truth").json()["campaigns"])


@pytest.mark.parametrize("name", ["meta", "x"])
async def test_what_a_network_says_of_an_account_and_does_with_its_ads(
    name: str, sandbox_factory: Callable[..., Sandbox], tmp_path: Path
) -> None:
    watch = Clock(datetime.now(UTC))  # its orders begin now
    box = sandbox_factory(tempo=1.0, networks=(name,), real=watch)
    network, ids = await planted(name, box, tmp_path)
    assert await switched(network, ids, on=True)
    watch.at += 2 * REVIEW
    assert spending(box)
    healthy = await network.check_account()
    assert (healthy.usable, healthy.status, healthy.balance) == (True, AccountStatus.ACTIVE, None)

    def play(status: str, **more: int) -> None:
        answer = box.control.post(
            f"/accounts/{name}/{ACCOUNTS[name]}", json={"status": status, **more}
        )
        assert answer.status_code == 200, answer.text

    for status, words in SAYS[name].items():
        play(status)
        health = await network.check_account()
        assert (health.usable, health.status, health.read) == (False, AccountStatus(status), True)
        assert words in " ".join(health.problems)
        assert not spending(box)
        assert await switched(network, ids, on=False)  # stopping always works
        assert not await switched(network, ids, on=True)
    assert health.balance == Money.of(0)
    play("active", balance_micros=12_340_000)
    funded = await network.check_account()
    assert (funded.usable, funded.status) == (True, AccountStatus.ACTIVE)
    assert funded.balance == Money.of("12.34")
    assert await switched(network, ids, on=True)
    assert spending(box)
    unknown = box.control.post(f"/accounts/{name}/77", json={"status": "active"})
    assert unknown.status_code == 400
    assert "'77'" in unknown.json()["error"]
    await network.aclose()


@pytest.mark.parametrize(
    ("display", "currency", "left"),
    [
        ("Available balance ($1,234.50 USD)", "USD", "1234.50"),
        ("Verfügbares Guthaben (1.234,50 €)", "EUR", "1234.50"),
        ("Available Balance (¥12,345 JPY)", "JPY", "12345"),
        ("Solde disponible (1\u202f234,50 €)", "EUR", "1234.50"),
        ("Available balance ($0.00 USD)", "USD", "0"),
        ("Visa *", "USD", None),
        ("", "USD", None),
    ],
)
def test_a_prepaid_balance_is_read_in_any_language_or_not_at_all(
    display: str, currency: str, left: str | None
) -> None:
    shown = {"is_prepay_account": True, "funding_source_details": {"display_string": display}}
    assert prepaid_balance(shown, currency) == (Money.of(left, currency) if left else None)
    assert prepaid_balance({**shown, "is_prepay_account": False}, currency) is None


async def test_a_token_that_may_not_see_how_an_account_pays_still_sees_its_status() -> None:
    denied = {"error": {"code": 200, "message": "No permission", "type": "OAuthException"}}
    shown = {"account_status": 3, "currency": "USD", "timezone_name": "UTC"}
    entry = [{"code": 200, "headers": [], "body": '{"id":"1"}'}]
    meta, asked = on_meta.scripted(
        (403, json.dumps(denied)),
        (200, json.dumps(shown)),
        (200, json.dumps(entry)),
        (200, json.dumps(entry)),
    )
    health = await meta.check_account()
    assert (health.status, health.read) == (AccountStatus.PAYMENT_DECLINED, True)
    assert health.balance is None
    assert asked.answers == []
    blind, _ = on_meta.scripted((403, json.dumps(denied)), (403, json.dumps(denied)))
    assert (await blind.check_account()).read is False
