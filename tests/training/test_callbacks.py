"""Callbacks that show a training: tables, rates, pictures, event files, Ctrl-C."""

import os
import signal
import warnings

import numpy as np
import pytest

from keras_magvit.io import read_video
from keras_magvit.training import samples
from keras_magvit.training.csv_log import CSVLog, read_log
from keras_magvit.training.interruption import StopOnSignal
from keras_magvit.training.progress import Progress, duration
from keras_magvit.training.tensorboard import TensorBoardLog
from tests.conftest import once

pytestmark = once


class Model:
    """All that these callbacks need of a model."""

    stop_training = False


def _epoch(callback, epoch, steps, **logs):
    """One epoch of a training, as Keras tells it; returns the epoch's logs."""
    callback.set_model(Model())
    callback.on_epoch_begin(epoch)
    for batch in range(steps):
        callback.on_train_batch_end(batch, dict(logs))
    callback.on_epoch_end(epoch, logs)
    return logs


# === CSV =============================================================================


def test_rows_survive_a_resume_and_a_new_column(tmp_path):
    path = tmp_path / "log.csv"
    log = CSVLog(path)
    log.on_train_begin()
    _epoch(log, 0, 3, loss=0.5)
    _epoch(log, 1, 3, loss=0.25)
    # Killed; the newest state is that of step 4, so that step 6 is done again.
    log = CSVLog(path, step=4)
    log.on_train_begin()
    _epoch(log, 1, 2, loss=0.125, val_loss=2.0)
    assert read_log(path) == [
        {"step": 3, "epoch": 1, "loss": 0.5},
        {"step": 6, "epoch": 2, "loss": 0.125, "val_loss": 2.0},
    ]


def test_a_row_that_could_not_be_written_comes_with_the_next(tmp_path):
    folder = tmp_path / "later"
    log = CSVLog(folder / "log.csv")
    _epoch(log, 0, 1, loss=1.0)
    folder.mkdir()
    _epoch(log, 1, 1, loss=2.0)
    assert [row["step"] for row in read_log(folder / "log.csv")] == [1, 2]


# === Rates ===========================================================================


def test_rates_and_time_left(monkeypatch):
    clock = [0.0]

    def tick():
        clock[0] += 2.0  # seconds a step
        return clock[0]

    monkeypatch.setattr("time.monotonic", lambda: clock[0])
    lines = []
    progress = Progress(100, 4, (2, 3, 5), every_seconds=9.0, write=lines.append)
    progress.set_model(Model())
    progress.on_train_begin()
    progress.on_epoch_begin(0)
    for batch in range(10):
        tick()
        progress.on_train_batch_end(batch, {"loss": 0.5, "other": 1.0})
    logs = {}
    progress.on_epoch_end(0, logs)
    # Two seconds a step of four clips of thirty tokens.
    assert logs == {"clips_per_second": 2.0, "tokens_per_second": 60.0, "seconds": 20.0}
    assert lines == [
        "step 5/100  loss 0.5  2 clips/s  60 tokens/s  3 min left",
        "step 10/100  loss 0.5  2 clips/s  60 tokens/s  3 min left",
    ]


@pytest.mark.parametrize(
    "seconds, text",
    [
        (59.6, "60 s"),
        (119, "119 s"),
        (120, "2 min"),
        (7199, "119 min"),
        (7260, "2 h 1 min"),
        (190_000, "2 d 4 h"),
    ],
)
def test_durations(seconds, text):
    assert duration(seconds) == text


# === Pictures ========================================================================


class Shades(samples.SampleGrids):
    """Grey clips: column i has the shades 0.1 i above and 1 - 0.1 i below."""

    def columns(self):
        grey = np.ones((2, 8, 8, 3), "float32")
        return [
            {f"a{i}": grey * 0.1 * i, f"b{i}": grey * (1 - 0.1 * i)} for i in range(7)
        ]


def test_grids_hold_every_clip(tmp_path):
    _epoch(Shades(tmp_path / "made"), 0, 5)
    assert sorted(os.listdir(tmp_path / "made")) == [
        "step_000000005.gif",
        "step_000000005.png",
    ]
    grid = read_video(tmp_path / "made" / "step_000000005.gif").frames
    tile = 8 * 12 + 4  # enlarged to 96 pixels, framed by 2
    assert grid.shape == (2, 2 * 2 * tile, 5 * tile, 3)
    for i in range(7):
        line, column = divmod(i, 5)
        x, y = column * tile + tile // 2, line * 2 * tile + tile // 2
        assert abs(int(grid[0, y, x, 0]) - 25.5 * i) <= 1
        assert abs(int(grid[1, y + tile, x, 0]) - 255 + 25.5 * i) <= 1


def test_a_picture_that_fails_is_warned_of_once(tmp_path):
    (tmp_path / "file").touch()
    grids = Shades(tmp_path / "file")
    with pytest.warns(UserWarning, match="sample grid .* Training goes on"):
        _epoch(grids, 0, 1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        _epoch(grids, 1, 1)


def test_whoever_stops_does_not_wait_for_pictures(tmp_path):
    grids = Shades(tmp_path / "made")
    grids.set_model(Model())
    grids.model.stop_training = True
    grids.on_epoch_begin(0)
    grids.on_epoch_end(0)
    assert not (tmp_path / "made").exists()


# === TensorBoard =====================================================================


def test_event_files_are_read_by_tensorboard(tmp_path):
    loader = pytest.importorskip(
        "tensorboard.backend.event_processing.event_file_loader",
        reason="reads the files",
    )
    board = TensorBoardLog(tmp_path / "board", every_steps=2, step=10)
    grids = Shades(tmp_path / "made", tensorboard=board)
    grids.step = 10
    _epoch(board, 0, 4, loss=0.5)
    _epoch(grids, 0, 4)
    (path,) = (tmp_path / "board").iterdir()
    events = list(loader.LegacyEventFileLoader(str(path)).Load())
    assert events[0].file_version == "brain.Event:2"
    assert events[1].session_log.status == 1 and events[1].step == 13
    scalars = [
        (event.step, value.tag, value.simple_value)
        for event in events
        for value in event.summary.value
        if value.WhichOneof("value") == "simple_value"
    ]
    assert scalars == [(12, "loss", 0.5), (14, "loss", 0.5), (14, "epoch/loss", 0.5)]
    images = {v.tag: v.image for event in events for v in event.summary.value}
    assert images["samples.gif"].encoded_image_string[:4] == b"GIF8"
    assert images["samples.png"].encoded_image_string[1:4] == b"PNG"
    assert (images["samples.gif"].height, images["samples.gif"].width) == (400, 500)


# === Ctrl-C ==========================================================================


@pytest.fixture
def handler():
    """Python's own of Ctrl-C; in the background of a shell it is ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield signal.default_int_handler
    signal.signal(signal.SIGINT, before)


def test_the_first_signal_stops_in_order_and_the_second_at_once(handler):
    with StopOnSignal() as stop:
        stop.set_model(Model())
        stop.on_epoch_begin(0)
        stop.on_train_batch_end(0)
        assert not stop.model.stop_training
        os.kill(os.getpid(), signal.SIGINT)
        stop.on_train_batch_end(1)
        assert stop.model.stop_training and stop.requested == signal.SIGINT
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is handler
