"""Examples that draw: they run as programs, with what ships and with rivals beside it."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from keras_magvit import presets

pytestmark = pytest.mark.heavy  # processes that load a model

EXAMPLES = Path(__file__).parents[2] / "examples"
PRESET = "moving_digits_mt10_micro"
WEIGHTS = Path(presets.__file__).parent / "weights" / PRESET


def run(program, *words):
    command = [sys.executable, EXAMPLES / program, "--preset", PRESET, *words]
    done = subprocess.run(
        list(map(str, command)), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def frames(path):
    with Image.open(path) as picture:
        return picture.n_frames, picture.size


def test_twelve_steps(tmp_path):
    run("twelve_steps.py", tmp_path / "steps.gif")
    count, _ = frames(tmp_path / "steps.gif")
    assert (
        count == 12 * 4 + 2 * 8
    )  # every step a while, then the clip of 8 frames twice


def test_a_gallery_without_rivals_and_one_with(tmp_path):
    assert "no rivals" in run("gallery.py", "--out", tmp_path / "alone")
    rivals = tmp_path / "rivals"
    shutil.copytree(WEIGHTS, rivals / "latent_1" / "preset")
    (rivals / "prefix_1" / "preset").mkdir(parents=True)  # was never trained
    run("gallery.py", "--out", tmp_path / "beside", "--rivals", rivals)
    _, alone = frames(tmp_path / "alone" / "rivals.gif")
    _, beside = frames(tmp_path / "beside" / "rivals.gif")
    assert beside[1] - alone[1] == 4 * 32 + 4  # one row more, enlarged to 128
    assert frames(tmp_path / "alone" / "tasks.gif")[0] == 8
