"""A whole training: from wherever its folder stands to the last step."""

from keras_magvit.training.safety import DivergenceGuard, SaveState
from keras_magvit.training.state import TrainingState


def train(
    model,
    batches,
    *,
    steps,
    folder,
    steps_per_epoch=1000,
    callbacks=None,
    validation=None,
    validation_steps=None,
    save_every_seconds=300.0,
    save_every_steps=None,
    verbose="auto",
    notes=None,
):
    """Trains a compiled model, going on from the newest state in `folder`.

    Killed at any moment and called again, it ends with the weights of a run that was
    not killed, given deterministic kernels.

    Args:
        model: a compiled `VideoTokenizerTrainer` or `MAGVIT`.
        batches: function `(step) -> iterator` of the batches from that step on.
        steps: steps of the whole training.
        folder: of the training states.
        steps_per_epoch: steps between two looks: epoch logs, validation, samples.
        callbacks: function `(step) -> list` of further callbacks for a run that starts
            at that step, or a list.
        validation: dataset handed to `fit` as `validation_data`.
        validation_steps: batches of it to look at; None looks at all.
        save_every_seconds, save_every_steps: see `SaveState`.
        verbose: of `fit`.
        notes: JSON values kept in every state, such as the command.

    Returns:
        The number of the last step.

    Raises:
        TrainingDiverged: when a loss is no number or explodes.
        TrainingStateError: when the folder holds the state of another model, or cannot
            be written to.

    Example:
        >>> def batches(step):
        ...     return dataset.batches(4, start=step)
        >>> model.compile(recipe="tiny", steps=2)
        >>> km.training.train(model, batches, steps=2, folder="run/", verbose=0)
        2
    """
    state = TrainingState(folder)
    header = state.restore(model)
    step = header["step"] if header else 0
    for first_epoch, last_epoch, count in _segments(step, steps, steps_per_epoch):
        more = callbacks(step) if callable(callbacks) else list(callbacks or ())
        safety = [
            DivergenceGuard(state, step),
            SaveState(state, step, save_every_steps, save_every_seconds, notes),
        ]
        model.fit(
            _as_tuples(batches(step)),
            initial_epoch=first_epoch,
            epochs=last_epoch,
            steps_per_epoch=count,
            callbacks=[*more, *safety],
            validation_data=validation,
            validation_steps=validation_steps,
            verbose=verbose,
        )
        if model.stop_training:  # a callback has seen enough
            break
        step += (last_epoch - first_epoch) * count
    return step


def _segments(step, steps, steps_per_epoch):
    """`(first epoch, last epoch, steps an epoch)` of up to three calls of `fit`.

    The rest of an epoch that was broken off, the whole ones, and what is left over.
    """
    while step < steps:
        epoch, done = divmod(step, steps_per_epoch)
        whole = (steps - step) // steps_per_epoch
        if done or not whole:
            count, epochs = min(steps_per_epoch - done, steps - step), 1
        else:
            count, epochs = steps_per_epoch, whole
        yield epoch, epoch + epochs, count
        step += count * epochs


def _as_tuples(batches):
    """Keras takes tuples from generators."""
    for batch in batches:
        yield batch if isinstance(batch, tuple) else (batch,)
