"""Examples against independent numpy, for every task and every rival."""

import types

import keras
import numpy as np
import pytest

import keras_magvit as km
from keras_magvit.fitting import ExampleMaker, Part
from keras_magvit.recipes import TransformerRecipe

TASKS = km.tasks.names()[:11]
SEED, STEP = 7, 3
PER_STEP = TransformerRecipe()
PER_EXAMPLE = TransformerRecipe(task_sampling="example", mask_sampling="example")


class BlockTokenizer:
    """Ids that depend on every pixel of their block, in no time."""

    def encode(self, video):
        video = keras.ops.convert_to_numpy(video)
        blocks = video.reshape(len(video), 2, 2, 4, 4, 4, 4, 3)
        total = blocks.astype("float64").sum(axis=(2, 4, 6, 7))
        return (total * 1000).astype("int64") % 32


def _with_block_tokenizer(model):
    """All that an `ExampleMaker` reads of a model."""
    names = ("tasks", "condition_frames", "condition_latent_frames", "video_shape")
    names += ("latent_shape", "sequence", "vocabulary", "conditioning", "num_classes")
    parts = {name: getattr(model, name) for name in names}
    return types.SimpleNamespace(tokenizer=BlockTokenizer(), **parts)


@pytest.fixture(scope="module")
def model(shared_model):
    return _with_block_tokenizer(shared_model)


@pytest.fixture(scope="module")
def batch(clips):
    return {"video": clips(4), "label": np.array([0, 3, 1, 4])}


def _ids(model, video):
    return keras.ops.convert_to_numpy(model.tokenizer.encode(video))


def _condition(model, task, video):
    """`(ids of the condition video, latent mask)`, broadcast."""
    found = km.tasks.get(task).condition(video, model.latent_shape)
    mask = keras.ops.convert_to_numpy(found.latent_mask)
    ids = _ids(model, found.video)
    return ids, np.broadcast_to(mask, ids.shape)


def _draws(recipe, num_tasks, size, shape):
    """What the seed and the step stand for."""
    rng = np.random.default_rng([SEED, STEP])
    samplings = (recipe.task_sampling, recipe.mask_sampling)
    many = [size if sampling == "example" else 1 for sampling in samplings]
    shares = np.full(num_tasks, 1 / num_tasks)
    chosen = np.broadcast_to(rng.choice(num_tasks, many[0], p=shares), size)
    progress = np.broadcast_to(rng.random(many[1], "float32"), size)
    score = rng.random((size, *shape), "float32")
    return chosen, np.cos(np.pi / 2 * progress), score


def _masked(score, ratio):
    """The lowest-scored cells of one clip, at least one."""
    count = max(1, int(np.floor(score.size * ratio)))
    masked = np.zeros(score.size, bool)
    masked[np.argsort(score.ravel())[:count]] = True
    return masked.reshape(score.shape)


def _check_commit(model, recipe, batch, task_names):
    """Every row of a step, cell by cell, by equation 2."""
    maker = ExampleMaker(model, recipe, SEED, task_names=task_names)
    made = maker(batch, STEP)
    video, vocabulary = batch["video"], model.vocabulary
    ids = _ids(model, video)
    chosen, ratio, score = _draws(recipe, len(task_names), len(ids), ids.shape[1:])
    for i, k in enumerate(chosen):
        task = km.tasks.get(task_names[k])
        cond_ids, given = _condition(model, task, video)
        masked = _masked(score[i], ratio[i])
        row, label = [], batch["label"][i] if task.uses_class else 5
        if vocabulary.prompts:
            row.append(vocabulary.size + vocabulary.prompts[task.name])
        row.append(32 + label)
        part = []
        for cell in np.ndindex(*ids.shape[1:]):
            if not masked[cell]:
                row.append(ids[i][cell])
                part.append(Part.RECONS)
            elif given[i][cell]:
                row.append(cond_ids[i][cell])
                part.append(Part.REFINE)
            else:
                row.append(vocabulary.size - 1)
                part.append(Part.MASK)
        np.testing.assert_array_equal(made.inputs[i], row)
        np.testing.assert_array_equal(made.targets[i], ids[i].ravel())
        np.testing.assert_array_equal(made.part[i], part)
    assert {a.dtype.name for a in made} == {"int32"}
    return made


