"""The application: once a minute it smooths a signal with numpy, as one that reads a sensor would."""

import sys
import time
from pathlib import Path

import numpy as np

LATEST = Path("/var/lib/app/latest")


def smooth(values, width=5):
    """The moving average of a signal."""
    return np.convolve(values, np.ones(width) / width, mode="valid")


def main():
    while True:
        text = f"numpy {np.__version__}: {smooth(np.sin(np.linspace(0, 3, 20))).sum():.6f}"
        print(text, flush=True)
        if "--once" in sys.argv:
            return
        LATEST.write_text(f"{text}\n")
        time.sleep(60)


if __name__ == "__main__":
    main()
