"""What the contract needs to know of a network, and a tree of orders made from it."""

import hashlib
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

from imageio_ffmpeg import get_ffmpeg_exe
from PIL import Image

from models.contract.account import AdAccount
from models.contract.creative import AdCopy
from models.contract.money import Money
from models.contract.network import (
    AdGroupOrder,
    AdOrder,
    Bid,
    CampaignOrder,
    CreativeOrder,
    NetworkObject,
    ObjectKind,
    Targeting,
)
from models.contract.vocabulary import CallToAction, Objective, Platform
from platforms.network import AdNetwork, Capabilities, Ground
from platforms.registry import adapter
from starter.team import SANDBOX_CREDENTIALS, sandbox_account
from tests.sandbox_server import Sandbox

CAMPAIGN, AD_GROUP = ObjectKind.CAMPAIGN, ObjectKind.AD_GROUP
CREATIVE, AD = ObjectKind.CREATIVE, ObjectKind.AD


@dataclass(frozen=True)
class Bench:
    """One network in a module of its own beside this one, as ``BENCH``.

    Attributes:
        objective: One it offers, for an ad with ``link``.
        link: What is promoted: a page, or a store address for networks that take apps only.
        budget, lowered, raised: Daily budgets it takes, ``lowered < budget < raised``.
        bid: Given with the ad group; leave it out where the default account has a default bid.
        targeting: One it takes.
        unoffered: An objective it refuses.
        too_small: A daily budget below its minimum.
        too_long: Field of ``AdCopy`` that it shows and that cannot be 600 characters long.
        secret: Name of the secret whose wrong value makes every call an ``AccessDenied``.
        options: Further options of the account.
    """

    platform: Platform
    objective: Objective
    unoffered: Objective | None
    link: str = "https://journal.example/a-story"
    budget: Money = field(default_factory=lambda: Money.of("60.00"))
    lowered: Money = field(default_factory=lambda: Money.of("55.00"))
    raised: Money = field(default_factory=lambda: Money.of("70.00"))
    too_small: Money = field(default_factory=lambda: Money.of("0.01"))
    bid: Bid = field(default_factory=Bid)
    targeting: Targeting = field(default_factory=Targeting)
    call_to_action: CallToAction = CallToAction.LEARN_MORE
    too_long: str = "headline"
    secret: str = "access_token"
    options: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def capabilities(self) -> Capabilities:
        return adapter(self.platform).capabilities

    def account(self) -> AdAccount:
        row = sandbox_account(self.platform)
        return AdAccount(
            id=UUID(int=1),
            team_id=UUID(int=2),
            platform=self.platform,
            name=f"{self.platform.value} sandbox",
            external_id=row.external_id,
            currency=self.budget.currency,
            sandbox=True,
            options={**row.options, **self.options},
        )

    def secrets(self) -> dict[str, str]:
        """Those of the sandbox's default account, by name."""
        prefix = f"SANDBOX_{self.platform.value.upper()}_"
        found: dict[str, str] = {}
        for one in adapter(self.platform).secrets:
            for ending in one.variables:
                if prefix + ending in SANDBOX_CREDENTIALS:
                    found.setdefault(one.name, SANDBOX_CREDENTIALS[prefix + ending])
        return found

    def open(
        self, sandbox: Sandbox, *, account: AdAccount | None = None, **wrong: str
    ) -> AdNetwork:
        """The adapter on a served sandbox; ``wrong`` replaces secrets."""
        kind = adapter(self.platform)
        hosts = {name: f"{sandbox.url}{at.sandbox}" for name, at in kind.hosts.items()}
        ground = Ground(hosts, sandbox.world.now, timeout=10.0)
        return kind.connect(account or self.account(), {**self.secrets(), **wrong}, ground)


@cache
def _drawn(size: tuple[int, int]) -> bytes:
    out = BytesIO()
    Image.linear_gradient("L").resize(size).convert("RGB").save(out, "PNG")
    return out.getvalue()


def _picture(directory: Path, size: tuple[int, int]) -> Path:
    path = directory / f"{size[0]}x{size[1]}.png"
    if not path.exists():  # another call may be reading it
        path.write_bytes(_drawn(size))
    return path


def _video(directory: Path, size: tuple[int, int]) -> Path:
    """Six seconds of H.264 with a silent track, as the product makes them."""
    path = directory / f"{size[0]}x{size[1]}.mp4"
    if not path.exists():
        path.write_bytes(_filmed(size))
    return path


