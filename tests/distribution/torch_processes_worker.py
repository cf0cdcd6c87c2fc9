"""One of several PyTorch processes that train together, for `test_torch_processes.py`.

python -m tests.distribution.torch_processes_worker STAGE OUTPUT.json INDEX COUNT ADDRESS
"""

import json
import sys

import keras
import torch

from tests.distribution import training


def main(stage, path, index, count, address):
    torch.set_num_threads(1)
    if int(count) > 1:
        torch.distributed.init_process_group(
            "gloo",
            init_method=f"tcp://{address}",
            rank=int(index),
            world_size=int(count),
        )
    # Processes draw what they drop for themselves, so nothing is dropped.
    build = {"1": training.stage_1, "2": lambda: training.stage_2(dropout=0.0)}[stage]
    model = build()
    seen = {"logs": training.train(model)}
    held = list(model.trainable_variables)
    if stage == "1":
        held += [*model.averages, *model.lecam_averages, model.codebook_usage.counts]
    seen["weights"] = [keras.ops.convert_to_numpy(v).tolist() for v in held]
    with open(path, "w") as file:
        json.dump(seen, file)
    if int(count) > 1:
        torch.distributed.destroy_process_group()


if __name__ == "__main__":
    main(*sys.argv[1:])
