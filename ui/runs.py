"""What one training run of a visitor leaves: models before and after, and all that was found."""

from dataclasses import dataclass
from functools import cached_property

from encoder.encoder import Encoder
from encoder.training import Done
from encoder.training.blend import Blend
from encoder.training.judge_run import RunJudgement
from encoder.training.losses import LOSSES
from ingest import Table, text_key
from ui.markup.metrics import what_trains


@dataclass(frozen=True, eq=False)
class Run:
    """One finished run."""

    key: str  # "run-1", unique for the visitor; what the model pickers call it
    name: str  # what the visitor calls it
    model: str  # the model that was trained, as the picker calls it
    data: str  # the file or sample
    done: Done
    study: RunJudgement
    predicted_s: float | None  # training seconds, said before it began
    table: Table | None = None  # what was sent, for the rows that were dropped
    base_learned: frozenset[str] = frozenset()  # keys of texts that the base was trained on here

    @property
    def base(self) -> Encoder:
        """Before."""
        return self.done.source

    @property
    def tuned(self) -> Encoder:
        """After."""
        return self.done.encoder

    @property
    def learned(self) -> frozenset[str]:
        """Keys of all texts that went into these weights in this visit."""
        return self.base_learned | {text_key(text) for row in self.done.train.texts for text in row}

    @property
    def seen(self) -> frozenset[str]:
        """The same with those of validation, which chose the weights that were kept."""
        chose = {text_key(text) for row in self.done.validation.texts for text in row}
        return self.learned | chose

    @property
    def known_before(self) -> int:
        """How many held-out rows hold a text that the base model was trained on in this visit."""
        rows = self.done.held_out.texts
        return sum(any(text_key(text) in self.base_learned for text in row) for row in rows)

    @cached_property
    def blend(self) -> Blend:
        """Mixtures of both; what is frozen runs at the first look, and is freed with the run."""
        return Blend(self.base, self.tuned, self.done.held_out)

    @property
    def summary(self) -> str:
        """Settings in one line."""
        config = self.done.config
        blocks = what_trains(config.train_blocks or 0, self.base.backbone.depth)
        loss = LOSSES[config.loss or ""].title
        return f"{self.model}, {self.base.pooling} pooling, {loss}, {blocks}, seed {config.seed}"
