"""How much a visitor may ask of the machine."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Limits:
    """What the page refuses to go beyond.

    Args:
        upload_bytes: of one file.
        pixels: of a frame of it, checked before anything is decoded.
        first_frame: the last frame at which a clip may start; what lies further on is
            never decoded.
        stride: the most frames from one that is kept to the next.
        steps: decoding steps of a run.
        queue: runs that may wait; the next one is refused.

    Raises:
        ValueError: if one is below 1.

    Example:
        >>> from keras_magvit.page import Limits
        >>> Limits(queue=2).queue
        2
    """

    upload_bytes: int = 64 * 2**20
    pixels: int = 3840 * 2160
    first_frame: int = 600
    stride: int = 8
    steps: int = 64
    queue: int = 8

    def __post_init__(self):
        for name, value in dataclasses.asdict(self).items():
            if value < 1:
                raise ValueError(
                    f"`{name}` must be at least 1. Received: {name}={value}"
                )
