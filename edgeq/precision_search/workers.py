"""Who does the steps of a search: this process, several of this machine, or a Dask cluster; by the same function."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from edgeq.errors import EdgeqError
from edgeq.observer import Observer
from edgeq.precision_search.state import State
from edgeq.precision_search.work import Work

CONNECT_TIMEOUT_S = 20


@dataclass(frozen=True)
class Step:
    """`function(work, *arguments)` gives a result that JSON can hold, kept under `key`."""

    key: str
    function: Callable[..., dict[str, Any]]
    arguments: tuple[Any, ...]


Results = dict[str, dict[str, Any]]
Submit = Callable[[Step], "Future[dict[str, Any]]"]


def perform(work: Work, step: Step) -> dict[str, Any]:
    return step.function(work, *step.arguments)


class Workers:
    """Does steps that the state does not know yet, and tells it of each when it is done."""

    def __init__(self, work: Work, state: State, observer: Observer, submit: Submit | None) -> None:
        self._work, self._state, self._observer, self._submit = work, state, observer, submit

    def results(self, text: str, steps: Sequence[Step]) -> Results:
        """Key -> result of every step; `text` names them for the progress."""
        known = {step.key: self._state.get(step.key) for step in steps}
        missing = {step.key: step for step in steps if known[step.key] is None}
        with self._observer.samples(text, len(known)) as progress:
            progress(len(known) - len(missing))
            for key, result in self._done(list(missing.values())):
                self._state.put(key, result)
                progress(1)
        found = {step.key: self._state.get(step.key) for step in steps}
        return {key: result for key, result in found.items() if result is not None}

    def _done(self, steps: list[Step]) -> Iterator[tuple[str, dict[str, Any]]]:
        if self._submit is None:
            yield from ((step.key, perform(self._work, step)) for step in steps)
            return
        try:
            futures = {self._submit(step): step.key for step in steps}
            for future in as_completed(futures):
                yield futures[future], future.result()
        except BrokenProcessPool as error:
            raise EdgeqError(
                f"a process of the search ended before its step, maybe for lack of memory; the same command goes on "
                f"from {self._state.folder}, with fewer --jobs if need be"
            ) from error


@contextmanager
def workers(work: Work, state: State, observer: Observer, jobs: int, dask: str | None) -> Iterator[Workers]:
    """Workers in `jobs` processes of this machine (1: in this one), or of the Dask scheduler at that address."""
    if dask is not None:
        with _dask_client(dask) as client:
            sent = client.scatter(work, broadcast=True)
            executor = client.get_executor()
            yield Workers(work, state, observer, lambda step: executor.submit(perform, sent, step))
    elif jobs == 1:
        yield Workers(work, state, observer, None)
    else:
        context = multiprocessing.get_context("spawn")  # a fork would copy the threads of the progress display
        pool = ProcessPoolExecutor(jobs, context, _receive, (work,))
        try:
            yield Workers(work, state, observer, lambda step: pool.submit(_perform_here, step))
        finally:
            pool.shutdown(cancel_futures=True)


_here: Work | None = None


def _receive(work: Work) -> None:
    """The first thing that a process of the pool does; Ctrl-C ends it without a word."""
    global _here
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    _here = work


def _perform_here(step: Step) -> dict[str, Any]:
    assert _here is not None
    return perform(_here, step)


def _dask_client(address: str) -> Any:
    try:
        from distributed import Client
    except ImportError as error:
        raise EdgeqError("--dask needs the package distributed; run: pip install 'edgeq[dask]'") from error
    try:
        return Client(address, timeout=CONNECT_TIMEOUT_S)
    except (OSError, ValueError) as error:
        raise EdgeqError(f"--dask {address}: no scheduler answers there; start one with dask scheduler") from error
