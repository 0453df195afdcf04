"""The application: it smooths a signal with numpy, as one that reads a sensor would."""

import numpy as np


def smooth(values, width=5):
    """The moving average of a signal."""
    return np.convolve(values, np.ones(width) / width, mode="valid")


if __name__ == "__main__":
    print(f"numpy {np.__version__}: {smooth(np.sin(np.linspace(0, 3, 20))).sum():.6f}")
