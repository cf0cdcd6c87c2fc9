"""Trains on one device and on four, for `test_jax_devices.py`.

python -m tests.distribution.jax_devices_worker STAGE OUTPUT.json
"""

import json
import sys

import keras

from keras_magvit.training import tokenizer_layout_map, transformer_layout_map
from tests.distribution import training


def shards(variables):
    """`{path: [shape of the whole, shape of a device's part, devices]}`."""
    return {
        v.path: [
            list(v.shape),
            list(v.value.addressable_shards[0].data.shape),
            len(v.value.sharding.device_set),
        ]
        for v in variables
    }


def refusal(model, count):
    try:
        training.train(model, 1, training.clips(count), batch_size=count)
    except ValueError as error:
        return str(error)


def run(build, layouts):
    alone = training.train(build())
    keras.distribution.set_distribution(keras.distribution.DataParallel())
    model = build()
    results = {
        "alone": alone,
        "data": training.train(model),
        "data_shards": shards([*model.variables, *model.optimizer.variables]),
        "refusal": refusal(model, 6),
    }
    mesh = keras.distribution.DeviceMesh((2, 2), ("batch", "model"))
    parallel = keras.distribution.ModelParallel(layout_map=layouts(mesh))
    keras.distribution.set_distribution(parallel)
    model = build()
    results["model"] = training.train(model)
    results["model_shards"] = shards([*model.variables, *model.optimizer.variables])
    keras.distribution.set_distribution(None)
    return results


def main(stage, path):
    build, layouts = {
        "1": (training.stage_1, tokenizer_layout_map),
        "2": (training.stage_2, transformer_layout_map),
    }[stage]
    with open(path, "w") as file:
        json.dump(run(build, layouts), file)


if __name__ == "__main__":
    main(*sys.argv[1:])
