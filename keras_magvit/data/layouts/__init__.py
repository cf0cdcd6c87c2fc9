"""How the large datasets lie on disk as they are distributed.

Each module lists the videos of one dataset, without opening them: `list_videos(root)`
returns a `Listing`, or tells which files are missing and where to get them.
"""

from keras_magvit.data.layouts.listing import ListedVideo, Listing

__all__ = ["ListedVideo", "Listing"]
