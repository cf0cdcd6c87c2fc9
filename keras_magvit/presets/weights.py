"""A stranger's weights file is inspected before a model reads it.

Keras writes plain HDF5: groups, and contiguous arrays of numbers. Anything else, such as
links to other files, arrays that are stored nowhere, or Python objects, is refused, and
so is a file whose arrays are not the model's.
"""

import collections
import math

import h5py
from h5py import h5d, h5o

from keras_magvit.presets.errors import Refusal, reason

_SIGNATURE = b"\x89HDF\r\n\x1a\n"
_MAX_OBJECTS = 100_000
_MAX_DEPTH = 64
_MAX_STATE = 1024  # integers are states of random generators at most
_LAYOUTS = (h5d.CONTIGUOUS, h5d.COMPACT)
_SHOWN = 3  # differences a message names


def stored_shapes(path, label):
    """`[(path in the file, shape)]` of the weights, without reading one.

    Args:
        path: the file.
        label: how messages call it.

    Raises:
        Refusal: if it is not a plain HDF5 file of numbers.
    """
    with open(path, "rb") as file:
        if file.read(len(_SIGNATURE)) != _SIGNATURE:
            raise Refusal(f"{label} is not an HDF5 file.")
    try:
        with h5py.File(path, "r") as file:
            return list(_walk(file, label))
    except Refusal:
        raise
    except Exception as error:  # h5py has an exception of every kind for a broken file
        raise Refusal(f"{label} is damaged: {reason(error)}.") from error


def _walk(file, label):
    seen: set[int] = set()
    stack = [(file, "", 0)]
    while stack:
        group, prefix, depth = stack.pop()
        for name in group:
            where = f"{prefix}{name}"
            # A link is looked at before it is followed.
            if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                raise Refusal(f"{label} has a link at {where!r}, which is not allowed.")
            item = group[name]
            address = h5o.get_info(item.id).addr
            if address in seen or depth > _MAX_DEPTH or len(seen) > _MAX_OBJECTS:
                raise Refusal(f"{label} is tangled at {where!r}.")
            seen.add(address)
            if isinstance(item, h5py.Group):
                stack.append((item, f"{where}/", depth + 1))
            elif isinstance(item, h5py.Dataset):
                if _check_array(item, where, label):
                    yield where, item.shape
            else:
                raise Refusal(f"{label} has neither group nor array at {where!r}.")


def _check_array(item, where, label):
    """Refuses an array that is not plainly there; returns whether it is a weight."""
    number = math.prod(item.shape or ())
    kind, width = item.dtype.kind, item.dtype.itemsize
    # bfloat16, of which HDF5 knows nothing, is stored as two opaque bytes.
    weight = kind == "f" or (kind == "V" and width == 2 and item.dtype.names is None)
    if not weight and not (kind in "iub" and number <= _MAX_STATE):
        raise Refusal(f"{label} has no numbers at {where!r} but {item.dtype}.")
    properties = item.id.get_create_plist()
    plain = (
        item.shape is not None
        and properties.get_layout() in _LAYOUTS
        and properties.get_external_count() == 0
        and properties.get_nfilters() == 0
        # An array that claims more than is stored costs memory and no disk.
        and item.id.get_storage_size() == number * width
    )
    if not plain:
        raise Refusal(f"{label} does not hold the whole array at {where!r}.")
    return weight


def check_same(stored, implied, label):
    """Refuses a file whose arrays are not those of the model.

    Args:
        stored: `[(path, shape)]` of the file.
        implied: `[(label, shape)]` of the model.
        label: how messages call the file.

    Raises:
        Refusal: naming what differs.
    """
    missing, extra = _difference(implied, stored), _difference(stored, implied)
    if not missing and not extra:
        return
    numbers = [sum(math.prod(s) for _, s in pairs) for pairs in (stored, implied)]
    parts = [f"{label} holds the weights of another model"]
    if numbers[0] != numbers[1]:
        parts.append(f"{numbers[0]:,} parameters where config.json has {numbers[1]:,}")
    if missing:
        parts.append(f"missing: {_named(missing)}")
    if extra:
        parts.append(f"not expected: {_named(extra)}")
    raise Refusal("; ".join(parts) + ".")


def _difference(first, second):
    """Pairs of `first` whose shapes are not among those of `second`."""
    left = collections.Counter(tuple(shape) for _, shape in second)
    pairs = []
    for name, shape in first:
        if left[tuple(shape)] > 0:
            left[tuple(shape)] -= 1
        else:
            pairs.append((name, tuple(shape)))
    return pairs


def _named(pairs):
    named = [f"{name} {shape}" for name, shape in pairs[:_SHOWN]]
    more = len(pairs) - _SHOWN
    return ", ".join(named) + (f" and {more} more" if more > 0 else "")


def load(model, path, stored, label):
    """Fills a model with a file that was inspected.

    Args:
        model: a built `keras.Model`.
        path: the file.
        stored: what `stored_shapes` gave.
        label: how messages call the file.

    Raises:
        Refusal: if file and model do not fit together; the model may be half filled
            then, and must not be given away.
    """
    check_same(stored, [(v.path, tuple(v.shape)) for v in model.weights], label)
    try:
        model.load_weights(path)
    except Exception as error:
        message = f"{label} does not fit the model: {reason(error)}."
        raise Refusal(message) from error
