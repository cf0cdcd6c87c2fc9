"""fvd prints what `metrics.fvd` gives, with its protocol."""

import json

import numpy as np
import pytest

from keras_magvit.io import write_video
from keras_magvit.metrics import I3D, fvd
from keras_magvit.networks.weights import WeightsError, find_weights
from tests.evaluation.conftest import Projection


@pytest.fixture
def network(monkeypatch):
    """A stand-in where the command looks for the weights of I3D."""
    asked = {}

    def from_weights(path=None, **kwargs):
        asked.update(path=path, **kwargs)
        return found

    found = Projection()
    found.asked = asked
    monkeypatch.setattr(I3D, "from_weights", from_weights)
    return found


@pytest.fixture
def sets(work):
    """`real/`, a folder of clips, and `fake.npz`, an array of them."""
    rng = np.random.default_rng(0)
    real = rng.integers(0, 256, (8, 10, 16, 16, 3), "uint8")
    fake = rng.integers(0, 256, (5, 10, 16, 16, 3), "uint8")
    (work / "real").mkdir()
    for index, video in enumerate(real):
        write_video(f"real/{index}.npz", video)
    np.savez("fake.npz", videos=fake)
    return real, fake


def test_number_and_protocol(run, sets, network):
    out, err = run("fvd", "real", "fake.npz")
    expected = fvd(*sets, network)
    floor = float(fvd(sets[0][::2], sets[0][1::2], network))
    assert out.splitlines() == [
        str(expected),
        "compared: the first 10 frames of videos spread evenly over 8 real and 5 fake",
        f"floor: {floor:.2f}, every second real video against the others (4 against 4)",
    ]
    assert err == ""
    assert "8 real of 16x16, 5 fake of 16x16, 10 frames" in out
    assert network.asked == {"path": None, "resize_grid": "tf1", "dtype": "float32"}


def test_json_and_options(run, sets, network):
    out, _ = run(
        *("fvd", "real", "fake.npz", "--json", "--num-videos", 4, "--num-frames", 9),
        *("--half-pixel", "--i3d", "w.pt", "--fvd-dtype", "mixed_bfloat16"),
    )
    found = json.loads(out)
    real, fake = sets
    expected = fvd(real[::2, :9], fake[[0, 1, 2, 3], :9], network)
    assert found["fvd"]["value"] == pytest.approx(expected.value, rel=1e-6)
    assert (found["fvd"]["num_real"], found["fvd"]["num_frames"]) == (4, 9)
    assert network.asked == {
        "path": "w.pt",
        "resize_grid": "half_pixel",
        "dtype": "mixed_bfloat16",
    }


def test_unreadable_videos(run, refused, sets, network, work):
    (work / "real" / "bad.mp4").write_text("no video at all")
    assert "bad.mp4" in refused("fvd", "real", "fake.npz")
    out, err = run("fvd", "real", "fake.npz", "--skip-unreadable")
    assert "8 real" in out
    assert err == "note: 1 videos of real were left out: unreadable or short\n"


def test_progress_on_a_terminal(run, sets, network, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    out, err = run("fvd", "real", "fake.npz")
    assert "real videos" in err and "fake videos" in err and "8/8" in err
    assert out.startswith("FVD ")
    assert run("fvd", "real", "fake.npz", "--quiet") == (out, "")


def test_refusals(refused, sets, network, work):
    assert "no such file or folder" in refused("fvd", "real", "nowhere")
    np.savez("short.npz", videos=sets[1][:, :8])
    assert "same number of frames; pass --num-frames" in refused(
        *("fvd", "real", "short.npz")
    )
    assert "at least 9 frames" in refused("fvd", "short.npz", "short.npz")
    np.savez("one.npz", videos=sets[1][:1])
    assert "at least 2 videos" in refused("fvd", "real", "one.npz")
    np.savez("loud.npz", videos=sets[1].astype("float32"))
    assert "[0, 1]" in refused("fvd", "real", "loud.npz")
    assert "not an int >= 9" in refused("fvd", "real", "real", "--num-frames", 8)
    np.savez("wide.npz", videos=np.zeros((3, 10, 16, 32, 3), "uint8"))
    (work / "real" / "a.npz").write_bytes((work / "real" / "0.npz").read_bytes())
    write_video("real/z.npz", np.zeros((10, 16, 32, 3), "uint8"))
    assert "same size; pass --size" in refused("fvd", "real", "fake.npz")


def test_missing_weights_name_the_three_ways(refused, sets, monkeypatch, tmp_path):
    monkeypatch.setenv("KERAS_MAGVIT_WEIGHTS", str(tmp_path))
    err = refused("fvd", "real", "fake.npz")
    assert "Three ways to get them: (1) `keras-magvit metrics fetch i3d`" in err


def test_real_i3d(run, work):
    """The published anchor, zeros against ones: equal clips, so two of each will do."""
    try:
        find_weights("i3d")
    except WeightsError as error:
        pytest.skip(f"needs the trained weights. {error}")
    zeros = np.zeros((2, 15, 64, 64, 3), "uint8")
    np.savez("zeros.npz", videos=zeros)
    np.savez("ones.npz", videos=zeros + 255)
    words = ("zeros.npz", "ones.npz", "--batch-size", 2)
    out, _ = run("fvd", *words, "--json")
    assert json.loads(out)["fvd"]["value"] == pytest.approx(133.908, abs=0.02)
