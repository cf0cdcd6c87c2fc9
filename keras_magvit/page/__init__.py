"""A local web page to play with a model; what it shows is made by `MAGVIT.generate`.

Gradio is imported by `layout` and `serving` alone, when a page is asked for.
"""

from keras_magvit.page.limits import Limits
from keras_magvit.page.serving import default_preset, serve

__all__ = ["Limits", "default_preset", "serve"]
