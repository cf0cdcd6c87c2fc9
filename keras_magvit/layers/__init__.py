"""Layers the models are made of."""

from keras_magvit.layers.autoencoder import Decoder, Encoder
from keras_magvit.layers.conv import VideoConv
from keras_magvit.layers.normalization import GroupNormSwish
from keras_magvit.layers.quantizer import Quantized, Quantizer, VectorQuantizer
from keras_magvit.layers.resnet import Downsample, ResBlock, Upsample
from keras_magvit.layers.transformer import MLP, SelfAttention, TransformerBlock

__all__ = [
    "MLP",
    "Decoder",
    "Downsample",
    "Encoder",
    "GroupNormSwish",
    "Quantized",
    "Quantizer",
    "ResBlock",
    "SelfAttention",
    "TransformerBlock",
    "Upsample",
    "VectorQuantizer",
    "VideoConv",
]
