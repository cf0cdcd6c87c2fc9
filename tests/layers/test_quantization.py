"""`quantize("int8")` of Keras reaches every product of the transformer."""

import keras
import numpy as np
import pytest

import keras_magvit as km


# Keras tells of layers that hold no product.
@pytest.mark.filterwarnings("ignore:Layer (Layer|Drop).*:UserWarning")
# Keras turns a vector of scales over, which PyTorch has deprecated.
@pytest.mark.filterwarnings("ignore:The use of `x.T`:UserWarning")
def test_products_become_bytes_and_logits_stay_close():
    keras.utils.set_random_seed(0)
    model = km.MaskedVideoTransformer(
        40, 12, num_layers=1, num_heads=2, hidden_dim=32, mlp_dim=64
    )
    rng = np.random.default_rng(0)
    for weight in model.trainable_variables:
        if len(weight.shape) > 1:
            weight.assign(rng.normal(size=weight.shape, scale=0.3))
    ids = rng.integers(0, 40, (2, 12), "int32")
    before = keras.ops.convert_to_numpy(model(ids))
    model.quantize("int8")
    after = keras.ops.convert_to_numpy(model(ids))

    block = model.blocks[0]
    heads = block.attention
    products = (
        *(heads.query, heads.key, heads.value, heads.output_projection),
        *(block.mlp.expand, block.mlp.contract, model.head_dense),
    )
    for layer in products:
        assert keras.backend.standardize_dtype(layer._kernel.dtype) == "int8"
    assert np.abs(after - before).max() < 0.1 * np.abs(before).max()
    assert np.abs(after - before).max() > 0
