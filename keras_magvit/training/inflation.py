"""Inflation: a 2D tokenizer trained on frames becomes the start of a 3D one."""

import keras
import numpy as np

MODES = ("central", "average")


def inflate_kernel(kernel, temporal_size, mode="central"):
    """Spreads a 2D kernel over time.

    Args:
        kernel: float `(1, kh, kw, in, out)`.
        temporal_size: k_t of the 3D kernel.
        mode: "central" puts the kernel at `k_t // 2` and zeros elsewhere, so that every
            frame is first treated by itself; "average" divides it evenly, so that a
            still video is treated as its frame was.

    Returns:
        float `(k_t, kh, kw, in, out)`.

    Raises:
        ValueError: on another mode.

    Reference:
        MAGVIT, section 3.1 and Table 7; Carreira and Zisserman, arXiv:1705.07750.
    """
    kernel = np.asarray(kernel)
    if mode == "average":
        return np.repeat(kernel, temporal_size, axis=0) / np.float32(temporal_size)
    if mode != "central":
        raise ValueError(f"`mode` must be one of {MODES}. Received: mode={mode!r}")
    inflated = np.zeros((temporal_size, *kernel.shape[1:]), kernel.dtype)
    inflated[temporal_size // 2] = kernel[0]
    return inflated


def inflate(tokenizer_2d, tokenizer_3d, mode="central"):
    """Copies a 2D tokenizer's weights into a 3D one of the same levels, in place.

    Kernels are inflated, everything else (biases, norms, codebook) is copied.

    Args:
        tokenizer_2d: `VideoTokenizer` with `temporal_kernel=1`.
        tokenizer_3d: `VideoTokenizer` with `temporal_kernel=3`.
        mode: "central" (the paper's choice) or "average".

    Returns:
        `tokenizer_3d`.

    Raises:
        ValueError: if the two do not have the same levels.

    Example:
        >>> flat = {**tokenizer.get_config(), "temporal_kernel": 1, "name": "flat"}
        >>> flat["temporal_downsample"] = (False, False)
        >>> km.training.inflate(km.VideoTokenizer.from_config(flat), tokenizer, "central")
    """
    source, target = tokenizer_2d.variables, tokenizer_3d.variables
    fits = len(source) == len(target) and all(
        tuple(s.shape) == tuple(t.shape)
        or (len(s.shape) == 5 and tuple(s.shape)[1:] == tuple(t.shape)[1:])
        for s, t in zip(source, target, strict=False)
    )
    if not fits:
        raise ValueError(
            "Both tokenizers must have the same filters, levels, residual blocks and "
            f"codebook. Received: {tokenizer_2d.get_config()} and "
            f"{tokenizer_3d.get_config()}"
        )
    for s, t in zip(source, target, strict=True):
        value = keras.ops.convert_to_numpy(s)
        if len(t.shape) == 5:
            value = inflate_kernel(value, t.shape[0], mode)
        t.assign(value)
    return tokenizer_3d
