"""Which frames of a video make a clip."""

import numpy as np

# What is done with a video that is shorter than the window.
SHORT_RULES = ("skip", "hold", "loop")

# Names that stand for a number of evaluation windows.
FIRST, ALL = "first", "all"


def num_starts(video_frames: int, num_frames: int, stride: int) -> int:
    """Counts the frames at which a whole window can start.

    A window spans `(num_frames - 1) * stride + 1` frames.

    Args:
        video_frames: the length of the video.
        num_frames: T, the length of the clip.
        stride: distance of its frames.

    Returns:
        The count; 0 if the video is shorter than the window.
    """
    return max(0, video_frames - (num_frames - 1) * stride)


def num_windows(starts: int, windows_per_video: int | str) -> int:
    """Counts the evaluation windows of a video with `starts` possible starts."""
    if windows_per_video == ALL:
        return max(1, starts)
    return 1 if windows_per_video == FIRST else int(windows_per_video)


def evaluation_start(window: int, starts: int, windows_per_video: int | str) -> int:
    """Returns the first frame of an evaluation window.

    One window lies in the middle of the video; several are spread evenly from the
    first frame to the last possible start, rounded down, and coincide where the video
    has fewer starts than windows.

    Args:
        window: which of them, from 0.
        starts: how many starts the video has; 0 counts as 1.
        windows_per_video: a number, "first" (the window at frame 0) or "all" (one at
            each start).

    Returns:
        The frame.
    """
    last = max(0, starts - 1)
    if windows_per_video == FIRST:
        return 0
    if windows_per_video == ALL:
        return window
    return spread(window, int(windows_per_video), last)


def spread(position: int, count: int, last: int) -> int:
    """Returns the place of one of `count` points spread evenly over `0..last`.

    A single point lies in the middle; otherwise the ends are taken.
    """
    if count == 1:
        return last // 2
    return position * last // (count - 1)


def random_start(draw: float, starts: int) -> int:
    """Returns a uniform start for `draw` in [0, 1)."""
    return int(draw * max(1, starts))


def frame_indices(
    start: int, num_frames: int, stride: int, video_frames: int, short: str
) -> np.ndarray:
    """Returns the frames of a window.

    Args:
        start: the first frame.
        num_frames: T.
        stride: distance of the frames.
        video_frames: the length of the video.
        short: for what lies beyond the end: "hold" repeats the last frame, "loop"
            starts again at frame 0.

    Returns:
        int64 `(T,)`, each in `[0, video_frames)`.
    """
    indices = start + stride * np.arange(num_frames)
    if short == "loop":
        return indices % video_frames
    return np.minimum(indices, video_frames - 1)
