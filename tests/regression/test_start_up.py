"""Commands that read no PyTorch file once waited some seconds for PyTorch to load."""

from __future__ import annotations

import subprocess
import sys


def test_the_pipeline_does_not_load_pytorch() -> None:
    code = "import sys, edgeq.cli, edgeq.api, edgeq.pipeline; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
