"""What leaving Keras costs and gives: an ONNX export against Keras, and int8 against both.

    python -m benchmarks.export moving_digits_mt10_micro out/ moving_digits
    python -m benchmarks.export simulated_pushing_mt10 out/ simulated_pushing

Writes the export into out/onnx, every figure into out/figures.json and tables into
out/figures.md, and ends with status 1 if one is out of its bounds. Every part is a
process with its own backend; one whose figures stand in the file is not run again (remove
the file to begin anew), and `--parts` chooses: those of speed want a quiet machine.
"""

import argparse
import json
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np

from benchmarks import export_report

BACKENDS = ("jax", "tensorflow", "torch")
MAKERS = tuple(export_report.NAMES)
# Name -> backend.
PARTS = {
    "export": "tensorflow",
    "agreement": "tensorflow",
    "sizes": "tensorflow",
    **{f"speed_{backend}": backend for backend in BACKENDS},
    **{f"videos_{maker}": "tensorflow" for maker in MAKERS},
    "quality": "tensorflow",
}


def parser():
    made = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument("preset", help="name or folder")
    made.add_argument("out", type=Path, help="folder")
    made.add_argument("clips", help="dataset, by name or path: its split `validation`")
    made.add_argument("--data-dir", help="where prepared datasets lie")
    made.add_argument("--count", type=int, default=64, help="clips to predict")
    made.add_argument("--times", type=int, default=5, help="the fastest counts")
    made.add_argument("--parts", nargs="+", default=list(PARTS), choices=PARTS)
    made.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    return made


def main():
    options = parser().parse_args()
    if options.here:
        (part,) = options.parts
        found = run(part, options)
        (options.out / f"{part}.json").write_text(json.dumps(found))
        return 0
    options.out.mkdir(parents=True, exist_ok=True)
    file = options.out / "figures.json"
    figures = json.loads(file.read_text()) if file.exists() else {}
    for part in options.parts:
        if part not in figures:
            figures[part] = run_apart(part, options.out)
            file.write_text(json.dumps(figures, indent=1))
    text, failures = export_report.render(figures)
    (options.out / "figures.md").write_text(text)
    print(text)
    print("\n".join(failures) or "All figures that were measured are within bounds.")
    return len(failures) > 0


def run_apart(part, out):
    """Runs a part with the words of this command, under its backend; its figures."""
    words = [*sys.argv[1:], "--here", "--parts", part]
    environment = {
        **os.environ,
        "KERAS_BACKEND": PARTS[part],
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
    print(f"{part}, on {PARTS[part]}", flush=True)
    command = [sys.executable, "-m", "benchmarks.export", *words]
    if subprocess.run(command, env=environment).returncode:
        sys.exit(f"{part} failed; what was measured before is kept.")
    file = out / f"{part}.json"
    found = json.loads(file.read_text())
    file.unlink()
    return found


def run(part, options):
    """Measures a part in this process."""
    from benchmarks import export_parts
    from benchmarks.machine import processor, versions
    from keras_magvit.export import export_model

    preset, out = options.preset, options.out
    folder, what = out / "onnx", part.partition("_")[2]
    if part == "export":
        import keras_magvit as km

        model = km.MAGVIT.from_preset(preset)
        made = export_model(model, folder, int8=True, overwrite=True)
        checked = {key: made[key] for key in ("checked", "int8")}
        more = {name: version(name) for name in ("onnxruntime", "tf2onnx")}
        ran = {**versions("tensorflow"), **more}
        return {**checked, "machine": processor(), "versions": ran}
    if part == "agreement":
        return export_parts.agreement(preset, folder)
    if part == "sizes":
        return export_parts.sizes(preset, folder)
    if part == "quality":
        made = {}
        for maker in MAKERS:
            with np.load(out / f"videos_{maker}.npz") as file:
                made[maker] = (file["ids"], file["video"])
        return export_parts.quality(clips_of(options), made)
    if part.startswith("speed"):
        clip = clips_of(options)[:1]
        return export_parts.speed(preset, folder, clip, options.times)
    ids, video = export_parts.make(what, preset, folder, clips_of(options), show=print)
    np.savez_compressed(out / f"videos_{what}.npz", ids=ids, video=video)
    return {"clips": len(video)}


def clips_of(options):
    """uint8 `(N, T, H, W, 3)`: the first clip of each of the first `--count` videos."""
    from keras_magvit import data

    spec = json.loads((options.out / "onnx" / "export.json").read_text())
    frames, *size = spec["video_shape"]
    dataset = data.clips(
        options.clips,
        "validation",
        frames,
        tuple(size),
        data_dir=options.data_dir,
        windows_per_video="first",
        crops_per_video=1,
    )
    clips = np.stack([dataset.example(i)["video"] for i in range(options.count)])
    return (clips * 255).round().astype("uint8")


if __name__ == "__main__":
    sys.exit(main())