@cache
def _filmed(size: tuple[int, int]) -> bytes:
    # Once for all tests: it takes a second of a core.
    source = f"testsrc=size={size[0]}x{size[1]}:rate=10:duration=6"
    command = [
        get_ffmpeg_exe(), "-v", "error", "-f", "lavfi", "-i", source,
        "-f", "lavfi", "-i", "anullsrc=r=44100:cl=stereo", "-shortest",
        "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac",
        "film.mp4",
    ]  # fmt: skip
    with TemporaryDirectory() as place:
        subprocess.run(command, cwd=place, check=True, timeout=60)
        return (Path(place) / "film.mp4").read_bytes()


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@dataclass
class Tree:
    """A tree of orders under keys that begin with ``stem``, and the ids they got."""

    bench: Bench
    network: AdNetwork
    directory: Path
    now: datetime
    stem: str = "kq"
    variants: int = 2
    ids: dict[str, str] = field(default_factory=dict[str, str])

    def key(self, step: str) -> str:
        """In the form of the product's own keys (``models.contract.effects``)."""
        letters = hashlib.sha256(f"{self.stem}/{step}".encode()).hexdigest()
        return "k" + letters[:10].translate(str.maketrans("0189", "abcd"))

    @property
    def end(self) -> datetime:
        whole = self.now.replace(minute=0, second=0, microsecond=0)
        return whole + max(timedelta(hours=6), 2 * self.bench.capabilities.end_time_granularity)

    def campaign(self, **changes: object) -> CampaignOrder:
        return CampaignOrder(
            key=self.key("campaign"),
            name="Spring story",
            objective=self.bench.objective,
            daily_budget=self.bench.budget,
            countries=self.bench.targeting.locations,
            link=self.bench.link,
        ).model_copy(update=changes)

    def ad_group(self, **changes: object) -> AdGroupOrder:
        return AdGroupOrder(
            key=self.key("ad_group"),
            name="Spring story",
            campaign_id=self.ids.get("campaign", "0"),
            objective=self.bench.objective,
            daily_budget=self.bench.budget,
            targeting=self.bench.targeting,
            bid=self.bench.bid,
            start_time=self.now,
            end_time=self.end,
            link=self.bench.link,
        ).model_copy(update=changes)

    def creative(self, number: int = 1, **copy: object) -> CreativeOrder:
        able = self.bench.capabilities
        image = _picture(self.directory, able.image_size)
        video = _video(self.directory, able.video_size) if able.video_size else None
        limits = able.copy_limits
        text = AdCopy(
            angle="curiosity",
            primary_text=f"Story {self.stem} worth {number} reads" if limits.primary_text else "",
            headline=f"Read it {number}" if limits.headline else "",
            description="From the journal" if limits.description else "",
            call_to_action=self.bench.call_to_action,
        ).model_copy(update=copy)
        return CreativeOrder(
            key=self.key(f"creative/v{number}"),
            name=f"Spring story v{number}",
            copy_text=text,
            link=self.bench.link,
            image_path=str(image),
            image_sha256=digest(image),
            video_path=str(video) if video else None,
            video_sha256=digest(video) if video else None,
        )

    def ad(self, number: int = 1) -> AdOrder:
        return AdOrder(
            key=self.key(f"ad/v{number}"),
            name=f"Spring story v{number}",
            ad_group_id=self.ids["ad_group"],
            creative_id=self.ids[f"creative/v{number}"],
            creative=self.creative(number),
            ad_group=self.ad_group(),
        )

    async def make(self) -> "Tree":
        """Create it top down, as a campaign does."""
        await self.make_groups()
        for number in range(1, self.variants + 1):
            await self._create(f"creative/v{number}", self.creative(number))
            await self._create(f"ad/v{number}", self.ad(number))
        return self

    async def make_groups(self) -> "Tree":
        await self._create("campaign", self.campaign())
        await self._create("ad_group", self.ad_group())
        return self

    async def _create(
        self, step: str, order: CampaignOrder | AdGroupOrder | CreativeOrder | AdOrder
    ) -> None:
        made = await self.network.create(order)
        assert (made.kind, made.key) == (order.kind, order.key)
        self.ids[step] = made.id

    @property
    def ads(self) -> list[str]:
        return [one for step, one in self.ids.items() if step.startswith("ad/")]

    async def read(self) -> dict[str, NetworkObject]:
        """Campaign, ad group and ads by step."""
        found: dict[str, NetworkObject] = {}
        for step, kind in (("campaign", CAMPAIGN), ("ad_group", AD_GROUP)):
            (found[step],) = await self.network.read(kind, [self.ids[step]])
        shown = await self.network.read(AD, self.ads)
        steps = {self.ids[step]: step for step in self.ids if step.startswith("ad/")}
        return found | {steps[one.id]: one for one in shown}

    async def switch(self, *, on: bool) -> None:
        """Children first when on; top first when off."""
        levels = [(AD, self.ads), (AD_GROUP, [self.ids["ad_group"]])]
        levels.append((CAMPAIGN, [self.ids["campaign"]]))
        for kind, ids in levels if on else reversed(levels):
            if kind is AD and not on and not self.bench.capabilities.can_pause_ad:
                continue
            for result in await self.network.switch(kind, ids, on=on):
                assert result.accepted, f"{kind}: {result.error}"
