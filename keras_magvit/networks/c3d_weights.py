"""The weights of C3D from every file that people have."""

import os

import numpy as np

from keras_magvit.networks import weights
from keras_magvit.networks.msgpack import read_flax
from keras_magvit.networks.npz import read_npz
from keras_magvit.networks.preparation import load_keras
from keras_magvit.networks.weights import WeightsError

_MEAN_FILE = "mean2.npz"
_CONVOLUTIONS = tuple(
    f"conv{name}" for name in ("1a", "2a", "3a", "3b", "4a", "4b", "5a", "5b")
)
_LAYERS = (*_CONVOLUTIONS, "fc6", "fc7", "fc8")
# The centre of the 128 x 171 frames of the training.
_CROP = slice(8, 8 + 112)


def load(model, path=None, mean=None):
    """Fills a `C3D` with the weights of a file.

    Args:
        model: the network.
        path: see `C3D.from_weights`.
        mean: the same.

    Returns:
        `(name, sha256)`: what reports call the weights, and the hash of the file.

    Raises:
        WeightsError: if there is no file, or it is damaged or of another network.
    """
    path = weights.find_weights("c3d", path)
    if path.endswith(".h5"):
        load_keras(model, path)
    elif path.endswith(".npz"):
        _assign(model, _of_chainer(read_npz(path), _mean(mean, path)), path)
    else:
        _assign(model, _of_flax(read_flax(path)), path)
    digest = weights.sha256(path)
    return weights.known_as("c3d", digest) or os.path.basename(path), digest


def _mean(path, beside):
    """The mean clip, blue first: float `(16, 112, 112, 3)`."""
    path = path or os.path.join(os.path.dirname(beside), _MEAN_FILE)
    if not os.path.isfile(path):
        raise WeightsError(
            f"The weights of TGANv2 need the mean clip of its release, {_MEAN_FILE}: "
            f"move it beside them, or pass `mean`. Received: mean={os.fspath(path)!r}"
        )
    clip = read_npz(path).get("mean")
    shape = np.shape(clip)
    if len(shape) != 4 or shape[:2] != (3, 16) or min(shape[2:]) < _CROP.stop:
        raise WeightsError(
            f"The file holds no mean clip (3, 16, 128, 171). Received: mean={path!r} "
            f"with an array {shape}"
        )
    return np.transpose(clip[:, :, _CROP, _CROP], (1, 2, 3, 0))


# === From the names of a file to arrays ==============================================


def _of_chainer(arrays, mean):
    """Pixels in [-1, 1] times 128, plus 128, less the mean: 256 x - mean of [0, 1]."""
    found = {"pixel_scale": np.float32(256.0), "pixel_offset": -mean}
    for name in _LAYERS:
        kernel = arrays.get(f"{name}/W")
        if kernel is not None:
            found[name] = (_keras_layout(kernel), arrays.get(f"{name}/b"))
    return found


def _keras_layout(kernel):
    """`(out, in, t, h, w)` as `(t, h, w, in, out)`, `(out, in)` as `(in, out)`."""
    return kernel.transpose(2, 3, 4, 1, 0) if kernel.ndim == 5 else kernel.T


def _of_flax(tree):
    """Pixels in [0, 1] times 255, plus an offset that the file holds."""
    tree = tree.get("params", tree)
    found = {"pixel_scale": np.float32(255.0), "pixel_offset": tree.get("x_offset")}
    for name in _LAYERS:
        layer = tree.get(name)
        if isinstance(layer, dict):
            found[name] = (layer.get("kernel"), layer.get("bias"))
    return found


def _assign(model, found, path):
    """Fills the network, or refuses."""
    variables = {
        "pixel_scale": [model.pixel_scale],
        "pixel_offset": [model.pixel_offset],
        **{name: model.layers_by_name[name].variables for name in _LAYERS},
    }
    wrong = []
    for name, wanted in variables.items():
        arrays = found.get(name)
        arrays = arrays if isinstance(arrays, tuple) else (arrays,)
        shapes = [None if a is None else np.shape(a) for a in arrays]
        if shapes != [tuple(v.shape) for v in wanted]:
            wrong.append(f"{name} has {shapes}")
        found[name] = arrays
    if wrong:
        raise WeightsError(
            f"The file does not hold C3D ({len(wrong)} faults: {'; '.join(wrong[:3])}). "
            f"Received: path={path!r}"
        )
    for name, wanted in variables.items():
        for variable, array in zip(wanted, found[name], strict=True):
            variable.assign(np.asarray(array, "float32"))
