"""Files that appear whole or not at all."""

import os
import tempfile
from pathlib import Path


def write_whole(target: Path, data: bytes | bytearray) -> None:
    """Write a temporary file beside `target` and rename it, so that no reader ever sees half a file; OSError if not."""
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=target.name + ".", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
