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
# # Fine-tuning on a folder of your own videos
#
# Goes on from a preset that ships. Change `FOLDER` to a folder of yours: videos of any
# size, length and depth. Without one, coloured shapes that the preset has never seen are
# drawn into it. The same as a program, with options: `examples/finetune_on_my_videos.py`.

# %%
import os

os.environ.setdefault(
    "KERAS_BACKEND", "tensorflow"
)  # the fastest of three to train on CPUs

from pathlib import Path

import keras
import numpy as np
from IPython.display import display
from keras import ops
from showing import play

import keras_magvit as km
from keras_magvit.io import write_video

PRESET = "simulated_pushing_mt10"
FOLDER = Path("my_videos")
TOKENIZER_STEPS, TRANSFORMER_STEPS = 60, 60
BATCH_SIZE = 4
DTYPE = "mixed_bfloat16"  # about twice as fast where the processor has it

keras.utils.set_random_seed(0)

# %%
if not FOLDER.exists():
    FOLDER.mkdir()
    shapes = km.data.MovingShapes(48, num_frames=24, size=(96, 128))
    for number in range(48):
        frames = shapes.frames(number, range(24))
        write_video(FOLDER / f"{number:02}.mp4", frames, frame_rate=8)

# %% [markdown]
# ## The preset, and what its tokens can say about these videos
#
# No transformer makes anything sharper than the tokens are: look at them first.

# %%
preset = km.MAGVIT.from_preset(PRESET, dtype=DTYPE)
frames, *size = preset.video_shape
clips = km.data.clips(
    FOLDER,
    num_frames=frames,
    size=tuple(size),
    source_options={"labels": False},  # folders are no classes of the preset's
    short="loop",  # videos that are too short begin again
    seed=0,
)
shown = np.stack([clips.example(number)["video"] for number in range(6)])


def decoded(tokenizer):
    videos = tokenizer.decode(tokenizer.encode(shown))
    return list(np.clip(ops.convert_to_numpy(videos), 0, 1))


print(f"{len(clips)} videos, cut to {frames} frames of {size[0]} x {size[1]} pixels")
before = decoded(preset.tokenizer)
play({"clip": list(shown), "tokens": before})

# %% [markdown]
# ## Stage 1, because these videos look like nothing the preset has seen
#
# The codebook stays as it is (`codebook_start="random"` draws no new one); the average
# forgets where it started from. Leave this out where the tokens above are good enough.

# %%
recipe = km.recipes.tokenizer("micro").replace(
    padding=preset.tokenizer.padding,
    codebook_start="random",
    learning_rate=1e-3,
    r1_examples=1,
    average_decay=0.9,
)
discriminator = km.VideoDiscriminator(
    filters=8,
    channel_multipliers=(1, 2, 2),
    video_shape=preset.video_shape,
    dtype=DTYPE,
)
trainer = km.VideoTokenizerTrainer(preset.tokenizer, discriminator, recipe)
trainer.compile(steps=TOKENIZER_STEPS, warmup_steps=TOKENIZER_STEPS // 10)
trainer.fit(clips, batch_size=BATCH_SIZE, steps_per_epoch=TOKENIZER_STEPS, verbose=0)
tokenizer = trainer.averaged_tokenizer()

after = decoded(tokenizer)
for name, videos in (("before", before), ("after", after)):
    psnr = ops.convert_to_numpy(km.metrics.psnr(shown, np.stack(videos))).mean()
    print(f"tokens {name}: {psnr:.1f} dB")
play({"clip": list(shown), "before": before, "after": after})

# %% [markdown]
# ## Stage 2: the transformer, for the tasks that need no class
#
# The prompts of these tasks keep their rows; the others are left out.

# %%
names = [name for name in preset.tasks if not km.tasks.get(name).uses_class]
model = km.MAGVIT(
    tokenizer,
    preset.transformer,
    num_classes=preset.num_classes,
    tasks=names,
    vocabulary=preset.vocabulary,
    sampling=preset.sampling,
    video_shape=preset.video_shape,
    dtype=DTYPE,
)
recipe = km.recipes.transformer("micro").replace(learning_rate=3e-4)
model.compile(
    recipe=recipe, steps=TRANSFORMER_STEPS, warmup_steps=TRANSFORMER_STEPS // 10
)
history = model.fit(
    clips,
    batch_size=BATCH_SIZE,
    steps_per_epoch=TRANSFORMER_STEPS // 3,
    epochs=3,
    verbose=0,
)
print("loss:", " ".join(f"{loss:.2f}" for loss in history.history["loss"]))

# %% [markdown]
# ## What it makes now
#
# So few steps show that it learns. Hundreds more, and thousands of the transformer's, are
# what a result needs; `docs/finetuning.md` says how to choose.

# %%
for name in ("frame_prediction", "central_inpainting", "vertical_outpainting"):
    condition = km.tasks.get(name).condition(shown, model.latent_shape)
    given = np.where(ops.convert_to_numpy(condition.video_mask), shown, 0.5)
    made = model.generate(name, shown, seed=0)
    print(name)
    display(play({"given": list(given.astype("float32")), "made": list(made)}))

# %%
model.save_to_preset("my_model")
print(f'km.MAGVIT.from_preset("my_model"): {", ".join(model.tasks)}')
