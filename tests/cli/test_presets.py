"""`keras-magvit presets`: the table, cards, and uploads that send nothing."""

import pytest
import yaml

SETTINGS = {
    "dataset": "/home/me/clips",
    "frames": 16,
    "size": [64, 64],
    "model": {"filters": 16},
    "recipe": {"name": "paper", "perceptual": "efficientnet_lite0"},
    "steps": 2000,
    "batch_size": 8,
    "learning_rate": 1e-3,
    "seed": 5,
    "dtype": "mixed_bfloat16",
    "run_dir": "/home/me/run",
}
LOG = """step,epoch,val_psnr,seconds
100,1,20.5,600
200,2,21.25,1200
300,3,21.5,500
"""


@pytest.fixture
def run_dir(work):
    """A run that was resumed after step 200."""
    folder = work / "run"
    folder.mkdir()
    (folder / "settings.yaml").write_text(yaml.safe_dump(SETTINGS))
    (folder / "log.csv").write_text(LOG)
    return folder


def test_the_table(run):
    out, _ = run("presets")
    assert "k600_fp" in out and "moving_digits_mt10_micro" in out


def test_card(run, refused, run_dir, spoiled, work):
    (work / "report").mkdir()
    (work / "report" / "report.md").write_text("# bair: tiny\n\nfvd 12.5\n")
    (work / "curves.png").write_bytes(b"a picture")
    command = ("presets", "card", spoiled, "--tokenizer-run", run_dir)
    more = ("--report", "report", "--picture", "curves.png", "--machine", "2 cores")
    out, _ = run(*command, *more, "--limits", "No real arm.")
    card = (spoiled / "README.md").read_text()
    assert out.splitlines() == [
        f"wrote {spoiled}/README.md",
        f"wrote {spoiled}/curves.png",
    ]
    assert (spoiled / "curves.png").read_bytes() == b"a picture"
    for row in (
        "| dataset | clips, 16 frames of 64x64 |",
        "| recipe | paper: perceptual efficientnet_lite0 |",
        "| steps | 300 of 2,000 |",
        "| seed | 5 |",
        "| time | 28 min |",  # 1,200 s, and 500 s after the resume
        "| PSNR of held-out clips (dB) | 21.5 |",
        "| machine | 2 cores |",
    ):
        assert row in card, card
    assert "/home/me" not in card
    assert "fvd 12.5" in card and "- No real arm." in card
    assert "The output exists" in refused(*command)
    run(*command, "--overwrite", "--name", "hf://user/arm")
    card = (spoiled / "README.md").read_text()
    assert 'from_preset("hf://user/arm")' in card and "\n# arm\n" in card


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("hf://user/tiny",), "must be a folder, or a name of the table"),
        (("k600_fp",), "No public weights exist"),
        (("nothing",), "There is no preset"),
        (("PRESET", "--tokenizer-run", "nothing"), "must be the folder of a training"),
        (("PRESET", "--report", "nothing"), "must be a folder that `keras-magvit eva"),
        (("PRESET", "--license", "my own"), "--license must be an SPDX name"),
        (("PRESET", "--picture", "no.png"), "--picture must be a file"),
        (("PRESET", "--picture", "run/log.csv"), "--picture must be a file"),
    ],
)
def test_card_refusals(words, message, refused, run_dir, spoiled):
    words = [spoiled if word == "PRESET" else word for word in words]
    assert message in refused("presets", "card", *words)
    assert not (spoiled / "README.md").exists()


def test_upload_dry_run(run, saved):
    out, _ = run("presets", "upload", saved, "hf://user/tiny", "--dry-run")
    assert "tokenizer/model.weights.h5" in out and "README.md" in out
    assert out.splitlines()[-1].startswith("would send 9 files, ")


def test_upload_refusals(refused, saved):
    error = refused("presets", "upload", saved, "s3://user/tiny")
    assert "A handle to upload to must read hf://user/name" in error
    error = refused("presets", "upload", "nothing", "hf://user/tiny", "--dry-run")
    assert "There is no preset" in error
