"""`keras-magvit data tokenize`: a dataset to a token cache."""

from keras_magvit.cli import loading
from keras_magvit.cli.data_options import add_source, open_source, parse_fields
from keras_magvit.cli.errors import CommandError, refusals
from keras_magvit.cli.options import add_counts, add_preset, at_least

NAME = "tokenize"
SUMMARY = "tokenize a dataset once, for trainings that read ids in place of video"
EXAMPLES = """\
The folder gets shards of ids, and manifest.json that tells what they were made of. A run
that was cut off goes on when it is started again with the same arguments.

Of the split "train" random windows and crops are taken, another draw each epoch; of
other splits the fixed clips by which the dataset is measured.

examples:
  keras-magvit data tokenize tokenizer/ moving_shapes --out tokens --epochs 4
  keras-magvit data tokenize k600_fp kinetics600 --out tokens --condition-frames 5 \\
      --tasks frame_prediction --beam=--direct_num_workers=8 \\
      --beam=--direct_running_mode=multi_processing
"""


def add_arguments(parser):
    """Adds the arguments of this command."""
    add_preset(parser)
    add_source(parser)
    parser.add_argument("--out", required=True, metavar="FOLDER", help="where to")
    parser.add_argument(
        "--tasks",
        default="all",
        metavar="NAMES",
        help="whose condition videos are tokenized too: names with commas, all or none; "
        "default all",
    )
    parser.add_argument(
        "--clip-option",
        action="append",
        default=[],
        metavar="FIELD=VALUE",
        help="of the clips, e.g. flip=true stride=2; may be repeated",
    )
    counts = (
        ("--condition-frames", 1, "frames given to tasks that start from whole frames"),
        ("--epochs", 1, "passes over training videos"),
        ("--batch-size", 8, "clips tokenized at a time"),
        ("--workers", 2, "batches that are read at the same time"),
    )
    add_counts(parser, counts)
    parser.add_argument(
        "--shards",
        type=at_least(1),
        metavar="N",
        help="files; default one for 4,096 clips",
    )
    parser.add_argument(
        "--beam",
        action="append",
        metavar="FLAG",
        help="tokenize with Apache Beam, with this flag of its pipelines; may be repeated",
    )


def run(arguments, console):
    """Makes the cache, or the rest of it."""
    from keras_magvit.data import TokenCacheError, registry, tokenize_dataset

    tasks = _tasks(arguments.tasks)
    open_source(arguments)  # what is wrong with it is told before a model is built
    tokenizer = loading.tokenizer(arguments, console)
    options = {
        "tasks": tasks,
        "condition_frames": arguments.condition_frames,
        "epochs": arguments.epochs,
        "shards": arguments.shards,
        "batch_size": arguments.batch_size,
    }
    try:
        with refusals({"size": "PRESET", "shards": "--shards"}):
            clips = _clips(arguments, tokenizer.video_shape, registry)
            if arguments.beam is None:
                manifest = tokenize_dataset(
                    tokenizer,
                    clips,
                    arguments.out,
                    num_workers=arguments.workers,
                    progress=lambda *at: console.progress("tokenize", *at),
                    **options,
                )
            else:
                manifest = _with_beam(
                    tokenizer, clips, arguments.out, arguments.beam, options
                )
    except TokenCacheError as error:
        raise CommandError(str(error)) from error
    for key, why in clips.report.to_dict()["unreadable"].items():
        console.note(f"{key}: {why}")
    count = sum(shard.count for shard in manifest.shards)
    if not arguments.quiet:
        console.say(
            f"wrote {arguments.out}: {count} clips, tasks {len(manifest.tasks)}"
        )


def _clips(arguments, video_shape, registry):
    fields = parse_fields(arguments.clip_option, "--clip-option")
    frames, *size = video_shape
    if arguments.split == registry.TRAIN:
        fields = {"seed": arguments.seed, **fields}
    try:
        return registry.clips(
            arguments.dataset,
            arguments.split,
            frames,
            tuple(size),
            data_dir=arguments.data_dir,
            source_options=parse_fields(arguments.option),
            **fields,
        )
    except TypeError as error:
        raise CommandError(f"--clip-option: {error}") from error


def _tasks(text):
    if text == "all":
        return None
    return () if text == "none" else tuple(name.strip() for name in text.split(","))


def _with_beam(tokenizer, clips, folder, flags, options):
    from keras_magvit.data.token_cache.beam import tokenize_with_beam

    return tokenize_with_beam(tokenizer, clips, folder, options=flags, **options)
