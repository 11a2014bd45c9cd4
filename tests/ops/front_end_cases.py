"""Random front ends."""

from __future__ import annotations

from dataclasses import asdict, replace

from hypothesis import assume
from hypothesis import strategies as st

from edgeq.audio import FrontEnd
from edgeq.errors import EdgeqError
from tests.ops.cases import Case, CaseGraph


@st.composite
def front_ends(draw: st.DrawFn) -> FrontEnd:
    """Any parameters that can be computed."""
    rate, fft = draw(st.sampled_from((8000, 16000))), draw(st.sampled_from((32, 64, 128, 256, 512)))
    bands = draw(st.integers(2, 40))
    coefficients = draw(st.sampled_from((0, 1, bands)) | st.integers(1, bands))
    low = draw(st.sampled_from((0.0, 20.0, 300.0)))
    size = coefficients or bands
    try:
        return FrontEnd(
            rate=rate,
            frame=draw(st.integers(2, fft)),
            step=draw(st.integers(1, fft)),
            fft=fft,
            preemphasis=draw(st.sampled_from((0.0, 0.97))),
            window=draw(st.sampled_from(("hann", "hamming"))),
            spectrum=draw(st.sampled_from(("power", "magnitude"))),
            bands=bands,
            low_hz=low,
            high_hz=draw(st.floats(low + 100.0, rate / 2)),
            floor=10.0 ** draw(st.floats(-12, 0)),
            coefficients=coefficients,
            mean=tuple(draw(st.floats(-20, 20)) for _ in range(size)) if draw(st.booleans()) else (),
            std=tuple(draw(st.floats(0.1, 30)) for _ in range(size)) if draw(st.booleans()) else (),
        )
    except EdgeqError:
        assume(False)  # a triangle without a bin
        raise


@st.composite
def front_end_cases(draw: st.DrawFn) -> Case:
    """A few frames of samples anywhere in int16, as int8 or int16."""
    own, count, more = draw(front_ends()), draw(st.integers(1, 4)), draw(st.integers(0, 5))
    own = replace(own, before=draw(st.sampled_from((0, 1, own.frame - 1))))
    lead = draw(st.integers(0, 1)) if own.before == 0 else 0
    samples = lead + own.frame - own.before + (count - 1) * own.step + min(more, own.step - 1)
    dtype, zero_point = draw(st.sampled_from((("int8", -3), ("int16", 0))))

    def add(graph: CaseGraph) -> None:
        x = graph.activation((1, samples), 0, 2.0**-15, "int16")
        graph.node(
            "front_end", [x], zero_point, {**asdict(own), "lead": lead}, 0.1 if dtype == "int8" else 0.001, dtype
        )

    return Case(f"front_end {own} {samples} {dtype}", add)
