"""The page in headless Chromium, used as a visitor would."""

import re
import shutil

import pytest

from keras_magvit.io import read_video

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
# What a browser does by itself, and a test has no use for.
_ARGUMENTS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update"),
)
_PATIENCE_MS = 300_000

pytestmark = [
    pytest.mark.heavy,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium here"),
]


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip("playwright.sync_api", reason="no playwright")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=CHROMIUM, args=list(_ARGUMENTS)
        )
        yield browser
        browser.close()


@pytest.fixture
def visit(browser, url):
    """Opens the page as a visitor of its own; any script that ran by itself fails it."""
    contexts = []

    def open_page(width=1280, height=900):
        size = {"width": width, "height": height}
        context = browser.new_context(viewport=size, accept_downloads=True)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(_PATIENCE_MS)
        page.dialogs, page.outside = [], []
        page.on("dialog", lambda dialog: (page.dialogs.append(1), dialog.dismiss()))
        page.on("request", lambda request: _note_outside(page, request, url))
        page.goto(url)
        page.get_by_role("button", name="Generate").wait_for()
        return page

    yield open_page
    for context in contexts:
        for page in context.pages:
            assert page.dialogs == [] and page.outside == []
        context.close()


def _note_outside(page, request, url):
    if not request.url.startswith((url, "data:", "blob:")):
        page.outside.append(request.url)


def _picture(page, name):
    return page.locator(f"#{name} img").get_attribute("src")


def _upload(page, path):
    before = page.locator("#input img").count() and _picture(page, "input")
    page.locator("input[type=file]").first.set_input_files(path)
    page.wait_for_function(
        "before => document.querySelector('#input img')?.src != before"
        " || document.querySelector('.message.alert')",
        arg=before or "",
    )


def _choose(page, task):
    page.get_by_label("Task").click()
    page.get_by_role("option", name=re.compile(f"^{task}")).click()


def _generate(page, seed, task):
    page.get_by_label("Seed").fill(str(seed))
    page.get_by_label("Seed").press("Tab")
    # What an earlier run said must not pass for this one's.
    page.locator(".message").evaluate("message => (message.textContent = '')")
    page.get_by_role("button", name="Generate").click()
    page.locator(".message", has_text=f"Done: {task}").filter(
        has_text=f"seed {seed}."
    ).wait_for()
    return _picture(page, "result")


@pytest.mark.parametrize("task", ["frame prediction", "central inpainting"])
def test_a_seed_decides_the_result(visit, video, tmp_path, task):
    page = visit()
    _upload(page, video())
    _choose(page, task)
    first, other = _generate(page, 1, task), _generate(page, 2, task)
    assert first != other
    assert _generate(page, 1, task) == first
    assert len({_picture(page, name) for name in ("input", "condition", "result")}) == 3

    with page.expect_download() as download:
        page.get_by_role("link", name="mp4").click()
    assert download.value.suggested_filename == f"{task.replace(' ', '_')}_seed1.mp4"
    path = tmp_path / "made.mp4"
    download.value.save_as(path)
    assert read_video(path).frames.shape == (4, 256, 256, 3)


def test_what_is_painted_is_the_region(visit, video):
    page = visit()
    _upload(page, video())
    _choose(page, "central inpainting")
    own = _generate(page, 1, "central inpainting")
    condition = _picture(page, "condition")
    page.get_by_label("painted", exact=True).check()
    canvas = page.locator("canvas").first
    canvas.wait_for()
    box = canvas.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 40, y + 20, steps=4)
    page.mouse.up()
    page.wait_for_timeout(1000)
    assert _generate(page, 1, "central inpainting") != own
    assert _picture(page, "condition") != condition


def test_bad_uploads_get_a_message_and_the_server_lives_on(visit, video, tmp_path):
    page = visit()
    (tmp_path / "large.mp4").write_bytes(b"\0" * (2**20 + 1))
    (tmp_path / "broken.mp4").write_bytes(video("whole.mp4").read_bytes()[:600])
    (tmp_path / "text.mp4").write_text("no video at all")
    (tmp_path / "text.txt").write_text("no video at all")
    for name, text in (
        ("broken.mp4", "cut|damaged|cannot|Cannot"),
        ("text.mp4", "cut|damaged|cannot|Cannot|not a video"),
        ("text.txt", "Invalid file type|no video file"),
        ("large.mp4", "size|larger"),
    ):
        page.reload()
        page.get_by_role("button", name="Generate").wait_for()
        page.locator("input[type=file]").first.set_input_files(tmp_path / name)
        said = page.locator(".message.alert, .toast-body, [role=alert]").first
        said.wait_for()
        assert any(word in said.inner_text() for word in text.split("|")), name
    page.reload()
    page.get_by_role("button", name="Generate").wait_for()
    _upload(page, video())
    _generate(page, 1, "frame prediction")


def test_two_visitors_at_once(visit, video):
    pages = [visit(), visit()]
    for seed, page in enumerate(pages):
        _upload(page, video(f"clip{seed}.mp4", seed))
    alone = [_generate(page, 3, "frame prediction") for page in pages]
    inputs = [_picture(page, "input") for page in pages]
    assert alone[0] != alone[1] and inputs[0] != inputs[1]
    for page in pages:
        page.get_by_label("Seed").fill("4")
        page.get_by_label("Seed").press("Tab")
        page.get_by_role("button", name="Generate").click()
    for page in pages:
        page.locator(".message", has_text="seed 4.").wait_for()
    assert [_picture(page, "input") for page in pages] == inputs
    together = [_picture(page, "result") for page in pages]
    assert [_generate(page, 4, "frame prediction") for page in pages] == together


def test_a_file_name_is_text(visit, video):
    page = visit()
    name = "<img src=x onerror=alert(1)>&quot;'.mp4"
    _upload(page, video(name))
    _generate(page, 1, "frame prediction")
    assert page.locator("img[src=x]").count() == 0


def test_a_phone_needs_no_sideways_scrolling(visit):
    page = visit(390, 844)
    _generate(page, 1, "frame prediction")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
