"""The table: every published model, its numbers, and how it prints."""

import contextlib
import importlib
import inspect
import subprocess
import sys

import keras
import pytest

import keras_magvit as km
from keras_magvit.models import sequence
from keras_magvit.models import tokenizer as tokenizers
from keras_magvit.models import transformer as transformers
from keras_magvit.ops import schedule
from keras_magvit.presets import checking, configs, shapes, table
from tests.conftest import once

# The paper's own figures: B 87M, L 306M, H 634M; tokenizers B 41M, L 158M, 2D L 53M.
COUNTS = {
    "k600_3dvq": 40_579_843,
    "k600_3dvq_large": 157_811_971,
    "bair_3dvq": 36_596_355,
    "bair_3dvq_large": 141_882_371,
    "ucf101_2dvq": 13_809_667,
    "ucf101_2dvq_large": 53_104_387,
    "ucf101_cg": 87_301_991,
    "ucf101_cg_large": 305_567_847,
    "bair_mt8": 87_236_625,
    "bair_mt8_large": 305_480_721,
}
MODELS = (
    "k600_fp ucf101_cg ucf101_unc bair_fp bair_unc bair_mt8 ssv2_mt10 ssv2_unc "
    "ssv2_fp nuscenes_fp objectron_fi web_mt8"
).split()
# What ships with the package is none of the paper's.
PAPERS = [row for row in table.PRESETS.values() if row.reference == table.REFERENCE]
MAGVITS = [row for row in PAPERS if row.kind == "MAGVIT"]


def test_every_published_model_is_there():
    names = {name for model in MODELS for name in (model, f"{model}_large")}
    assert {row.name for row in MAGVITS} == names | {"web_mt8_huge"}
    tokenizer_names = {row.tokenizer for row in MAGVITS}
    assert tokenizer_names | {"ucf101_2dvq", "ucf101_2dvq_large"} == (
        {row.name for row in PAPERS} - {row.name for row in MAGVITS}
    )


@pytest.mark.parametrize("name", COUNTS)
def test_counts(name):
    row = table.PRESETS[name]
    of_own = row.transformer_parameters or row.tokenizer_parameters
    assert of_own == COUNTS[name]
    assert row.parameters == row.transformer_parameters + row.tokenizer_parameters


def test_huge():
    assert round(table.PRESETS["web_mt8_huge"].transformer_parameters / 1e6) == 634


def test_sampling_and_conditions():
    for row in MAGVITS:
        steps, curve, temperature = row.config["sampling"].values()
        expected = ("cosine", 4.5)
        if row.name.startswith("k600"):
            expected = ("uniform", 7.5)
        elif row.name.startswith(("bair_fp", "bair_unc")):
            expected = ("exp", 400.0)
        assert (steps, curve, temperature) == (12, *expected)
        schedule.get(curve)
        assert row.config["condition_frames"] == (5 if "k600" in row.name else 1)
        classes = {"ucf101": 101, "ssv2": 174}.get(row.name.partition("_")[0], 0)
        assert row.config["num_classes"] == classes
        assert row.dataset.pixels == (64 if "bair" in row.name else 128)


def test_tasks():
    for row in MAGVITS:
        assert all(km.tasks.get(task).name == task for task in row.tasks)
        kind = row.name.split("_")[1]
        shorts = [table.SHORT_NAMES[task] for task in row.tasks]
        assert kind in ("mt8", "mt10") or [kind.upper()] == shorts
    assert table.SHORT_NAMES == {km.tasks.get(s).name: s for s in shorts_of_all()}
    assert table.PRESETS["bair_mt8"].tasks == table.PRESETS["web_mt8"].tasks


def shorts_of_all():
    return "FP FI OPC OPV OPH OPD IPC IPD CG CFP UNC".split()


@pytest.mark.parametrize("row", MAGVITS, ids=lambda row: row.name)
def test_sequence_and_vocabulary_are_the_models_own(row):
    several = len(row.tasks) > 1
    make = km.Vocabulary.multi_task if several else km.Vocabulary.single_task
    vocabulary = make(1024, row.dataset.num_classes)
    cells = sequence.TokenSequence(vocabulary, (4, 16, 16))
    assert row.transformer_config["vocabulary_size"] == vocabulary.size
    assert row.transformer_config["max_length"] == cells.length == 1025 + several


def test_sizes_and_defaults_are_the_models_own():
    assert table.TRANSFORMER_SIZES == transformers.SIZES
    for size, config in table.TOKENIZER_SIZES.items():
        assert config == tokenizers.SIZES[size]
    assert table.LEVELS == {64: tokenizers.LEVELS_64, 128: tokenizers.LEVELS_128}
    for function, cls in (
        (shapes.tokenizer, km.VideoTokenizer),
        (shapes.strides, km.VideoTokenizer),
        (shapes.transformer, km.MaskedVideoTransformer),
        (shapes.discriminator, km.VideoDiscriminator),
    ):
        theirs = inspect.signature(cls.__init__).parameters
        for name, parameter in inspect.signature(function).parameters.items():
            if parameter.kind is not parameter.VAR_KEYWORD:
                assert parameter.default == theirs[name].default, (cls, name)


