"""The networks that measure, as the options ask for them."""

import contextlib
import sys

from keras_magvit.cli.errors import CommandError


def add_i3d(parser):
    """Adds the options of I3D."""
    group = parser.add_argument_group("the network of the distance")
    group.add_argument(
        "--i3d",
        metavar="FILE",
        help="weights of I3D; default: those of `keras-magvit metrics fetch i3d`",
    )
    group.add_argument(
        "--half-pixel",
        action="store_true",
        help="resize on the grid of PyTorch and TensorFlow 2: another distance",
    )
    group.add_argument(
        "--fvd-dtype",
        choices=("float32", "mixed_bfloat16"),
        default="float32",
        help="of I3D; mixed_bfloat16 is faster and a little off; default float32",
    )


def i3d(arguments):
    """I3D with weights.

    Raises:
        CommandError: if there are none (it says the three ways to get them), or the
            file cannot be used.
    """
    from keras_magvit.metrics import I3D
    from keras_magvit.networks import WeightsError

    try:
        return I3D.from_weights(
            arguments.i3d,
            resize_grid="half_pixel" if arguments.half_pixel else "tf1",
            dtype=arguments.fvd_dtype,
        )
    except WeightsError as error:
        raise CommandError(str(error)) from error


def perceptual(arguments, missing):
    """The perceptual distance that the options ask for, or None.

    Args:
        arguments: with `perceptual`.
        missing: dict that gets the reason if its weights are not here.
    """
    from keras_magvit.metrics import LPIPS
    from keras_magvit.networks import WeightsError

    name = arguments.perceptual
    if name == "none":
        missing["perceptual distance"] = "left out, by --perceptual none"
        return None
    try:
        # What is downloaded says so, and must not stand among the results.
        with contextlib.redirect_stdout(sys.stderr):
            return LPIPS("vgg16" if name == "lpips" else name)
    except (WeightsError, ImportError) as error:
        missing[name] = " ".join(str(error).split())
        return None


def motion_classifier(protocol, model, missing):
    """The classifier for a protocol whose classes are motions, or None.

    Args:
        protocol: `Protocol`.
        model: what is measured.
        missing: dict that gets the reason if it cannot read the model's clips.
    """
    from keras_magvit.networks.motion_classifier import NUM_FRAMES, MotionClassifier

    if not protocol.reads_motion or not hasattr(model, "tasks"):
        return None
    classes = len(MotionClassifier.class_names)
    if (model.video_shape[0], model.num_classes) != (NUM_FRAMES, classes):
        missing["class_accuracy"] = (
            f"motions are read for models of {classes} classes and {NUM_FRAMES} frames"
        )
        return None
    return _unless_missing(MotionClassifier.from_weights, "class_accuracy", missing)


def c3d(protocol, missing):
    """C3D for a protocol that has the Inception score, or None.

    Args:
        protocol: `Protocol`.
        missing: dict that gets the reason if its weights are not here.
    """
    from keras_magvit.networks.c3d import C3D

    if not protocol.inception_score:
        return None
    return _unless_missing(C3D.from_weights, "inception_score", missing)


def _unless_missing(load, score, missing):
    """What `load` returns; None, with the reason under the score, without weights."""
    from keras_magvit.networks import WeightsError

    try:
        return load()
    except WeightsError as error:
        missing[score] = " ".join(str(error).split())
        return None
