"""The peak of a process's memory, from a moment on."""

import resource
import sys
from pathlib import Path

STATUS, FORGET = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def forget_peak() -> int:
    """Bytes that are held now; on Linux the peak is counted anew from here."""
    if FORGET.exists():
        FORGET.write_text("5", encoding="ascii")
        return _kilobytes("VmRSS") * 1024
    return peak_bytes()


def peak_bytes() -> int:
    """This process's peak memory; Linux says it of the program alone, ru_maxrss counts what its parent held, too."""
    if STATUS.exists():
        return _kilobytes("VmHWM") * 1024
    unit = 1 if sys.platform == "darwin" else 1024  # ru_maxrss is in bytes there, in kilobytes elsewhere
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def _kilobytes(name: str) -> int:
    lines = STATUS.read_text(encoding="ascii").splitlines()
    return int(next(line for line in lines if line.startswith(f"{name}:")).split()[1])
