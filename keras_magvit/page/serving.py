"""The server of the page."""

import contextlib
import os
import tempfile
from pathlib import Path

_LOOPBACK = "127.0.0.1"


def default_preset():
    """The largest model that ships with weights.

    Returns:
        The name of a preset.

    Example:
        >>> from keras_magvit.page import default_preset
        >>> default_preset() in {row["name"] for row in km.presets(verbose=False)}
        True
    """
    from keras_magvit.presets import PRESETS

    models = [row for row in PRESETS.values() if row.weights and row.kind == "MAGVIT"]
    return max(models, key=lambda row: row.parameters).name


@contextlib.contextmanager
def serve(model, preset, *, host=_LOOPBACK, port=None, limits=None):
    """Serves the page as long as the context is open.

    Args:
        model: `MAGVIT`.
        preset: its name, for the heading.
        host: address to listen on; the default is reached from this machine alone.
        port: of the address; None takes the first free one from 7860 on.
        limits: `Limits`; None takes the defaults.

    Yields:
        The URL.

    Raises:
        ImportError: if Gradio is missing; the text has the pip line.
        OSError: if the port is taken.

    Example:
        >>> with serve(model, "mine") as url:  # doctest: +SKIP
        ...     input(url)
    """
    from keras_magvit.page.limits import Limits

    limits = limits or Limits()
    with tempfile.TemporaryDirectory() as folder:
        _set_up(folder)
        layout = _import_layout()
        page = layout.build(model, preset, limits)
        page.queue(max_size=limits.queue)
        _, url, _ = page.launch(
            server_name=host,
            server_port=port,
            share=False,
            inbrowser=False,
            prevent_thread_lock=True,
            quiet=True,
            show_error=False,
            max_file_size=limits.upload_bytes,
            ssr_mode=False,
            mcp_server=False,
            enable_monitoring=False,
            footer_links=[],
            css_paths=Path(__file__).parent / "page.css",
            state_session_capacity=100,
        )
        try:
            yield url
        finally:
            page.close(verbose=False)


def _set_up(folder):
    """What Gradio reads from the environment: where uploads go, and no telemetry."""
    os.environ["GRADIO_TEMP_DIR"] = folder
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"


def _import_layout():
    try:
        import gradio  # noqa: F401
    except ImportError as error:
        raise ImportError(
            'The page needs Gradio. Install it with: pip install "keras-magvit[demo]"'
        ) from error
    from keras_magvit.page import layout

    return layout
