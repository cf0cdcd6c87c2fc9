"""Goes on training a preset on a folder of one's own videos.

    python examples/finetune_on_my_videos.py my_videos/ --out my_model
    python examples/finetune_on_my_videos.py my_videos/ --out my_model --tokenizer-steps 200

Videos of any size and length, at any depth of the folder; they are cut to the preset's
frames and pixels. The transformer learns the preset's tasks that need no class. With
--tokenizer-steps the tokenizer learns first: where videos look like nothing that the
preset has seen, that is what matters. OUT becomes a preset, with before.png and
after.png beside its files: what is given, and what is made of it.
"""

import argparse
import os
import time

import numpy as np

PRESET = "simulated_pushing_mt10"
SMALLER = "moving_digits_mt10_micro"  # until the other one ships
TOKENIZER_RATE = 1e-3
SHOWN = ("frame_prediction", "central_inpainting", "vertical_outpainting")


def without_classes(model, tokenizer):
    """The same transformer, for the tasks that one's own videos can teach."""
    import keras_magvit as km

    names = [name for name in model.tasks if not km.tasks.get(name).uses_class]
    if len(names) < 2:
        raise SystemExit(
            f"The preset must have tasks without a class, not {model.tasks}"
        )
    return km.MAGVIT(
        tokenizer,
        model.transformer,
        num_classes=model.num_classes,
        tasks=names,
        conditioning=model.conditioning.name,
        condition_frames=model.condition_frames,
        vocabulary=model.vocabulary,
        sampling=model.sampling,
        video_shape=model.video_shape,
        dtype=model.dtype_policy,
    )


def tune_tokenizer(tokenizer, clips, arguments):
    """The tokenizer's averages after some steps with a small discriminator."""
    import keras_magvit as km

    steps = arguments.tokenizer_steps
    recipe = km.recipes.tokenizer("micro").replace(
        padding=tokenizer.padding,
        codebook_start="random",  # that is, as it is
        learning_rate=TOKENIZER_RATE,
        r1_examples=1,
        average_decay=max(
            0.0, min(0.99, 1 - 10 / steps)
        ),  # little is left of the start
    )
    discriminator = km.VideoDiscriminator(
        filters=8, channel_multipliers=(1, 2, 2), video_shape=tokenizer.video_shape
    )
    trainer = km.VideoTokenizerTrainer(tokenizer, discriminator, recipe)
    trainer.compile(steps=steps, warmup_steps=steps // 10, seed=arguments.seed)
    stream = (b["video"] for b in clips.batches(arguments.batch_size))
    told = progress(steps, arguments, tokenizer.latent_shape)
    trainer.fit(stream, steps_per_epoch=steps, callbacks=[told], verbose=0)
    return trainer.averaged_tokenizer()


def tune_transformer(model, clips, arguments):
    """Trains the transformer on the tokenizer's ids of the clips."""
    import keras_magvit as km

    recipe = km.recipes.transformer("micro").replace(
        learning_rate=arguments.learning_rate
    )
    steps = arguments.steps
    model.compile(
        recipe=recipe, steps=steps, warmup_steps=steps // 10, seed=arguments.seed
    )
    model.fit(
        clips,
        batch_size=arguments.batch_size,
        steps_per_epoch=steps,
        callbacks=[progress(steps, arguments, model.latent_shape)],
        verbose=0,
    )


def progress(steps, arguments, latent_shape):
    """A line every few seconds."""
    from keras_magvit.training.progress import Progress

    return Progress(steps, arguments.batch_size, latent_shape, every_seconds=10)


def draw(model, clip):
    """A sheet: the clip, its tokens decoded, and what tasks give and make."""
    from keras import ops

    import keras_magvit as km

    decoded = model.tokenizer.decode(model.tokenizer.encode(clip[None]))
    rows = {"clip": clip, "tokens": np.clip(ops.convert_to_numpy(decoded)[0], 0, 1)}
    for name in [name for name in SHOWN if name in model.tasks]:
        task = km.tasks.get(name, model.condition_frames)
        mask = task.condition(clip[None], model.latent_shape).video_mask
        given = np.where(ops.convert_to_numpy(mask)[0], clip, 0.5)
        words = name.replace("_", " ")
        rows[f"{words}: given"] = given.astype("float32")
        rows[f"{words}: made"] = model.generate(name, clip[None], seed=0)[0]
    return km.io.contact_sheet(rows)


def parse(shipped):
    """The arguments; `shipped` are the names of presets with weights."""
    preset = PRESET if PRESET in shipped else SMALLER
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("videos", help="a folder of videos")
    parser.add_argument("--out", required=True, help="folder of the new preset")
    parser.add_argument("--preset", default=preset, help=f"default {preset}")
    parser.add_argument("--steps", type=int, default=200, help="of the transformer")
    parser.add_argument("--tokenizer-steps", type=int, default=0, help="default none")
    parser.add_argument("--batch-size", type=int, default=8)
    parser.add_argument("--learning-rate", type=float, default=3e-4)
    parser.add_argument("--stride", type=int, default=1, help="take every N-th frame")
    parser.add_argument(
        "--zoom",
        type=float,
        default=1.0,
        help="how much larger than the crop a frame is: above 1 crops are details",
    )
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    if not os.path.isdir(arguments.videos):
        parser.error(f"{arguments.videos!r} is not a folder")
    from keras_magvit.presets.folder import is_preset

    out = arguments.out
    if os.path.exists(out) and not is_preset(out):
        parser.error(f"{out!r} exists and is no preset: choose another --out")
    if min(arguments.steps, arguments.batch_size) < 1 or arguments.tokenizer_steps < 0:
        parser.error("--steps and --batch-size must be at least 1")
    return arguments


def main():
    import keras_magvit as km

    arguments = parse([p["name"] for p in km.presets(verbose=False) if p["weights"]])
    begin = time.time()
    model = km.MAGVIT.from_preset(arguments.preset)
    frames, *size = model.video_shape
    clips = km.data.clips(
        arguments.videos,
        num_frames=frames,
        size=tuple(size),
        source_options={"labels": False},
        stride=arguments.stride,
        zoom=arguments.zoom,
        short="loop",
        seed=arguments.seed,
    )
    shown = clips.example(0)["video"]
    print(f"{len(clips)} videos, cut to {frames} frames of {size[0]}x{size[1]} pixels")
    model = without_classes(model, model.tokenizer)
    pictures = {"before.png": draw(model, shown)}
    if arguments.tokenizer_steps:
        tokenizer = tune_tokenizer(model.tokenizer, clips, arguments)
        model = without_classes(model, tokenizer)
    tune_transformer(model, clips, arguments)
    pictures["after.png"] = draw(model, shown)
    model.save_to_preset(arguments.out)
    print(f"wrote {arguments.out} after {time.time() - begin:.0f} seconds")
    for name, picture in pictures.items():
        picture.save(os.path.join(arguments.out, name))
        print(f"wrote {os.path.join(arguments.out, name)}")
    print(f'next: keras_magvit.MAGVIT.from_preset("{arguments.out}")')


if __name__ == "__main__":
    main()
