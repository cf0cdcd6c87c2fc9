"""What is known of a video before its frames are read."""

from dataclasses import dataclass

from keras_magvit.io.packets import PacketTable


@dataclass(frozen=True)
class VideoIndex:
    """The length, size and rate of a video, and how to reach its frames.

    Args:
        num_frames: how many frames there are.
        height: rows of a frame, upright.
        width: columns of a frame, upright.
        frame_rate: frames a second.
        packets: of a container that can be sought in; None where frames are reached
            from the start.
    """

    num_frames: int
    height: int
    width: int
    frame_rate: float
    packets: PacketTable | None = None
