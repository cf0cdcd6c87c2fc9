# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Training on several devices
#
# The same training on one device and on four, and with weights that are divided among them.
# The four devices here are threads of one processor: it shows that the numbers stay the same,
# not that it gets faster. On a machine with four GPUs or a TPU leave `XLA_FLAGS` out.
#
# JAX does this with `keras.distribution`; what TensorFlow and PyTorch do instead stands at
# the end and in `docs/scaling.md`.

# %%
import os

os.environ["KERAS_BACKEND"] = "jax"
os.environ["XLA_FLAGS"] = "--xla_force_host_platform_device_count=4"

import subprocess
import sys
from pathlib import Path

import jax
import keras
import matplotlib.pyplot as plt
import numpy as np

import keras_magvit as km

STEPS, BATCH_SIZE = 10, 8  # the whole batch, over all devices
print([str(device) for device in jax.devices()])

# %% [markdown]
# ## A small model and its clips
#
# Set the distribution first, then make the model: variables are laid out as they are made.

# %%
FRAMES, SIDE = 4, 16
SHAPES = {"num_frames": FRAMES, "size": (SIDE, SIDE)}


def new_model():
    keras.utils.set_random_seed(0)
    tokenizer = km.VideoTokenizer(
        filters=8,
        channel_multipliers=(1, 2),
        temporal_downsample=(True,),
        embedding_dim=8,
        codebook_size=64,
        num_res_blocks=1,
        video_shape=(FRAMES, SIDE, SIDE),
    )
    model = km.MAGVIT(
        tokenizer,
        {"num_layers": 2, "num_heads": 4, "hidden_dim": 64, "mlp_dim": 128},
        num_classes=16,
        tasks=("frame_prediction", "central_inpainting", "class_generation"),
    )
    model.compile(recipe="tiny")
    return model


class Losses(keras.callbacks.Callback):
    """Keeps the loss of every step."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def on_train_batch_end(self, batch, logs=None):
        self.seen.append(float(logs["loss"]))


def train(model):
    clips = km.data.clips("moving_shapes", source_options=SHAPES, seed=0, **SHAPES)
    losses = Losses()
    model.fit(
        clips,
        batch_size=BATCH_SIZE,
        steps_per_epoch=STEPS,
        callbacks=[losses],
        verbose=0,
    )
    return losses.seen


# %% [markdown]
# ## One device

# %%
losses = {"one device": train(new_model())}

# %% [markdown]
# ## Data parallel: every device has its share of the batch
#
# Tasks, masks and scores are drawn for the whole batch, and the loss is of the whole batch:
# the numbers are those of one device, to rounding.

# %%
keras.distribution.set_distribution(keras.distribution.DataParallel())
losses["data parallel"] = train(new_model())

# %% [markdown]
# ## Model parallel: weights are divided
#
# A mesh of two by two: two shares of the batch, two parts of every large kernel.

# %%
mesh = keras.distribution.DeviceMesh((2, 2), ("batch", "model"))
layouts = km.training.transformer_layout_map(mesh)
keras.distribution.set_distribution(
    keras.distribution.ModelParallel(layout_map=layouts)
)
model = new_model()
losses["model parallel"] = train(model)

for variable in model.trainable_variables[:12]:
    part = variable.value.addressable_shards[0].data.shape
    print(f"{variable.path:52} {variable.shape!s:10} a device holds {part}")
keras.distribution.set_distribution(None)

# %% [markdown]
# ## The same losses

# %%
alone = np.array(losses["one device"])
for name, values in losses.items():
    difference = np.abs(np.array(values) / alone - 1).max()
    print(f"{name:15} last loss {values[-1]:.6f}, largest difference {difference:.1e}")
    assert difference < 1e-4

# %%
figure, axis = plt.subplots(figsize=(5, 2.6), layout="constrained")
for (name, values), width in zip(losses.items(), (7, 4, 1.5), strict=True):
    axis.plot(values, label=name, linewidth=width)
axis.set(xlabel="step", ylabel="loss")
axis.legend()
plt.show()

# %% [markdown]
# ## PyTorch: a process a device
#
# Start this program with `torchrun`, once for each device; the trainers here add the exchange
# of gradients that Keras does not have under PyTorch. Two processes of one processor:

# %%
PROGRAM = """
import keras
import torch
import keras_magvit as km

torch.distributed.init_process_group("gloo")          # "nccl" on GPUs
keras.utils.set_random_seed(0)                        # all alike, before models are made
tokenizer = km.VideoTokenizer(8, (1, 2), (True,), 8, 64, 1, video_shape=(4, 16, 16))
size = {"num_layers": 2, "num_heads": 4, "hidden_dim": 64, "mlp_dim": 128}
model = km.MAGVIT(tokenizer, size, tasks=("frame_prediction",))
model.compile(recipe="tiny")

shapes = {"num_frames": 4, "size": (16, 16)}
clips = km.data.clips("moving_shapes", source_options=shapes, seed=0, **shapes)
model.fit(clips, batch_size=8, steps_per_epoch=5, verbose=0)   # the whole batch's size

norm = sum(float((v.value**2).sum()) for v in model.trainable_variables)
print(f"process {torch.distributed.get_rank()}: sum of squared weights {norm:.6f}")
torch.distributed.destroy_process_group()
"""
Path("program.py").write_text(PROGRAM)

torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
environment = {**os.environ, "KERAS_BACKEND": "torch", "OMP_NUM_THREADS": "1"}
done = subprocess.run(
    [*torchrun, "--nproc-per-node", "2", "program.py"],
    env=environment,
    check=True,
    capture_output=True,
    text=True,
)
lines = sorted(line for line in done.stdout.splitlines() if line.startswith("process"))
print("\n".join(lines))
assert len(lines) == 2 and lines[0].split()[-1] == lines[1].split()[-1]

# %% [markdown]
# ## TensorFlow: a strategy
#
#     strategy = tf.distribute.MirroredStrategy()
#     with strategy.scope():
#         model = new_model()
#     model.fit(clips, batch_size=256)
#
# Each replica sees its share of the batch; the tests hold the losses to those of one device.
