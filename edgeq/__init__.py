"""edgeq: small neural networks as exact integer C for microcontrollers.

The commands are functions here: `edgeq.build(...)` as `edgeq build ...` (edgeq.api). They are imported when first used:
`import edgeq` costs nothing.
"""

from typing import TYPE_CHECKING, Any

from edgeq.errors import EdgeqError
from edgeq.observer import Observer

__version__ = "0.1.0"

__all__ = [
    "EdgeqError", "Observer", "boards", "build", "doctor", "export", "inspect", "profile", "report", "run", "search",
    "train_sim", "verify",
]  # fmt: skip

if TYPE_CHECKING:
    from edgeq.api import (
        boards,
        build,
        doctor,
        export,
        inspect,
        profile,
        report,
        run,
        search,
        train_sim,
        verify,
    )
else:

    def __getattr__(name: str) -> Any:
        if name not in __all__:
            raise AttributeError(f"module 'edgeq' has no attribute '{name}'")
        from edgeq import api

        return getattr(api, name)

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
