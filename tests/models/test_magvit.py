"""MAGVIT.generate for every task, its guarantees, and its errors."""

import keras
import numpy as np
import pytest

import keras_magvit as km

TEN = km.tasks.names()[:10]
ALL = km.tasks.names()[:11]


def _arguments(task, clips, batch=2):
    arguments = {"video": clips(batch)}
    if km.tasks.get(task).uses_class:
        arguments["labels"] = [1] * batch
    return arguments


@pytest.mark.parametrize("task", ALL)
def test_every_task_makes_a_video(shared_model, clips, task):
    video = shared_model.generate(task, **_arguments(task, clips))
    assert isinstance(video, np.ndarray)
    assert video.dtype == np.float32
    assert video.shape == (2, 4, 16, 16, 3)
    assert 0 <= video.min() <= video.max() <= 1
    assert video.std() > 0


@pytest.mark.parametrize("task", TEN)
def test_given_pixels_are_kept_exactly_on_request(shared_model, clips, task):
    arguments = _arguments(task, clips)
    video = shared_model.generate(task, **arguments, keep_condition=True)
    given = km.tasks.get(task).condition(arguments["video"], (2, 4, 4)).video_mask
    given = np.broadcast_to(keras.ops.convert_to_numpy(given), video.shape)
    np.testing.assert_array_equal(video[given], arguments["video"][given])
    free = shared_model.generate(task, **arguments)
    np.testing.assert_array_equal(video[~given], free[~given])


def test_paper_s_abbreviations_are_accepted(shared_model, clips):
    long = shared_model.generate("frame_prediction", clips())
    np.testing.assert_array_equal(long, shared_model.generate("FP", clips()))


def test_same_seed_same_bytes_and_no_state_between_calls(shared_model, clips):
    first = shared_model.generate("FP", clips(), seed=3)
    other = shared_model.generate("FP", clips(), seed=4)
    shared_model.generate("OPC", clips(), seed=9, num_steps=2)
    again = shared_model.generate("FP", clips(), seed=3)
    assert first.tobytes() == again.tobytes()
    assert (first != other).any()


def test_noise_handed_in_replays_a_decode(shared_model, clips):
    draws = shared_model.decoder.noise(2, seed=3)
    kept = [[], []]
    for _ in range(3):  # in the order a decode asks for them
        for noise, store in zip(draws, kept, strict=True):
            store.append(keras.ops.convert_to_numpy(noise[0]))
    noise = tuple(np.stack(x) for x in kept)
    drawn = shared_model.generate("FP", clips(), seed=3)
    replayed = shared_model.generate("FP", clips(), seed=8, noise=noise)
    np.testing.assert_array_equal(drawn, replayed)


