"""A report's numbers are those of the metrics, called directly; and a run resumes."""

import json

import keras
import numpy as np
import pytest

import keras_magvit as km
from keras_magvit.data import ArrayVideos
from keras_magvit.evaluation import RealClips, evaluate
from keras_magvit.evaluation.makers import batch_seed
from keras_magvit.metrics import fvd, psnr, region_psnr, ssim
from keras_magvit.metrics.reconstruction import reconstruction
from tests.conftest import once

BATCH = 4


def _numpy(x):
    return np.asarray(keras.ops.convert_to_numpy(x))


def _generated(model, task, clips, repeat=0, per_clip=1, offset=0, **given):
    """What the evaluation must generate, by hand."""
    made = []
    count = len(clips) * per_clip
    for start in range(0, count, BATCH):
        numbers = range(start, min(start + BATCH, count))
        places = [(offset + n) // per_clip % len(clips) for n in numbers]
        padded = places + places[-1:] * (BATCH - len(places))
        batch = {name: values[padded] for name, values in given.items()}
        video = None if "labels" in batch else clips[padded]
        seed = batch_seed(0, task, repeat, start)
        videos = model.generate(task, video, seed=seed, **batch)
        made.append(videos[: len(places)])
    return np.concatenate(made)


def _reconstructed(model, clips):
    """In batches of the size that is compiled already."""
    made = []
    for start in range(0, len(clips), BATCH):
        places = [min(start + i, len(clips) - 1) for i in range(BATCH)]
        ids = model.tokenizer.encode(clips[places])
        made.append(np.clip(_numpy(model.tokenizer.decode(ids)), 0, 1))
    return np.concatenate(made)[: len(clips)]


@pytest.fixture
def run(model, shapes, i3d, protocol, tmp_path):
    """Evaluates the tiny model on the shapes."""

    def call(row=None, dataset=shapes, model=model, **kwargs):
        left_out = {"with_bias_card": False, "with_baselines": False}
        arguments = {"i3d": i3d, "batch_size": BATCH, **left_out, **kwargs}
        cache = arguments.pop("cache", tmp_path / "cache")
        return evaluate(model, row or protocol(), cache, dataset, **arguments)

    return call


def test_numbers_of_a_task(run, model, first_clips, i3d):
    result = run(tasks="IPC").tasks[0]
    made = _generated(model, "central_inpainting", first_clips)
    real = first_clips / np.float32(255)
    condition = km.tasks.get("IPC").condition(real, model.latent_shape)
    mask = condition.video_mask
    given = np.broadcast_to(_numpy(mask), (*real.shape[:-1], 1))
    colours = [r[g[..., 0]].mean(axis=0) for r, g in zip(real, given, strict=True)]
    guess = np.broadcast_to(np.array(colours)[:, None, None, None], real.shape)
    expected = {
        "fvd": float(fvd(first_clips, made, i3d)),
        "psnr": _numpy(psnr(real, made)).mean(),
        "ssim": _numpy(ssim(real, made)).mean(),
        "generated_psnr": _numpy(region_psnr(real, made, mask)).mean(),
        "generated_psnr_of_padding": _numpy(
            region_psnr(real, condition.video, mask)
        ).mean(),
        "generated_psnr_of_mean_colour": _numpy(
            region_psnr(real, guess.astype("float32"), mask)
        ).mean(),
        "given_psnr": _numpy(region_psnr(real, made, mask, "given")).mean(),
    }
    assert set(result.scores) == set(expected)
    for name, value in expected.items():
        assert result.scores[name].mean == pytest.approx(value, rel=1e-4), name
        assert result.scores[name].std is None
    assert (result.num_real, result.num_fake) == (9, 9)
    shown = np.rint(made[:4] * 255)
    assert np.abs(result.shown["generated"] - shown).max() <= 1
    np.testing.assert_array_equal(result.shown["real"], first_clips[:4])


@once
def test_repeats_and_best_of_several(run, model, first_clips, i3d, protocol):
    row = protocol(repeats=2, samples_per_clip=3)
    scores = run(row, tasks="FP").tasks[0].scores
    best, mean, distances = [], [], []
    for repeat in range(2):
        made = _generated(
            *(model, "frame_prediction", first_clips, repeat, 3),
            offset=repeat * 27,
        )
        found = _numpy(psnr(np.repeat(first_clips, 3, axis=0) / np.float32(255), made))
        best.append(found.reshape(9, 3).max(axis=1).mean())
        mean.append(found.mean())
        distances.append(float(fvd(first_clips, made, i3d)))
    for name, values in (
        ("psnr_best_of_3", best),
        ("psnr", mean),
        ("fvd", distances),
    ):
        assert scores[name].repeats == pytest.approx(values, rel=1e-4)
        assert scores[name].mean == pytest.approx(np.mean(values), rel=1e-4)
        assert scores[name].std == pytest.approx(np.std(values, ddof=1), rel=1e-2)
    assert not any(name.startswith("fvd_best") for name in scores)


def test_class_generation_reads_the_labels_alone(run, model, shapes, first_clips, i3d):
    labels = np.array([shapes.label(i) for i in range(len(shapes))])
    result = run(tasks="CG").tasks[0]
    made = _generated(model, "class_generation", first_clips, labels=labels)
    expected = float(fvd(first_clips, made, i3d))
    assert result.scores["fvd"].mean == pytest.approx(expected, rel=1e-4)
    assert set(result.scores) == {"fvd"} and set(result.shown) == {"generated"}


@once
def test_baselines(run, model, first_clips, i3d):
    scores = run(tasks=("IPC", "FP"), with_baselines=True)
    real = first_clips / np.float32(255)
    for result in scores.tasks:
        condition = km.tasks.get(result.task).condition(real, model.latent_shape)
        mask, padded = _numpy(condition.video_mask), _numpy(condition.video)
        given = np.broadcast_to(mask[..., 0], real.shape[:-1])
        colours = np.array(
            [r[g].mean(axis=0) for r, g in zip(real, given, strict=True)]
        )
        fills = {"padding": padded, "mean_colour": colours[:, None, None, None]}
        for name, fill in fills.items():
            guess = np.where(given[..., None], real, fill).astype("float32")
            expected = float(fvd(first_clips, guess, i3d))
            score = result.scores[f"fvd_of_{name}"]
            assert score.mean == pytest.approx(expected, rel=1e-4), name
    # The region is empty in one, and the first frame repeated in the other.
    frozen = np.repeat(first_clips[:, :1], first_clips.shape[1], axis=1)
    expected = float(fvd(first_clips, frozen, i3d))
    assert result.scores["fvd_of_padding"].mean == pytest.approx(expected, rel=1e-4)
    before = i3d.num_calls
    run(tasks=("IPC", "FP"), with_baselines=True)
    assert i3d.num_calls == before


class Brightness:
    """Stands for a classifier: sixteen classes, from dark to bright."""

    name, weights_sha256 = "brightness", "ef" * 32
    class_names = tuple(f"{label} of 16" for label in range(16))

    def classes(self, video):
        return (_numpy(video).mean(axis=(1, 2, 3, 4)) * 16).astype(int)


@once
def test_classes_are_read_from_what_was_made(run, model, shapes, first_clips, protocol):
    result = run(protocol(repeats=2), tasks="CG", classifier=Brightness()).tasks[0]
    labels = np.array([shapes.label(i) for i in range(len(shapes))])
    counts, shares = np.zeros((16, 16), int), []
    for repeat in range(2):
        made = _generated(
            *(model, "class_generation", first_clips, repeat), labels=labels
        )
        read = Brightness().classes(made)
        np.add.at(counts, (labels, read), 1)
        shares.append(np.mean(read == labels))
    assert result.scores["class_accuracy"].repeats == pytest.approx(shares)
    of_real = np.mean(Brightness().classes(first_clips / 255.0) == labels)
    assert result.scores["class_accuracy_of_real"].mean == pytest.approx(of_real)
    np.testing.assert_array_equal(result.classes.counts, counts)
    assert result.as_dict()["classes"]["weights_sha256"] == "ef" * 32
    # No class is asked for.
    assert run(tasks="FP", classifier=Brightness()).tasks[0].classes is None


class Colours:
    """Stands for C3D: three logits, the mean colour of a video."""

    weights_sha256 = "cd" * 32

    def logits(self, video):
        return 9 * _numpy(video).mean(axis=(1, 2, 3))


@once
def test_inception_score_of_each_repeat(run, model, first_clips, protocol):
    scores = run(protocol(repeats=2), tasks="CG", c3d=Colours()).tasks[0].scores
    expected = []
    for repeat in range(2):
        given = {"labels": np.arange(9), "repeat": repeat}
        made = _generated(model, "class_generation", first_clips, **given)
        shares = np.exp(9 * made.mean(axis=(1, 2, 3), dtype="float64"))
        shares /= shares.sum(axis=1, keepdims=True)
        divergence = np.sum(shares * np.log(shares / shares.mean(axis=0)), axis=1)
        expected.append(np.exp(divergence.mean()))
    assert scores["inception_score"].repeats == pytest.approx(expected, rel=1e-4)


def test_reconstruction_of_a_tokenizer(run, model, first_clips, i3d):
    result = run(model=model.tokenizer).tasks[0]
    assert result.task == "reconstruction"
    expected = reconstruction(model.tokenizer, first_clips)
    for name in ("psnr", "ssim", "codebook_usage", "codebook_perplexity"):
        value = getattr(expected, name)
        assert result.scores[name].mean == pytest.approx(value, rel=1e-4), name
    distance = float(fvd(first_clips, _reconstructed(model, first_clips), i3d))
    assert result.scores["fvd"].mean == pytest.approx(distance, rel=1e-4)


@once
def test_measured_at_another_size(run, first_clips, i3d, protocol, model):
    row = protocol(measured_size=12)
    result = run(row, tasks="reconstruction").tasks[0]
    made = _reconstructed(model, first_clips)

    # Bilinear, with half-pixel centres: a matrix for each axis.
    places = np.clip((np.arange(12) + 0.5) * 16 / 12 - 0.5, 0, 15)
    resize = np.maximum(1 - np.abs(places[:, None] - np.arange(16)), 0)

    def smaller(video):
        rows = np.einsum("ih,bthwc->btiwc", resize, video)
        return np.einsum("jw,btiwc->btijc", resize, rows).astype("float32")

    real, fake = smaller(first_clips / np.float32(255)), smaller(made)
    scores = result.scores
    assert scores["fvd"].mean == pytest.approx(float(fvd(real, fake, i3d)), rel=1e-4)
    expected = _numpy(psnr(real, fake)).mean()
    assert scores["psnr"].mean == pytest.approx(expected, rel=1e-4)
    assert result.fvd_protocol["real_size"] == (12, 12)


@once
def test_the_distance_on_another_grid_has_another_name(run, i3d):
    i3d.resize_grid = "half_pixel"
    result = run(tasks="reconstruction").tasks[0]
    assert "fvd" not in result.scores and "fvd_half_pixel" in result.scores
    assert result.fvd_protocol["resize"] == "half_pixel bilinear to 224x224"


@once
def test_random_clips_and_those_of_classes(run, protocol):
    row = protocol(
        real=RealClips("test", "all"), class_real=RealClips("train", "random")
    )
    report = run(row, tasks=("FP", "CG"), num_videos=6)
    frames, classes = report.tasks
    assert (frames.num_real, classes.num_real) == (6, 6)
    assert "all windows" in frames.real and "random clips" in classes.real
    assert set(report.dataset) == {frames.real, classes.real}
    assert report.dataset[frames.real]["clips"] == 6


@once
def test_bias_card(run, first_clips, i3d):
    from keras_magvit.metrics.degradations import blur, frozen

    result = run(tasks="reconstruction", with_bias_card=True).tasks[0]
    first, second = first_clips[::2], first_clips[1::2]
    card = result.bias_card
    assert (card.num_videos, card.num_halves) == (9, (5, 4))
    expected = {
        "half_against_half": (first, second),
        "first_frame_repeated_half": (first, frozen(second)),
        "blurred_half": (first, blur(second)),
        "first_frame_repeated": (first_clips, frozen(first_clips)),
        "blurred": (first_clips, blur(first_clips)),
    }
    for name, sets in expected.items():
        value = float(fvd(*sets, i3d))
        assert getattr(card, name) == pytest.approx(value, rel=1e-4), name
    assert run(tasks="reconstruction").tasks[0].bias_card is None


@once
def test_a_resumed_run_equals_an_uninterrupted_one(run, i3d, protocol, tmp_path):
    row, tasks = protocol(samples_per_clip=4), ("FP", "IPC")
    whole = run(row, tasks=tasks, cache=tmp_path / "whole")
    calls = i3d.num_calls

    class Killed(BaseException):
        pass

    for stop in (0, 2, 4):
        told = []

        def progress(label, done, total, told=told, stop=stop):
            told.append((label, done))
            if len(told) > stop:
                raise Killed

        with pytest.raises(Killed):
            run(row, tasks=tasks, cache=tmp_path / "parts", progress=progress)
    resumed = run(row, tasks=tasks, cache=tmp_path / "parts")
    assert resumed.as_dict() == whole.as_dict()
    before = i3d.num_calls
    again = run(row, tasks=tasks, cache=tmp_path / "parts")
    assert again.as_dict() == whole.as_dict() and i3d.num_calls == before
    # Nothing that was finished was done twice.
    assert before == 2 * calls


@once
def test_what_a_result_depends_on_is_measured_anew(run, i3d, model, shapes):
    run(tasks="FP")
    done = i3d.num_calls

    def made(**changes):
        before = i3d.num_calls
        run(tasks="FP", **changes)
        return i3d.num_calls - before

    assert made() == 0
    assert made(seed=1) > 0
    assert made(sampling={"num_steps": 1}) > 0
    assert 0 < made(num_videos=5) < done
    weight = model.transformer.trainable_variables[0]
    old = np.array(_numpy(weight))
    try:
        weight.assign(old + 1)
        assert 0 < made() < done  # of the real clips nothing
    finally:
        weight.assign(old)
    assert made() == 0


@once
def test_other_pixels_under_the_same_name_are_measured_anew(run, first_clips, i3d):
    run(tasks="reconstruction", dataset=ArrayVideos(first_clips))
    before = i3d.num_calls
    first_clips = first_clips.copy()
    first_clips[8, 5] = 255
    run(tasks="reconstruction", dataset=ArrayVideos(first_clips))
    assert i3d.num_calls > before


@once
def test_a_damaged_file_is_made_again(run, tmp_path):
    expected = run(tasks="FP").as_dict()
    files = sorted((tmp_path / "cache").glob("*/*.npz"))
    assert files
    for file in files:
        file.write_bytes(file.read_bytes()[:100])
    assert run(tasks="FP").as_dict() == expected


@once
def test_the_report_says_all(run, protocol):
    row = protocol(tasks=("frame_prediction",))
    report = run(row, tasks=("FP", "IPC"), num_videos=8, seed=3)
    run_info = report.run
    assert run_info["seed"] == 3 and run_info["sampling"]["num_steps"] == 2
    assert run_info["video_shape"] == (12, 16, 16)
    assert len(run_info["weights_sha256"]) == 64
    assert report.tasks[0].fvd_protocol["resize"] == "tf1 bilinear to 224x224"
    assert report.tasks[0].fvd_protocol["weights_sha256"] == "ab" * 32
    assert report.name == "shapes (modified)"
    assert report.deviations == (
        "real clips: at most 8 (protocol: all)",
        "tasks that are not the protocol's: central_inpainting",
    )
    json.dumps(report.as_dict(), allow_nan=False)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"num_videos": 1}, "`num_videos` must be an int of at least 2"),
        ({"repeats": 0}, "`repeats` must be"),
        ({"batch_size": 2.5}, "`batch_size` must be"),
        ({"tasks": "XX"}, "`task` must be one of"),
        ({"tasks": "CFP"}, "`tasks` must be among those of the model"),
        ({"protocol": "x"}, "`protocol` must be one of"),
        ({"protocol": "objectron"}, "has the tasks \\['frame_interpolation'\\]"),
        ({"dataset": "no/such/place"}, "A dataset must be one of"),
        ({"sampling": {"num_steps": 0}}, "`num_steps` must be an int"),
    ],
)
def test_bad_arguments(model, shapes, protocol, i3d, tmp_path, changes, message):
    arguments = {"protocol": protocol(), "dataset": shapes, "i3d": i3d, **changes}
    with pytest.raises(ValueError, match=message) as error:
        evaluate(model, cache=tmp_path / "cache", **arguments)
    assert "Received: " in str(error.value)


