"""What a score is worth: found on messages that the model had not seen when it scored them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize, minimize_scalar

from bot.dialogue.nlu.linear_model import sigmoid, softmax
from bot.dialogue.nlu.matrix import Matrix

_OUTSIDE_SHARE = 0.2


@dataclass(frozen=True)
class Calibration:
    """Turns scores into probabilities that come true as often as they say, and the least one to believe."""

    temperature: float = 1.0
    gate_slope: float = 1.0
    gate_offset: float = 0.0
    threshold: float = 0.3

    @classmethod
    def fit(
        cls, intents: Matrix, gate: Matrix, truth: Matrix, inside: Matrix, accepted: float
    ) -> Calibration:
        """From unseen messages: intent scores, gate scores, the right column, whether it is in scope.

        The threshold lets the share `accepted` of what is in scope pass.
        """
        temperature = _temperature(intents[inside], truth[inside])
        slope, offset = _platt(gate, ~inside)
        unfinished = cls(temperature, slope, offset)
        chances = unfinished.probabilities(intents, gate)[inside, :-1].max(axis=1)
        return cls(temperature, slope, offset, float(np.quantile(chances, 1 - accepted)))

    def probabilities(self, intents: Matrix, gate: Matrix) -> Matrix:
        """A row per message: every intent, then out of scope."""
        outside = sigmoid(self.gate_slope * gate.reshape(-1, 1) + self.gate_offset)
        return np.hstack([softmax(intents / self.temperature) * (1 - outside), outside])


def _temperature(scores: Matrix, truth: Matrix) -> float:
    rows = np.arange(len(truth))

    def surprise(temperature: float) -> float:
        return float(-np.log(softmax(scores / temperature)[rows, truth] + 1e-9).mean())

    return float(minimize_scalar(surprise, bounds=(0.2, 3.0), method="bounded").x)


def _platt(scores: Matrix, outside: Matrix) -> tuple[float, float]:
    weight = np.where(outside, _OUTSIDE_SHARE / outside.mean(), (1 - _OUTSIDE_SHARE) / (1 - outside.mean()))

    def surprise(line: Matrix) -> float:
        chance = sigmoid(line[0] * scores + line[1])
        return float(-(weight * np.log(np.where(outside, chance, 1 - chance) + 1e-9)).mean())

    slope, offset = minimize(surprise, np.array([1.0, 0.0]), method="Nelder-Mead").x
    return float(slope), float(offset)