@pytest.mark.parametrize("task", TASKS)
def test_each_task_alone(model, batch, task):
    _check_commit(model, PER_STEP, batch, (task,))


def test_with_the_tokenizer_of_the_model(shared_model, batch):
    _check_commit(shared_model, PER_STEP, batch, ("frame_interpolation",))


def test_a_task_for_each_example(model, batch):
    made = _check_commit(model, PER_EXAMPLE, batch, TASKS)
    assert len(np.unique(made.inputs[:, 0])) > 1  # prompts differ


def test_single_task_model_has_no_prompt(new_model, batch):
    model = _with_block_tokenizer(new_model(("class_generation",)))
    made = _check_commit(model, PER_STEP, batch, model.tasks)
    np.testing.assert_array_equal(made.inputs[:, 0], 32 + batch["label"])


def test_a_step_is_a_pure_function_of_seed_and_number(model, batch):
    makers = [ExampleMaker(model, PER_EXAMPLE, seed) for seed in (1, 1, 2)]
    first, again, other = (maker(batch, 5) for maker in makers)
    keras.tree.map_structure(np.testing.assert_array_equal, first, again)
    assert (first.part != other.part).any()
    assert (first.part != makers[0](batch, 6).part).any()


def test_cached_tokens_give_what_the_video_gives(model, batch):
    ids = _ids(model, batch["video"])
    conditions = {
        name: _condition(model, name, batch["video"])[0]
        for name in TASKS
        if km.tasks.get(name).gives_pixels
    }
    cached = {"ids": ids, "cond_ids": conditions, "label": batch["label"]}
    for recipe in (PER_STEP, PER_EXAMPLE):
        maker = ExampleMaker(model, recipe, SEED)
        for step in range(3):
            made, expected = maker(cached, step), maker(batch, step)
            keras.tree.map_structure(np.testing.assert_array_equal, made, expected)


def test_tasks_are_drawn_by_weight(model, batch):
    weights = {"FP": 3.0, "class_generation": 1.0}
    recipe = TransformerRecipe(
        task_sampling="example",
        task_weights={**{n: 0.0 for n in TASKS}, **weights},
    )
    maker = ExampleMaker(model, recipe, 0)
    rng = np.random.default_rng(0)
    drawn = maker._choose(rng, 0, 4000)
    share = np.bincount(drawn, minlength=len(TASKS)) / 4000
    assert share[TASKS.index("frame_prediction")] == pytest.approx(0.75, abs=0.03)
    assert share[TASKS.index("class_generation")] == pytest.approx(0.25, abs=0.03)


@pytest.mark.parametrize("recipe", [PER_STEP, PER_EXAMPLE])
def test_evaluation_takes_tasks_in_turns(model, recipe):
    maker = ExampleMaker(model, recipe, 0, training=False)
    chosen = [maker._choose(np.random.default_rng(0), step, 4) for step in range(22)]
    counts = np.bincount(np.concatenate(chosen), minlength=11)
    np.testing.assert_array_equal(counts, 8)


def test_class_dropout_leaves_the_class_out_of_training_alone(new_model, tokens):
    model = new_model(("class_generation",))
    recipe = TransformerRecipe(class_dropout=0.5)
    data = tokens(64)
    trained = ExampleMaker(model, recipe, 0)(data, 0).inputs[:, 0]
    dropped = trained == model.vocabulary.no_class
    assert 16 < dropped.sum() < 48
    np.testing.assert_array_equal(trained[~dropped], 32 + data["label"][~dropped])
    evaluated = ExampleMaker(model, recipe, 0, training=False)(data, 0).inputs[:, 0]
    np.testing.assert_array_equal(evaluated, 32 + data["label"])


# === Rivals ==========================================================================


def _rival(new_model, tokens, conditioning):
    model = new_model(("frame_prediction",), conditioning=conditioning)
    data = tokens()
    made = ExampleMaker(model, PER_EXAMPLE, SEED)(data, STEP)
    _, ratio, score = _draws(PER_EXAMPLE, 1, 4, (2, 4, 4))
    return model, data, made, ratio, score


