"""How far chance may have moved a share that was counted."""

from __future__ import annotations

import math


def wilson(successes: int, trials: int, z: float) -> tuple[float, float]:
    """Wilson's score interval of a share; all of 0 to 1 where nothing was counted.

    Args:
        successes: How many of the trials.
        trials: All that were counted.
        z: Standard deviations to either side: 1.96 for 95 %, 2.576 for 99 %.

    Source:
        Wilson 1927, Probable Inference, the Law of Succession, and Statistical Inference.
    """
    if not trials:
        return 0.0, 1.0
    share, z2 = successes / trials, z * z
    middle = share + z2 / (2 * trials)
    spread = z * math.sqrt(share * (1 - share) / trials + z2 / (4 * trials * trials))
    scale = 1 + z2 / trials
    return max(0.0, (middle - spread) / scale), min(1.0, (middle + spread) / scale)
