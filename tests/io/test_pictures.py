"""Contact sheets and strips show the right pixels at the right place."""

import os

import numpy as np
import pytest
from PIL import Image

from keras_magvit.io import Video, VideoFileError, contact_sheet, decoding_strip
from keras_magvit.io.rows import evenly


def flat(levels, height=64, width=64):
    levels = np.array(levels, np.uint8)[:, None, None, None]
    return np.broadcast_to(levels, (len(levels), height, width, 3)).copy()


def cells(picture, rows, columns, side=128, gutter=4, margin=12):
    """Cuts the cells out, counted from the lower right corner."""
    pixels, step = np.asarray(picture), side + gutter
    bottom, right = pixels.shape[0] - margin, pixels.shape[1] - margin
    return [
        [
            pixels[
                bottom - (rows - r) * step + gutter : bottom - (rows - r - 1) * step,
                right - (columns - c) * step + gutter : right
                - (columns - c - 1) * step,
            ]
            for c in range(columns)
        ]
        for r in range(rows)
    ]


def test_evenly():
    assert evenly(17, 5) == [0, 4, 8, 12, 16]
    assert evenly(3, 8) == [0, 1, 2]
    assert evenly(3, None) == [0, 1, 2]
    assert evenly(9, 1) == [0]


def test_sheet_shows_the_frames_enlarged(noise):
    clip = noise((9, 64, 64, 3))
    picture = contact_sheet({"input": clip, "result": clip / 255.0}, columns=3)
    for row in cells(picture, 2, 3):
        for cell, index in zip(row, (0, 4, 8), strict=True):
            assert np.array_equal(cell, clip[index].repeat(2, 0).repeat(2, 1))


def test_sheet_keeps_time_and_greys_what_is_missing():
    full, short = flat(range(0, 160, 10)), Video(flat([0, 10, 20]), 8)
    picture = contact_sheet({"input": full, "condition": short}, columns=4)
    top, bottom = cells(picture, 2, 4)
    assert [int(cell[0, 0, 0]) for cell in top] == [0, 50, 100, 150]
    assert [int(cell[0, 0, 0]) for cell in bottom] == [0, 0xEC, 0xEC, 0xEC]


def test_sheet_has_dark_labels_on_white():
    pixels = np.asarray(contact_sheet({"label": flat([200])}))
    column = pixels[:, : pixels.shape[1] - 12 - 128]
    assert tuple(pixels[0, 0]) == (255, 255, 255)
    assert column.min() < 60
    assert column[:, :8].min() == 255  # nothing is cut off at the edge


def test_rows_of_different_sizes_share_a_grid():
    picture = contact_sheet({"wide": flat([9], 32, 128), "small": flat([99], 16, 16)})
    assert 9 in np.asarray(picture) and 99 in np.asarray(picture)


def test_scale():
    sizes = [contact_sheet({"a": flat([1])}, scale=s).size for s in (1, 3)]
    assert sizes[1][0] - sizes[0][0] == 128
    large = contact_sheet({"a": flat([1], 300, 500)})
    assert 500 < large.size[0] < 600


def test_strip_tints_the_undecided_cells():
    masks = np.zeros((12, 2, 2, 2), bool)
    masks[0] = True
    masks[5, 1, 0, 1] = True
    picture = decoding_strip([flat([100] * 4)] * 12, masks, rows=12, columns=4)
    grid = cells(picture, 12, 4)
    tint = (178, 50, 122)
    assert (grid[0][0] == tint).all()
    assert (grid[11][3] == 100).all()
    assert (grid[5][1] == 100).all()  # frames 0 and 1 belong to latent frame 0
    assert (grid[5][2][:64, 64:] == tint).all()
    assert (grid[5][2][64:] == 100).all() and (grid[5][2][:, :64] == 100).all()


def test_strip_chooses_steps_evenly():
    clips = [flat([10 * i]) for i in range(12)]
    picture = decoding_strip(clips, [np.zeros((1, 1, 1), bool)] * 12, rows=4)
    levels = [int(row[0][0, 0, 0]) for row in cells(picture, 4, 1)]
    assert levels == [0, 40, 70, 110]


def test_png_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "a.png"
    picture = contact_sheet({"a": flat([1])}, path=path)
    with Image.open(path) as stored:
        assert stored.format == "PNG"
        assert np.array_equal(np.asarray(stored), np.asarray(picture))
    with pytest.raises(VideoFileError, match="exists"):
        contact_sheet({"a": flat([1])}, path=path)
    contact_sheet({"a": flat([1])}, path=path, overwrite=True)

    def fail(self, place, **kwargs):
        with open(place, "wb") as file:
            file.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Image.Image, "save", fail)
    with pytest.raises(VideoFileError, match="No space left"):
        contact_sheet({"a": flat([1])}, path=path, overwrite=True)
    assert os.listdir(tmp_path) == ["a.png"]


@pytest.mark.parametrize(
    "arguments",
    [
        {"rows": {}},
        {"rows": {"a": flat([1])[0]}},
        {"rows": {"a": flat([1])}, "columns": 0},
        {"rows": {"a": flat([1])}, "scale": 0},
        {"rows": {"a": flat([1])}, "path": "a.jpg"},
    ],
)
def test_bad_sheets(arguments):
    with pytest.raises(ValueError, match=r"Received: "):
        contact_sheet(**arguments)


@pytest.mark.parametrize(
    ("videos", "masks"),
    [
        ([], []),
        ([flat([1])], []),
        ([flat([1])], [np.zeros((1, 1, 1))]),
        ([flat([1])], [np.zeros((1, 1), bool)]),
        ([flat([1]), flat([1, 2])], [np.zeros((1, 1, 1), bool)] * 2),
    ],
)
def test_bad_strips(videos, masks):
    with pytest.raises(ValueError, match=r"Received: "):
        decoding_strip(videos, masks)
