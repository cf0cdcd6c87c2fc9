"""Model cards say what is known, and of the rest that it is not."""

import json

import pytest

import keras_magvit as km
from tests.conftest import once

pytestmark = once  # text and JSON
REPORT = """# bair: tiny

| task | fvd |
| --- | --- |
| frame\\_prediction | 12.5 |

## Not measured

- lpips: no weights
"""


def sections(text):
    """Title -> text of each section."""
    parts = [part.partition("\n") for part in text.split("\n## ")[1:]]
    return {title: body.strip() for title, _, body in parts}


def test_what_the_folder_knows(saved_once, shared_model):
    text = km.presets.model_card(saved_once, "hf://user/tiny")
    found = sections(text)
    assert list(found) == [
        *("Use", "Tasks", "Architecture", "Training", "Measured"),
        *("Limits", "Licence"),
    ]
    assert "\n# tiny\n" in text and "license: apache-2.0\n" in text
    assert 'pip install "keras-magvit[hub,jax,video]"' in found["Use"]
    assert 'km.MAGVIT.from_preset("hf://user/tiny")' in found["Use"]
    rows = found["Tasks"].splitlines()[2:]
    assert len(rows) == len(shared_model.tasks)
    assert rows[0] == "| `frame_prediction` | FP | continue the first frames |"
    count = shared_model.transformer.count_params()
    count += shared_model.tokenizer.count_params()
    assert f"| parameters | {count:,} |" in found["Architecture"]
    assert "| clips | 4 frames of 16x16 |" in found["Architecture"]
    assert "| tokens of a clip | 2x4x4, codebook of 32 |" in found["Architecture"]
    assert found["Training"] == "How this model was trained is not recorded here."
    assert found["Measured"].startswith("No measurement is recorded here")
    assert "It knows clips of 4 frames of 16x16 pixels" in found["Limits"]


def test_what_is_handed_in(saved_once):
    text = km.presets.model_card(
        saved_once,
        "my/tiny/",
        license="mit",
        description="A robot arm.",
        training={"Stage 1": [("seed", 3), ("recipe", "a | b")]},
        report=REPORT,
        limits=["It has seen\none arm."],
        pictures=["curves_tokenizer.png"],
    )
    found = sections(text)
    assert "\n# tiny\n\nA robot arm.\n\nA [MAGVIT]" in text
    assert "### Stage 1" in found["Training"] and "| seed | 3 |" in found["Training"]
    assert "| recipe | a \\| b |" in found["Training"]
    assert "![curves tokenizer](curves_tokenizer.png)" in found["Training"]
    # The report's title is a line, its sections are below this one.
    assert found["Measured"].startswith("bair: tiny\n\n| task | fvd |")
    assert "### Not measured\n\n- lpips: no weights" in found["Measured"]
    assert "- It has seen one arm." in found["Limits"]
    assert found["Licence"].startswith("The weights: mit.")


def test_the_card_of_a_tokenizer(saved_once):
    text = km.presets.model_card(saved_once / "tokenizer", "hf://user/tok")
    found = sections(text)
    assert "Tasks" not in found and "pipeline_tag" not in text
    assert "model = km.VideoTokenizer.from_preset" in found["Use"]
    assert "ids = model.encode(clip)" in found["Use"]


def test_the_card_of_a_transformer(saved_once):
    found = sections(km.presets.model_card(saved_once / "transformer", "t"))
    assert "km.MaskedVideoTransformer.from_preset" in found["Use"]
    assert found["Limits"] == "- It predicts ids of its own tokenizer alone."


@pytest.mark.parametrize("shape", [[4, 16], "4x16x16", [4, 16, "x"]])
def test_no_card_of_what_is_no_model(saved, edit, shape):
    edit(saved / "config.json", lambda tree: tree["config"].update(video_shape=shape))
    with pytest.raises(km.presets.PresetError, match=r"config\.json.*Received: folder"):
        km.presets.model_card(saved, "tiny")


def test_no_card_without_a_preset(tmp_path):
    with pytest.raises(km.presets.PresetError, match=r"config\.json is missing"):
        km.presets.model_card(tmp_path, "tiny")
    (tmp_path / "config.json").write_text(json.dumps({"class_name": 3}))
    with pytest.raises(km.presets.PresetError, match="Received: folder="):
        km.presets.model_card(tmp_path, "tiny")
