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
# # The paper in code
#
# [MAGVIT](https://arxiv.org/abs/2212.05199) step by step: a video as tokens, COMMIT (its
# Figure 2 and equation 2), the loss of training, and the twelve steps of decoding (its
# Figure 3 and Algorithm 1) written out, until they equal `model.generate` to the token.

# %%
import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")  # or "jax", or "torch"

import matplotlib.pyplot as plt
import numpy as np
from keras import ops
from showing import held_out_clips, play, tinted

import keras_magvit as km
from keras_magvit.io import contact_sheet
from keras_magvit.ops.masking import MASK, commit_mask
from keras_magvit.ops.sampling import confidence, sample
from keras_magvit.ops.schedule import mask_ratio, step_ratio

PRESET = "simulated_pushing_mt10"
TASK = "central_outpainting"

model = km.MAGVIT.from_preset(PRESET)
tokenizer = model.tokenizer
clips, labels, class_names = held_out_clips(model)
clip = clips[3:4]


def pixels(ids):
    """Ids as a clip, float `(T, H, W, 3)` in [0, 1]."""
    return np.clip(ops.convert_to_numpy(tokenizer.decode(ids))[0], 0, 1)


def cells(colours):
    """Colours of cells `(t, h, w, 3)`, each as large as the pixels it stands for."""
    for axis, stride in enumerate(tokenizer.strides):
        colours = np.repeat(colours, stride, axis=axis)
    return colours.astype("uint8")


# %% [markdown]
# ## Section 3.1: a video as tokens
#
# A 3D convolutional encoder makes a vector of every cell; its id is the nearest row of a
# codebook. So a cell stands for some frames and a square of pixels.

# %%
features = tokenizer.encode_features(clip)
ids = tokenizer.encode(clip)
palette = np.random.default_rng(0).integers(40, 256, (tokenizer.codebook_size, 3))
print("pixels  ", clip.shape)
print("features", tuple(features.shape))
print("ids     ", tuple(ids.shape), "of", tokenizer.codebook_size, "codes")
shown = {
    "clip": clip[0],
    "ids": cells(palette[ops.convert_to_numpy(ids)[0]]),
    "decoded": pixels(ids),
}
contact_sheet(shown, scale=1)

# %% [markdown]
# ## Section 3.2: the condition of a task
#
# Ten tasks are ten regions with a padding. What is given becomes a whole clip, padded, and
# is tokenized as a whole: so ids of the condition are *not* the true ids, not even where
# pixels are given, because a cell sees across the border.

# %%
condition = km.tasks.get(TASK).condition(clip, model.latent_shape)
cond_ids = tokenizer.encode(condition.video)
given = ops.convert_to_numpy(condition.latent_mask)
given = np.broadcast_to(given, ids.shape)

same = ops.convert_to_numpy(ids == cond_ids)
print(f"cells that see a given pixel: {given.mean():.0%}")
print(f"of these, ids that the condition gets right: {same[given].mean():.0%}")
shown = {
    "clip": clip[0],
    "condition": ops.convert_to_numpy(condition.video)[0],
    "given cells": cells(np.where(given[0][..., None], 235, [90, 90, 90])),
}
contact_sheet(shown, scale=1)

# %% [markdown]
# ## Equation 2 and Figure 2: COMMIT
#
# Every cell draws a score $s_i$; a share of the cells is masked, those of the lowest scores.
# A masked cell holds the condition's id where the condition is, and [MASK] where there is
# padding alone; the others keep their id:
#
# $$
# m(z_i \mid \tilde z_i) = \begin{cases}
# \tilde z_i & s_i \le s^* \text{ and the cell sees the condition} & \text{refine}\\
# [\mathrm{MASK}] & s_i \le s^* \text{ and it does not} & \text{mask}\\
# z_i & s_i > s^* & \text{reconstruct}\end{cases}
# $$
#
# Blue is refine, pink is mask, white is reconstruct, from a few masked cells to all.

# %%
WHITE, BLUE, PINK = (235, 235, 235), (80, 140, 255), (255, 0, 144)
score = np.random.default_rng(0).random(ids.shape, "float32")


def kinds(inputs, masked):
    """Which of the three every cell is, as colours."""
    kind = np.where(~masked, 0, np.where(ops.convert_to_numpy(inputs) == MASK, 2, 1))
    return cells(np.array([WHITE, BLUE, PINK])[kind[0]])


rows = {"clip": clip[0], "condition": ops.convert_to_numpy(condition.video)[0]}
for ratio in (0.25, 0.5, 0.75, 1.0):
    inputs, targets, weights = commit_mask(
        ids, cond_ids, condition.latent_mask, score, ratio
    )
    masked = score <= np.sort(score.ravel())[int(ratio * score.size) - 1]
    rows[f"ratio {ratio:g}"] = kinds(inputs, masked)
contact_sheet(rows, scale=1)

# %% [markdown]
# ## Equations 3 and 4: the loss
#
# One cross-entropy over all cells; the targets are the true ids everywhere. It parts into
# three: refine, mask and reconstruct.