@pytest.mark.parametrize("row", table.PRESETS.values(), ids=lambda row: row.name)
def test_configs_pass_the_check_for_strangers(row):
    tree = configs.tree(row)
    assert checking.check_tree(tree).__name__ == row.kind
    if row.kind == "VideoTokenizer":
        assert shapes.count(checking.implied_shapes(tree)) == row.parameters


@contextlib.contextmanager
def without_memory():
    """Variables made in here have shapes and hold nothing."""
    from keras.src.backend.common import global_state

    with keras.StatelessScope(initialize_variables=False):
        yield
    global_state.set_global_attribute("uninitialized_variables", [])


def _shapes_of(model):
    return sorted(tuple(weight.shape) for weight in model.weights)


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"num_res_blocks": 2, "num_decoder_res_blocks": 3},
        {"temporal_kernel": 1},
        {"channel_multipliers": (2, 1)},
    ],
)
def test_shapes_of_tokenizer(arguments):
    config = {
        "filters": 4,
        "channel_multipliers": (1, 2, 3),
        "embedding_dim": 6,
        "codebook_size": 5,
        "num_res_blocks": 1,
        **arguments,
    }
    with without_memory():
        model = km.VideoTokenizer(**config, video_shape=(4, 16, 16))
    expected = sorted(shape for _, shape in shapes.tokenizer(**config))
    assert _shapes_of(model) == expected
    assert model.strides == shapes.strides(**config)


def test_shapes_of_transformer_and_discriminator():
    config = {"vocabulary_size": 11, "max_length": 7, "num_layers": 2}
    config |= {"num_heads": 2, "hidden_dim": 6, "mlp_dim": 10}
    with without_memory():
        model = km.MaskedVideoTransformer(**config)
    assert _shapes_of(model) == sorted(s for _, s in shapes.transformer(**config))

    config = {"filters": 3, "channel_multipliers": (1, 2), "video_shape": (5, 12, 8)}
    with without_memory():
        model = km.VideoDiscriminator(**config)
    assert _shapes_of(model) == sorted(s for _, s in shapes.discriminator(**config))


# === Printing ========================================================================


def test_presets_prints_and_returns(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    rows = km.presets()
    text = capsys.readouterr().out
    lines = text.splitlines()
    assert len(lines) == len(rows) + 2 == len(table.PRESETS) + 2
    assert max(map(len, lines)) <= 120
    line = next(line for line in lines if line.startswith("k600_fp "))
    for cell in ("FP", "base", "16x128x128", "87M + 41M", "no", "Kinetics-600"):
        assert cell in line
    first = rows[0]
    assert first["name"] == "k600_fp"
    assert first["sampling"]["schedule"] == "uniform"
    assert first["parameters"] == 40_579_843 + first["transformer_parameters"]
    assert first["reference"] == "arXiv:2212.05199"
    assert km.presets(verbose=False) == rows
    assert not capsys.readouterr().out


def test_narrow_terminal(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "10")
    km.presets()
    assert "k600_fp_large" in capsys.readouterr().out


def test_function_and_package_share_a_name():
    assert importlib.import_module("keras_magvit.presets.table") is table
    assert km.presets.table.PRESETS is km.presets.PRESETS
    assert callable(km.presets)


def test_table_builds_nothing():
    # Without the parent package, whose import brings the models and a backend.
    code = (
        "import sys, types;"
        "package = types.ModuleType('keras_magvit');"
        f"package.__path__ = {list(km.__path__)!r};"
        "presets = types.ModuleType('keras_magvit.presets');"
        f"presets.__path__ = {list(km.presets.__path__)!r};"
        "sys.modules.update({m.__name__: m for m in (package, presets)});"
        "import keras_magvit.presets.table as t, keras_magvit.presets.listing as l;"
        "assert len(l.presets()) == len(t.PRESETS);"
        "assert not {'keras', 'numpy', 'tensorflow', 'jax', 'torch'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


# === Building ========================================================================


def _check_real(row, model):
    if row.kind == "VideoTokenizer":
        assert model.count_params() == row.parameters
        assert model.latent_shape == _latent_shape(row)
        return
    assert model.transformer.count_params() == row.transformer_parameters
    assert model.tokenizer.count_params() == row.tokenizer_parameters
    assert model.latent_shape == (4, 16, 16)
    assert model.tasks == row.tasks
    assert model.condition_frames == row.config["condition_frames"]
    assert model.sampling.get_config() == {
        **km.Sampling().get_config(),
        **row.config["sampling"],
    }
    assert model.sequence.prefix_length == 1 + (len(row.tasks) > 1)
    assert model.tokenizer.padding == "reflect"


def _latent_shape(row):
    return (16 if "2dvq" in row.name else 4, 16, 16)


def _build(name, **kwargs):
    cls = getattr(km, table.PRESETS[name].kind)
    return cls.from_preset(name, load_weights=False, **kwargs)


def test_real_model():
    model = _build("bair_mt8")
    _check_real(table.PRESETS["bair_mt8"], model)


def test_every_base_model_without_memory():
    for row in table.PRESETS.values():
        if row.size != "base":
            continue
        with without_memory():
            model = _build(row.name)
        _check_real(row, model)


@once  # one of them is built on every backend by default
@pytest.mark.heavy
@pytest.mark.parametrize("name", table.PRESETS)
def test_every_real_model(name):
    model = _build(name)
    _check_real(table.PRESETS[name], model)
    del model
    keras.utils.clear_session()
