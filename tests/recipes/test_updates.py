"""Updates by one operation against Keras' own."""

import keras
import numpy as np
import pytest

from keras_magvit import backend

OPTIMIZERS = {
    "first moment of none": (keras.optimizers.Adam, {"beta_1": 0.0, "beta_2": 0.99}),
    "decay and clipping": (
        keras.optimizers.AdamW,
        {"weight_decay": 0.1, "global_clipnorm": 0.5},
    ),
    "accumulation": (keras.optimizers.Adam, {"gradient_accumulation_steps": 2}),
    "one of another formula": (keras.optimizers.Nadam, {}),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_equal_updates(name, close):
    kind, settings = OPTIMIZERS[name]
    rng = np.random.default_rng(0)
    start = rng.normal(size=(7, 5)).astype("float32")
    gradients = rng.normal(size=(4, 7, 5)).astype("float32")

    def trained(prepare):
        variable = keras.Variable(start)
        optimizer = prepare(kind(0.1, **settings))
        for gradient in gradients:
            optimizer.apply([keras.ops.convert_to_tensor(gradient)], [variable])
        return keras.ops.convert_to_numpy(variable)

    own = trained(lambda optimizer: optimizer)
    assert np.abs(own - start).max() > 0.05
    close(trained(backend.updates_in_one_pass), own, 1e-5)
