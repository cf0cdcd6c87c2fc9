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
# # Quickstart: ten tasks, one model
#
# A small model that ships with the package, on clips that it has not seen. Nothing here
# is chosen: first clips, one seed. For a model of your own, change `PRESET` to its folder.

# %%
import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")  # or "jax", or "torch"

import numpy as np
from IPython.display import display
from keras import ops
from showing import held_out_clips, play

import keras_magvit as km
from keras_magvit.io import decoding_strip, read_video, write_video
from keras_magvit.presets.table import SHORT_NAMES

PRESET = "simulated_pushing_mt10"

model = km.MAGVIT.from_preset(PRESET)
clips, labels, class_names = held_out_clips(model)
weights = model.count_params() + model.tokenizer.count_params()
print(f"{weights / 1e6:.1f} million weights, clips of {model.video_shape}")
print(f"{np.prod(model.latent_shape)} tokens a clip, {model.latent_shape}")

# %% [markdown]
# ## What each task is given, and what the model makes of it
#
# Grey is not given. Class generation sees a label alone.

# %%
real, given, made = [], [], []
for number, name in enumerate(model.tasks):
    clip, task = clips[number][None], km.tasks.get(name)
    label = labels[number] if task.uses_class else None
    mask = ops.convert_to_numpy(task.condition(clip, model.latent_shape).video_mask)
    real.append(clip[0])
    given.append(np.where(mask, clip, np.uint8(128))[0])
    made.append(model.generate(name, clip, labels=label, seed=1)[0])

print("\n".join(f"{SHORT_NAMES[name]:4} {name}" for name in model.tasks))
for half in (slice(0, 5), slice(5, 10)):
    rows = {"given": given[half], "made": made[half], "real": real[half]}
    display(play(rows, [SHORT_NAMES[name] for name in model.tasks[half]]))

# %% [markdown]
# ## The steps of one clip
#
# Twelve passes of the transformer, whatever the number of tokens. What is still undecided
# is tinted.

# %%
steps = []
model.generate("frame_prediction", clips[:1], seed=1, callback=steps.append)
decoded = [model.tokenizer.decode(step.sampled_tokens) for step in steps]
decoding_strip(
    [np.clip(ops.convert_to_numpy(video)[0], 0, 1) for video in decoded],
    [ops.convert_to_numpy(step.next_unknown)[0] for step in steps],
    rows=6,
    scale=1,
)

# %% [markdown]
# ## One condition, several futures
#
# The first frame is given. A seed is a video: the same seed makes the same bytes.

# %%
futures = model.generate("frame_prediction", clips[1:2, :1], num_samples=5, seed=7)
again = model.generate("frame_prediction", clips[1:2, :1], num_samples=5, seed=7)
np.testing.assert_array_equal(futures, again)
play({"futures": list(futures), "real": [clips[1]] * 5})

# %% [markdown]
# ## A hole of your own
#
# True is given. `keep_condition=True` puts the given pixels back, exactly.

# %%
height, width = model.video_shape[1:]
mask = np.ones((height, width), bool)
mask[height // 2 :, : width // 2] = False  # the lower left quarter
filled = model.generate(
    "central_inpainting", clips[2:7], mask=mask, seed=1, keep_condition=True
)
holes = np.where(mask[..., None], clips[2:7], np.uint8(128))
play({"given": list(holes), "made": list(filled), "real": list(clips[2:7])})

# %% [markdown]
# ## From a class alone
#
# Guidance steers away from what the model would make without the class, and the noise on
# the order in which cells are decided leaves it room to begin elsewhere.

# %%
videos = model.generate(
    "class_generation",
    labels=list(range(8)),
    guidance_scale=3,
    choice_temperature=10,
    sampling_temperature=1,
    seed=2,
)
for half in (slice(0, 4), slice(4, 8)):
    display(play({"made": list(videos[half])}, class_names[half]))

# %% [markdown]
# ## Longer than a clip
#
# `extend` slides: each window starts from the last frames of what there is.

# %%
frames = model.video_shape[0]
longer = model.extend(clips[:1, : frames // 2], num_frames=2 * frames, seed=1)
play({f"{len(longer[0])} frames": list(longer)})

# %% [markdown]
# ## Files
#
# The command line does all of this without Python, `keras-magvit generate --help`, and
# `keras-magvit demo` opens a page to play with.

# %%
write_video("predicted.mp4", longer[0], frame_rate=8)
back = read_video("predicted.mp4")
print(f"predicted.mp4: {len(back.frames)} frames, {back.frame_rate:g} a second")
