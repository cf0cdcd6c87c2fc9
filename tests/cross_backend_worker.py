"""Runs one tiny model on this process's backend, for `test_cross_backend.py`.

python -m tests.cross_backend_worker INPUTS.npz OUTPUTS.npz
"""

import sys

import keras
import numpy as np

import keras_magvit as km

TOKENIZER = {
    "filters": 32,
    "channel_multipliers": (1, 1, 2),
    "temporal_downsample": (True, False),
    "embedding_dim": 16,
    "codebook_size": 64,
    "num_res_blocks": 1,
    "video_shape": (4, 32, 32),
}
TRANSFORMER = {"num_layers": 2, "num_heads": 2, "hidden_dim": 32, "mlp_dim": 64}
TASKS = ("frame_prediction", "central_outpainting", "class_generation")
STEPS = 6


def build():
    tokenizer = km.VideoTokenizer(**TOKENIZER)
    sampling = {"num_steps": STEPS}
    return km.MAGVIT(
        tokenizer, TRANSFORMER, num_classes=3, tasks=TASKS, sampling=sampling
    )


def weights_of(model):
    """Variables that any backend can be given: tokenizer first, then transformer."""
    return model.tokenizer.trainable_variables + model.transformer.trainable_variables


def run(model, arrays):
    """Everything that must agree, as numpy arrays."""
    to_numpy = keras.ops.convert_to_numpy
    video = arrays["video"]
    noise = (arrays["categorical_gumbel"], arrays["mask_gumbel"])
    results = {
        "features": to_numpy(model.tokenizer.encode_features(video)),
        "ids": to_numpy(model.tokenizer.encode(video)),
        "decoded": to_numpy(model.tokenizer.decode(arrays["some_ids"])),
    }
    for task in TASKS:
        steps = []
        labels = [1, 2] if km.tasks.get(task).uses_class else None
        made = model.generate(
            task, video, labels=labels, noise=noise, callback=steps.append
        )
        results[f"{task}/video"] = made
        results[f"{task}/tokens"] = np.stack([to_numpy(s.tokens) for s in steps])
    # One step from a given state: the first step's input is the same everywhere.
    prefix = arrays["prefix"]
    for s in range(STEPS):
        logits = model.grid_logits(
            keras.ops.convert_to_tensor(prefix),
            keras.ops.convert_to_tensor(arrays["states"][s]),
        )
        drawn = km.ops.sampling.sample(logits, arrays["categorical_gumbel"][s])
        results[f"step_{s}/logits"] = to_numpy(logits)
        results[f"step_{s}/drawn"] = to_numpy(drawn)
    return results


def main(inputs, outputs):
    with np.load(inputs) as file:
        arrays = dict(file)
    model = build()
    for i, variable in enumerate(weights_of(model)):
        variable.assign(arrays[f"weight_{i}"])
    np.savez(outputs, **run(model, arrays))


if __name__ == "__main__":
    main(*sys.argv[1:])
