"""What `fit` refuses under tf.distribute, for `test_tf_refusals.py`.

python -m tests.distribution.tf_refusals_worker OUTPUT.json
"""

import json
import sys
import types

import keras
import tensorflow as tf

from keras_magvit import backend


def refusal(function, *arguments):
    try:
        function(*arguments)
    except ValueError as error:
        return str(error)


def main(path):
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(
        cpu, [tf.config.LogicalDeviceConfiguration()] * 2
    )
    with tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]).scope():
        adam = keras.optimizers.Adam(gradient_accumulation_steps=2)
        seen = {"accumulation": refusal(backend.synchronized, adam)}
    # Two workers, as their strategy describes them: it would wait for both to start.
    spec = tf.train.ClusterSpec({"worker": ["127.0.0.1:1", "127.0.0.1:2"]})
    resolver = tf.distribute.cluster_resolver.SimpleClusterResolver(spec)
    strategy = types.SimpleNamespace(cluster_resolver=resolver)
    model = types.SimpleNamespace(distribute_strategy=strategy)
    seen["workers"] = refusal(backend.device_count, model)
    with open(path, "w") as file:
        json.dump(seen, file)


if __name__ == "__main__":
    main(*sys.argv[1:])
