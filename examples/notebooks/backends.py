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
# # One preset, three backends
#
# The same folder of weights under JAX, TensorFlow and PyTorch. Keras chooses its backend when
# it is imported, so each one is a process of its own; NumPy draws the noise, so that all
# three decode the same dice.

# %%
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
from showing import play

PRESET = "simulated_pushing_mt10"
BACKENDS = ("tensorflow", "jax", "torch")
NUM_CLIPS = 3

# %% [markdown]
# ## What every backend does
#
# Clips to ids, ids to pixels, and twelve steps of frame prediction, twice: the first call
# compiles.

# %%
WORKER = """
import sys, time
import keras
import numpy as np
from showing import held_out_clips
import keras_magvit as km

preset, count, path = sys.argv[1], int(sys.argv[2]), sys.argv[3]
model = km.MAGVIT.from_preset(preset, dtype="float32")
clips = held_out_clips(model)[0][:count]
codes, steps = model.tokenizer.codebook_size, model.sampling.num_steps
rng, grid = np.random.default_rng(0), (steps, count, *model.latent_shape)
noise = tuple(rng.gumbel(size=size).astype("float32") for size in ((*grid, codes), grid))

ids = keras.ops.convert_to_numpy(model.tokenizer.encode(clips))
seen, seconds = [], []
for _ in range(2):
    seen.clear()
    begin = time.perf_counter()
    made = model.generate("FP", clips, noise=noise, callback=seen.append)
    seconds.append(time.perf_counter() - begin)
tokens = [keras.ops.convert_to_numpy(step.tokens) for step in seen]
np.savez(path, clips=clips, ids=ids, made=made, tokens=tokens, seconds=seconds)
"""
Path("worker.py").write_text(WORKER)

results = {}
for backend in BACKENDS:
    command = [sys.executable, "worker.py", PRESET, str(NUM_CLIPS), f"{backend}.npz"]
    environment = {**os.environ, "KERAS_BACKEND": backend}
    subprocess.run(command, env=environment, check=True, capture_output=True)
    with np.load(f"{backend}.npz") as file:
        results[backend] = dict(file)
    first, second = results[backend]["seconds"]
    print(f"{backend:10} first call {first:5.1f} s, second call {second:5.1f} s")

# %% [markdown]
# Times of a machine that may have done other things; `python -m benchmarks.compare` measures
# properly, and `docs/performance.md` says what to choose.
#
# ## How far they agree
#
# Ids of clips, tokens after the last step, and pixels. Where two ids are equally near or two
# draws equally likely, the last bit of a float decides; from there on a decode may go its own
# way, and both ways are right.

# %%
first = results[BACKENDS[0]]
print(f"{'':22} ids equal   tokens equal   largest difference of pixels")
for backend in BACKENDS[1:]:
    other = results[backend]
    ids = (first["ids"] == other["ids"]).mean()
    tokens = (first["tokens"][-1] == other["tokens"][-1]).mean()
    pixels = np.abs(first["made"] - other["made"]).max()
    name = f"{BACKENDS[0]}, {backend}"
    print(f"{name:22} {ids:9.3%}   {tokens:12.3%}   {pixels:.1e}")
    assert ids >= 0.999

# %%
rows = {backend: list(result["made"]) for backend, result in results.items()}
play({"real": list(first["clips"]), **rows})

# %% [markdown]
# ## Step by step
#
# The share of tokens that are equal after each step.

# %%
for backend in BACKENDS[1:]:
    equal = (first["tokens"] == results[backend]["tokens"]).mean(axis=(1, 2, 3, 4))
    print(f"{backend:6}", " ".join(f"{share:7.2%}" for share in equal))
