"""What an upload may be at most and at least, and what looking into it may take."""

MOST_IMAGE_BYTES = 30 * 1024**2
"""Meta takes no larger image, and no other network as large a one."""
MOST_VIDEO_BYTES = 200 * 1024**2
"""Two minutes of a phone's 4K. It is held in memory while it is looked into."""
LEAST_BYTES = 32
"""Less holds no picture of any kind."""
MOST_PIXELS = 50_000_000
"""A phone's largest (48 megapixels) and no more: opened, each pixel takes 4 bytes or 8."""
MOST_WEBP_PIXELS = 20_000_000
"""Its decoder holds a picture three times over."""
MOST_SIDE = 16_384
LEAST_SIDE = 64
"""A small logo. What an advert needs is its placement's to say (``creative.specs``)."""
LEAST_VIDEO_SIDE = 120
MOST_VIDEO_SECONDS = 600.0
LEAST_VIDEO_SECONDS = 0.5
PREVIEW_SIDE = 512

MEMORY = 1024**3
"""Addresses of the examining process; of these an image of 50 megapixels uses less than half."""
CPU_SECONDS = 30
WALL_SECONDS = 60.0
LARGEST_OUTPUT = MOST_VIDEO_BYTES + 16 * 1024**2
"""Bytes of any file that the examining process writes."""
AT_ONCE = 1
"""Files looked into at the same time in one process: peak memory is that of one."""
