"""Clips of fixed size out of a source of videos."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from keras_magvit.data import checks, framing, windows
from keras_magvit.data.augment import ColourJitter, to_unit_range
from keras_magvit.data.classes import ClassMap
from keras_magvit.data.randomness import (
    ClipDraw,
    augmentation_generator,
    draw_clip,
    spare_order,
    video_order,
)
from keras_magvit.data.report import SkipReport
from keras_magvit.data.slots import Slot, SlotIndex
from keras_magvit.data.source import VideoSource
from keras_magvit.data.stream import Example, ExampleStream
from keras_magvit.io import VideoFileError


class ShortVideoError(VideoFileError):
    """A video with fewer frames than the window needs."""


class ClipDataset(ExampleStream):
    """Clips of one size, drawn from a source.

    Example `n` of the training stream is a pure function of `(seed, n)`: epoch
    `n // len(source)` has an order of its own, and window, crop, flip and colour are
    drawn once a clip. The stream has no end. Evaluation clips are fixed:
    `windows_per_video` windows times `crops_per_video` crops of every video, in the
    source's order.

    A video that cannot be read, or is too short, is skipped and named in `report`. In
    training another video takes its place, itself a function of `(seed, n)`; in
    evaluation its clips are left out.

    Args:
        source: the videos.
        num_frames: T, the length of a clip.
        stride: take every `stride`-th frame of the video.
        size: `(H, W)` of a clip. Frames are resized, antialiased, until they cover it,
            and then cropped.
        training: an endless, shuffled, random stream, or the fixed clips.
        seed: of the training stream.
        crop: "random" or "centre"; None is random in training. Evaluation takes
            `crops_per_video`.
        zoom: how many times larger than `size` frames are when they are cropped, >= 1.
        flip: whether half of the training clips are mirrored. Leave it off where left
            and right mean something.
        colour: `ColourJitter` of training clips, or None.
        augment: function `(video, generator) -> video` of training clips, on float32
            `(T, H, W, 3)` in [0, 1] and a `numpy.random.Generator` of the clip's own.
        windows_per_video: evaluation windows: a number, "first" or "all".
        crops_per_video: evaluation crops, spread over the longer side.
        short: what becomes of a video shorter than the window: "skip", "hold" (its
            last frame is repeated) or "loop".
        classes: names in the order of their labels, or a mapping from names of the
            source to new names. None keeps the source's.
        strict: raise where a video would be skipped.
        cache: folder that keeps resized frames, so that videos are decoded once.
        cache_bytes: how large the folder may grow.
        name: what the dataset is called.

    Attributes:
        report: `SkipReport` of the videos skipped so far.
        class_names: the classes by label.

    Raises:
        ValueError: for an empty source or an argument out of its range.
        VideoFileError: with `strict`, for what the source could not list as a video.

    Example:
        >>> source = MovingShapes(10, num_frames=16)
        >>> dataset = ClipDataset(source, num_frames=8, stride=2)
        >>> dataset.example(0)["video"].shape
        (8, 64, 64, 3)
    """

    def __init__(
        self,
        source: VideoSource,
        num_frames: int = 16,
        stride: int = 1,
        size: tuple[int, int] = (64, 64),
        training: bool = True,
        seed: int = 0,
        *,
        crop: str | None = None,
        zoom: float = 1.0,
        flip: bool = False,
        colour: ColourJitter | None = None,
        augment: Callable[[np.ndarray, np.random.Generator], np.ndarray] | None = None,
        windows_per_video: int | str = 1,
        crops_per_video: int = 1,
        short: str = "skip",
        classes: Sequence[str] | Mapping[str, str] | None = None,
        strict: bool = False,
        cache: str | os.PathLike[str] | None = None,
        cache_bytes: int = 2**36,
        name: str = "clips",
    ) -> None:
        checks.at_least(1, num_frames=num_frames, stride=stride)
        checks.at_least(1, crops_per_video=crops_per_video, zoom=zoom)
        checks.at_least(0, seed=seed)
        checks.one_of(short=(short, windows.SHORT_RULES))
        checks.one_of(crop=(crop, (None, framing.RANDOM, framing.CENTRE)))
        if isinstance(windows_per_video, str):
            names = (windows.FIRST, windows.ALL)
            checks.one_of(windows_per_video=(windows_per_video, names))
        else:
            checks.at_least(1, windows_per_video=windows_per_video)
        self.size = checks.frame_size(size)
        checks.not_empty(source)
        self.source = source
        if cache is not None:
            from keras_magvit.data.cache import CachedSource

            self.source = CachedSource(source, cache, self.size, zoom, cache_bytes)
        self.num_frames, self.stride = num_frames, stride
        self.training, self.seed = training, seed
        self.crop = crop or (framing.RANDOM if training else framing.CENTRE)
        self.zoom, self.flip, self.colour, self.augment = zoom, flip, colour, augment
        self.windows_per_video = windows_per_video
        self.crops_per_video = crops_per_video
        self.short, self.strict, self.name = short, strict, name
        self.report = SkipReport()
        self._classes = ClassMap(source.class_names, classes)
        self._slots: SlotIndex | None = None
        self._note_problems()

    def _note_problems(self) -> None:
        for key, why in self.source.problems.items():
            self._skip(key, VideoFileError(why, key))

    @property
    def class_names(self) -> tuple[str, ...]:
        """The names of the classes, by label."""
        return self._classes.names

    @property
    def num_classes(self) -> int:
        """The number of classes; 0 for unlabelled videos."""
        return len(self.class_names)

    def __len__(self) -> int:
        """Examples of one epoch; in evaluation the clips, unreadable ones included.

        With `windows_per_video="all"` the lengths of all videos are looked up first.
        """
        return len(self.source) if self.training else len(self._slot_index())

    @property
    def spec(self) -> dict[str, tuple[tuple[int, ...], str]]:
        """The shape and dtype of `video` and `label`."""
        shape = (self.num_frames, *self.size, 3)
        return {"video": (shape, "float32"), "label": ((), "int32")}

    def raw_example(self, number: int) -> Example:
        """As `example`, but pixels stay uint8 where no augmentation made them floats."""
        end = None if self.training else len(self)
        if number < 0 or (end is not None and number >= end):
            raise ValueError(
                f"number must be at least 0{f' and below {end}' if end else ''}. "
                f"Received: number={number}"
            )
        read = self._training_clip if self.training else self._fixed_clip
        video, label = read(number)
        return {"video": video, "label": np.int32(self._classes(label))}

    def finish(self, arrays: Example) -> Example:
        """Brings pixels to float32 in [0, 1]."""
        return {**arrays, "video": to_unit_range(arrays["video"])}

    def _training_clip(self, number: int) -> tuple[np.ndarray, int]:
        draw = draw_clip(self.seed, number)
        for video in self._candidates(number):
            key = self.source.key(video)
            if key in self.report:
                continue
            try:
                frames = self._window(video, draw=draw)
            except VideoFileError as error:
                self._skip(key, error)
                continue
            return self._augmented(frames, draw, number), self.source.label(video)
        raise VideoFileError(
            f"None of the {len(self.source)} videos can be used. {self.report}",
            self.name,
        )

    def _candidates(self, number: int) -> Iterator[int]:
        """The video of an example, then those that take its place, one after another."""
        count = len(self.source)
        epoch, place = divmod(number, count)
        yield int(video_order(self.seed, epoch, count)[place])
        for attempt in range(count):
            yield int(spare_order(self.seed, epoch, count)[(place + attempt) % count])

    def _window(self, video: int, draw: ClipDraw | None, window: int = 0) -> np.ndarray:
        """Reads one window, resized to cover the clip: uint8 `(T, H', W', 3)`."""
        length = self.source.info(video).num_frames
        starts = windows.num_starts(length, self.num_frames, self.stride)
        if not starts and self.short == "skip":
            needed = (self.num_frames - 1) * self.stride + 1
            raise ShortVideoError(
                f"The video has {length} frame(s) and the window needs {needed}.",
                self.source.key(video),
            )
        if draw is not None:
            start = windows.random_start(draw.window, starts)
        else:
            start = windows.evaluation_start(window, starts, self.windows_per_video)
        wanted = windows.frame_indices(
            start, self.num_frames, self.stride, length, self.short
        )
        # A held or looped video names a frame several times; it is read once.
        unique, places = np.unique(wanted, return_inverse=True)
        read = self.source.iter_frames(video, unique.tolist())
        frames = [framing.cover_frame(f, self.size, self.zoom) for f in read]
        return np.stack([frames[place] for place in places])

    def _augmented(self, frames: np.ndarray, draw: ClipDraw, number: int) -> np.ndarray:
        if self.crop == framing.RANDOM:
            clip = framing.random_crop(frames, self.size, draw)
        else:
            clip = framing.spread_crop(frames, self.size)
        if self.flip and draw.flip < 0.5:
            clip = framing.mirror(clip)
        if self.colour is not None:
            clip = self.colour(to_unit_range(clip), draw)
        if self.augment is not None:
            generator = augmentation_generator(self.seed, number)
            video = self.augment(to_unit_range(clip), generator)
            clip = checks.augmented(video, clip.shape)
        return clip

    def _fixed_clip(self, number: int) -> tuple[np.ndarray, int]:
        slot = self._slot_index()[number]
        key = self.source.key(slot.video)
        if key in self.report:
            raise VideoFileError(self.report[key], key)
        try:
            frames = self._window(slot.video, None, slot.window)
        except VideoFileError as error:
            self._skip(key, error)
            raise
        clip = framing.spread_crop(frames, self.size, slot.crop, self.crops_per_video)
        return clip, self.source.label(slot.video)

    def key(self, number: int) -> str:
        """Returns a unique name of a clip, once it was read: its video and its place.

        In training the video is known when the clip was read, since another one may
        have taken the place of the first choice.
        """
        if not self.training:
            slot = self._slot_index()[number]
            return f"{self.source.key(slot.video)}#{slot.window}.{slot.crop}"
        keys = (self.source.key(video) for video in self._candidates(number))
        return f"{next(key for key in keys if key not in self.report)}@{number}"

    def slot(self, number: int) -> Slot:
        """Returns which video, window and crop evaluation clip `number` is."""
        return self._slot_index()[number]

    def _slot_index(self) -> SlotIndex:
        if self._slots is None:
            counts: int | list[int] = windows.num_windows(1, self.windows_per_video)
            if self.windows_per_video == windows.ALL:
                counts = [self._count_windows(i) for i in range(len(self.source))]
            self._slots = SlotIndex(len(self.source), counts, self.crops_per_video)
        return self._slots

    def _count_windows(self, video: int) -> int:
        try:
            length = self.source.info(video).num_frames
        except VideoFileError as error:
            self._skip(self.source.key(video), error)
            return 0
        starts = windows.num_starts(length, self.num_frames, self.stride)
        return windows.num_windows(starts, windows.ALL)

    def _skip(self, key: str, error: VideoFileError) -> None:
        if self.strict:
            raise error
        self.report.add(key, error.message, short=isinstance(error, ShortVideoError))
