"""`fit` and `evaluate` of stage 1: Keras' own, fed with checked clips."""

import itertools

from keras import ops

from keras_magvit import backend, inputs
from keras_magvit.fitting import sources
from keras_magvit.fitting.stream import Stream, batch_size_of, steps_of_epoch


class TokenizerFitMixin:
    """Feeds a trainer of `recipe`, `seed`, `tokenizer` and `discriminator`.

    Clips are checked on the host, every batch of them: it costs little beside a step,
    and a bad one would cost the weights.
    """

    def fit(
        self,
        x,
        *,
        batch_size=None,
        epochs=1,
        steps_per_epoch=None,
        validation_data=None,
        validation_steps=None,
        **kwargs,
    ):
        """Trains tokenizer and discriminator.

        Args:
            x: a `data.ClipDataset`, an array of clips or a dict of arrays with "video",
                a `tf.data.Dataset`, a `PyDataset` or any iterable of batches: clips
                `(B, T, H, W, 3)`, uint8 or float in [0, 1], a dict with "video", or a
                tuple that starts with either. The first two go on where an earlier
                `fit` stopped.
            batch_size: clips a step, for clip datasets and arrays; None takes the
                recipe's, or all there are if these are fewer.
            epochs: as in Keras.
            steps_per_epoch: None makes one pass over `x`.
            validation_data: as `x`; it is read once and kept in memory.
            validation_steps: batches of it to look at; None looks at all.
            **kwargs: `callbacks`, `verbose`, `initial_epoch`, `validation_freq` of
                `keras.Model.fit`.

        Returns:
            `keras.callbacks.History`.

        Raises:
            ValueError: if the trainer is not compiled, `x` is empty or its length
                unknown without `steps_per_epoch`, or a batch does not fit the models.
        """
        self._check_compiled("fit")
        x = sources.as_dataset(x, self.seed)
        batch_size = batch_size_of(x, batch_size, self.recipe.batch_size)
        steps = steps_of_epoch(x, batch_size, steps_per_epoch)
        validation = None
        if validation_data is not None:
            validation = self._prepare(validation_data, batch_size, validation_steps)
        start, devices = self._steps_done(), backend.device_count(self)
        with Stream(self._clips, x, batch_size, start, devices=devices) as stream:
            return super().fit(
                self._begun(stream.examples()),
                epochs=epochs,
                steps_per_epoch=steps,
                validation_data=validation,
                shuffle=False,  # the stream is shuffled
                **kwargs,
            )

    def evaluate(self, x, *, batch_size=None, steps=None, **kwargs):
        """Measures the losses of the averaged tokenizer.

        Args:
            x: as in `fit`; it is read into memory.
            batch_size: as in `fit`.
            steps: batches to look at; None looks at all.
            **kwargs: `callbacks`, `verbose`, `return_dict` of `keras.Model.evaluate`.

        Returns:
            The losses, as `keras.Model.evaluate` does.

        Raises:
            ValueError: as `fit`.
        """
        if not isinstance(x, sources.PreparedExamples):
            self._check_compiled("evaluate")
            x = self._prepare(x, batch_size, steps)
            steps = None
        return super().evaluate(x, steps=steps, **kwargs)

    def _prepare(self, x, batch_size, steps):
        x = sources.as_dataset(x, training=False)
        batch_size = batch_size_of(x, batch_size, self.recipe.batch_size)
        batches = itertools.islice(sources.one_pass(x, batch_size), steps)
        devices = backend.device_count(self)
        stream = Stream(self._clips, x, None, batches=batches, devices=devices)
        return sources.PreparedExamples(list(stream.examples()))

    def _begun(self, examples):
        """The same examples; before the first step the codebook may look at one."""
        if self.recipe.codebook_start != "k-means" or self._steps_done():
            return examples
        first = next(examples)
        self.start_codebook(first[0])
        # Keras takes generators, but no other iterators.
        return (example for example in itertools.chain([first], examples))

    def _steps_done(self):
        # A variable of tf.distribute is no number.
        return int(ops.convert_to_numpy(self.optimizer.iterations))

    def _clips(self, batch, step):
        """`(video,)`, float32 on the host."""
        del step
        video = inputs.as_host_video(video_of(batch), strides=self.tokenizer.strides)
        made_for = self.discriminator.video_shape
        if made_for is not None and video.shape[1:4] != made_for:
            raise ValueError(
                "`video` must have the frames, height and width that the discriminator "
                f"was made for, {made_for}. Received: video.shape={video.shape}"
            )
        return (video,)

    def _check_compiled(self, method):
        if not self.compiled:
            raise ValueError(
                f"Call `compile()` before `{method}()`. Received: compiled=False"
            )


def video_of(batch):
    """The clips of a batch: a dict with "video", clips, or a tuple of these first."""
    if isinstance(batch, (tuple, list)):
        batch = batch[0] if len(batch) else None
    if isinstance(batch, dict) and "video" in batch:
        return batch["video"]
    if not hasattr(batch, "shape"):
        found = sorted(batch) if isinstance(batch, dict) else type(batch)
        raise ValueError(
            "A batch must be clips (B, T, H, W, 3), a dict with 'video', or a tuple "
            f"that starts with either. Received: {found}"
        )
    return batch
