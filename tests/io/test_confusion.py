"""The picture of a confusion matrix: shaded by the shares of each row."""

import numpy as np
import pytest
from PIL import Image

from keras_magvit.io.confusion import confusion_matrix
from tests.conftest import once

pytestmark = once
COUNTS = [[4, 0, 0], [1, 1, 2], [0, 0, 0]]


def test_cells_are_shaded_by_their_share_of_the_row(tmp_path):
    path = tmp_path / "counts.png"
    picture = confusion_matrix(COUNTS, ("a", "b", "c"), path)
    pixels = np.asarray(Image.open(path).convert("RGB"))
    np.testing.assert_array_equal(pixels, np.asarray(picture))
    full, paper = np.array([21, 101, 164]), np.array([255, 255, 255])
    height, width, _ = pixels.shape
    for row in range(3):
        for column in range(3):
            # The last 3 x 3 cells of 48 pixels, 2 apart, before a margin of 12.
            y, x = (
                n - 12 - (3 - i) * 50 + 4 for n, i in ((height, row), (width, column))
            )
            share = COUNTS[row][column] / max(sum(COUNTS[row]), 1)
            expected = np.rint(paper + share * (full - paper))
            np.testing.assert_array_equal(pixels[y, x], expected)


@pytest.mark.parametrize(
    ("counts", "names"),
    [([[1]], ()), ([[1, 2]], ("a", "b")), ([[-1]], ("a",)), ([[1]], ("a", "b"))],
)
def test_refusals(counts, names):
    with pytest.raises(ValueError, match=r"a square of numbers.*Received: counts"):
        confusion_matrix(counts, names)
