"""Money that an experiment may spend: set aside before each request, settled after it."""

from __future__ import annotations

import asyncio

from fourfold.core.finite import require_finite
from fourfold.core.records import Usage
from fourfold.evaluation.records import BudgetReached
from fourfold.models.prices import Tariff


class Budget:
    """Never more than `limit_usd`: a request that could go beyond is not sent.

    What a request could cost at most is set aside while it runs; where that leaves too little for
    the next one, that waits until the others tell what they cost. A request that failed stays in
    the sum with that amount: a provider may charge for half an answer. `spent_before_usd` is what
    earlier runs of the same experiment spent, and may have spent. Raises `InvalidInput` for a limit
    that is no finite amount.
    """

    def __init__(self, limit_usd: float | None = None, *, spent_before_usd: float = 0.0) -> None:
        require_finite("budget", limit_usd)
        self.limit_usd = limit_usd
        self.spent_before_usd = spent_before_usd
        self.spent_usd = 0.0  # in this run
        self.uncertain_usd = 0.0  # of it for requests of which nobody told what they cost
        self._set_aside_usd = 0.0
        self._running = 0  # requests that have set money aside
        self._settled = asyncio.Event()

    @property
    def left_usd(self) -> float | None:
        """What no request has spent or reserved; None without a limit."""
        if self.limit_usd is None:
            return None
        return self.limit_usd - self.spent_before_usd - self.spent_usd - self._set_aside_usd

    @property
    def state(self) -> str:
        """Limit and spending in words."""
        spent = self.spent_before_usd + self.spent_usd
        before = f" ({self.spent_before_usd:.4f} before)" if self.spent_before_usd else ""
        return (
            f"The budget of {self.limit_usd or 0.0:.2f} US dollars is reached: "
            f"{spent:.4f} are spent{before}"
        )

    async def set_aside(self, most: Usage, tariff: Tariff, model: str) -> float | None:
        """Reserve the most that a request can cost, in US dollars; None when nobody knows it.

        Raises `BudgetReached` when that is more than is left though no other request runs, or when
        nobody knows the price and there is a limit.
        """
        price = tariff(most)
        if price is None and self.limit_usd is not None:
            raise price_unknown([model])
        while price and self.left_usd is not None and price > self.left_usd:
            if not self._running:
                raise BudgetReached(
                    f"{self.state}, the next request to `{model}` could cost {price:.4f}.",
                    hint="What was answered is kept. Give more with --budget to go on.",
                )
            await self._settled.wait()
        self._running += 1
        self._set_aside_usd += price or 0.0
        return price

    def settle(self, set_aside: float | None, cost_usd: float | None) -> None:
        """Replace what was set aside by what it cost; unknown counts as all of it."""
        self._running -= 1
        self._set_aside_usd = self._set_aside_usd - (set_aside or 0.0) if self._running else 0.0
        self.spent_usd += (set_aside or 0.0) if cost_usd is None else cost_usd
        self.uncertain_usd += (set_aside or 0.0) if cost_usd is None else 0.0
        self._settled.set()
        self._settled = asyncio.Event()  # for who waits from now on


def price_unknown(models: list[str]) -> BudgetReached:
    """The error of models for which no budget can be kept."""
    names = ", ".join(f"`{name}`" for name in models)
    return BudgetReached(
        f"Nobody knows what {names} costs, so no budget can be kept.",
        hint="Write its price under `price` in fourfold.yaml, leave out --budget, or leave out "
        "what it cannot pay: --leave-out.",
    )
