"""Money that a run may spend: set aside before each request, settled after it."""

from __future__ import annotations

from fourfold.core.records import Usage
from fourfold.evaluation.records import BudgetReached
from fourfold.models.prices import Tariff


class Budget:
    """Never more than `limit_usd`: a request that could go beyond is not sent.

    What a request could cost at most is set aside while it runs. A request that failed stays in
    the sum with that amount: a provider may charge for half an answer.
    """

    def __init__(self, limit_usd: float | None = None) -> None:
        self.limit_usd = limit_usd
        self.spent_usd = 0.0
        self._set_aside_usd = 0.0

    def set_aside(self, most: Usage, tariff: Tariff) -> float:
        """Reserve the most that a request can cost, in US dollars.

        Raises `BudgetReached` when that is more than is left, or when nobody knows the price and
        there is a limit.
        """
        price = tariff(most)
        if price is None:
            if self.limit_usd is not None:
                raise BudgetReached(
                    "Nobody knows what this model costs, so no budget can be kept.",
                    hint="Write its price under `price` in fourfold.yaml, or leave out --budget.",
                )
            return 0.0
        if self.limit_usd is not None:
            left = self.limit_usd - self.spent_usd - self._set_aside_usd
            if price > left:
                raise BudgetReached(
                    f"The budget of {self.limit_usd:.2f} US dollars is reached: "
                    f"{self.spent_usd:.4f} are spent, the next request could cost {price:.4f}.",
                    hint="What was answered is kept. Give more with --budget to go on.",
                )
        self._set_aside_usd += price
        return price

    def settle(self, set_aside: float, cost_usd: float | None) -> None:
        """Replace what was set aside by what it cost; unknown counts as all of it."""
        self._set_aside_usd -= set_aside
        self.spent_usd += set_aside if cost_usd is None else cost_usd
