"""A model for programs without Keras: ONNX, SavedModel, LiteRT."""

from keras_magvit.export.errors import ExportError
from keras_magvit.export.exporting import DESCRIPTION, FORMATS, export_model

__all__ = ["DESCRIPTION", "FORMATS", "ExportError", "export_model"]