def test_latent_masking_never_masks_what_is_given(new_model, tokens):
    model, data, made, ratio, score = _rival(new_model, tokens, "latent")
    for i in range(4):
        masked = np.zeros((2, 4, 4), bool)
        masked[1] = _masked(score[i][1], ratio[i])  # the second latent frame alone
        row = np.where(masked, model.vocabulary.mask, data["ids"][i])
        np.testing.assert_array_equal(made.inputs[i, 1:], row.ravel())
        part = np.where(masked, Part.MASK, Part.RECONS)
        part[0] = Part.NONE
        np.testing.assert_array_equal(made.part[i], part.ravel())
    np.testing.assert_array_equal(made.targets, data["ids"].reshape(4, -1))


def test_prefix_condition_stands_before_a_grid_that_is_all_maskable(new_model, tokens):
    model, data, made, ratio, score = _rival(new_model, tokens, "prefix")
    known = data["cond_ids"]["frame_prediction"].reshape(4, 2, 16).copy()
    known[:, 1] = model.vocabulary.mask
    vocabulary = model.vocabulary
    for i in range(4):
        masked = _masked(score[i], ratio[i])
        grid = np.where(masked, vocabulary.mask, data["ids"][i])
        row = [vocabulary.no_class, *known[i].ravel(), vocabulary.separator]
        np.testing.assert_array_equal(made.inputs[i], [*row, *grid.ravel()])
        part = np.where(masked, Part.MASK, Part.RECONS)
        np.testing.assert_array_equal(made.part[i], part.ravel())


def test_autoregressive_rival_is_taught_the_next_id(new_model, tokens):
    model, data, made, *_ = _rival(new_model, tokens, "autoregressive")
    flat = data["ids"].reshape(4, -1)
    np.testing.assert_array_equal(made.targets, flat)
    np.testing.assert_array_equal(made.inputs[:, -31:], flat[:, :-1])
    assert made.inputs.shape[1] == model.sequence.prefix_length + 31
    np.testing.assert_array_equal(made.part, Part.MASK)


# === Refusals ========================================================================


def _bad(**changes):
    def change(batch):
        return {k: v for k, v in {**batch, **changes}.items() if v is not None}

    return change


GRID = np.zeros((4, 2, 4, 4), "int32")
BAD_BATCHES = {
    "nothing to train on": (_bad(video=None), "'video' or 'ids'"),
    "wrong frames": (_bad(video=np.zeros((4, 2, 16, 16, 3), "float32")), "frames"),
    "wrong rank": (_bad(video=np.zeros((4, 16, 16, 3), "float32")), "must have shape"),
    "range": (_bad(video=np.full((4, 4, 16, 16, 3), 255.0)), "divide 0..255"),
    "no label": (_bad(label=None), "needs a 'label'"),
    "label too large": (_bad(label=np.array([0, 1, 2, 5])), r"\[0, 5\)"),
    "unlabelled": (_bad(label=np.array([0, 1, 2, -1])), r"\[0, 5\)"),
    "label count": (_bad(label=np.array([0, 1])), "one label for each of 4"),
    "ids out of range": (_bad(ids=GRID + 32), r"\[0, 32\)"),
    "ids of another grid": (_bad(ids=GRID[:, :1]), "latent shape"),
    "no condition": (_bad(ids=GRID, cond_ids={}), "the condition of '"),
    "short condition": (
        _bad(ids=GRID, cond_ids={"FP": GRID[:2]}),
        "as many rows",
    ),
}


@pytest.mark.parametrize("fault", list(BAD_BATCHES))
def test_bad_batches(model, batch, fault):
    change, message = BAD_BATCHES[fault]
    maker = ExampleMaker(model, PER_STEP, 0)
    with pytest.raises(ValueError, match=f"{message}.*Received: "):
        maker(change(batch), 0)


def test_weights_must_leave_a_task(model):
    recipe = TransformerRecipe(task_weights=dict.fromkeys(TASKS, 0.0))
    with pytest.raises(ValueError, match="leave a task to draw. Received: "):
        ExampleMaker(model, recipe, 0)
