"""The distance in the log of a training."""

import keras
import numpy as np
import pytest

import keras_magvit as km
from keras_magvit.evaluation import FVDCallback
from keras_magvit.evaluation.makers import batch_seed
from keras_magvit.metrics import fvd


@pytest.fixture
def clips(first_clips):
    return first_clips[:6]


def _trained(model, callback, epochs):
    """Runs the callback as `fit` does, without the hours."""
    callback.set_model(model)
    logs = []
    for epoch in range(epochs):
        callback.on_epoch_begin(epoch)
        logs.append({"loss": 1.0})
        callback.on_epoch_end(epoch, logs[-1])
    return logs


def test_logs_the_distance_every_second_epoch(model, clips, i3d):
    callback = FVDCallback(clips, task="FP", every=2, i3d=i3d, seed=5, batch_size=4)
    logs = _trained(model, callback, 4)
    assert [sorted(log) for log in logs] == [["loss"], ["loss", "val_fvd"]] * 2
    assert logs[1]["val_fvd"] == logs[3]["val_fvd"]  # the same noise
    made = []
    for start in (0, 4):
        places = [min(start + i, 5) for i in range(4)]
        seed = batch_seed(5, "frame_prediction", 0, start)
        made.append(model.generate("FP", clips[places], seed=seed))
    made = np.concatenate(made)[:6]
    expected = float(fvd(clips, made, i3d))
    assert logs[1]["val_fvd"] == pytest.approx(expected, rel=1e-4)
    assert callback.result.num_real == 6


def test_tokenizer_and_classes(model, clips, i3d):
    clips = clips[:4]
    callback = FVDCallback(clips, task="reconstruction", i3d=i3d, batch_size=4)
    (log,) = _trained(model, callback, 1)
    made = model.tokenizer.decode(model.tokenizer.encode(clips))
    made = np.clip(keras.ops.convert_to_numpy(made), 0, 1)
    assert log["val_fvd"] == pytest.approx(float(fvd(clips, made, i3d)), rel=1e-4)
    labels = np.arange(4)
    callback = FVDCallback(clips, labels, "CG", i3d=i3d, batch_size=4, name="fvd")
    (log,) = _trained(model, callback, 1)
    made = model.generate(
        "CG", labels=labels, seed=batch_seed(0, "class_generation", 0, 0)
    )
    assert log["fvd"] == pytest.approx(float(fvd(clips, made, i3d)), rel=1e-4)


def test_in_fit(model, clips, i3d):
    """The log stands in the history, and is that of the weights after the epoch."""
    transformer = {"num_layers": 1, "num_heads": 2, "hidden_dim": 16, "mlp_dim": 16}
    trained = km.MAGVIT(model.tokenizer, transformer, sampling={"num_steps": 2})
    trained.compile(recipe="tiny")
    clips = clips[:4]
    callback = FVDCallback(clips, i3d=i3d, batch_size=4)
    history = trained.fit(
        [{"video": clips}], epochs=2, batch_size=4, callbacks=[callback], verbose=0
    )
    seed = batch_seed(0, "frame_prediction", 0, 0)
    expected = float(fvd(clips, trained.generate("FP", clips, seed=seed), i3d))
    assert len(history.history["val_fvd"]) == 2
    assert history.history["val_fvd"][-1] == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize(
    ("video", "arguments", "message"),
    [
        (np.zeros((4, 8, 16, 16, 3)), {}, "at least 9 frames"),
        (np.zeros((1, 9, 16, 16, 3)), {}, "at least 2 videos"),
        (np.full((4, 9, 16, 16, 3), 2.0), {}, "within \\[0, 1\\]"),
        (np.zeros((4, 9, 16, 16, 3)), {"every": 0}, "`every` must be"),
        (np.zeros((4, 9, 16, 16, 3)), {"labels": [1]}, "`labels` must be"),
    ],
)
def test_bad_arguments(video, arguments, message, i3d):
    with pytest.raises(ValueError, match=message) as error:
        FVDCallback(video, i3d=i3d, **arguments)
    assert "Received: " in str(error.value)
