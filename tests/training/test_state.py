"""Training states on disk, and the callbacks that write them and go back to them."""

import json

import keras
import numpy as np
import pytest

from keras_magvit.recipes import TokenizerRecipe
from keras_magvit.training import (
    DivergenceGuard,
    SaveState,
    TrainingDiverged,
    TrainingState,
    TrainingStateError,
    train,
)
from tests.training.conftest import to_numpy

QUICK = TokenizerRecipe(
    perceptual=None, r1_cost=0.0, average_decay=0.5, learning_rate=1e-3, batch_size=2
)


@pytest.fixture(scope="module")
def trained(new_trainer, videos):
    """A trainer after one step. Tests give it back as it was."""
    trainer = new_trainer(QUICK, perceptual=False)
    trainer.compile()
    trainer.train_on_batch(videos())
    return trainer


def _variables(model):
    return [*model.variables, *model.optimizer.variables]


def _scramble(model):
    """Makes every float another, and returns what was there."""
    before = to_numpy(_variables(model))
    for variable, value in zip(_variables(model), before, strict=True):
        variable.assign(value + 1)
    return before


def _assert_equal(model, expected):
    for actual, value in zip(to_numpy(_variables(model)), expected, strict=True):
        np.testing.assert_array_equal(actual, value)


# === Files ===========================================================================


def test_a_state_is_everything_and_the_newest_is_read(trained, tmp_path):
    state = TrainingState(tmp_path / "new" / "folder")
    assert state.restore(trained) is None
    for step in (3, 12, 1000):
        state.save(trained, step, seed=7)
    assert state.steps() == [12, 1000]  # two are kept
    before = _scramble(trained)
    header = state.restore(trained)
    assert (header["step"], header["seed"]) == (1000, 7)
    _assert_equal(trained, before)
    state.discard_after(12)
    assert state.steps() == [12]
    # What a killed run left half-written is swept away by the next.
    (tmp_path / "new/folder/.0123456789ab.partial").write_bytes(b"half")
    (tmp_path / "new/folder/notes.txt").write_text("mine")
    assert TrainingState(state.folder).steps() == [12]
    left = sorted(path.name for path in state.folder.iterdir())
    assert left == ["notes.txt", "state_000000012.npz"]


def test_a_compact_state_is_half_as_large_and_near(trained, tmp_path):
    sizes = []
    for compact in (False, True):
        state = TrainingState(tmp_path / str(compact), compact=compact)
        sizes.append(state.save(trained, 1).stat().st_size)
    assert sizes[1] < 0.6 * sizes[0]
    before = _scramble(trained)
    state.restore(trained)
    for variable, value in zip(_variables(trained), before, strict=True):
        actual = to_numpy([variable])[0]
        np.testing.assert_allclose(actual, value, rtol=1e-2, atol=1e-7)
        variable.assign(value)


def test_what_is_not_finite_is_not_saved(trained, tmp_path):
    state = TrainingState(tmp_path)
    good = state.save(trained, 1)
    variable = trained.averages[0]
    value = to_numpy([variable])[0]
    variable.assign(np.full_like(value, np.inf))
    with pytest.raises(TrainingStateError, match="must be finite.*at step=2"):
        state.save(trained, 2)
    variable.assign(value)
    assert list(tmp_path.iterdir()) == [good]


def test_a_full_disk_costs_nothing(trained, tmp_path, monkeypatch):
    resource = pytest.importorskip("resource")
    state = TrainingState(tmp_path)
    good = state.save(trained, 1)
    content = good.read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, limits[1]))
    try:
        with pytest.raises(TrainingStateError, match="could not be written.*Received"):
            state.save(trained, 2)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert list(tmp_path.iterdir()) == [good]
    assert good.read_bytes() == content
    # Within a training: it is reported, and tried again at the next turn.
    callback = SaveState(state, step=1, every_steps=1, every_seconds=None)
    callback.set_model(trained)
    trained.stop_training = False
    callback.on_epoch_begin(0)

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(np, "savez", full)
        with pytest.warns(UserWarning, match="No space left.*Training goes on"):
            callback.on_train_batch_end(0)
        with pytest.raises(TrainingStateError, match="No space left"):
            callback.step = 9
            callback.on_train_end()
    assert state.steps() == [1]
    callback.on_train_batch_end(1)
    assert state.steps() == [1, 3]


