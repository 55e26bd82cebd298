"""Compiled modules, made once by who may write them.

A process with a user of its own cannot write beside the packages, so each of its starts would compile all
that it imports. Where we are root and the compiled files are missing, everything is imported once by us.
"""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from importlib.util import cache_from_source
from pathlib import Path
from typing import Final

LARGE: Final = (
    "streamlit",
    "langgraph/graph",
    "langchain_core",
    "fastapi",
    "openai",
    "onnxruntime",
    "pandas",
)
"""If these are compiled, so is the rest."""
ALL: Final = (
    "from core.settings import harden_agents; harden_agents(); "
    "import ui.api.server, ui.api.copilot, ui.commands.worker, ui.commands.witness, "
    "core.venues.simulated.serve, ui.commands.custodian, "
    "streamlit.web.server, pandas, plotly, onnxruntime, tokenizers"
)


def is_compiled() -> bool:
    packages = Path(sysconfig.get_path("purelib"))
    sources = [packages / name / "__init__.py" for name in LARGE]
    return all(Path(cache_from_source(str(source))).exists() for source in sources if source.exists())


def compile_once(env: Mapping[str, str]) -> None:
    """Best effort: a process that finds nothing compiled only starts more slowly."""
    subprocess.run(
        [sys.executable, "-P", "-c", ALL], cwd="/", env=dict(env), capture_output=True, check=False
    )
