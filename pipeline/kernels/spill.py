"""Large arrays inside a limit of memory: what is beyond it lies in a file.

Such an array is a mapped file without a name. The system writes its pages out when
memory is short and brings them back when they are read, so work that goes through
rows in order costs little more; the file is gone with the array.
"""

import tempfile

import numpy as np

MB = 1 << 20


class ArrayPool:
    """Hands out arrays; `memory_mb` of them, all together, lie in memory.

    Files are made in TMPDIR. Pages that are never written take no room anywhere.
    """

    def __init__(self, memory_mb: int) -> None:
        self._left = memory_mb * MB

    def empty(self, shape: tuple[int, ...], dtype: type[np.generic]) -> np.ndarray:
        """An array of `shape`, its values undefined."""
        size = int(np.prod(shape)) * np.dtype(dtype).itemsize
        if size <= self._left:
            self._left -= size
            return np.empty(shape, dtype)
        with tempfile.TemporaryFile(prefix="goldsieve-") as file:
            file.truncate(size)
            # Kernels are compiled for plain arrays; the mapping lives in the base.
            mapped: np.ndarray = np.memmap(file, dtype, mode="r+", shape=shape)
            return mapped.view(np.ndarray)
