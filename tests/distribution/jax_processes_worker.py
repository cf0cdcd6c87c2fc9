"""One of several JAX processes that train together, for `test_jax_processes.py`.

python -m tests.distribution.jax_processes_worker STAGE OUTPUT.json INDEX COUNT ADDRESS
"""

import json
import sys

import jax
import keras
import numpy as np

from tests.distribution import training


def main(stage, path, index, count, address):
    if int(count) > 1:
        jax.config.update("jax_cpu_collectives_implementation", "gloo")
        keras.distribution.initialize(address, int(count), int(index))
        keras.distribution.set_distribution(
            keras.distribution.DataParallel(auto_shard_dataset=False)
        )
    model = {"1": training.stage_1, "2": training.stage_2}[stage]()
    seen = {"logs": training.train(model), "devices": jax.device_count()}
    seen["validation"] = model.evaluate(
        training.clips(8), batch_size=training.BATCH, return_dict=True, verbose=0
    )
    seen["norms"] = [
        float(np.linalg.norm(keras.ops.convert_to_numpy(v)))
        for v in model.trainable_variables
    ]
    if stage == "2":
        clips = model.generate("frame_prediction", training.clips(1)["video"][:, :1])
        seen["generated"] = list(clips.shape)
    with open(path, "w") as file:
        json.dump(seen, file)


if __name__ == "__main__":
    main(*sys.argv[1:])
