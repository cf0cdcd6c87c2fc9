"""The optional packages that video files need, imported on first use."""

from types import ModuleType

_INSTALL = 'Install it with: pip install "keras-magvit[video]"'


def import_av() -> ModuleType:
    """Returns PyAV.

    Raises:
        ImportError: if PyAV is missing; the text has the pip line.
    """
    try:
        import av
    except ImportError as error:
        raise ImportError(
            f"Reading and writing video files needs PyAV. {_INSTALL}"
        ) from error
    return av


def import_image() -> ModuleType:
    """Returns Pillow's `PIL.Image`.

    Raises:
        ImportError: if Pillow is missing; the text has the pip line.
    """
    try:
        from PIL import Image
    except ImportError as error:
        raise ImportError(
            f"Resizing frames and image files need Pillow. {_INSTALL}"
        ) from error
    return Image