# %%
prompt = model.sequence.prompt(km.tasks.get(TASK), None, 1)
prefix = ops.convert_to_tensor(prompt)
inputs, targets, _ = commit_mask(ids, cond_ids, condition.latent_mask, score, 0.7)
masked = score <= np.sort(score.ravel())[int(0.7 * score.size) - 1]
unknown = ops.convert_to_numpy(inputs) == MASK
logits = model.grid_logits(prefix, inputs)
loss = km.losses.token_cross_entropy(logits, targets)
loss = ops.convert_to_numpy(loss).reshape(ids.shape)
for name, part in {
    "refine": masked & ~unknown,
    "mask": unknown,
    "reconstruct": ~masked,
}.items():
    print(f"{name:12} {part.sum():4} cells, cross-entropy {loss[part].mean():.2f}")

# %% [markdown]
# ## The schedule
#
# How many cells are still masked after a share of the steps. The cosine decides few cells
# early, when little is known, and many late.

# %%
size, num_steps = int(np.prod(model.latent_shape)), model.sampling.num_steps
figure, axis = plt.subplots(figsize=(5, 2.6), layout="constrained")
for name in ("cosine", "uniform", "exp"):
    progress = np.linspace(1 / num_steps, 1, num_steps, dtype="float32")
    curve = [float(mask_ratio(share, size, name)) * size for share in progress]
    axis.plot(range(1, num_steps + 1), curve, marker=".", label=name)
axis.set(xlabel="step", ylabel="cells still masked")
axis.legend()
plt.show()
# %% [markdown]
# ## Algorithm 1, written out
#
# In each step the model predicts every cell at once. Cells that are undecided are drawn;
# their confidence is the log probability of what was drawn, plus noise that fades; the least
# sure are masked again, by the same COMMIT: back to the condition's id, or to [MASK].

# %%
settings = model.sampling
noise_of_ids, noise_of_scores = model.decoder.noise(1, seed=1)
latent_mask = ops.convert_to_tensor(given)

grid = ops.where(latent_mask, cond_ids, MASK)  # all cells are undecided
undecided = np.ones(ids.shape, bool)
history = []
for step in range(num_steps):
    logits = model.grid_logits(prefix, grid)
    gumbel, score_noise = noise_of_ids[step], noise_of_scores[step]
    drawn = sample(logits, gumbel, settings.sampling_temperature)
    tokens = ops.where(undecided, drawn, grid)

    fading = settings.choice_temperature * (1 - (step + 1) / num_steps)
    score = confidence(logits, tokens) + fading * score_noise
    score = ops.where(undecided, score, float("inf"))  # what is decided stays
    ratio = step_ratio(step, num_steps, size, settings.schedule)
    limits = (1, max(int(undecided.sum()) - 1, 0))  # at least one cell a step
    grid, _, weights = commit_mask(
        tokens, cond_ids, latent_mask, score, ratio, "mask+refine", limits=limits
    )
    undecided = ops.convert_to_numpy(weights) > 0
    # The last step's tokens are the result, whatever would be masked again.
    undecided &= step + 1 < num_steps
    history.append((pixels(tokens), undecided[0]))
    print(f"step {step + 1:2}: {undecided.sum():5} of {size} cells undecided")

# %% [markdown]
# The same tokens as `generate`, which compiles a step and keeps these lines in
# `keras_magvit/models/decoding.py`:

# %%
steps = []
video = model.generate(TASK, clip, seed=1, callback=steps.append)
equal = ops.convert_to_numpy(ops.equal(steps[-1].tokens, tokens)).mean()
assert equal > 0.99, (
    equal
)  # a compiled step may round one draw in a thousand differently
print(f"{equal:.2%} of the tokens are those of generate")

# %% [markdown]
# ## Figure 3: the video at each of the twelve steps
#
# Undecided cells are tinted. Each row is a step, each column a frame.

# %%
rows = {}
for number, (video, undecided) in enumerate(history, start=1):
    frames = np.rint(video * 255).astype("uint8")
    rows[f"step {number}"] = tinted(frames, undecided)
contact_sheet({"clip": clip[0], **rows}, scale=1)

# %% [markdown]
# The same in motion: the condition, steps 1, 4, 8 and 12, and what really happened.

# %%
steps_shown = [0, 3, 7, 11]
row = [ops.convert_to_numpy(condition.video)[0]]
row += [rows[f"step {number + 1}"] for number in steps_shown] + [clip[0]]
heads = ["condition", *(f"step {number + 1}" for number in steps_shown), "real"]
play({"": row}, heads)

# %% [markdown]
# ## Table 5: other ways to condition
#
# MaskGIT's latent masking takes the condition's ids for known: wrong ids stay wrong. COMMIT
# starts from them, and refines. Which cells may still change, by the way to condition:

# %%
for mode in ("commit", "latent", "prefix"):
    equal_scores = np.zeros(ids.shape, "float32")
    _, _, weights = commit_mask(
        ids, cond_ids, latent_mask, equal_scores, 1.0, "mask+refine", mode
    )
    share = ops.convert_to_numpy(weights).mean()
    print(f"{mode:7} {share:4.0%} of the cells are drawn by the model")
