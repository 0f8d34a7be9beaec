"""How sure a median is."""

import random
import statistics


def interval(values: list[float], resamples: int = 4000) -> tuple[float, float, float]:
    """The median and the bootstrap interval that holds it in 95 of 100."""
    return interval_of_rounds([[value] for value in values], resamples)


def interval_of_rounds(rounds: list[list[float]], resamples: int = 4000) -> tuple[float, float, float]:
    """The same for values of several rounds, those of one round being alike: rounds are drawn first, then of each its
    values."""
    luck = random.Random(1)

    def drawn() -> float:
        return statistics.median(
            value for each in luck.choices(rounds, k=len(rounds)) for value in luck.choices(each, k=len(each)))

    medians = sorted(drawn() for _ in range(resamples))
    return (statistics.median(value for each in rounds for value in each), medians[resamples * 25 // 1000],
            medians[resamples * 975 // 1000 - 1])
