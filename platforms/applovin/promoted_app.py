"""The app that is promoted, and who counts its installs."""

from models.contract.account import AdAccount
from platforms.app_store import StoreApp, store_app
from platforms.applovin.errors import JsonObject, refused
from platforms.applovin.terms import PACKAGE_NAME, TRACKERS, TRACKING


def app_fields(link: str, account: AdAccount) -> JsonObject:
    """Platform and ids of the app behind a store address.

    Raises:
        Refused: the address is no app's.
    """
    app = store_app(link)
    if app is None:
        raise refused(
            f"link {link!r} is no app; AppLovin promotes apps: give the app's address in the App "
            "Store (https://apps.apple.com/...) or on Google Play",
            field="link",
        )
    if app.store == "google":
        return {"platform": "ANDROID", "package_name": app.id}
    bundle = account.options.get(PACKAGE_NAME)
    return {
        "platform": "IOS",
        "itunes_id": app.id,
        **({"package_name": bundle} if bundle else {}),
    }


def require_same_app(link: str, row: JsonObject) -> None:
    """Raises:
    Refused: the address is that of another app than the campaign's.
    """
    app = store_app(link)
    if app is None:
        return  # the campaign's own order was checked; an ad group need not name the app again
    field, other = ("itunes_id", "IOS") if app.store == "apple" else ("package_name", "ANDROID")
    if row.get("platform") != other or str(row.get(field)) != app.id:
        raise refused(
            f"the ad group promotes {_named(app)}, but its campaign promotes another app; give "
            "both the same link",
            field="link",
        )


def _named(app: StoreApp) -> str:
    return f"app {app.id} of {'the App Store' if app.store == 'apple' else 'Google Play'}"


def tracking_problem(account: AdAccount) -> str | None:
    """What is wrong with the account's tracking options, in one sentence; None when nothing."""
    missing = [name for name in TRACKING if not account.options.get(name)]
    if missing:
        return (
            f"the account options {', '.join(missing)} are missing; set them to what the mobile "
            "measurement partner of the app gives for AppLovin"
        )
    method, *urls = (account.options[name] for name in TRACKING)
    if method not in TRACKERS:
        return f"tracking_method {method!r} is unknown; use one of: {', '.join(sorted(TRACKERS))}"
    for name, url in zip(TRACKING[1:], urls, strict=True):
        if not url.startswith("https://") or url.split() != [url]:
            return f"account option {name} is no https address; set it to the partner's"
    return None


def tracking_fields(account: AdAccount) -> JsonObject:
    """``tracking`` of a campaign.

    Raises:
        Refused: one of the account's options is missing or unusable.
    """
    if (problem := tracking_problem(account)) is not None:
        raise refused(problem, field="tracking")
    return {name: account.options[name] for name in TRACKING}
