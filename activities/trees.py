"""A campaign's tree on its network: the keys of its objects, and reading it back."""

from collections.abc import Sequence
from datetime import UTC, datetime

from activities.outcomes import not_confirmed
from models.contract.effects import TreeReading, TreeRef
from models.contract.network import NetworkObject, ObjectKind
from platforms.network import AdNetwork


async def read_tree(network: AdNetwork, ref: TreeRef) -> TreeReading:
    """Every object whose id is known.

    Raises:
        ApplicationError: the network does not show all of them (to be tried again).
    """
    tree = ref.tree
    wanted: list[tuple[ObjectKind, list[str]]] = [
        (ObjectKind.CAMPAIGN, [tree.campaign_id] if tree.campaign_id else []),
        (ObjectKind.AD_GROUP, [tree.ad_group_id] if tree.ad_group_id else []),
        (ObjectKind.AD, list(tree.ad_ids.values())),
    ]
    objects: list[NetworkObject] = []
    for kind, ids in wanted:
        if not ids:
            continue
        read = await network.read(kind, ids)
        if len(read) != len(ids):
            raise not_confirmed(f"{kind.value}: asked for {len(ids)}, {len(read)} answered")
        objects.extend(read)
    return TreeReading(objects=tuple(objects), as_of=as_of(objects))


def keys(ref: TreeRef) -> list[tuple[ObjectKind, str, str | None]]:
    """Every key of a tree with the parent its look-up needs, top down."""
    found: list[tuple[ObjectKind, str, str | None]] = [
        (ObjectKind.CAMPAIGN, ref.key("campaign"), None),
        (ObjectKind.AD_GROUP, ref.key("ad_group"), ref.tree.campaign_id),
    ]
    for variant in ref.variants:
        found.append((ObjectKind.CREATIVE, ref.key(f"creative/{variant}"), None))
        found.append((ObjectKind.AD, ref.key(f"ad/{variant}"), ref.tree.ad_group_id))
    return found


def known_ids(ref: TreeRef) -> dict[str, str]:
    """Ids by key, of what the campaign adopted so far."""
    tree = ref.tree
    ids = {ref.key("campaign"): tree.campaign_id, ref.key("ad_group"): tree.ad_group_id}
    ids |= {ref.key(f"creative/{variant}"): one for variant, one in tree.creative_ids.items()}
    ids |= {ref.key(f"ad/{variant}"): one for variant, one in tree.ad_ids.items()}
    return {key: one for key, one in ids.items() if one is not None}


def awake(ref: TreeRef) -> list[str]:
    """Ads that are to be on while the campaign delivers."""
    return [one for variant, one in ref.tree.ad_ids.items() if variant not in ref.resting]


def resting(ref: TreeRef) -> set[str]:
    """Ads that stay off."""
    return {one for variant, one in ref.tree.ad_ids.items() if variant in ref.resting}


def ad_group(reading: TreeReading) -> NetworkObject:
    """The ad group of a reading."""
    return next(one for one in reading.objects if one.kind is ObjectKind.AD_GROUP)


def as_of(objects: Sequence[NetworkObject]) -> datetime:
    """The age of the oldest of several readings; now when there is none."""
    return min((one.as_of for one in objects), default=datetime.now(UTC))