@once
def test_bad_clips(run, shared_tokenizer, first_clips):
    with pytest.raises(ValueError, match="at least 9 frames.*Received"):
        run(model=shared_tokenizer)  # made for clips of 4
    with pytest.raises(
        ValueError, match="no clips of this length|No clip could be read"
    ):
        run(dataset=ArrayVideos(first_clips[:, :10]), tasks="FP")
    with pytest.raises(ValueError, match="labels in \\[0, 16\\)"):
        run(dataset=ArrayVideos(first_clips), tasks="CG")
    with pytest.raises(ValueError, match="Each half of the real clips needs"):
        clips = ArrayVideos(first_clips[:3])
        run(dataset=clips, tasks="FP", with_bias_card=True)
    floats = first_clips / np.float32(255)
    floats[:, 3] = np.nan
    with pytest.raises(ValueError, match="without NaN"):
        run(dataset=ArrayVideos(floats), tasks="FP")


def test_missing_weights_name_the_three_ways(
    model, shapes, protocol, monkeypatch, tmp_path
):
    monkeypatch.setenv("KERAS_MAGVIT_WEIGHTS", str(tmp_path))
    with pytest.raises(ValueError, match="Three ways to get them"):
        evaluate(model, protocol(), tmp_path / "cache", shapes)


@once
def test_unreadable_videos_are_left_out_and_named(run, first_clips, protocol):
    floats = first_clips / np.float32(255)
    floats[4, 2] = np.nan
    report = run(dataset=ArrayVideos(floats), tasks="FP")
    (result,) = report.tasks
    assert (result.num_real, result.num_fake) == (8, 8)
    (data,) = report.dataset.values()
    assert list(data["skipped"]["unreadable"]) == ["00000004"]
