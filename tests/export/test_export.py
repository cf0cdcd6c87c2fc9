"""Exports of tiny models, run by the programs they are made for."""

import json
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

import keras_magvit as km
from keras_magvit.export import DESCRIPTION, ExportError, checking, export_model

onnxruntime = pytest.importorskip("onnxruntime", reason="comes with `export`")
pytest.importorskip("tf2onnx", reason="comes with the extra `export`")
pytestmark = pytest.mark.skipif(
    keras.config.backend() != "tensorflow",
    reason="graphs are made under TensorFlow; test_process.py starts it from elsewhere",
)
EXAMPLE = Path(__file__).parents[2] / "examples" / "onnx_ten_tasks.py"


@pytest.fixture(scope="module")
def model(tiny_model, tiny_tokenizer):
    """Not square, with classes, guided, two steps."""
    tokenizer = tiny_tokenizer(video_shape=(4, 16, 24), channel_multipliers=(1, 1, 1))
    sampling = {"num_steps": 2, "guidance_scale": 1.5, "schedule": "uniform"}
    return tiny_model(tokenizer=tokenizer, sampling=sampling)


@pytest.fixture(scope="module")
def folder(model, tmp_path_factory):
    path = tmp_path_factory.mktemp("export") / "onnx"
    export_model(model, path, int8=True)
    return path


@pytest.fixture(scope="module")
def run(folder):
    def run(name, **inputs):
        session = onnxruntime.InferenceSession(
            str(folder / f"{name}.onnx"), providers=["CPUExecutionProvider"]
        )
        feeds = {value.name: inputs[value.name] for value in session.get_inputs()}
        names = [value.name for value in session.get_outputs()]
        return dict(zip(names, session.run(names, feeds), strict=True))

    return run


def test_the_folder_says_what_it_holds(folder):
    spec = json.loads((folder / DESCRIPTION).read_text())
    names = {"encoder", "decoder", "transformer", "decode_step", "decode"}
    names |= {"transformer_int8", "decode_step_int8", "decode_int8"}
    assert set(spec["files"]) == names
    assert set(os.listdir(folder)) == {f"{name}.onnx" for name in names} | {DESCRIPTION}
    assert spec["checked"]["decode_tokens"] == 1.0
    assert spec["int8"]["step_tokens"] >= 0.7  # of random weights


@pytest.mark.parametrize("name", ["frame_prediction", "class_generation"])
def test_the_loop_is_what_generate_does_with_the_same_noise(model, run, name):
    """Three clips: a batch that the export has not seen."""
    rng = np.random.default_rng(0)
    grid, steps = (3, *model.latent_shape), 3
    noise = (
        rng.gumbel(size=(steps, *grid, 32)).astype("float32"),
        rng.gumbel(size=(steps, *grid)).astype("float32"),
    )
    clips, labels = rng.random((3, 4, 16, 24, 3), "float32"), [0, 4, 2]
    task = km.tasks.get(name)
    given = [labels if task.uses_class else None, None, 1, 0, steps]
    expected = model.generate(name, clips, *given, noise=noise)

    condition = task.condition(clips, model.latent_shape)
    video, _, mask = (keras.ops.convert_to_numpy(x) for x in condition)
    schedule = [
        km.ops.schedule.step_ratio(s, steps, model.sequence.num_latents, "uniform")
        for s in range(steps)
    ]
    ids = run(
        "decode",
        task=np.full(3, model.vocabulary.prompt(name), "int32"),
        labels=np.array(labels if task.uses_class else [-1] * 3, "int32"),
        cond_ids=run("encoder", video=video)["ids"],
        latent_mask=np.broadcast_to(mask, grid).copy(),
        categorical_gumbel=noise[0],
        mask_gumbel=noise[1],
        mask_ratio=np.array(schedule, "float32"),
        noise_scale=np.array([3.0, 1.5, 0.0], "float32"),
        sampling_temperature=np.float32(1)[...],
        guidance_scale=np.float32(1.5)[...],
    )["ids"]
    made = run("decoder", ids=ids)["video"].clip(0, 1)
    np.testing.assert_allclose(made, expected, atol=1e-3)


def test_the_example_needs_neither_keras_nor_a_framework(folder, tmp_path):
    clip = np.random.default_rng(0).integers(0, 256, (4, 16, 24, 3), "uint8")
    np.save(tmp_path / "clip.npy", clip)
    barred = ("keras", "keras_magvit", "tensorflow", "jax", "torch")
    code = f"""
import runpy, sys
for name in {barred}:
    sys.modules[name] = None
sys.argv[1:] = [{str(folder)!r}, "clip.npy", "--label", "2"]
runpy.run_path({str(EXAMPLE)!r}, run_name="__main__")
"""
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)
    with np.load(tmp_path / "ten_tasks.npz") as made:
        assert set(made) == set(km.tasks.names()[:11])
        assert all(made[name].shape == (4, 16, 24, 3) for name in made)
        assert len({made[name].tobytes() for name in made}) == 11


def test_litert_has_the_weights_and_takes_any_batch(shared_tokenizer, tmp_path):
    made = export_model(shared_tokenizer, tmp_path / "out", "litert")
    assert made["files"] == {"encoder": "encoder.tflite", "decoder": "decoder.tflite"}
    assert made["checked"]["encoder_ids"] == 1.0
    count = shared_tokenizer.decoder.count_params()
    assert (tmp_path / "out" / "decoder.tflite").stat().st_size > 4 * count


def test_what_fails_the_check_leaves_nothing(shared_tokenizer, tmp_path, monkeypatch):
    monkeypatch.setattr(checking, "MAX_ERROR", -1.0)
    with pytest.raises(ExportError, match="not kept: decoder_error must be at most"):
        export_model(shared_tokenizer, tmp_path / "out")
    assert os.listdir(tmp_path) == []


def test_what_is_there_is_kept(shared_tokenizer, folder, tmp_path):
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(ExportError, match="is not an export, and is kept"):
        export_model(shared_tokenizer, tmp_path, overwrite=True)
    with pytest.raises(ExportError, match="holds an export; pass overwrite=True"):
        export_model(shared_tokenizer, folder)
    assert (tmp_path / "letter.txt").read_text() == "dear"


def test_arguments_are_checked(shared_tokenizer, tiny_tokenizer, tmp_path):
    with pytest.raises(ExportError, match="Received: to='caffe'"):
        export_model(shared_tokenizer, tmp_path / "out", "caffe")
    with pytest.raises(ExportError, match="for ONNX alone"):
        export_model(shared_tokenizer, tmp_path / "out", "litert", int8=True)
    half = km.VideoTokenizer.from_config(
        {**shared_tokenizer.get_config(), "dtype": "mixed_bfloat16"}
    )
    with pytest.raises(ExportError, match="Received: a model in 'mixed_bfloat16'"):
        export_model(half, tmp_path / "out")
