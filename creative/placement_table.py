"""Every placement served, with sizes, limits and where each figure comes from.

The first placement of a platform is what its adapter uploads. Carousels, playables and Google's
logos are made nowhere: what is not in this table is not supported.
"""

from datetime import date

from creative.placement import ImageSpec, Margins, Placement, VideoSpec
from models.contract.vocabulary import Platform

_FACTS_A = "fact sheet, Meta to Snapchat, 2026-11-21"
_FACTS_B = "fact sheet, Telegram to Apple, 2026-11-21"
_READ = date(2026, 11, 22)

_KB, _MB = 1024, 1024 * 1024
_PHOTO = ("JPEG", "PNG")
_GRAPHIC = ("PNG", "JPEG")
_WHOLE = Margins()
_REELS = Margins(top=0.14, right=0.06, bottom=0.35, left=0.06)
_STORIES = Margins(top=0.14, right=0.06, bottom=0.20, left=0.06)
_TIKTOK = Margins(top=0.08, right=0.14, bottom=0.25, left=0.06)
"""TikTok's own templates differ with the caption's length; this is the longest caption's."""
_SNAP = Margins(top=0.08, right=0.05, bottom=0.18, left=0.05)
_CENTRE = Margins(top=0.10, right=0.10, bottom=0.10, left=0.10)
_END_CARD = Margins(top=0.10, right=0.04, bottom=0.04, left=0.04)
"""A countdown and a close button stand at the top of an end card."""
_PLAYER = Margins(top=0.08, right=0.05, bottom=0.22, left=0.05)
"""A player lays its progress bar, skip and visit buttons along the bottom."""


def _image(
    size: tuple[int, int],
    minimum: tuple[int, int],
    max_bytes: int,
    recommended: str,
    formats: tuple[str, ...] = _PHOTO,
) -> ImageSpec:
    return ImageSpec(size, minimum, formats, max_bytes, recommended)


def _video(
    size: tuple[int, int],
    minimum: tuple[int, int],
    recommended: tuple[float, float],
    hard: tuple[float, float],
    max_bytes: int,
    *,
    captions: bool = True,
    provenance: bool = False,
) -> VideoSpec:
    return VideoSpec(size, minimum, recommended, hard, max_bytes, captions, provenance)


def _at(
    platform: Platform,
    name: str,
    source: str,
    *,
    image: ImageSpec | None = None,
    video: VideoSpec | None = None,
    safe: Margins = _WHOLE,
    certain: bool = False,
) -> Placement:
    return Placement(platform, name, image, video, safe, _READ, source, certain)


_UPRIGHT, _HD = (1080, 1920), (1280, 720)
_META = f"{_FACTS_A}: Meta, text guide; safe zones: ad guides of 2026"
_META_BYTES = 30 * _MB
_X = f"{_FACTS_A}: X, specs (general knowledge); X Business, creative ad specs"
_TIKTOK_SOURCE = f"{_FACTS_A}: TikTok, media; TikTok help, auction in-feed ads"
_GOOGLE = f"{_FACTS_A}: Google, image specs; Google Ads help 14530211"
_DEMAND_GEN = "Google Ads help 13704860, Demand Gen asset specs"
_SNAPCHAT = f"{_FACTS_A}: Snapchat, specs; safe zone: third parties' guides"
_TELEGRAM = f"{_FACTS_B}: Telegram, media"
_UNITY = f"{_FACTS_B}: Unity, creative specs; safe zone: ours"
_APPLOVIN = f"{_FACTS_B}: AppLovin, creative specs; safe zone: ours"

