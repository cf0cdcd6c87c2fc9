"""How large a clip may be, checked before memory is spent on it."""

import os

from keras_magvit.io.errors import VideoFileError

# The pixels of one frame: 8K (7680 x 4320) passes, 20,000 x 20,000 does not.
MAX_FRAME_PIXELS = 2**25

# The frames of one clip in memory: more than two minutes at 30 frames a second.
MAX_FRAMES = 4096

# The bytes of one clip in memory, whatever the two numbers above allow together.
MAX_CLIP_BYTES = 2**32


def check_frame_size(
    height: int, width: int, max_pixels: int, path: str | os.PathLike[str]
) -> None:
    """Refuses a frame without pixels or with more than `max_pixels` of them.

    Args:
        height: rows that the file claims.
        width: columns that the file claims.
        max_pixels: the most that `height * width` may be.
        path: the file, for the error.

    Raises:
        VideoFileError: if the size is not in `1..max_pixels`.
    """
    if height < 1 or width < 1:
        raise VideoFileError(
            f"The file claims frames without pixels ({width}x{height}).", path
        )
    if height * width > max_pixels:
        raise VideoFileError(
            f"The file claims frames of {width}x{height} pixels, more than the limit "
            f"of {max_pixels} pixels (raise max_pixels if you trust the file).",
            path,
        )
