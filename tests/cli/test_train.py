"""`train-tokenizer` and `train-transformer`: from settings to a preset, and on again."""

import keras
import numpy as np
import pytest

import keras_magvit as km
from keras_magvit.training.csv_log import read_log

DATA = """
dataset: moving_digits
dataset_options: {num_videos: 16, num_frames: 4, size: [16, 16]}
frames: 4
size: 16
batch_size: 2
steps: 3
steps_per_epoch: 2
validation_batches: 1
sample_clips: 1
save_every_seconds: 1.0e-3
"""
STAGE_1 = """
model:
  {filters: 4, channel_multipliers: [1, 2], temporal_downsample: [true],
   embedding_dim: 4, codebook_size: 16, num_res_blocks: 1}
quantizer: {entropy_weight: 0}
discriminator: {filters: 4, channel_multipliers: [2]}
recipe: {name: micro, codebook_start: random}
"""
STAGE_2 = """
model: {num_layers: 1, num_heads: 2, hidden_dim: 8, mlp_dim: 8}
tasks: [FP, CG]
recipe: {name: micro, task_weights: {FP: 2}}
sampling: {num_steps: 2}
seed: 3
"""


@pytest.fixture
def config(work):
    """Writes the settings of a stage into the folder of the test."""

    def write(text, name="run.yaml"):
        (work / name).write_text(DATA + text)
        return name

    return write


@pytest.fixture(scope="session")
def tokenizer_preset(tmp_path_factory):
    """A tokenizer as stage 1 leaves it."""
    tokenizer = km.VideoTokenizer(
        *(4, (1, 2), (True,), 4, 16, 1), video_shape=(4, 16, 16)
    )
    path = tmp_path_factory.mktemp("tokenizer") / "preset"
    tokenizer.save_to_preset(path)
    return str(path)


def _weights(model):
    return [keras.ops.convert_to_numpy(v) for v in model.weights]


def _forget_the_last_state(run_dir):
    """Leaves the run as a kill in the middle of its last step would."""
    states = sorted((run_dir / "states").iterdir())
    assert len(states) == 2
    states[-1].unlink()


def _resume(run, command, work, load):
    """Goes on with a run that lost its last step; it must end where it had ended."""
    before = load(work / "run" / "preset")
    _forget_the_last_state(work / "run")
    run(command, "--run-dir", "run", "--resume")
    for a, b in zip(load(work / "run" / "preset"), before, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-7)
    # No step stands in the log twice.
    assert [row["step"] for row in read_log(work / "run" / "log.csv")] == [2, 3]


def test_stage_1(run, work, config):
    out, err = run("train-tokenizer", config(STAGE_1), "--run-dir", "run", "--seed", 5)
    assert not err  # no picture failed
    assert out.endswith("wrote run/preset\n") and "step 3/3" in out
    rows = read_log(work / "run" / "log.csv")
    assert [row["step"] for row in rows] == [2, 3]
    for name in ("generator_total", "discriminator_gradient_norm", "codebook_usage"):
        assert np.isfinite(rows[-1][name])
    assert "entropy_loss" not in rows[-1] and "codebook_loss" in rows[-1]
    assert rows[-1]["val_psnr"] > 0 and rows[0]["seconds"] > 0
    pictures = sorted(p.name for p in (work / "run" / "samples").iterdir())
    assert pictures == [
        f"step_00000000{n}{s}" for n in (2, 3) for s in (".gif", ".png")
    ]
    settings = (work / "run" / "settings.yaml").read_text()
    assert "seed: 5" in settings and "run_dir: run" in settings

    tokenizer = km.VideoTokenizer.from_preset(work / "run" / "preset")
    assert tokenizer.video_shape == (4, 16, 16) and tokenizer.padding == "reflect"
    assert tokenizer.quantizer.entropy_weight == 0
    _resume(
        *(run, "train-tokenizer", work),
        lambda path: _weights(km.VideoTokenizer.from_preset(path)),
    )


def test_stage_2(run, work, config, tokenizer_preset):
    command = ("train-transformer", config(STAGE_2), "--tokenizer", tokenizer_preset)
    out, err = run(*command, "--run-dir", "run", "--dtype", "mixed_bfloat16")
    assert not err
    assert "masked_accuracy" in out
    model = km.MAGVIT.from_preset(work / "run" / "preset")
    assert model.tasks == ("frame_prediction", "class_generation")
    assert model.num_classes == 10 and model.sampling.num_steps == 2
    assert model.dtype_policy.name == model.transformer.dtype_policy.name == "float32"
    _resume(
        *(run, "train-transformer", work),
        lambda path: _weights(km.MAGVIT.from_preset(path).transformer),
    )


def test_dry_run_writes_nothing(run, work, config, tokenizer_preset):
    name = config(STAGE_2)
    before = sorted(work.rglob("*"))
    out, _ = run(
        "train-transformer", name, "--tokenizer", tokenizer_preset, "--dry-run"
    )
    model = km.MAGVIT(
        km.VideoTokenizer.from_preset(tokenizer_preset),
        {"num_layers": 1, "num_heads": 2, "hidden_dim": 8, "mlp_dim": 8},
        num_classes=10,
        tasks=("FP", "CG"),
    )
    count = model.transformer.count_params() / 1e6
    assert f"transformer     {count:9.3f}M parameters" in out
    for line in (
        "memory ",
        "training state ",
        "one batch ",
        "one step ",
        "3 steps of 2",
    ):
        assert line in out
    assert sorted(work.rglob("*")) == before
