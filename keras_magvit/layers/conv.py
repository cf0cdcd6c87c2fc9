"""The convolution of the tokenizer: 3D, with a choice of border."""

import keras
from keras import ops

from keras_magvit import backend
from keras_magvit.ops.padding import pad_video

BORDERS = ("reflect", "same")


@keras.saving.register_keras_serializable(package="keras_magvit")
class VideoConv(keras.layers.Conv3D):
    """A stride-1 3D convolution that keeps T, H and W.

    Args:
        filters: output channels.
        kernel_size: `(t, h, w)`.
        border: "reflect" mirrors the video at its borders (the paper), "same" pads with
            zeros (the released configs).
        **kwargs: of `keras.layers.Conv3D`.

    Raises:
        ValueError: on an unknown border.
    """

    def __init__(self, filters, kernel_size, border="reflect", **kwargs):
        if border not in BORDERS:
            raise ValueError(
                f"`padding` must be one of {BORDERS}. Received: padding={border!r}"
            )
        kwargs.pop("padding", None)
        padding = "same" if border == "same" else "valid"
        kwargs.setdefault("kernel_initializer", "lecun_normal")
        super().__init__(filters, kernel_size, padding=padding, **kwargs)
        self.border = border

    def call(self, inputs):
        if self.border == "reflect":
            inputs = pad_video(inputs, self._pads(), "reflect")
        return super().call(inputs)

    def convolution_op(self, inputs, kernel):
        if self.border == "same" and not backend.convolves_to_the_border(inputs):
            inputs = pad_video(inputs, self._pads(), "zero")
            return ops.conv(inputs, kernel, padding="valid")
        return super().convolution_op(inputs, kernel)

    def _pads(self):
        return [((k - 1) // 2, k // 2) for k in self.kernel_size]

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.filters)

    def get_config(self):
        return {**super().get_config(), "border": self.border}
