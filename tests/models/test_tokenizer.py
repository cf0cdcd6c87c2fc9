"""VideoTokenizer against the official code, and by itself."""

import keras
import numpy as np
import pytest

import keras_magvit as km
from keras_magvit import backend
from keras_magvit.conversion import names
from tests.conftest import once


def _converted(golden, name):
    data = golden(name)
    model = km.conversion.tokenizer_from_videogvt(data.params(), data.meta["config"])
    return data, model


@pytest.mark.parametrize("name", ["vq3d_same", "vq3d_reflect"])
def test_3d_equals_official(golden, parity, parity_exact, name):
    data, model = _converted(golden, name)
    label = f"3D-VQ, {'zero' if name == 'vq3d_same' else 'reflect'} border"
    parity(f"{label}: features", model.encode_features(data["input"]), data["features"])
    parity_exact(f"{label}: ids", model.encode(data["input"]), data["indices"])
    parity(f"{label}: decoded", model.decode(data["indices"]), data["decoded"])
    reconstruct = backend.compile_inference(model.reconstruct, model)
    reconstruction, quantized = reconstruct(data["input"])
    parity(f"{label}: reconstruction", reconstruction, data["recon_train"])
    parity(f"{label}: distances", _distances(model, data), data["distances_flat"])
    terms = quantized.losses
    parity(f"{label}: losses", sum(terms.values()), data["quantizer_loss"])
    parity(f"{label}: losses", terms["commitment_loss"], data["e_latent_loss"])
    parity(f"{label}: losses", terms["codebook_loss"], data["q_latent_loss"])
    parity(f"{label}: losses", terms["entropy_loss"], data["entropy_loss"])


def _distances(model, data):
    return model.quantizer.distances(keras.ops.convert_to_tensor(data["features"]))


@pytest.mark.parametrize("name", ["vq3d_same", "vq3d_reflect"])
@pytest.mark.parametrize("which", ["grad_quantizer", "grad_l2_plus_quantizer"])
def test_gradients_equal_official(golden, parity, name, which):
    data, model = _converted(golden, name)

    def loss():
        reconstruction, quantized = model.reconstruct(data["input"], training=True)
        total = sum(quantized.losses.values())
        if which == "grad_l2_plus_quantizer":
            video = keras.ops.convert_to_tensor(data["input"])
            total += keras.ops.mean(keras.ops.square(video - reconstruction))
        return total

    variables = model.trainable_variables
    value, gradients = backend.value_and_gradients(loss, variables)
    if which == "grad_l2_plus_quantizer":
        parity("3D-VQ: loss", value, data["l2_plus_quantizer_loss"])
    by_path = dict(zip((v.path for v in variables), gradients, strict=True))
    official = dict(names.tokenizer(model))
    expected = data.params(f"{which}/")
    assert expected
    for key, value in expected.items():
        parity("3D-VQ: gradients", by_path[official[key].path], value)


def test_2d_equals_official(golden, parity, parity_exact):
    data = golden("vq2d")
    model = km.conversion.tokenizer_from_videogvt(
        data.params("params2d/"), data.meta["config2d"]
    )
    assert model.strides == (1, 2, 2)
    parity("2D-VQ: features", model.encode_features(data["input"]), data["2d/features"])
    parity_exact("2D-VQ: ids", model.encode(data["input"]), data["2d/indices"])
    parity("2D-VQ: decoded", model.decode(data["2d/indices"]), data["2d/decoded"])


def test_encode_decode_shapes_and_strides(shared_tokenizer, clips):
    tokenizer = shared_tokenizer
    assert tokenizer.strides == (2, 4, 4)
    assert tokenizer.latent_shape == (2, 4, 4)
    ids = tokenizer.encode(clips())
    assert tuple(ids.shape) == (2, 2, 4, 4)
    assert tuple(tokenizer.decode(ids).shape) == (2, 4, 16, 16, 3)
    # Fully convolutional: any size that the strides divide.
    other = clips(1, (6, 8, 20))
    assert tuple(tokenizer.encode(other).shape) == (1, 3, 2, 5)


def test_uint8_is_scaled(shared_tokenizer):
    tokenizer = shared_tokenizer
    video = np.random.default_rng(0).integers(0, 256, (1, 4, 16, 16, 3), "uint8")
    from_bytes = keras.ops.convert_to_numpy(tokenizer.encode_features(video))
    from_floats = keras.ops.convert_to_numpy(
        tokenizer.encode_features(video.astype("float32") / 255)
    )
    np.testing.assert_allclose(from_bytes, from_floats, atol=1e-5)


def test_codes_survive_a_round_trip_through_the_quantizer(shared_tokenizer):
    quantizer = shared_tokenizer.quantizer
    ids = np.arange(32, dtype="int32").reshape(1, 2, 4, 4)
    found = quantizer.nearest(quantizer.lookup(ids))
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(found), ids)


def test_weights_loaded_later_are_seen(tiny_tokenizer, clips):
    tokenizer = tiny_tokenizer()
    before = keras.ops.convert_to_numpy(tokenizer.encode_features(clips()))
    bias = tokenizer.encoder.chain[-1].bias
    bias.assign(np.full(bias.shape, 3.0))
    after = keras.ops.convert_to_numpy(tokenizer.encode_features(clips()))
    np.testing.assert_allclose(after, before + 3.0, atol=1e-5)


