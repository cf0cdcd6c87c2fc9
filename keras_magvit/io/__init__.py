"""Video files in and out, and pictures of clips.

Nothing here imports Keras or a framework: clips are NumPy arrays. PyAV and Pillow are
imported when a function first needs them, so that `import keras_magvit` stays fast.
"""

from keras_magvit.io.errors import VideoFileError
from keras_magvit.io.reading import read_video
from keras_magvit.io.sheets import contact_sheet
from keras_magvit.io.strips import decoding_strip
from keras_magvit.io.video import Video
from keras_magvit.io.writing import write_video

__all__ = [
    "Video",
    "VideoFileError",
    "contact_sheet",
    "decoding_strip",
    "read_video",
    "write_video",
]
