"""What the organisation really holds, in the product's words."""

from sandbox.held import Held
from sandbox.unity.shelf import Shelf, ad_keys, assigned, campaign_keys
from sandbox.world import World


def held(world: World) -> list[Held]:
    """Campaigns, the ad groups within them, creative packs, and the ads that show them."""
    shelf, found = Shelf(world), list[Held]()
    campaigns = {row["id"]: row for row in shelf.every("campaign")}
    for row in campaigns.values():
        kinds = zip(("campaign", "ad_group"), campaign_keys(row["name"]), strict=False)
        found += [Held(kind, key, row["id"], row["enabled"]) for kind, key in kinds]
    for pack in shelf.every("pack"):
        key = pack["name"].split(" ", 1)[0]
        if campaign_keys(key):
            found.append(Held("creative", key, pack["id"], True))
        for campaign, ad_key in ad_keys(pack["name"]).items():
            if campaign in campaigns:
                on = campaign in assigned(pack)
                found.append(Held("ad", ad_key, f"{campaign}:{pack['id']}", on))
    return found
