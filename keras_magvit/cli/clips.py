"""The input video, brought to what a preset takes."""

import os

import numpy as np

from keras_magvit.cli.errors import CommandError


def probe(path):
    """Reads the first frame, so that a bad file is refused before a model is built.

    Returns:
        A `Video` of one frame, in the size of the file.

    Raises:
        VideoFileError: if the file cannot be read.
    """
    from keras_magvit.io import read_video

    return read_video(path, num_frames=1)


def check_not_still(path):
    """Refuses a video file of a single frame: a picture that was taken for a clip.

    A folder and an array may have one frame: there it is meant.

    Raises:
        CommandError: if it has one.
        VideoFileError: if its first two frames cannot be read.
    """
    from keras_magvit.io import VideoFileError, read_video
    from keras_magvit.io.kinds import ANIMATION_SUFFIXES, CONTAINER_SUFFIXES

    suffix = os.path.splitext(path)[1].lower()
    if suffix not in CONTAINER_SUFFIXES + ANIMATION_SUFFIXES or os.path.isdir(path):
        return
    try:
        read_video(path, num_frames=2)
    except VideoFileError as error:
        read_video(path)  # raises if it is damaged rather than short
        raise CommandError(
            f"{path!r}: too short: 1 frame(s), and a {suffix} file needs 2; give a "
            "single frame as a folder with one image, or as .npz or .npy"
        ) from error


def read(arguments, shape, console, *, whole=True, limit=True):
    """Reads the clip that the options choose, at the size of a preset.

    Args:
        arguments: with `video`, `start` and `stride`.
        shape: `(T, H, W)` of the preset.
        console: gets a note if pixels or frames are left out.
        whole: refuse fewer than T frames. If False, fewer will do.
        limit: read T frames. If False, all there are.

    Returns:
        A `Video` of size `(H, W)`.

    Raises:
        VideoFileError: if the video cannot be read or is too short.
    """
    from keras_magvit.io import VideoFileError, read_video

    frames, size = shape[0], tuple(shape[1:])
    choice = {"start": arguments.start, "stride": arguments.stride, "size": size}
    if limit:
        try:
            clip = read_video(arguments.video, num_frames=frames, **choice)
        except VideoFileError:
            if whole:
                raise
            clip = read_video(arguments.video, **choice)  # all of a shorter clip
    else:
        clip = read_video(arguments.video, min_frames=frames, **choice)
    source = probe(arguments.video).size
    if source != size:
        console.note(
            f"{arguments.video} is {source[1]}x{source[0]}; its centre is cropped and "
            f"resized to the preset's {size[1]}x{size[0]}"
        )
    return clip


def windows(frames, length):
    """Cuts frames into windows of `length`; the last frame fills up the last window.

    Args:
        frames: `(n, H, W, 3)`.
        length: frames a window, T.

    Returns:
        `(windows, T, H, W, 3)`.
    """
    rest = -len(frames) % length
    if rest:
        frames = np.concatenate([frames, np.repeat(frames[-1:], rest, axis=0)])
    return frames.reshape(-1, length, *frames.shape[1:])


def read_mask(path, shape):
    """Reads a mask: a PNG, white where pixels are given, or a bool .npy.

    Args:
        path: the file; a PNG is resized to the preset's size.
        shape: `(T, H, W)` of the preset.

    Returns:
        bool `(H, W)`, or as stored in the .npy.

    Raises:
        CommandError, VideoFileError: if it cannot be read.
    """
    suffix = path.lower().rsplit(".", 1)[-1]
    if suffix == "png":
        return _read_png(path, shape)
    if suffix != "npy":
        raise CommandError(f"{path!r}: a mask must be a .png picture or a .npy array")
    most = int(np.prod(shape))
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError, OverflowError, MemoryError) as error:
        reason = (
            getattr(error, "strerror", None) or "not a NumPy array of plain numbers"
        )
        raise CommandError(f"{path!r}: {reason}") from error
    if not isinstance(array, np.ndarray) or array.dtype != bool or array.size > most:
        raise CommandError(
            f"{path!r}: a mask must be a bool array of at most {shape}, True where "
            "pixels are given"
        )
    return np.array(array)


def _read_png(path, shape):
    from keras_magvit.io.animations import image_pixels, open_image
    from keras_magvit.io.dependencies import import_image
    from keras_magvit.io.limits import MAX_FRAME_PIXELS, check_frame_size

    image = import_image()
    with open_image(image, path, path, ["PNG"]) as picture:
        check_frame_size(picture.height, picture.width, MAX_FRAME_PIXELS, path)
        pixels = image_pixels(picture, path)
    resized = image.fromarray(pixels).resize(
        (shape[2], shape[1]), image.Resampling.NEAREST
    )
    return np.asarray(resized).mean(axis=-1) > 127
