"""The geometry that training and serving share: an image of ink becomes 8x8 cells.

glyph.ts does the same in TypeScript for requests; expected-seven.json, written from this file, holds
the two together.
"""

import numpy as np

SIZE = 8
# Paler pixels are the blurred edge of a stroke and do not count for its bounding box.
INK_THRESHOLD = 0.3


def glyph(ink: np.ndarray) -> np.ndarray:
    """Fits the ink's bounding box into 8x8 cells.

    ink: [height, width], 0 is paper and 1 is the darkest ink. The box keeps its aspect ratio, its
    longer side fills the eight cells, the shorter one is centred. A cell is the mean ink over its area.
    """
    marked = ink >= INK_THRESHOLD
    rows = np.flatnonzero(marked.any(axis=1))
    columns = np.flatnonzero(marked.any(axis=0))
    top, bottom = rows[0], rows[-1] + 1
    left, right = columns[0], columns[-1] + 1
    side = max(bottom - top, right - left)
    first_row = (top + bottom - side) / 2
    first_column = (left + right - side) / 2
    vertical = _overlaps(first_row, side, (top, bottom))
    horizontal = _overlaps(first_column, side, (left, right))
    return vertical @ ink[top:bottom, left:right] @ horizontal.T


def _overlaps(start: float, side: int, interval: tuple[int, int]) -> np.ndarray:
    """[8, pixels]: which share of each cell each pixel of the interval covers, along one axis."""
    edges = start + np.arange(SIZE + 1) * side / SIZE
    pixels = np.arange(*interval)
    low = np.maximum(edges[:-1, None], pixels[None, :])
    high = np.minimum(edges[1:, None], pixels[None, :] + 1)
    return np.maximum(high - low, 0) * SIZE / side
