"""Every task of a model without Keras: onnxruntime and numpy on what `export` wrote.

keras-magvit export --preset moving_digits_mt10_micro --to onnx --out digits_onnx
python examples/onnx_ten_tasks.py digits_onnx clip.npy --label 3 --out ten_tasks.npz
"""

import argparse
import json

import numpy as np
import onnxruntime

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("folder", help="what `keras-magvit export --to onnx` wrote")
parser.add_argument(
    "clip", help=".npy: uint8 (T, H, W, 3), as large as export.json says"
)
parser.add_argument("--label", type=int, default=0, help="for tasks that use the class")
parser.add_argument("--out", default="ten_tasks.npz")
options = parser.parse_args()
with open(f"{options.folder}/export.json") as file:
    spec = json.load(file)
grid, sampling = (1, *spec["latent_shape"]), spec["sampling"]
settings = onnxruntime.SessionOptions()
settings.add_session_config_entry(
    "session.force_spinning_stop", "1"
)  # three take turns
graphs = {
    name: onnxruntime.InferenceSession(f"{options.folder}/{name}.onnx", settings)
    for name in ("encoder", "decode", "decoder")
}
rng = np.random.default_rng(0)


def run(name, **inputs):
    wanted = [value.name for value in graphs[name].get_inputs()]
    return graphs[name].run(None, {key: inputs[key] for key in wanted})[0]


def gumbel(*shape):
    return -np.log(rng.standard_exponential(shape, "float32") + np.float32(1e-30))


def as_mask(rows):
    return np.array([[list(row) for row in frame] for frame in rows]) == "1"


def condition(clip, task):
    """The given pixels; elsewhere the task's filling, a mix of two frames."""
    fill = task["fill"]
    still = clip[:, fill["rows"]][:, :, fill["columns"]]
    weight = np.array(fill["weight"], "float32")[:, None, None, None]
    mixed = (1 - weight) * still[fill["first"]] + weight * still[fill["second"]]
    return np.where(as_mask(task["video_mask"])[..., None], clip, fill["scale"] * mixed)


def generate(clip, task):
    given = condition(clip, task).astype("float32")[None]
    ids = run(
        "decode",
        task=np.array([task["prompt"] or 0], "int32"),
        labels=np.array([options.label if task["uses_class"] else -1], "int32"),
        cond_ids=run("encoder", video=given),
        latent_mask=as_mask(task["latent_mask"]) & np.ones(grid, bool),
        categorical_gumbel=gumbel(sampling["num_steps"], *grid, spec["codebook_size"]),
        mask_gumbel=gumbel(sampling["num_steps"], *grid),
        **{name: np.array(sampling[name], "float32") for name in spec["schedule"]},
    )
    return (run("decoder", ids=ids)[0].clip(0, 1) * 255).round().astype("uint8")


clip = np.load(options.clip) / np.float32(255)
videos = {name: generate(clip, task) for name, task in spec["tasks"].items()}
np.savez(options.out, **videos)
for name, video in videos.items():
    print(name, video.shape, f"mean {video.mean():.1f}")
