"""What `fit` and `evaluate` of stage 1 read: checked clips."""

import itertools

from keras import ops

from keras_magvit import inputs
from keras_magvit.fitting.streamed import StreamedFit


class TokenizerFitMixin(StreamedFit):
    """Feeds a trainer of `recipe`, `seed`, `tokenizer` and `discriminator`.

    Clips are checked on the host, every batch of them: it costs little beside a step,
    and a bad one would cost the weights.
    """

    def _maker(self, x, training=True):
        return self._clips

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