def test_folders_that_cannot_be_written(trained, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    with pytest.raises(TrainingStateError, match="must be writable.*Received: folder"):
        TrainingState(tmp_path / "file" / "states")

    def read_only(*_, **__):
        raise PermissionError(30, "Read-only file system")

    monkeypatch.setattr("pathlib.Path.touch", read_only)
    with pytest.raises(TrainingStateError, match="Read-only.*Received: folder"):
        TrainingState(tmp_path)


def _damage(path, **changes):
    with np.load(path) as file:
        arrays = dict(file)
    arrays.update(changes)
    np.savez(path, **{k: v for k, v in arrays.items() if v is not None})


def _header(path, **changes):
    with np.load(path) as file:
        header = json.loads(str(file["header"]))
    return np.array(json.dumps({**header, **changes}))


def test_damaged_and_foreign_states_change_nothing(trained, new_trainer, tmp_path):
    state = TrainingState(tmp_path)
    faults = {
        "format": lambda p: _damage(p, header=_header(p, format=99)),
        "damaged": lambda p: p.write_bytes(p.read_bytes()[:1000]),
        "damaged .not": lambda p: _damage(p, v2=None),
        "has the shape": lambda p: _damage(p, v2=np.zeros((2, 2), "float32")),
        "bytes": lambda p: _damage(p, v0=np.zeros(100_000)),
        "Object arrays": lambda p: _damage(p, v2=np.array({}, object)),
    }
    before = to_numpy(_variables(trained))
    for step, (message, damage) in enumerate(faults.items(), 1):
        damage(state.save(trained, step))
        message = message.removesuffix(" .not")
        with pytest.raises(TrainingStateError, match=f"{message}.*Received: path="):
            state.restore(trained)
    with pytest.raises(TrainingStateError, match="missing.*Received: path="):
        state.restore(trained, step=77)
    state.save(trained, 50)
    other = new_trainer(QUICK, perceptual=False, codebook_size=20)
    other.compile()
    with pytest.raises(TrainingStateError, match="same architecture.*Received: path="):
        state.restore(other)
    _assert_equal(trained, before)


# === In a training ===================================================================


class _Poison(keras.callbacks.Callback):
    """Makes a weight infinite before step number `step`."""

    def __init__(self, step):
        super().__init__()
        self.step = step

    def on_train_batch_end(self, batch, logs=None):
        if batch + 2 == self.step:
            if hasattr(self.model, "jax_state_sync"):
                self.model.jax_state_sync()
            bias = self.model.tokenizer.decoder.trainable_variables[-1]
            bias.assign(np.full(bias.shape, np.inf))


def _run(trainer, videos, folder, **arguments):
    def batches(step):
        while True:
            step += 1
            yield videos(seed=step)

    defaults = {"steps_per_epoch": 8, "save_every_seconds": None, "verbose": 0}
    arguments = {**defaults, "save_every_steps": 1, **arguments}
    return train(trainer, batches, folder=folder, **arguments)


def test_a_diverged_training_stops_and_goes_back(new_trainer, videos, tmp_path):
    trainer = new_trainer(QUICK, perceptual=False)
    trainer.compile()
    assert _run(trainer, videos, tmp_path, steps=2) == 2
    with (
        pytest.raises(TrainingDiverged) as error,
        pytest.warns(UserWarning, match="must be finite to be saved"),
    ):
        _run(trainer, videos, tmp_path, steps=8, callbacks=[_Poison(3)])
    diverged = error.value
    # Step 5 is the third of this run; the poison was saved by nobody.
    assert (diverged.step, diverged.restored_step) == (5, 3)
    assert diverged.name in trainer._trackers and not np.isfinite(diverged.value)
    assert f"{diverged.name} was" in str(diverged) and "step 5" in str(diverged)
    assert TrainingState(tmp_path).steps() == [2, 3]
    expected = new_trainer(QUICK, perceptual=False)
    expected.compile()
    TrainingState(tmp_path).restore(expected)
    _assert_equal(trainer, to_numpy(_variables(expected)))
    assert all(np.isfinite(v).all() for v in to_numpy(trainer.variables))
    # The model that went back trains on.
    assert _run(trainer, videos, tmp_path, steps=6) == 6
    assert int(trainer.optimizer.iterations) == 6


def _guard():
    guard = DivergenceGuard(explosion=100.0)
    guard.set_model(type("Model", (), {"stop_training": False}))
    guard.on_epoch_begin(0)
    return guard


def test_what_counts_as_an_explosion():
    guard = _guard()
    for batch in range(12):
        guard.on_train_batch_end(batch, {"r_loss": 2.0, "psnr": 20.0})
    guard.on_train_batch_end(12, {"r_loss": 199.0, "psnr": 1e9})
    assert guard.found is None
    guard.on_train_batch_end(13, {"r_loss": 201.0})
    assert guard.found == ("r_loss", 14, 201.0)
    with pytest.raises(TrainingDiverged, match="loss was 201 at step 14.*no earlier"):
        guard.on_train_end()


@pytest.mark.parametrize("every", [1, 4])
def test_one_step_explodes_though_the_epochs_mean_hides_it(every):
    """Keras logs its loss as the epoch's mean; `every` steps are an execution."""
    guard = _guard()
    for epoch, worst in enumerate((99.0, 250.0)):
        guard.on_epoch_begin(epoch)
        losses = np.ones(1000)
        losses[-every:] = worst
        means = losses.cumsum() / np.arange(1, 1001)
        for batch in range(every - 1, 1000, every):
            assert guard.found is None
            guard.on_train_batch_end(batch, {"loss": means[batch]})
        assert means[-1] < 2.0
    name, step, value = guard.found
    assert (name, step) == ("loss", 2000)
    assert value == pytest.approx(250.0)


def test_segments_of_a_training_end_where_they_must(new_trainer, videos, tmp_path):
    """An epoch that was broken off is finished before the next."""
    seen = []

    class Note(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            seen.append((epoch, self.params["steps"]))

    trainer = new_trainer(QUICK, perceptual=False)
    trainer.compile()
    arguments = {"steps_per_epoch": 3, "callbacks": [Note()]}
    assert _run(trainer, videos, tmp_path, steps=4, **arguments) == 4
    assert _run(trainer, videos, tmp_path, steps=10, **arguments) == 10
    assert seen == [(0, 3), (1, 1), (1, 2), (2, 3), (3, 1)]
    assert TrainingState(tmp_path).steps()[-1] == 10
    assert _run(trainer, videos, tmp_path, steps=10) == 10  # nothing is left to do
