"""The package's side: builds the models of a `Case`, and runs its work."""

import itertools

import numpy as np

from benchmarks import frameworks
from benchmarks.case import NUM_CLASSES, TASKS


def run(case, clock):
    """Runs a case until the clock is done."""
    set_policy(case)
    _WORKS[case.work](case, clock)


def set_policy(case):
    """Makes the case's dtype Keras' policy; ValueError under another backend."""
    import keras

    if keras.config.backend() != case.backend:
        raise ValueError(
            f"Keras was imported with the backend {keras.config.backend()!r}. "
            f"Received: backend={case.backend!r}"
        )
    keras.config.set_dtype_policy(case.dtype)


def repeat(case, clock, function):
    """Calls a function, and waits for what it returns, until the clock is done."""
    framework = frameworks.of(case.backend)
    while not clock.done:
        clock.start()
        framework.wait(function())
        clock.stop()


# === Data ============================================================================


def video(case):
    """Noise, float32 `(B, T, H, W, 3)` in [0, 1]."""
    shape = (case.batch, *case.video_shape, 3)
    return np.random.default_rng(0).random(shape, "float32")


def ids(case):
    """Random ids, int32 `(B, t, h, w)`."""
    shape = (case.batch, *case.latent_shape)
    codes = case.tokenizer["codebook_size"]
    return np.random.default_rng(0).integers(0, codes, shape, "int32")


def sequence(case):
    """Random ids, int32 `(B, L)`."""
    shape = (case.batch, case.length)
    codes = case.tokenizer["codebook_size"]
    return np.random.default_rng(0).integers(0, codes, shape, "int32")


# === Models ==========================================================================


def tokenizer(case):
    """A `VideoTokenizer` with random weights."""
    import keras_magvit as km

    return km.VideoTokenizer(**case.tokenizer)


def model(case):
    """A `MAGVIT` with random weights."""
    import keras_magvit as km

    transformer = dict(case.transformer)
    del transformer["vocabulary_size"], transformer["max_length"]
    return km.MAGVIT(tokenizer(case), transformer, num_classes=NUM_CLASSES, tasks=TASKS)


# === Inference =======================================================================


def _encode(case, clock):
    network, clips = tokenizer(case), video(case)
    repeat(case, clock, lambda: network.encode(clips))


def _decode(case, clock):
    network, grid = tokenizer(case), ids(case)
    repeat(case, clock, lambda: network.decode(grid))


def _forward(case, clock):
    from keras_magvit import backend

    network, inputs = model(case).transformer, sequence(case)
    forward = backend.compile_inference(network, network)
    repeat(case, clock, lambda: forward(inputs))


def _generate(case, clock):
    network = model(case)
    labels = np.arange(case.batch) % NUM_CLASSES
    framework = frameworks.of(case.backend)
    filled = []

    def note(step):
        if step.step == case.steps - 1:
            framework.wait(step.tokens)
            filled.append(clock.elapsed())

    while not clock.done:
        clock.start()
        network.generate(
            "class_generation", labels=labels, num_steps=case.steps, callback=note
        )
        whole = clock.elapsed()
        clock.stop(transformer=filled[-1], tokenizer=whole - filled[-1])


# === Training ========================================================================


def _fit(trainer, batch, clock):
    """Steps of `fit`, each timed until its loss is known."""
    import keras

    class Timed(keras.callbacks.Callback):
        def on_train_batch_begin(self, step, logs=None):
            clock.start()

        def on_train_batch_end(self, step, logs=None):
            for value in logs.values():
                float(value)
            clock.stop()
            self.model.stop_training = clock.done

    trainer.fit(
        itertools.repeat(batch),
        steps_per_epoch=10**6,  # until the clock is done
        callbacks=[Timed()],
        verbose=0,
    )


def _train_tokenizer(case, clock):
    import keras_magvit as km

    recipe = km.recipes.tokenizer("paper").replace(perceptual=None)
    trainer = km.VideoTokenizerTrainer(
        tokenizer(case), km.VideoDiscriminator(**case.discriminator), recipe
    )
    trainer.compile(remat=case.remat)
    if not clock.done:
        _fit(trainer, {"video": video(case)}, clock)


def _train_transformer(case, clock):
    network = model(case)
    network.compile(recipe="paper", remat=case.remat)
    grid = ids(case)
    batch = {
        "ids": grid,
        "cond_ids": {"frame_prediction": grid},
        "label": np.arange(case.batch) % NUM_CLASSES,
    }
    if not clock.done:
        _fit(network, batch, clock)


_WORKS = {
    "encode": _encode,
    "decode": _decode,
    "forward": _forward,
    "generate": _generate,
    "train-tokenizer": _train_tokenizer,
    "train-transformer": _train_transformer,
}
