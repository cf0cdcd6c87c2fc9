"""How weights are divided among devices: layout maps for `keras.distribution`.

Both follow one pattern: of two layers in a row the first is divided by its outputs and
the second by its inputs, so that a block exchanges data once, at its end.
"""

import keras

_MODEL = "model"


def transformer_layout_map(device_mesh):
    """Divides heads, the hidden layer of each MLP, and the width of the embeddings.

    Args:
        device_mesh: `keras.distribution.DeviceMesh` with an axis "model", whose size
            divides the number of heads, `mlp_dim` and `hidden_dim`.

    Returns:
        `keras.distribution.LayoutMap`; what it does not name is on every device.

    Raises:
        ValueError: if the mesh has no axis "model".

    Example:
        >>> mesh = keras.distribution.DeviceMesh((2, 4), ("batch", "model"))
        >>> layouts = transformer_layout_map(mesh)
        >>> keras.distribution.set_distribution(
        ...     keras.distribution.ModelParallel(layout_map=layouts)
        ... )

    Reference:
        Shoeybi et al., Megatron-LM, https://arxiv.org/abs/1909.08053.
    """
    block = r"(.*/)?block_\d+/"
    return _layout_map(
        device_mesh,
        {
            block + r"attention/(query|key|value)/kernel": (None, _MODEL, None),
            block + r"attention/(query|key|value)/bias": (_MODEL, None),
            block + r"attention/output/kernel": (_MODEL, None, None),
            block + r"mlp/expand/kernel": (None, _MODEL),
            block + r"mlp/expand/bias": (_MODEL,),
            block + r"mlp/contract/kernel": (_MODEL, None),
            r"(.*/)?(token|position)_embedding/embeddings": (None, _MODEL),
            r"(.*/)?head_dense/kernel": (None, _MODEL),
            r"(.*/)?head_dense/bias": (_MODEL,),
        },
    )


def tokenizer_layout_map(device_mesh):
    """Divides the channels inside each block of tokenizer and discriminator.

    The moving averages are divided as the weights they follow.

    Args:
        device_mesh: as of `transformer_layout_map`; the size of "model" divides all
            multiples of `filters`, and the inputs of the discriminator's dense layer.

    Returns:
        `keras.distribution.LayoutMap`; what it does not name is on every device.

    Raises:
        ValueError: if the mesh has no axis "model".

    Example:
        >>> mesh = keras.distribution.DeviceMesh((2, 4), ("batch", "model"))
        >>> layouts = km.training.tokenizer_layout_map(mesh)
    """
    outputs, inputs = (None, None, None, None, _MODEL), (None, None, None, _MODEL, None)
    block = r".*(res|block)_\d+[/_]"  # an average's name is the path with underscores
    return _layout_map(
        device_mesh,
        {
            block + r"conv_1[/_]kernel": outputs,
            block + r"conv_1[/_]bias": (_MODEL,),
            block + r"norm_2[/_](gamma|beta)": (_MODEL,),
            block + r"conv_2[/_]kernel": inputs,
            r"(.*/)?hidden/kernel": (_MODEL, None),
        },
    )


def _layout_map(device_mesh, layouts):
    if _MODEL not in device_mesh.axis_names:
        raise ValueError(
            f"The mesh must have an axis {_MODEL!r}. "
            f"Received: axis_names={device_mesh.axis_names}"
        )
    layout_map = keras.distribution.LayoutMap(device_mesh)
    for pattern, axes in layouts.items():
        layout_map[pattern] = axes
    return layout_map
