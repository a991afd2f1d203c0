"""What an ad says and shows."""

from models.contract.base import Frozen
from models.contract.vocabulary import CallToAction


class AdCopy(Frozen):
    """The words of one variant. Limits are the network's and are checked, never cut."""

    angle: str
    primary_text: str
    headline: str
    description: str = ""
    call_to_action: CallToAction = CallToAction.LEARN_MORE
    hashtags: tuple[str, ...] = ()


class ImageAsset(Frozen):
    """A still image at rest: ``path`` is relative to the asset directory."""

    sha256: str
    path: str
    width: int
    height: int
    source: str = "sandbox-generated"


class VideoAsset(Frozen):
    """A video at rest: ``path`` is relative to the asset directory."""

    sha256: str
    path: str
    width: int
    height: int
    seconds: float
    source: str = "sandbox-generated"


class Media(Frozen):
    """What an ad shows: always a still image, and a video where its network shows videos."""

    image: ImageAsset
    video: VideoAsset | None = None


class Creative(Frozen):
    """One variant: copy and media, with its stable id inside the campaign (``v1``, ``v2``)."""

    id: str
    copy_text: AdCopy
    image: ImageAsset
    video: VideoAsset | None = None
    author: str = "ai"
