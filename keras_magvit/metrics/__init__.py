"""Metrics of videos, by the protocols of the papers."""

from keras_magvit.metrics.frechet import frechet_distance
from keras_magvit.metrics.frechet_video import FVDResult, fvd, video_statistics
from keras_magvit.metrics.fvd_metric import FrechetVideoDistance
from keras_magvit.metrics.image_quality import best_of, psnr, ssim, ssim_rgb
from keras_magvit.metrics.inception_score import InceptionScore, inception_score
from keras_magvit.metrics.lpips import LPIPS
from keras_magvit.metrics.reconstruction import Reconstruction, reconstruction
from keras_magvit.metrics.regions import border_seam, region_psnr
from keras_magvit.metrics.statistics import FeatureStatistics
from keras_magvit.networks.c3d import C3D
from keras_magvit.networks.i3d import I3D

__all__ = [
    "C3D",
    "I3D",
    "LPIPS",
    "FVDResult",
    "FeatureStatistics",
    "FrechetVideoDistance",
    "InceptionScore",
    "Reconstruction",
    "best_of",
    "border_seam",
    "frechet_distance",
    "fvd",
    "inception_score",
    "psnr",
    "reconstruction",
    "region_psnr",
    "ssim",
    "ssim_rgb",
    "video_statistics",
]