def test_config_round_trip(tiny_tokenizer, clips):
    tokenizer = tiny_tokenizer(padding="same")
    clone = km.VideoTokenizer.from_config(tokenizer.get_config())
    clone.set_weights(tokenizer.get_weights())
    np.testing.assert_array_equal(
        keras.ops.convert_to_numpy(tokenizer.encode(clips())),
        keras.ops.convert_to_numpy(clone.encode(clips())),
    )


def test_keras_file_round_trip(tiny_tokenizer, clips, tmp_path):
    tokenizer = tiny_tokenizer()
    tokenizer.save(tmp_path / "tokenizer.keras")
    loaded = keras.saving.load_model(tmp_path / "tokenizer.keras")
    np.testing.assert_array_equal(
        keras.ops.convert_to_numpy(tokenizer.encode(clips())),
        keras.ops.convert_to_numpy(loaded.encode(clips())),
    )


@keras.saving.register_keras_serializable(package="tests")
class RoundingQuantizer(km.layers.Quantizer):
    """Two ids by the sign of the first channel: the smallest other quantizer."""

    def nearest(self, features):
        return keras.ops.cast(features[..., 0] > 0, "int32")

    def lookup(self, ids):
        sign = keras.ops.cast(ids, "float32") * 2 - 1
        return keras.ops.repeat(sign[..., None], self.embedding_dim, axis=-1)

    def call(self, features):
        ids = self.nearest(features)
        codes = self.lookup(ids)
        through = features + keras.ops.stop_gradient(codes - features)
        return km.layers.Quantized(through, ids, {})


def test_another_quantizer_fits_the_slot(tiny_tokenizer, clips):
    tokenizer = km.VideoTokenizer(
        32,
        (1, 1),
        (True,),
        embedding_dim=4,
        codebook_size=2,
        num_res_blocks=1,
        quantizer=RoundingQuantizer(2, 4),
        video_shape=(4, 16, 16),
    )
    features = keras.ops.convert_to_numpy(tokenizer.encode_features(clips()))
    ids = keras.ops.convert_to_numpy(tokenizer.encode(clips()))
    np.testing.assert_array_equal(ids, features[..., 0] > 0)
    clone = km.VideoTokenizer.from_config(tokenizer.get_config())
    assert isinstance(clone.quantizer, RoundingQuantizer)


COUNTS = [
    ("base", (16, 128, 128), 40_579_843),
    pytest.param(*("large", (16, 128, 128), 157_811_971), marks=once),
    ("base", (16, 64, 64), 36_596_355),
    pytest.param(*("large", (16, 64, 64), 141_882_371), marks=once),
    ("base_2d", (16, 128, 128), 13_809_667),
    pytest.param(*("large_2d", (16, 128, 128), 53_104_387), marks=once),
]


@pytest.mark.parametrize(("size", "video_shape", "expected"), COUNTS)
def test_parameter_count(size, video_shape, expected):
    model = km.VideoTokenizer.from_size(size, video_shape=video_shape)
    count = sum(int(np.prod(v.shape)) for v in model.trainable_variables)
    assert count == expected
    assert model.latent_shape == (16 if size.endswith("2d") else 4, 16, 16)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"padding": "wrap"}, "padding='wrap'"),
        ({"temporal_kernel": 2}, "temporal_kernel=2"),
        ({"temporal_downsample": (True,)}, "temporal_downsample="),
        ({"filters": 40}, "channels=40"),
        ({"video_shape": (16, 128)}, "video_shape=(16, 128)"),
        ({"video_shape": (0, 0, 0)}, "video_shape=(0, 0, 0)"),
        ({"video_shape": (16, 60, 64)}, "video_shape=(16, 60, 64)"),
        ({"quantizer": RoundingQuantizer(2, 4)}, "quantizer with"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match="Received") as error:
        km.VideoTokenizer(**arguments)
    assert message in str(error.value)


def test_unknown_size_lists_the_known():
    with pytest.raises(ValueError, match=r"base.*Received: size='xl'"):
        km.VideoTokenizer.from_size("xl")


def _bad_videos():
    good = np.full((1, 4, 16, 16, 3), 0.5, "float32")
    nan = good.copy()
    nan[0, 0, 0, 0, 0] = np.nan
    return {
        "rank": good[0],
        "channels": good[..., :1],
        "frames": good[:, :3],
        "height": good[:, :, :15],
        "empty": good[:0],
        "above one": good + 1,
        "0..255": good * 255,
        "below zero": good - 1,
        "nan": nan,
        "int32": good.astype("int32"),
        "not an array": "clip.mp4",
    }


@pytest.mark.parametrize("fault", list(_bad_videos()))
@pytest.mark.parametrize("method", ["encode", "encode_features"])
def test_bad_videos(shared_tokenizer, fault, method):
    with pytest.raises(ValueError, match="Received: "):
        getattr(shared_tokenizer, method)(_bad_videos()[fault])


@pytest.mark.parametrize(
    "ids",
    [
        np.full((1, 2, 4, 4), 32),
        np.full((1, 2, 4, 4), -1),
        np.full((1, 2, 4, 4), 2**32),
        np.zeros((2, 4, 4), int),
        np.zeros((1, 2, 4, 4)),
        np.zeros((0, 2, 4, 4), int),
    ],
)
def test_bad_ids(shared_tokenizer, ids):
    with pytest.raises(ValueError, match="Received: "):
        shared_tokenizer.decode(ids)
