"""The server, spoken to directly: what a browser would never send."""

import re
import sys
from urllib.parse import quote

import pytest
import requests

from keras_magvit.page import default_preset
from keras_magvit.presets import PRESETS
from tests.page.conftest import MAX_UPLOAD, started


def _get(url, path):
    """Sends a path as it stands; a client would tidy `..` away."""
    with requests.Session() as session:
        request = session.prepare_request(requests.Request("GET", url))
        request.url = url.rstrip("/") + path
        return session.send(request, timeout=60)


def test_it_listens_on_the_loopback_address(url):
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/", url)
    assert requests.get(url, timeout=60).status_code == 200


def test_the_name_of_a_preset_is_text(url):
    config = requests.get(f"{url}config", timeout=60).text
    assert "&lt;b onclick=alert(1)&gt;tiny" in config
    assert "<b onclick" not in config


@pytest.mark.parametrize(
    "path",
    [
        "/etc/passwd",
        "/../../../../etc/passwd",
        "/gradio_api/file=/etc/passwd",
        "/gradio_api/file=../../../../../../etc/passwd",
        f"/gradio_api/file={quote('../' * 8 + 'etc/passwd', safe='')}",
        "/gradio_api/file=//etc/passwd",
        "/static/../../../../../../etc/passwd",
        "/assets/..%2f..%2f..%2f..%2f..%2fetc%2fpasswd",
        f"/gradio_api/file={quote(sys.executable)}",
        f"/gradio_api/file={quote(__file__)}",
        "/gradio_api/file=pyproject.toml",
    ],
)
def test_no_other_file_is_served(url, path):
    answer = _get(url, path)
    assert answer.status_code in (400, 403, 404, 405)
    assert b"root:" not in answer.content


def test_an_upload_lands_in_the_temporary_folder(url):
    """Whatever its name says, and comes back as a file to save, never as a page."""
    name = "../../../../escaped<script>alert(1)</script>.html"
    files = {"files": (name, b"<script>alert(1)</script>", "text/html")}
    answer = requests.post(f"{url}gradio_api/upload", files=files, timeout=60)
    assert answer.status_code == 200
    (path,) = answer.json()
    assert ".." not in path and "<" not in path
    served = requests.get(f"{url}gradio_api/file={quote(path)}", timeout=60)
    assert "attachment" in served.headers.get("content-disposition", "")


def test_a_large_upload_is_refused_and_the_server_lives_on(url):
    data = b"\0" * (MAX_UPLOAD + 1)
    answer = requests.post(
        f"{url}gradio_api/upload", files={"files": ("a.mp4", data)}, timeout=60
    )
    assert answer.status_code == 413
    assert requests.get(url, timeout=60).status_code == 200


@pytest.mark.heavy  # another process that loads a model
def test_a_port_that_is_taken(url, preset):
    port = url.rstrip("/").rsplit(":", 1)[1]
    with started(preset, "--port", port) as (process, said):
        assert said.startswith("keras-magvit: error: --host, --port: cannot listen")
        assert process.wait(60) == 2


def test_the_default_preset_is_trained():
    row = PRESETS[default_preset()]
    assert row.weights and row.kind == "MAGVIT"
