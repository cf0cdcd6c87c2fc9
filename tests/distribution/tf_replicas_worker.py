"""Trains alone and on two logical devices, for `test_tf_replicas.py`.

python -m tests.distribution.tf_replicas_worker STAGE OUTPUT.json
"""

import json
import sys

import numpy as np
import tensorflow as tf

from tests.distribution import training


def copies(strategy, variables):
    """`{path: the values that each replica holds}`."""
    return {
        v.path: [
            np.asarray(x.numpy(), "float64").ravel().tolist()
            for x in strategy.experimental_local_results(v.value)
        ]
        for v in variables
    }


def refusal(model):
    try:
        training.train(model, 1, training.clips(3), batch_size=3)
    except ValueError as error:
        return str(error)


def main(stage, path):
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(
        cpu, [tf.config.LogicalDeviceConfiguration()] * 2
    )
    # Replicas draw what they drop for themselves, so nothing is dropped.
    build = {"1": training.stage_1, "2": lambda: training.stage_2(dropout=0.0)}[stage]
    alone = build()
    seen = {"alone": training.train(alone)}
    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    with strategy.scope():
        model = build()
    seen["replicas"] = training.train(model)
    for name, trained in (("alone", alone), ("replicas", model)):
        seen[f"{name}_validation"] = trained.evaluate(
            training.clips(8), batch_size=8, return_dict=True, verbose=0
        )
    held = list(model.trainable_variables)
    if stage == "1":
        held += [*model.averages, *model.lecam_averages, model.codebook_usage.counts]
    else:
        held.append(model.batches_seen)
    seen["copies"] = copies(strategy, held)
    seen["refusal"] = refusal(model)
    with open(path, "w") as file:
        json.dump(seen, file)


if __name__ == "__main__":
    main(*sys.argv[1:])
