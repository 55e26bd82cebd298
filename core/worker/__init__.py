"""The worker: the process, the orders that it claims, and the duties that one of several has."""

from core.worker.process import Halts, Parts, Worker, telling

__all__ = ["Halts", "Parts", "Worker", "telling"]
