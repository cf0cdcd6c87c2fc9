"""What a `MAGVIT` makes: clips of a task, and videos of any length."""

import numpy as np
from keras import ops

from keras_magvit import inputs
from keras_magvit.models.request import prepare

# What every backend takes as the seed of its generator.
_MAX_SEED = 2**31


class GenerationMixin:
    """Gives a model with a decoder its `generate` and `extend`."""

    def generate(
        self,
        task,
        video=None,
        labels=None,
        mask=None,
        num_samples=1,
        seed=0,
        num_steps=None,
        schedule=None,
        choice_temperature=None,
        sampling_temperature=None,
        top_k=None,
        top_p=None,
        guidance_scale=None,
        keep_condition=False,
        noise=None,
        callback=None,
    ):
        """Makes videos.

        Args:
            task: a task's name, the paper's abbreviation, or a `VideoTask`.
            video: `(B, T, H, W, 3)`, uint8 or float in [0, 1], the clips whose given
                part is kept. For tasks that start from whole frames, the given frames
                alone will do: `(B, n, H, W, 3)` with n < T; interpolation takes half of
                them for each end. Tasks that start from nothing do not read it.
            labels: an int or one int a clip, for tasks that use the class; others do
                not read it.
            mask: bool `(H, W)` or `(T, H, W)`, True where pixels are given; takes the
                place of the task's own region.
            num_samples: videos made for each clip.
            seed: int; the same seed makes the same bytes on the same backend.
            num_steps, schedule, choice_temperature: see `Sampling`; None takes the
                model's `sampling`.
            sampling_temperature, top_k, top_p, guidance_scale: the same.
            keep_condition: put the given pixels back, exactly.
            noise: `(categorical_gumbel, mask_gumbel)` to replay a decode; see
                `models.decode`. None draws it from `seed`.
            callback: called with a `DecodeStep` after each step.

        Returns:
            float32 numpy `(B * num_samples, T, H, W, 3)` in [0, 1]; the samples of one
            clip follow each other.

        Raises:
            ValueError: on arguments out of range or missing for the task.
        """
        settings = self.sampling.replace(
            num_steps=num_steps,
            schedule=schedule,
            choice_temperature=choice_temperature,
            sampling_temperature=sampling_temperature,
            top_k=top_k,
            top_p=top_p,
            guidance_scale=guidance_scale,
        )
        if not (isinstance(num_samples, (int, np.integer)) and num_samples >= 1):
            raise ValueError(
                f"`num_samples` must be an int >= 1. Received: num_samples={num_samples}"
            )
        is_int = isinstance(seed, (int, np.integer)) and not isinstance(seed, bool)
        if not is_int or not 0 <= seed < _MAX_SEED:
            raise ValueError(
                f"`seed` must be an int in [0, {_MAX_SEED}). Received: seed={seed!r}"
            )
        if settings.top_k > self.vocabulary.codebook_size:
            raise ValueError(
                f"`top_k` must be at most {self.vocabulary.codebook_size}. "
                f"Received: top_k={settings.top_k}"
            )
        request = prepare(self, task, video, labels, mask, num_samples)
        if noise is None:
            noise = self.decoder.noise(request.cond_ids.shape[0], int(seed))
        ids = self.decoder(request, noise, settings, callback)
        made = ops.clip(self.tokenizer.decode(ids), 0.0, 1.0)
        if keep_condition and request.condition is not None:
            made = ops.where(
                request.condition.video_mask, request.condition.video, made
            )
        return ops.convert_to_numpy(made)

    def extend(self, video, num_frames, *, labels=None, seed=0, **kwargs):
        """Continues a video for as long as asked, by sliding frame prediction.

        Each window starts from the last frames of what there is, as many as `video`
        has to begin with (at most T - 1).

        Args:
            video: `(B, n, H, W, 3)`, uint8 or float in [0, 1], the first frames.
            num_frames: frames of the result, `video` included.
            labels: if given, class frame prediction.
            seed: int; window i draws from `seed + i`.
            **kwargs: of `generate`.

        Returns:
            float32 numpy `(B, num_frames, H, W, 3)` in [0, 1], beginning with `video`.

        Raises:
            ValueError: as in `generate`, or if `num_frames` is not more than n.
        """
        made = ops.convert_to_numpy(inputs.as_video(video))
        if num_frames <= made.shape[1]:
            raise ValueError(
                "`num_frames` must be more than the given frames. Received: "
                f"num_frames={num_frames}, video.shape={made.shape}"
            )
        task = "frame_prediction" if labels is None else "class_frame_prediction"
        given = min(made.shape[1], self.video_shape[0] - 1)
        window = 0
        while made.shape[1] < num_frames:
            last = made[:, -given:]
            clip = self.generate(task, last, labels, seed=seed + window, **kwargs)
            made = np.concatenate([made, clip[:, given:]], axis=1)
            window += 1
        return made[:, :num_frames]
