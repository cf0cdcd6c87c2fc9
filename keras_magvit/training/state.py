"""The whole state of a training, on disk: what a killed run goes on from."""

import json
import os
import re
import secrets
from pathlib import Path

import ml_dtypes
import numpy as np
from keras import ops

FORMAT = 1
_NAME = re.compile(r"state_(\d{9})\.npz")
_PARTIAL = re.compile(r"\.[0-9a-f]{12}\.partial")
_HEADER_BYTES = 4096  # of an array in the file, at most


class TrainingStateError(ValueError):
    """A state that cannot be written, read, or that belongs to another model.

    Example:
        >>> issubclass(km.training.TrainingStateError, Exception)
        True
    """


class TrainingState:
    """Saves and restores weights, averages, optimizers and position.

    A state is one `.npz` without pickles, `state_000001200.npz` after 1,200 steps. It is
    written under a temporary name and renamed when it is whole; a state with a number
    that is not finite is never written.

    Args:
        folder: where the states are; made if it is missing.
        keep: how many to keep; older ones are deleted after a newer one is whole.
        compact: half the size, to be sent or published: model variables as float16,
            those of optimizers, which can be tiny, as bfloat16. A training goes on from
            such a state, but not to the bit.

    Raises:
        TrainingStateError: if the folder cannot be written to.

    Example:
        >>> state = km.training.TrainingState("states/", keep=2)
    """

    def __init__(self, folder, keep=2, compact=False):
        self.folder = Path(folder)
        self.keep = keep
        self.compact = compact
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            probe = self.folder / f".{secrets.token_hex(6)}.partial"
            probe.touch()
            probe.unlink()
            for path in self.folder.iterdir():
                if _PARTIAL.fullmatch(path.name):  # of a run that was killed
                    path.unlink(missing_ok=True)
        except OSError as error:
            raise TrainingStateError(
                "The folder of the training state must be writable "
                f"({error.strerror}). Received: folder={str(folder)!r}"
            ) from error

    def steps(self):
        """Steps at which there are states, ascending."""
        found = (_NAME.fullmatch(path.name) for path in self.folder.iterdir())
        return sorted(int(match[1]) for match in found if match)

    def path(self, step):
        """The file of the state after `step` steps."""
        return self.folder / f"state_{step:09d}.npz"

    def save(self, model, step, **notes):
        """Writes the state of a compiled model after `step` steps.

        Args:
            model: its `variables` and `optimizer.variables` are saved.
            step: steps done.
            **notes: JSON values to keep beside it, such as a seed.

        Returns:
            The path.

        Raises:
            TrainingStateError: if a value is not finite or the file cannot be written;
                earlier states are untouched then.
        """
        arrays = [_to_numpy(v) for v in _variables(model)]
        for variable, array in zip(_variables(model), arrays, strict=True):
            if not np.isfinite(array).all():
                raise TrainingStateError(
                    "A state must be finite to be saved. "
                    f"Received: {variable.path} at step={step}"
                )
        if self.compact:
            arrays = _compact(arrays, len(model.variables))
        header = {"format": FORMAT, "step": step, "layout": _layout(model), **notes}
        target = self.path(step)
        temporary = self.folder / f".{secrets.token_hex(6)}.partial"
        try:
            with open(temporary, "xb") as file:
                np.savez(
                    file,
                    header=np.array(json.dumps(header)),
                    **{f"v{i}": array for i, array in enumerate(arrays)},
                )
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, target)
        except OSError as error:
            temporary.unlink(missing_ok=True)
            raise TrainingStateError(
                f"The training state could not be written ({error.strerror}); earlier "
                f"states are untouched. Received: path={str(target)!r}"
            ) from error
        for old in self.steps()[: -self.keep]:
            self.path(old).unlink(missing_ok=True)
        return target

    def discard_after(self, step):
        """Deletes the states of later steps."""
        for later in self.steps():
            if later > step:
                self.path(later).unlink(missing_ok=True)

    def restore(self, model, step=None):
        """Reads a state into a compiled model.

        Args:
            model: of the same layout as the one saved.
            step: which state; None takes the newest.

        Returns:
            The header, with "step" and the notes; None if there is no state.

        Raises:
            TrainingStateError: if the file is damaged or belongs to another model.
        """
        steps = self.steps()
        if not steps and step is None:
            return None
        path = self.path(steps[-1] if step is None else step)
        variables = _variables(model)
        try:
            # numpy leaves a file open that it cannot read.
            with open(path, "rb") as opened, np.load(opened) as file:
                header = json.loads(str(file["header"]))
                _check_layout(header, _layout(model), path)
                arrays = [_read(file, i, v) for i, v in enumerate(variables)]
        except TrainingStateError:
            raise
        except Exception as error:  # zip, numpy and JSON each have their own
            raise TrainingStateError(
                f"The training state is missing or damaged ({error}). "
                f"Received: path={str(path)!r}"
            ) from error
        for variable, array in zip(variables, arrays, strict=True):
            variable.assign(array)
        return header


def _variables(model):
    return [*model.variables, *model.optimizer.variables]


def _to_numpy(variable):
    return np.asarray(ops.convert_to_numpy(variable.value))


def _compact(arrays, num_model_variables):
    """Floats in half the bits; scalars and the rest as they are."""
    kinds = [np.float16] * num_model_variables
    kinds += [ml_dtypes.bfloat16] * (len(arrays) - num_model_variables)
    return [_halved(*pair) for pair in zip(arrays, kinds, strict=True)]


def _halved(array, kind):
    if array.dtype != np.float32 or not array.ndim:
        return array
    with np.errstate(over="ignore"):
        half = array.astype(kind)
    return half if np.isfinite(half).all() else array


def _read(file, index, variable):
    """One array, of the shape of its variable; nothing larger is ever allocated."""
    shape = tuple(variable.shape)
    size = file.zip.getinfo(f"v{index}.npy").file_size
    if size > _HEADER_BYTES + 8 * int(np.prod(shape)):
        raise ValueError(f"array {index} has {size} bytes")
    array = file[f"v{index}"]
    if array.shape != shape:
        raise ValueError(f"array {index} has the shape {array.shape}")
    # numpy reads bfloat16 as two bytes without a meaning.
    return array.view(ml_dtypes.bfloat16) if array.dtype.kind == "V" else array


def _layout(model):
    """What must agree, in order. Names may differ: Keras numbers them by creation."""
    return [[list(v.shape), str(v.dtype)] for v in _variables(model)]


def _check_layout(header, expected, path):
    if header.get("format") != FORMAT:
        raise TrainingStateError(
            f"The training state has another format. Received: path={str(path)!r}"
        )
    found = header["layout"]
    if found == expected:
        return
    different = next(
        (pair for pair in zip(found, expected, strict=False) if pair[0] != pair[1]),
        (f"{len(found)} variables", f"{len(expected)} variables"),
    )
    raise TrainingStateError(
        "The training state must come from the same architecture and optimizer. It has "
        f"{different[0]} where this model has {different[1]}. "
        f"Received: path={str(path)!r}"
    )
