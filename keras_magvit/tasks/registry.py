"""The table of tasks, and the door for a user's own.

A new task in a few lines:

    left_half = km.tasks.VideoTask("left_half", km.tasks.Box(columns=(0, 2)), "edge")
    km.tasks.register(left_half)
"""

from keras_magvit.tasks.regions import Box, Frames, Nothing, Outside
from keras_magvit.tasks.task import VideoTask

_CENTRE = (1, 3)  # the middle half, in quarters

_BUILT_IN = (
    VideoTask(
        "frame_prediction", Frames(1), "edge", False, "continue the first frames"
    ),
    VideoTask(
        "frame_interpolation", Frames(1, 1), "interpolate", False, "fill in between"
    ),
    VideoTask(
        "central_outpainting",
        Box(_CENTRE, _CENTRE),
        "edge",
        False,
        "grow a central rectangle",
    ),
    VideoTask(
        "vertical_outpainting",
        Box(columns=_CENTRE),
        "edge",
        False,
        "grow a central vertical strip",
    ),
    VideoTask(
        "horizontal_outpainting",
        Box(rows=_CENTRE),
        "edge",
        False,
        "grow a central horizontal strip",
    ),
    VideoTask(
        "dynamic_outpainting",
        Box(moving=True),
        "zero",
        False,
        "grow a vertical strip that moves to the right",
    ),
    VideoTask(
        "central_inpainting",
        Outside(Box(_CENTRE, _CENTRE)),
        "zero",
        False,
        "fill a central rectangle",
    ),
    VideoTask(
        "dynamic_inpainting",
        Outside(Box(_CENTRE, moving=True)),
        "zero",
        False,
        "fill a rectangle that moves to the right",
    ),
    VideoTask("class_generation", Nothing(), "zero", True, "a video of a class"),
    VideoTask(
        "class_frame_prediction",
        Frames(1),
        "edge",
        True,
        "continue the first frame as a class asks",
    ),
    VideoTask("unconditional_generation", Nothing(), "zero", False, "any video"),
)

# The paper's abbreviations.
_SHORT = {
    "FP": "frame_prediction",
    "FI": "frame_interpolation",
    "OPC": "central_outpainting",
    "OPV": "vertical_outpainting",
    "OPH": "horizontal_outpainting",
    "OPD": "dynamic_outpainting",
    "IPC": "central_inpainting",
    "IPD": "dynamic_inpainting",
    "CG": "class_generation",
    "CFP": "class_frame_prediction",
    "UNC": "unconditional_generation",
}

_tasks = {task.name: task for task in _BUILT_IN}


def get(name, num_frames=1, num_latent_frames=None):
    """Looks a task up.

    Args:
        name: a task's name, the paper's abbreviation ("FP"), or a `VideoTask`, which
            is returned as it is.
        num_frames: frames given at each end that has any; tasks without whole given
            frames ignore it.
        num_latent_frames: latent frames that count as given; None takes every one that
            sees a given frame, `ceil(num_frames / temporal stride)`. The official code
            takes 1 whatever `num_frames` is.

    Returns:
        A `VideoTask`.

    Raises:
        ValueError: if there is no such task.

    Example:
        >>> km.tasks.get("FP").name
        'frame_prediction'
    """
    if isinstance(name, VideoTask):
        return name
    task = _tasks.get(_SHORT.get(name, name)) if isinstance(name, str) else None
    if task is None:
        raise ValueError(
            f"`task` must be one of {list(_tasks)}. Received: task={name!r}"
        )
    return task.with_frames(num_frames, num_latent_frames)


def names():
    """Names of all registered tasks, the paper's first.

    Example:
        >>> km.tasks.names()[:2]
        ('frame_prediction', 'frame_interpolation')
    """
    return tuple(_tasks)


def register(task, *, overwrite=False):
    """Adds a task of one's own, so that it can be called by its name.

    Args:
        task: a `VideoTask`.
        overwrite: replace a task of the same name.

    Returns:
        The task.

    Raises:
        ValueError: if it is not a `VideoTask`, or the name is taken.

    Example:
        >>> top = km.tasks.VideoTask("top_half", km.tasks.Box(rows=(0, 2)), "edge")
        >>> task = km.tasks.register(top, overwrite=True)
    """
    if not isinstance(task, VideoTask):
        raise ValueError(f"`task` must be a VideoTask. Received: task={task!r}")
    if not overwrite and (task.name in _tasks or task.name in _SHORT):
        raise ValueError(
            "There is a task of that name; pass overwrite=True to replace it. "
            f"Received: task.name={task.name!r}"
        )
    _tasks[task.name] = task
    return task