def test_samples_of_a_clip_follow_each_other_and_differ(shared_model, clips):
    video = clips()
    made = shared_model.generate("FP", video, num_samples=3, keep_condition=True)
    assert made.shape[0] == 6
    for i in range(6):
        np.testing.assert_array_equal(made[i, 0], video[i // 3, 0])
    assert (made[0] != made[1]).any()


def test_given_frames_alone_will_do(shared_model, clips):
    video = clips()
    whole = shared_model.generate("FP", video)
    np.testing.assert_array_equal(whole, shared_model.generate("FP", video[:, :1]))
    ends = np.concatenate([video[:, :1], video[:, -1:]], axis=1)
    whole = shared_model.generate("FI", video)
    np.testing.assert_array_equal(whole, shared_model.generate("FI", ends))
    made = shared_model.generate("FP", video[:, :3], keep_condition=True)
    np.testing.assert_array_equal(made[:, :3], video[:, :3])


def test_uint8_video_is_the_same_as_float(shared_model):
    video = np.random.default_rng(0).integers(0, 256, (1, 4, 16, 16, 3), "uint8")
    made = shared_model.generate("OPC", video, keep_condition=True)
    np.testing.assert_allclose(made[:, :, 8, 8], video[:, :, 8, 8] / 255, atol=1e-6)


def test_a_mask_of_one_s_own(shared_model, clips):
    mask = np.zeros((16, 16), bool)
    mask[:, :5] = True
    video = clips()
    made = shared_model.generate("IPC", video, mask=mask, keep_condition=True)
    np.testing.assert_array_equal(made[:, :, :, :5], video[:, :, :, :5])
    assert (made[:, :, :, 5:] != video[:, :, :, 5:]).mean() > 0.9


def test_class_task_without_video_takes_its_batch_from_the_labels(shared_model):
    assert shared_model.generate("CG", labels=2).shape[0] == 1
    assert shared_model.generate("CG", labels=[0, 1, 2]).shape[0] == 3
    assert shared_model.generate("UNC").shape[0] == 1


def test_the_class_reaches_the_model(shared_model):
    first, second = (shared_model.generate("CG", labels=[k]) for k in (0, 1))
    assert (first != second).any()


def test_guidance_changes_the_video_and_zero_is_off(shared_model):
    plain = shared_model.generate("CG", labels=1)
    zero = shared_model.generate("CG", labels=1, guidance_scale=0.0)
    guided = shared_model.generate("CG", labels=1, guidance_scale=3.0)
    np.testing.assert_array_equal(plain, zero)
    assert (plain != guided).any()


@pytest.mark.parametrize(
    "change",
    [
        {"num_steps": 1},
        {"schedule": "uniform"},
        {"choice_temperature": 50.0},
        {"sampling_temperature": 0.0},
        {"top_k": 1},
        {"top_p": 0.1},
    ],
)
def test_every_knob_reaches_the_decode(shared_model, change):
    default = shared_model.generate("UNC", num_steps=4)
    changed = shared_model.generate("UNC", **{"num_steps": 4, **change})
    assert (default != changed).any()


def test_greedy_knobs_agree(shared_model):
    greedy = shared_model.generate("UNC", sampling_temperature=0.0)
    np.testing.assert_array_equal(greedy, shared_model.generate("UNC", top_k=1))


def test_guidance_never_steers_away_from_an_untrained_prompt(tiny_model):
    model = tiny_model(tasks=("frame_prediction", "central_inpainting"))
    task = km.tasks.get("FP")
    own = model.vocabulary.prompt("frame_prediction")
    assert model.sequence.unconditional_prompt(task, 1)[0, 0] == own


def test_callback_sees_every_step(shared_model, clips):
    steps = []
    video = shared_model.generate("FP", clips(), num_steps=4, callback=steps.append)
    assert [s.step for s in steps] == [0, 1, 2, 3]
    assert all(s.num_steps == 4 for s in steps)
    decoded = shared_model.tokenizer.decode(steps[-1].tokens)
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(decoded).clip(0, 1), video)


def test_first_step_is_fed_the_condition_s_ids(shared_model, clips):
    steps = []
    video = clips()
    shared_model.generate("OPC", video, callback=steps.append)
    condition = km.tasks.get("OPC").condition(video, (2, 4, 4))
    ids = keras.ops.convert_to_numpy(shared_model.tokenizer.encode(condition.video))
    covered = np.broadcast_to(
        keras.ops.convert_to_numpy(condition.latent_mask), ids.shape
    )
    fed = keras.ops.convert_to_numpy(steps[0].in_tokens)
    np.testing.assert_array_equal(fed, np.where(covered, ids, -1))


def test_one_compiled_step_serves_all_tasks_and_calls(tiny_model, clips):
    model = tiny_model()
    traces = []
    original = model.grid_logits
    model.grid_logits = lambda *a: traces.append(1) or original(*a)
    for task in ("FP", "OPC", "IPD", "CG"):
        model.generate(task, **_arguments(task, clips), choice_temperature=2.0)
    if keras.config.backend() != "torch":  # eager there
        assert len(traces) == 1


def test_extend_slides_frame_prediction(shared_model, clips):
    start = clips()[:, :2]
    video = shared_model.extend(start, num_frames=9, seed=5, keep_condition=True)
    assert video.shape == (2, 9, 16, 16, 3)
    np.testing.assert_array_equal(video[:, :2], start)
    first = shared_model.generate("FP", start, seed=5, keep_condition=True)
    np.testing.assert_array_equal(video[:, :4], first)
    second = shared_model.generate("FP", video[:, 2:4], seed=6, keep_condition=True)
    np.testing.assert_array_equal(video[:, 4:6], second[:, 2:])
    with_class = shared_model.extend(start, num_frames=6, labels=2)
    assert with_class.shape[1] == 6


@pytest.mark.parametrize("conditioning", ["latent", "prefix", "autoregressive"])
def test_rivals_stand_behind_the_same_interface(tiny_model, clips, conditioning):
    model = tiny_model(conditioning=conditioning)
    steps = []
    video = model.generate("FP", clips(), seed=1, callback=steps.append)
    assert video.shape == (2, 4, 16, 16, 3)
    assert video.tobytes() == model.generate("FP", clips(), seed=1).tobytes()
    assert (video != model.generate("FP", clips(seed=9), seed=1)).any()
    assert len(steps) == (32 if conditioning == "autoregressive" else 3)
    if conditioning == "latent":
        condition = km.tasks.get("FP").condition(clips(), (2, 4, 4))
        ids = keras.ops.convert_to_numpy(model.tokenizer.encode(condition.video))
        made = keras.ops.convert_to_numpy(steps[-1].tokens)
        np.testing.assert_array_equal(made[:, 0], ids[:, 0])


def test_autoregressive_ids_depend_on_earlier_ids_only(tiny_model, clips):
    model = tiny_model(conditioning="autoregressive")
    rng = np.random.default_rng(0)
    grid = rng.integers(0, 32, (1, 2, 4, 4)).astype("int32")
    changed = grid.copy()
    changed[0, 1, 0, 0] = (changed[0, 1, 0, 0] + 1) % 32  # position 16
    length = model.sequence.prefix_length
    prefix = keras.ops.convert_to_tensor(
        rng.integers(0, 32, (1, length)).astype("int32")
    )
    before, after = (
        keras.ops.convert_to_numpy(model.grid_logits(prefix, g)).reshape(32, 32)
        for g in (grid, changed)
    )
    np.testing.assert_allclose(before[:17], after[:17], atol=1e-4)
    assert (np.abs(before[17:] - after[17:]) > 1e-3).any()


def test_2d_tokens_of_maskgit(tiny_tokenizer, tiny_model, clips):
    """Table 6's MaskGIT: a transformer over the tokens of single frames."""
    tokenizer = tiny_tokenizer(temporal_kernel=1)
    model = tiny_model(tokenizer=tokenizer, tasks=("frame_prediction",))
    assert model.latent_shape == (4, 4, 4)
    video = model.generate("FP", clips(), keep_condition=True)
    np.testing.assert_array_equal(video[:, 0], clips()[:, 0])


def test_single_task_model_has_no_prompt_and_may_try_other_tasks(tiny_model, clips):
    model = tiny_model(tasks="frame_prediction", num_classes=0)
    assert model.tasks == ("frame_prediction",)
    assert model.sequence.prefix_length == 1
    assert model.generate("OPC", clips()).shape == (2, 4, 16, 16, 3)


def test_condition_frames_of_the_model_are_the_default(tiny_model, clips):
    model = tiny_model(condition_frames=3)
    video = model.generate("FP", clips(), keep_condition=True)
    np.testing.assert_array_equal(video[:, :3], clips()[:, :3])


def test_config_round_trip_generates_the_same(tiny_model, clips, tmp_path):
    model = tiny_model()
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert loaded.tasks == model.tasks
    assert loaded.vocabulary == model.vocabulary
    assert loaded.sampling == model.sampling
    np.testing.assert_array_equal(
        model.generate("FP", clips()), loaded.generate("FP", clips())
    )


def test_tokenizer_is_not_part_of_the_trained_state(shared_model):
    trained = {id(v) for v in shared_model.variables}
    assert trained
    assert not trained & {id(v) for v in shared_model.tokenizer.variables}


def _clip(**kwargs):
    return np.random.default_rng(0).random((1, 4, 16, 16, 3), "float32", **kwargs)


BAD_CALLS = {
    "unknown task": lambda m: m.generate("zoom", _clip()),
    "no prompt for it": lambda m: m.generate(
        km.tasks.VideoTask("mine", km.tasks.Frames(1)), _clip()
    ),
    "video missing": lambda m: m.generate("FP"),
    "rank": lambda m: m.generate("FP", _clip()[0]),
    "frames": lambda m: m.generate("FP", np.zeros((1, 5, 16, 16, 3), "float32")),
    "height": lambda m: m.generate("FP", np.zeros((1, 4, 20, 16, 3), "float32")),
    "too few frames for a region": lambda m: m.generate("OPC", _clip()[:, :2]),
    "odd frames for two ends": lambda m: m.generate("FI", _clip()[:, :3]),
    "given frames as long as the clip": lambda m: m.generate(
        km.tasks.get("FP", num_frames=4), _clip()
    ),
    "range": lambda m: m.generate("FP", _clip() * 255),
    "nan": lambda m: m.generate("FP", _clip() * np.nan),
    "empty": lambda m: m.generate("FP", _clip()[:0]),
    "label missing": lambda m: m.generate("CG"),
    "label too large": lambda m: m.generate("CG", labels=5),
    "label negative": lambda m: m.generate("CG", labels=-1),
    "label float": lambda m: m.generate("CG", labels=1.0),
    "label count": lambda m: m.generate("CFP", _clip(), labels=[1, 2]),
    "mask dtype": lambda m: m.generate("IPC", _clip(), mask=np.zeros((16, 16))),
    "mask size": lambda m: m.generate("IPC", _clip(), mask=np.zeros((8, 8), bool)),
    "mask full": lambda m: m.generate("IPC", _clip(), mask=np.ones((16, 16), bool)),
    "samples": lambda m: m.generate("UNC", num_samples=0),
    "seed": lambda m: m.generate("UNC", seed=-1),
    "seed none": lambda m: m.generate("UNC", seed=None),
    "not an array": lambda m: m.generate("FP", "clip.mp4"),
    "seed too large": lambda m: m.generate("UNC", seed=2**31),
    "guidance": lambda m: m.generate("UNC", guidance_scale=float("nan")),
    "steps": lambda m: m.generate("UNC", num_steps=0),
    "endless": lambda m: m.generate("UNC", num_steps=10**8),
    "schedule": lambda m: m.generate("UNC", schedule="sine"),
    "top_k": lambda m: m.generate("UNC", top_k=33),
    "extend": lambda m: m.extend(_clip(), num_frames=4),
}


@pytest.mark.parametrize("fault", list(BAD_CALLS))
def test_bad_calls(shared_model, fault):
    with pytest.raises(ValueError, match="Received: "):
        BAD_CALLS[fault](shared_model)


@pytest.mark.parametrize(
    "arguments",
    [
        {"tasks": ()},
        {"tasks": ("zoom",)},
        {"conditioning": "cross-attention"},
        {"video_shape": (4, 18, 16)},
        {"sampling": {"num_steps": 0}},
        {"sampling": "fast"},
        {"condition_frames": 0},
        {"condition_frames": 4},
        {"vocabulary": km.Vocabulary(33)},
        {"transformer": "giant"},
    ],
)
def test_bad_models(shared_tokenizer, arguments):
    with pytest.raises(ValueError, match="Received: "):
        km.MAGVIT(shared_tokenizer, **{"transformer": {"num_layers": 1}, **arguments})


def test_transformer_that_does_not_fit_is_named(shared_tokenizer):
    size = {"num_layers": 1, "num_heads": 2, "hidden_dim": 16, "mlp_dim": 16}
    wrong = km.MaskedVideoTransformer(40, 33, **size)
    with pytest.raises(ValueError, match="Received: transformer with"):
        km.MAGVIT(shared_tokenizer, wrong)


def test_ten_calls_do_not_grow_memory(shared_model, clips):
    resource = pytest.importorskip("resource")  # Unix

    def peak():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    for seed in range(3):
        shared_model.generate("FP", clips(), seed=seed)
    before = peak()
    for seed in range(10):
        shared_model.generate("FP", clips(), seed=seed)
    assert peak() <= before * 1.05
