"""Official checkpoints in and out, bit by bit."""

import keras
import numpy as np
import pytest

import keras_magvit as km
from keras_magvit import conversion

CASES = {
    "3D-VQ": ("vq3d_same", "params/", "config", "tokenizer"),
    "3D-VQ reflect": ("vq3d_reflect", "params/", "config", "tokenizer"),
    "2D-VQ": ("vq2d", "params2d/", "config2d", "tokenizer"),
    "inflated": ("vq2d", "params3d_central/", "config3d", "tokenizer"),
    "discriminator": ("disc3d", "params/", "config", "discriminator"),
    "transformer": ("bert", "params/", "config", "transformer"),
}


def _case(golden, case):
    name, prefix, config, kind = CASES[case]
    data = golden(name)
    load = getattr(conversion, f"{kind}_from_videogvt")
    save = getattr(conversion, f"{kind}_to_videogvt")
    return data.params(prefix), data.meta[config], load, save


@pytest.mark.parametrize("case", list(CASES))
def test_in_and_out_is_bit_equal(golden, parity_exact, case):
    params, config, load, save = _case(golden, case)
    back = save(load(params, config))
    assert back.keys() == params.keys()
    for key, value in params.items():
        assert back[key].dtype == value.dtype
        parity_exact("conversion in and out", back[key], value)


def test_nested_params_and_a_leading_params_are_accepted(golden):
    params, config, load, save = _case(golden, "discriminator")
    nested = {"params": {}}
    for key, value in params.items():
        *scopes, last = key.split("/")
        place = nested["params"]
        for scope in scopes:
            place = place.setdefault(scope, {})
        place[last] = value
    back = save(load(nested, config["discriminator"]))
    np.testing.assert_array_equal(back["Conv_0/kernel"], params["Conv_0/kernel"])


@pytest.mark.parametrize("case", ["3D-VQ", "discriminator", "transformer"])
def test_one_error_names_every_fault(golden, case):
    params, config, load, _ = _case(golden, case)
    missing, wrong, *_ = sorted(params)
    broken = {k: v for k, v in params.items() if k != missing}
    broken[wrong] = np.zeros((2, 2, 2), "float32")
    broken["Surprise_0/kernel"] = np.zeros(3, "float32")
    with pytest.raises(ValueError, match="3 faults") as error:
        load(broken, config)
    for fault in (f"missing {missing}", f"shape of {wrong}", "unexpected Surprise_0"):
        assert fault in str(error.value)


def test_options_without_a_released_config_are_named(golden):
    params, config, load, _ = _case(golden, "3D-VQ")
    odd = {**config["vqvae"], "conv_downsample": True, "norm_type": "LN"}
    with pytest.raises(
        ValueError, match=r"conv_downsample.*norm_type|norm_type.*conv_d"
    ):
        load(params, odd)


def test_a_number_of_temporal_levels_is_understood(golden):
    params, config, load, _ = _case(golden, "3D-VQ")
    model = load(params, {**config["vqvae"], "temporal_downsample": 1})
    assert model.temporal_downsample == (True, False)


def _magvit(golden, **changes):
    data = golden("fastdecode")
    config = {**data.meta["config"], **changes}
    vqvae = {
        **golden("vq3d_same").meta["config"]["vqvae"],
        "codebook_size": 32,
    }
    keras.utils.set_random_seed(0)
    tokenizer = conversion.tokenizer_to_videogvt(
        km.VideoTokenizer(
            32, (1, 2, 2), (True, False), 16, 32, 1, padding="same", temporal_kernel=3
        )
    )
    return data, conversion.magvit_from_videogvt(
        tokenizer, vqvae, data.params(), config
    )


def test_magvit_takes_tasks_and_sampling_from_the_config(golden):
    _, model = _magvit(golden)
    assert model.tasks == (
        "class_generation",
        "frame_prediction",
        "central_outpainting",
    )
    assert model.sampling == km.Sampling(num_steps=6)
    assert model.video_shape == (4, 16, 16)
    assert model.num_classes == 5


@pytest.mark.parametrize("patched", [False, True])
def test_every_task_gets_a_copy_of_the_prompt_it_shared(golden, patched):
    data, model = _magvit(golden, bug_patches={"inpainting_token": patched})
    table = data.params()["BertEmbed_0/word_embeddings/embedding"]
    ours = keras.ops.convert_to_numpy(model.transformer.token_embedding.embeddings)
    shared = {"frame_prediction": -4, "frame_interpolation": -5, "class_generation": -3}
    for name in ("central", "vertical", "horizontal", "dynamic"):
        shared[f"{name}_outpainting"] = -6
    shared["central_inpainting"] = shared["dynamic_inpainting"] = -7 if patched else -6
    for task, row in shared.items():
        np.testing.assert_array_equal(ours[model.vocabulary.prompt(task)], table[row])
    np.testing.assert_array_equal(ours[: 32 + 6], table[: 32 + 6])
    np.testing.assert_array_equal(ours[model.vocabulary.mask], table[-1])


def test_condition_options_are_kept_or_refused(golden):
    frames = {"cond_frames": 3, "cond_latent_frames": 2}
    _, model = _magvit(golden, frame_prediction=frames, condition_mode="input->input")
    assert (model.condition_frames, model.condition_latent_frames) == (3, 2)
    assert model.conditioning.name == "latent"
    for odd in (
        {"condition_mode": "cond->cond"},
        {"outpainting_c": {"cond_region": "x"}},
    ):
        with pytest.raises(ValueError, match="Received: cond"):
            _magvit(golden, **odd)


def test_converted_magvit_generates(golden, clips):
    _, model = _magvit(golden)
    video = model.generate("OPC", clips(1), keep_condition=True)
    np.testing.assert_array_equal(video[:, :, 8, 8], clips(1)[:, :, 8, 8])
    video = model.generate("IPC", clips(1))  # a task it had no config for, but a prompt
    assert video.shape == (1, 4, 16, 16, 3)
