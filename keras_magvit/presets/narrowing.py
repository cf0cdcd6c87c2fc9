"""Weights files of half the size."""

import os

import h5py
import numpy as np

from keras_magvit.presets.errors import Refusal


def narrow(path):
    """Rewrites a weights file with its float32 arrays stored as float16.

    Values keep three digits; whoever loads the file gets float32 variables again.

    Args:
        path: a file that Keras wrote.

    Raises:
        Refusal: if a value does not fit into float16.
    """
    temporary = f"{path}.narrow"
    # The newer layout needs a tenth of the room for a group.
    with h5py.File(path) as source, h5py.File(temporary, "x", libver="latest") as file:

        def copy(name, item):
            if isinstance(item, h5py.Group):
                target = file.require_group(name)
            else:
                target = file.create_dataset(name, data=_narrowed(name, item[()]))
            target.attrs.update(item.attrs)

        file.attrs.update(source.attrs)
        source.visititems(copy)
    os.replace(temporary, path)


def _narrowed(name, array):
    if array.dtype != np.float32:
        return array
    if array.size and not np.abs(array).max() <= np.finfo(np.float16).max:
        raise Refusal(f"The weights at {name!r} do not fit into float16.")
    return array.astype(np.float16)
