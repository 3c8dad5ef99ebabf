"""Large arrays inside a limit of memory: what is beyond it lies in a file.

Such an array is a mapped file without a name. The system writes its pages out when
memory is short and brings them back when they are read, so work that goes through
rows in order costs little more; the file is gone with the array.
"""

import os
import shutil
import sys
import tempfile

import numpy as np

from pipeline.disks import open_temporary
from pipeline.errors import UserError

MB = 1 << 20


class ArrayPool:
    """Hands out arrays; `memory_mb` of them, all together, lie in memory.

    Files are made in TMPDIR.
    """

    def __init__(self, memory_mb: int) -> None:
        self._left = memory_mb * MB

    def empty(self, shape: tuple[int, ...], dtype: type[np.generic]) -> np.ndarray:
        """An array of `shape`, its values undefined; UserError where it has no room."""
        size = int(np.prod(shape)) * np.dtype(dtype).itemsize
        if size <= self._left:
            self._left -= size
            return np.empty(shape, dtype)
        with open_temporary() as file:
            _reserve(file.fileno(), size)
            # Kernels are compiled for plain arrays; the mapping lives in the base.
            mapped: np.ndarray = np.memmap(file, dtype, mode="r+", shape=shape)
            return mapped.view(np.ndarray)


def _reserve(file: int, size: int) -> None:
    """Have the disk keep room for `size` bytes, or say how much there is.

    A page of a mapped file for which there is no room ends the process without a word.
    """
    try:
        if sys.platform == "darwin":
            os.truncate(file, size)
        else:
            os.posix_fallocate(file, 0, size)
    except OSError as error:
        folder = tempfile.gettempdir()
        free = shutil.disk_usage(folder).free
        raise UserError(
            f"{size / 1e6:,.1f} MB of arrays have no room in {folder}, where "
            f"{free / 1e6:,.1f} MB are free: {os.strerror(error.errno or 0)}",
            hint="TMPDIR names another folder; memory_mb in machine.yaml is what lies "
            "in memory instead",
        ) from None
