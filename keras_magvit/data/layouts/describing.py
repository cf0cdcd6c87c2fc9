"""What is noted of a video when a dataset is prepared.

In a file of its own because worker processes import it, and no more.
"""

import os
from typing import Any

from keras_magvit.data.layouts.listing import ListedVideo
from keras_magvit.io import VideoFileError
from keras_magvit.io.folders import read_frame
from keras_magvit.io.index import VideoIndex
from keras_magvit.io.limits import MAX_FRAME_PIXELS
from keras_magvit.io.random_access import index_video
from keras_magvit.io.spans import Span


def describe_video(
    video: ListedVideo, root: str, frame_rate: float
) -> tuple[str, dict[str, Any]]:
    """Looks at one video; returns its key and its row of the table."""
    paths = [os.path.join(root, *file.split("/")) for file in video.files]
    problem = ""
    try:
        if len(paths) == 1:
            index = index_video(Span(paths[0]))
        else:
            height, width = read_frame(paths[0], MAX_FRAME_PIXELS).shape[:2]
            index = VideoIndex(len(paths), height, width, frame_rate)
    except VideoFileError as error:
        index, problem = VideoIndex(0, 0, 0, 0.0), error.message
    return video.key, {
        "key": video.key,
        "files": list(video.files),
        "label": video.label,
        "num_frames": index.num_frames,
        "height": index.height,
        "width": index.width,
        "frame_rate": index.frame_rate,
        "problem": problem,
    }
