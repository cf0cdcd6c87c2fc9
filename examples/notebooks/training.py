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
# # Training both stages with `fit`, in minutes
#
# A tokenizer, then a transformer of three tasks, from nothing, on drawn digits that
# bounce in a box: some minutes on two cores. So short a training shows that it learns and
# what to look at, not how good it gets; the curves of longer ones are in
# `docs/what_normal_looks_like.md`.

# %%
import os

os.environ.setdefault(
    "KERAS_BACKEND", "tensorflow"
)  # the fastest of three to train on CPUs

import keras
import matplotlib.pyplot as plt
import numpy as np
from IPython.display import display
from keras import ops
from showing import play

import keras_magvit as km

TOKENIZER_STEPS, TRANSFORMER_STEPS = 500, 1000
FRAMES, SIDE = 8, 32
DTYPE = "mixed_bfloat16"  # about twice as fast where the processor has it

keras.utils.set_random_seed(1)

# %% [markdown]
# ## Data
#
# Any folder of videos would do: `km.data.clips("my_videos/", ...)`. Example n is a function
# of the seed and n.

# %%
clips = km.data.clips(
    "moving_digits",
    num_frames=FRAMES,
    size=(SIDE, SIDE),
    source_options={"num_videos": 5000, "num_frames": FRAMES, "size": (SIDE, SIDE)},
    seed=1,
)
digits = km.data.MovingDigits(10, num_frames=FRAMES, size=(SIDE, SIDE), split="test")
held_out = np.stack([digits.frames(digit, range(FRAMES)) for digit in range(10)])
play(
    {
        "train": [clips.example(n)["video"] for n in range(10)],
        "held out": list(held_out),
    }
)

# %% [markdown]
# ## Stage 1: a tokenizer against a discriminator
#
# 8 x 32 x 32 pixels become 4 x 16 x 16 ids of 256 codes. Both players step at once from one
# forward pass; what is kept is a running average.

# %%
tokenizer = km.VideoTokenizer(
    filters=16,
    channel_multipliers=(1, 2, 2),
    temporal_downsample=(True, False),
    embedding_dim=16,
    codebook_size=256,
    num_res_blocks=1,
    video_shape=(FRAMES, SIDE, SIDE),
    dtype=DTYPE,
)
discriminator = km.VideoDiscriminator(
    filters=8,
    channel_multipliers=(1, 2, 2),
    video_shape=(FRAMES, SIDE, SIDE),
    dtype=DTYPE,
)
trainer = km.VideoTokenizerTrainer(tokenizer, discriminator, recipe="micro")
trainer.compile(steps=TOKENIZER_STEPS, warmup_steps=25, seed=1)
stage_1 = trainer.fit(
    clips,
    batch_size=8,
    steps_per_epoch=TOKENIZER_STEPS // 10,
    epochs=10,
    verbose=0,
)
tokenizer = trainer.averaged_tokenizer()

# %%
decoded = np.clip(
    ops.convert_to_numpy(tokenizer.decode(tokenizer.encode(held_out))), 0, 1
)
psnr = ops.convert_to_numpy(km.metrics.psnr(held_out, decoded)).mean()
print(f"held-out clips, encoded and decoded: {psnr:.1f} dB")
play({"real": list(held_out), "decoded": list(decoded)})

# %% [markdown]
# ## Stage 2: a transformer on the frozen tokenizer
#
# For every clip a task, a share of cells to mask and scores are drawn; COMMIT makes the
# grid, and the loss is a cross-entropy.

# %%
model = km.MAGVIT(
    tokenizer,
    {"num_layers": 4, "num_heads": 4, "hidden_dim": 96, "mlp_dim": 256},
    num_classes=10,
    tasks=("frame_prediction", "central_inpainting", "class_generation"),
    dtype=DTYPE,
)
recipe = km.recipes.transformer("micro").replace(learning_rate=2e-3)
model.compile(recipe=recipe, steps=TRANSFORMER_STEPS, warmup_steps=50, seed=1)
stage_2 = model.fit(
    clips,
    batch_size=8,
    steps_per_epoch=TRANSFORMER_STEPS // 10,
    epochs=10,
    verbose=0,
)

# %% [markdown]
# ## The curves
#
# `mask_loss` starts at ln 256 = 5.5, where nothing is known.

# %%
figure, axes = plt.subplots(1, 3, figsize=(10, 2.6), layout="constrained")
shown = ((stage_1, "psnr"), (stage_1, "codebook_perplexity"), (stage_2, "mask_loss"))
for axis, (history, name) in zip(axes, shown, strict=True):
    axis.plot(history.epoch, history.history[name])
    axis.set(title=name, xlabel="tenth of the training")
plt.show()

# %% [markdown]
# ## What it makes of clips that it has not seen

# %%
for task in model.tasks:
    label = np.arange(10) if km.tasks.get(task).uses_class else None
    made = model.generate(task, held_out, labels=label, seed=1)
    print(task)
    display(play({"made": list(made), "real": list(held_out)}))

# %% [markdown]
# ## Keep it
#
# A folder that every backend loads, and that `keras-magvit demo --preset` shows. Runs of
# hours use the command line: it saves states, resumes after a kill, and stops at NaN.

# %%
model.save_to_preset("my_digits")
again = km.MAGVIT.from_preset("my_digits")
np.testing.assert_array_equal(
    again.generate("frame_prediction", held_out[:1], seed=1),
    model.generate("frame_prediction", held_out[:1], seed=1),
)
