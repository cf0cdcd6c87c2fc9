"""The convolution of the tokenizer: 3D, with a choice of border."""

import keras
from keras import ops

from keras_magvit.ops.convolution import convolve, convolve_upsampled

BORDERS = ("reflect", "same")


@keras.saving.register_keras_serializable(package="keras_magvit")
class VideoConv(keras.layers.Conv3D):
    """A stride-1 3D convolution that keeps T, H and W.

    Args:
        filters: output channels.
        kernel_size: `(t, h, w)`.
        border: "reflect" mirrors the video at its borders (the paper), "same" pads with
            zeros (the released configs).
        **kwargs: of `keras.layers.Conv3D`; there is no activation.

    Call arguments:
        inputs: float `(B, T, H, W, C)`.
        upsampled: `(t, h, w)`, how often the pixels of `inputs` are repeated before.

    Raises:
        ValueError: on an unknown border.

    Example:
        >>> features = km.layers.VideoConv(8, (3, 3, 3))(clip)  # (2, 4, 16, 16, 8)
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

    def call(self, inputs, upsampled=(1, 1, 1)):
        kernel = ops.convert_to_tensor(self.kernel)  # in the compute dtype
        if max(upsampled) > 1:
            outputs = convolve_upsampled(inputs, kernel, upsampled, self.border)
        else:
            outputs = convolve(inputs, kernel, self.border)
        return ops.add(outputs, self.bias) if self.use_bias else outputs

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.filters)

    def get_config(self):
        return {**super().get_config(), "border": self.border}