PLACEMENTS: tuple[Placement, ...] = (
    _at(
        Platform.META,
        "feed",
        _META,
        image=_image(
            (1080, 1080), (600, 600), _META_BYTES, "JPEG or PNG of 1:1, 1080 pixels or more."
        ),
    ),
    _at(
        Platform.META,
        "feed_portrait",
        _META,
        image=_image(
            (1080, 1350),
            (600, 750),
            _META_BYTES,
            "4:5 fills most of a phone's feed; 1080 pixels or more across.",
        ),
    ),
    _at(
        Platform.META,
        "stories",
        _META,
        image=_image(
            _UPRIGHT, (600, 1067), _META_BYTES, "9:16, 1080x1920, with the edges left free."
        ),
        safe=_STORIES,
    ),
    _at(
        Platform.META,
        "reels",
        _META,
        image=_image(
            _UPRIGHT, (600, 1067), _META_BYTES, "9:16, 1080x1920, the lowest third left free."
        ),
        # 720 pixels: the requirements' "video min 720p".
        video=_video(_UPRIGHT, (720, 1280), (5, 15), (1, 900), 4 * 1024 * _MB),
        safe=_REELS,
    ),
    _at(
        Platform.X,
        "website_card",
        _X,
        image=_image((1200, 628), (800, 419), 3_000_000, "1.91:1, at least 800 pixels across."),
    ),
    _at(
        Platform.X,
        "square_card",
        _X,
        image=_image((1200, 1200), (800, 800), 3_000_000, "1:1, at least 800 pixels across."),
    ),
    _at(
        Platform.X,
        "post",
        "requirements D16; guides of 2026 (16:9 in the timeline)",
        image=_image((1200, 675), (600, 338), 3_000_000, "16:9, 1200x675, in the timeline."),
    ),
    _at(
        Platform.X,
        "post_video",
        _X,
        video=_video(_HD, (640, 360), (6, 15), (0.5, 600), 500_000_000),
        safe=Margins(bottom=0.10),
    ),
    _at(
        Platform.TIKTOK,
        "in_feed",
        _TIKTOK_SOURCE,
        # The adapter uploads it as the video's cover; "less than 50 MB".
        image=_image(_UPRIGHT, (540, 960), 49_999_999, "9:16, 1080x1920."),
        video=_video(_UPRIGHT, (540, 960), (9, 15), (5, 60), 500_000_000, provenance=True),
        safe=_TIKTOK,
    ),
    _at(
        Platform.GOOGLE,
        "landscape",
        _GOOGLE,
        image=_image(
            (1200, 628), (600, 314), 5_120 * _KB, "1200x628; what matters in the central 80%."
        ),
        safe=_CENTRE,
        certain=True,
    ),
    _at(
        Platform.GOOGLE,
        "square",
        _GOOGLE,
        image=_image(
            (1200, 1200), (300, 300), 5_120 * _KB, "1200x1200; what matters in the central 80%."
        ),
        safe=_CENTRE,
        certain=True,
    ),
    _at(
        Platform.GOOGLE,
        "portrait",
        _GOOGLE,
        image=_image(
            (960, 1200), (480, 600), 5_120 * _KB, "960x1200; what matters in the central 80%."
        ),
        safe=_CENTRE,
        certain=True,
    ),
    _at(
        Platform.GOOGLE,
        "shorts",
        _DEMAND_GEN,
        image=_image(_UPRIGHT, (600, 1067), 5 * _MB, "1080x1920 for YouTube Shorts."),
        safe=Margins(top=0.15, right=0.18, bottom=0.35, left=0.05),
    ),
    _at(
        Platform.GOOGLE,
        "youtube",
        # Google takes videos from YouTube only: a person puts this one there.
        "requirements D31 (480p, 30 s); Google Ads help 13704860",
        video=_video(_HD, (854, 480), (10, 15), (5, 30), 1024 * _MB),
        safe=_PLAYER,
    ),
    _at(
        Platform.SNAPCHAT,
        "full_screen",
        _SNAPCHAT,
        image=_image(_UPRIGHT, _UPRIGHT, 5_000_000, "PNG or JPEG of 9:16, 1080x1920."),
        safe=_SNAP,
    ),
    _at(
        Platform.SNAPCHAT,
        "full_screen_video",
        _SNAPCHAT,
        # 32 MB is what one upload takes; larger ones need parts, which the adapter does not send.
        video=_video(_UPRIGHT, _UPRIGHT, (5, 6), (3, 180), 32_000_000),
        safe=_SNAP,
    ),
    _at(
        Platform.TELEGRAM,
        "sponsored_message",
        _TELEGRAM,
        image=_image(_HD, (640, 360), 5 * _MB, "16:9, 1280x720."),
        certain=True,
    ),
    _at(
        Platform.TELEGRAM,
        "sponsored_video",
        _TELEGRAM,
        video=_video(_HD, (640, 360), (6, 15), (3, 60), 20 * _MB, captions=True),
        certain=True,
    ),
    _at(
        Platform.TELEGRAM,
        "channel_post",
        f"{_FACTS_B}: Bot API limits (telegram.constants)",
        # The Bot API has no least size; smaller than this is not worth showing.
        image=_image(_HD, (640, 360), 10 * _MB, "A photo of 16:9, 1280x720."),
        certain=True,
    ),
    _at(
        Platform.UNITY,
        "rewarded",
        _UNITY,
        # The picture is the end card after the upright video: shapes differ on purpose.
        image=_image((800, 800), (800, 800), 5 * _MB, "A square end card of 800x800.", _GRAPHIC),
        # 10 MB are recommended, so that it loads before the game's next break.
        video=_video((720, 1280), (360, 640), (15, 30), (1, 60), 100 * _MB, captions=False),
        safe=_END_CARD,
        certain=True,
    ),
    _at(
        Platform.UNITY,
        "rewarded_landscape",
        _UNITY,
        image=_image((800, 600), (800, 600), 5 * _MB, "A landscape end card of 800x600.", _GRAPHIC),
        video=_video(_HD, (640, 360), (15, 30), (1, 60), 100 * _MB, captions=False),
        safe=_END_CARD,
        certain=True,
    ),
    _at(
        Platform.UNITY,
        "end_card_portrait",
        _UNITY,
        image=_image((600, 800), (600, 800), 5 * _MB, "An upright end card of 600x800.", _GRAPHIC),
        safe=_END_CARD,
        certain=True,
    ),
    _at(
        Platform.APPLOVIN,
        "interstitial",
        _APPLOVIN,
        image=_image(_UPRIGHT, (270, 480), 10 * _MB, "A 9:16 end card."),
        video=_video(
            _UPRIGHT, (270, 480), (15, 30), (1, 60), 1024 * _MB, captions=False
        ),
        safe=_END_CARD,
        certain=True,
    ),
    _at(
        Platform.APPLOVIN,
        "banner",
        _APPLOVIN,
        image=_image((640, 100), (320, 50), 10 * _MB, "32:5, at least 320x50.", _GRAPHIC),
        certain=True,
    ),
    _at(
        Platform.APPLOVIN,
        "medium_rectangle",
        _APPLOVIN,
        image=_image((600, 500), (300, 250), 10 * _MB, "6:5, at least 300x250.", _GRAPHIC),
        certain=True,
    ),
    _at(
        Platform.APPLE_SEARCH_ADS,
        "product_page",
        f"{_FACTS_B}: Apple, creatives (nothing can be uploaded)",
        image=_image(
            (1024, 1024),
            (1024, 1024),
            10 * _MB,
            "Apple shows the product page's own artwork; this picture only stands for it when a "
            "person approves.",
        ),
        certain=True,
    ),
)  # fmt: skip
