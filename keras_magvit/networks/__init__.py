"""Pretrained networks that look at videos for others: frozen, and never trained here."""

from keras_magvit.networks.efficientnet_lite0 import efficientnet_lite0
from keras_magvit.networks.feature_distance import feature_distance, lpips_heads
from keras_magvit.networks.resnet50 import resnet50
from keras_magvit.networks.vgg16 import vgg16
from keras_magvit.networks.weights import WeightsError

__all__ = [
    "WeightsError",
    "efficientnet_lite0",
    "feature_distance",
    "lpips_heads",
    "resnet50",
    "vgg16",
]
