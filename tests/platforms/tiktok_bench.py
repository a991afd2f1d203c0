"""What the TikTok tests share: an account, its files, and a tree of orders."""

import hashlib
import shutil
import subprocess
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

from imageio_ffmpeg import get_ffmpeg_exe
from PIL import Image

from models.contract.account import AdAccount
from models.contract.creative import AdCopy
from models.contract.money import Money
from models.contract.network import (
    AdGroupOrder,
    AdOrder,
    CampaignOrder,
    CreativeOrder,
    Targeting,
)
from models.contract.vocabulary import Objective, Platform
from platforms.network import Ground
from platforms.quota import FREE, Quota
from platforms.tiktok import TikTokNetwork, connect
from sandbox.tiktok import ADVERTISER_ID, DISPLAY_NAME, IDENTITY_ID, PIXEL_ID, TOKEN
from tests.platforms.planting import (
    AD_KEY,
    CAMPAIGN_KEY,
    CREATIVE_KEY,
    GROUP_KEY,
    Tree,
    account,
    planted,
)
from tests.sandbox_server import Sandbox

SECRETS = {"access_token": TOKEN}
LINK = "https://journal.example/how?utm_content=v1"


def tiktok_account(currency: str = "USD", **options: str) -> AdAccount:
    options = {
        "identity_id": IDENTITY_ID,
        "identity_type": "CUSTOMIZED_USER",
        "display_name": DISPLAY_NAME,
        "pixel_id": PIXEL_ID,
        "prepaid": "true",
        **options,
    }
    return account(Platform.TIKTOK, ADVERTISER_ID, options, currency)


def connected(
    url: str,
    now: Callable[[], datetime],
    account: AdAccount | None = None,
    secrets: Mapping[str, str] = SECRETS,
    timeout: float = 5.0,
    quota: Quota = FREE,
) -> TikTokNetwork:
    ground = Ground({"api": f"{url}/tiktok"}, now, timeout=timeout, quota=quota)
    return connect(account or tiktok_account(), secrets, ground)


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@cache
def _files() -> Path:
    return Path(mkdtemp(prefix="tiktok-bench-"))


def forget_files() -> None:
    shutil.rmtree(_files(), ignore_errors=True)
    for made in (_files, picture, video):
        made.cache_clear()


@cache
def picture(size: tuple[int, int] = (1080, 1920), kind: str = "png") -> Path:
    path = _files() / f"{size[0]}x{size[1]}.{kind}"
    Image.new("RGB", size, "navy").save(path)
    return path


@cache
def video(size: tuple[int, int] = (1080, 1920), seconds: int = 1) -> Path:
    path = _files() / f"{size[0]}x{size[1]}-{seconds}.mp4"
    source = f"color=navy:size={size[0]}x{size[1]}:rate=2:duration={seconds}"
    command = [
        get_ffmpeg_exe(), "-v", "error", "-f", "lavfi", "-i", source,
        "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", str(path),
    ]  # fmt: skip
    subprocess.run(command, check=True, timeout=60)
    return path


def campaign_order(key: str = CAMPAIGN_KEY, **changes: object) -> CampaignOrder:
    return CampaignOrder(
        key=key, name="Spring", objective=Objective.TRAFFIC, daily_budget=Money.of("60.00")
    ).model_copy(update=changes)


def group_order(
    campaign_id: str, now: datetime, key: str = GROUP_KEY, **changes: object
) -> AdGroupOrder:
    return AdGroupOrder(
        key=key,
        name="Readers",
        campaign_id=campaign_id,
        objective=Objective.TRAFFIC,
        daily_budget=Money.of("60.00"),
        targeting=Targeting(locations=("US", "GB"), genders=("female",), interests=("Education",)),
        start_time=now - timedelta(hours=20),
        end_time=now + timedelta(days=3),
    ).model_copy(update=changes)


def creative_order(
    key: str = CREATIVE_KEY, text: str = "Read how it is done.", **changes: object
) -> CreativeOrder:
    image, film = picture(), video()
    return CreativeOrder(
        key=key,
        name="Spring v1",
        copy_text=AdCopy(angle="benefit", primary_text=text, headline="How it is done"),
        link=LINK,
        image_path=str(image),
        image_sha256=digest(image),
        video_path=str(film),
        video_sha256=digest(film),
    ).model_copy(update=changes)


def ad_order(ad_group_id: str, creative_id: str, key: str = AD_KEY, **changes: object) -> AdOrder:
    return AdOrder(
        key=key,
        name="Spring v1",
        ad_group_id=ad_group_id,
        creative_id=creative_id,
        creative=creative_order(),
    ).model_copy(update=changes)


async def plant(network: TikTokNetwork, now: datetime) -> Tree:
    return await planted(
        network, campaign_order(), lambda one: group_order(one, now), creative_order(), ad_order
    )


class Watch:
    """The sandbox's real clock: it stands, and tests set it forward."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def forward(self, box: Sandbox, **passed: float) -> None:
        self.at += timedelta(**passed)
        box.world.settle()
