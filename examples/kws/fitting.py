"""The training loop that all scripts here share: one-cycle rate, a running average of the weights."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import OneCycleLR
from torch.optim.swa_utils import AveragedModel

AVERAGE_DECAY = 0.995


def average(averaged: Iterable[Tensor], current: Iterable[Tensor], count: Tensor | int) -> None:
    """Exponential average of the weights; it starts short so that early weights are forgotten."""
    steps = float(count)
    decay = min(AVERAGE_DECAY, (1 + steps) / (20 + steps))
    for own, new in zip(averaged, current, strict=True):
        own.copy_(own + (new - own) * (1 - decay))


def fit(
    model: nn.Module,
    optimizer: Optimizer,
    epochs: int,
    steps: int,
    rising: float,
    epoch: Callable[[], Iterable[Tensor]],
    name: str = "",
) -> AveragedModel:
    """The averaged weights after `epochs` times `steps` steps. `epoch()` makes an epoch's losses, one a step, each
    after the step before; `rising`: the share of all steps in which the learning rate rises to the optimizer's."""
    averaged = AveragedModel(model, multi_avg_fn=average, use_buffers=True)
    rates = [group["lr"] for group in optimizer.param_groups]
    schedule = OneCycleLR(optimizer, rates, total_steps=steps * epochs, pct_start=rising)
    started = time.time()
    for number in range(1, epochs + 1):
        model.train()
        losses = []
        for loss in epoch():
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            averaged.update_parameters(model)
            losses.append(loss.detach())
        if number % 10 == 0 or number == epochs:
            mean = float(sum(losses)) / len(losses)
            print(f"{name}epoch {number}/{epochs}  loss {mean:.4f}  {time.time() - started:.0f} s", flush=True)
    return averaged
