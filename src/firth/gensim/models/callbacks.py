"""What is called while a model is trained."""

from __future__ import annotations

from typing import Any


class CallbackAny2Vec:
    """The base of callbacks: each method is called with the model, whose `wv` is as it is at that moment."""

    def on_epoch_begin(self, model: Any) -> None:
        """Before each epoch."""

    def on_epoch_end(self, model: Any) -> None:
        """After each epoch."""

    def on_train_begin(self, model: Any) -> None:
        """Before the first epoch."""

    def on_train_end(self, model: Any) -> None:
        """After the last epoch."""
