"""How sure a median is."""

import random
import statistics


def interval(values: list[float], resamples: int = 4000) -> tuple[float, float, float]:
    """The median and the bootstrap interval that holds it in 95 of 100."""
    luck = random.Random(1)
    medians = sorted(statistics.median(luck.choices(values, k=len(values))) for _ in range(resamples))
    return statistics.median(values), medians[resamples * 25 // 1000], medians[resamples * 975 // 1000 - 1]
