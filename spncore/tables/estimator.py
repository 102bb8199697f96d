"""The engine with scikit-learn's face: a density estimator and a classifier, both sum-product networks.

Needs scikit-learn, which nothing else in `spncore` does: `pip install 'spnlab[sklearn]'`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from scipy.special import softmax

from spncore.arrays import Array, Bools, Floats, Generator
from spncore.inference import sampling
from spncore.inference.queries import log_likelihood
from spncore.inference.values import log_values
from spncore.learning.learners import LEARNERS, LearnerSettings
from spncore.structures import StructureSettings
from spncore.tables.columns import Coding, codings, decode, encode, log_scales, unseen, weighted_moments
from spncore.tables.learning import TableSettings, learn
from spncore.tables.structures import TABLE_STRUCTURES, Table

try:
    from sklearn.base import BaseEstimator, ClassifierMixin, DensityMixin
    from sklearn.utils import check_random_state
    from sklearn.utils.multiclass import check_classification_targets
    from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data
except ModuleNotFoundError as error:
    raise ImportError(
        "spncore.tables.estimator needs scikit-learn 1.9 or newer, which is not installed; "
        "run pip install 'spnlab[sklearn]'"
    ) from error

UNLABELLED = -1  # as in sklearn.semi_supervised


@dataclass(eq=False, repr=False)
class _Network(BaseEstimator):
    """What both estimators share: columns, training, densities."""

    structure: str = "mixture"
    num_components: int = 8
    split_depth: int = 2
    num_repetitions: int = 4
    depth: int = 1
    learner: str = "em"
    learning_rate: float = 0.01
    iterations: int = 200
    tolerance: float = 1e-6
    batch_size: int | None = None
    floor: float = 1e-4
    families: str | Sequence[str] = "auto"
    random_state: int | np.random.RandomState | None = None

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

    def score_samples(self, X: Any) -> Floats:
        """log p(x) of every row, (N,), in nats and in the data's own units; missing values (NaN) are summed out.

        −inf for a row with a value that a categorical column did not have in training.
        """
        rows = self._rows(X)
        encoded = encode(rows, self.columns_)
        values = log_likelihood(self.model_, self._evidence(encoded)) - log_scales(rows, self.columns_)
        return np.where(unseen(rows, encoded), -np.inf, values)

    def _sample(self, n_samples: int, random_state: int | np.random.RandomState | None) -> Floats:
        """Rows of leaf values (n_samples, D), the class last if there is one."""
        check_is_fitted(self)
        if n_samples < 1:
            raise ValueError(f"n_samples: expected 1 or more, got {n_samples}; ask for at least one row")
        rng = _generator(self.random_state if random_state is None else random_state)
        return sampling.sample(self.model_, n_samples, rng)

    def _rows(self, X: Any) -> Floats:
        check_is_fitted(self)
        rows: Floats = validate_data(self, X, reset=False, dtype=float, ensure_all_finite="allow-nan")
        return rows

    def _evidence(self, encoded: Floats) -> Floats:
        """Rows for the model, with a missing class if it has one."""
        num_unknown = self.model_.circuit.num_variables - encoded.shape[1]
        if not num_unknown:
            return encoded
        return np.pad(encoded, ((0, 0), (0, num_unknown)), constant_values=np.nan)

    def _learn(self, rows: Floats, weights: Floats, columns: Sequence[Coding], mix: float) -> None:
        """Train on encoded rows (N, D): sets `model_`, `n_iter_` and `objective_curve_`."""
        self._check_settings()
        table = Table(rows, weights, tuple(coding.column for coding in columns), *weighted_moments(rows, weights))
        settings = TableSettings(
            self.structure,
            StructureSettings(self.num_components, self.split_depth, self.num_repetitions),
            self.depth,
            LearnerSettings(self.learner, "log", self.floor, self.learning_rate, batch_size=self.batch_size or 0),
            self.iterations,
            self.tolerance,
            mix,
        )
        self.model_, self.objective_curve_ = learn(table, settings, _generator(self.random_state))
        self.n_iter_ = len(self.objective_curve_)

    def _check_settings(self) -> None:
        for name, allowed in (("structure", TABLE_STRUCTURES), ("learner", LEARNERS)):
            if getattr(self, name) not in allowed:
                raise ValueError(f"{name}: expected one of {', '.join(allowed)}, got {getattr(self, name)!r:.40}")
        for name in ("num_components", "split_depth", "num_repetitions", "depth", "iterations", "batch_size"):
            value = getattr(self, name)
            if not (isinstance(value, (int, np.integer)) and value >= 1) and (name, value) != ("batch_size", None):
                raise ValueError(f"{name}: expected a whole number from 1, got {value!r:.40}; choose one")
        for name in ("learning_rate", "floor"):
            value = getattr(self, name)
            if not (isinstance(value, (int, float, np.number)) and value > 0):
                raise ValueError(f"{name}: expected a number above 0, got {value!r:.40}; choose a small one")


class SumProductNetwork(DensityMixin, _Network):
    """A sum-product network as a density over real and whole-number columns; NaN is a missing value.

    Parameters
    ----------
    structure : name of `spncore.tables.structures.TABLE_STRUCTURES`
    num_components, split_depth, num_repetitions : size of the structure, see `structures.StructureSettings`
    depth : L, consecutive sum layers in place of every sum; changes how gradients move, not what can be learned
    learner : name of `learners.LEARNERS`; EM needs no learning rate
    learning_rate : of other learners than EM
    iterations, tolerance : updates at most; without batches training stops when the objective changes by less
    batch_size : rows per update, None for all
    floor : EM keeps every weight and probability from falling below it
    families : one of `families.FAMILIES` for each column, or "auto", see `columns.codings`
    random_state : of the start, the batches and of samples; equal ones give equal results

    Attributes
    ----------
    model_ : the network, whose real columns are standardised; columns_ : how (`columns.Coding`)
    objective_curve_ : (n_iter_,) before each update, in nats per row of `model_`
    """

    def fit(self, X: Any, y: None = None, sample_weight: Any = None) -> Self:
        """Learn from rows (N, D); weights (N,) ≥ 0 count rows, and only their ratios matter."""
        rows = validate_data(self, X, dtype=float, ensure_all_finite="allow-nan")
        weights, kept = _weights(sample_weight, rows)
        rows = rows[kept]
        self.columns_ = codings(rows, weights, self.families)
        self._learn(encode(rows, self.columns_), weights, self.columns_, 1.0)
        return self

    def score(self, X: Any, y: None = None) -> float:
        """Mean log p(x) in nats per row."""
        return float(np.mean(self.score_samples(X)))

    def sample(self, n_samples: int = 1, random_state: int | np.random.RandomState | None = None) -> Floats:
        """Independent rows (n_samples, D); with None the estimator's own `random_state`."""
        return decode(self._sample(n_samples, random_state), self.columns_)


@dataclass(eq=False, repr=False)
class SumProductClassifier(ClassifierMixin, _Network):
    """A sum-product network over columns and class: p(x, y) is learned, p(y | x) follows, missing values or not.

    Labels of −1 mark rows whose class is not known; they count as log p(x).

    Parameters
    ----------
    mix : 1 is the generative objective log p(x, y), 0 the discriminative log p(y | x), between them a hybrid; below 1
        choose a gradient learner such as "adam"

    All others and the attributes are those of SumProductNetwork; `classes_` (C,).
    """

    mix: float = 1.0

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Learn from rows (N, D) with classes (N,); weights (N,) ≥ 0 count rows, and only their ratios matter."""
        rows, labels = validate_data(self, X, y, dtype=float, ensure_all_finite="allow-nan")
        check_classification_targets(labels)
        weights, kept = _weights(sample_weight, rows)
        rows, labels = rows[kept], labels[kept]
        self.classes_, codes = _classes(labels)
        if not 0.0 <= self.mix <= 1.0:
            raise ValueError(f"mix: expected 0 (discriminative) to 1 (generative), got {self.mix!r:.40}")
        if self.mix < 1.0 and self.learner in LEARNERS and LEARNERS[self.learner].data_flow_only:
            raise ValueError(f"mix: {self.learner} learns with mix=1 only, got {self.mix:g}; take 1 or learner='adam'")
        self.columns_ = codings(rows, weights, self.families)
        columns = *self.columns_, Coding("categorical", np.arange(len(self.classes_), dtype=float))
        self._learn(np.column_stack([encode(rows, self.columns_), codes]), weights, columns, self.mix)
        return self

    def predict_proba(self, X: Any) -> Floats:
        """p(y | x) of every class, (N, C); missing values, and values never seen, are summed out."""
        rows = self._rows(X)
        rows, log_joint = self._evidence(encode(rows, self.columns_)), []
        for code in range(len(self.classes_)):
            rows[:, -1] = code
            log_joint.append(log_values(self.model_, rows))
        return np.asarray(softmax(np.stack(log_joint, axis=1), axis=1))

    def predict(self, X: Any) -> Array:
        """The most probable class of every row, (N,)."""
        most_probable = np.argmax(self.predict_proba(X), axis=1)
        return np.asarray(self.classes_[most_probable])

    def sample(
        self, n_samples: int = 1, random_state: int | np.random.RandomState | None = None
    ) -> tuple[Floats, Array]:
        """Independent rows (n_samples, D) with their classes; with None the estimator's own `random_state`."""
        drawn = self._sample(n_samples, random_state)
        codes = np.minimum(drawn[:, -1].astype(int), len(self.classes_) - 1)
        return decode(drawn[:, :-1], self.columns_), self.classes_[codes]


def _generator(random_state: int | np.random.RandomState | None) -> Generator:
    return np.random.default_rng(check_random_state(random_state).randint(2**31 - 1))


def _weights(sample_weight: Any, rows: Floats) -> tuple[Floats, Bools | slice]:
    """The weights above 0, and which rows have one; a slice, and so no copy, where all do."""
    weights = _check_sample_weight(sample_weight, rows, dtype=float, ensure_non_negative=True)
    kept = weights > 0.0
    return (weights, slice(None)) if kept.all() else (weights[kept], kept)


def _classes(labels: Array) -> tuple[Array, Floats]:
    """The classes (C,), and of each label its place among them, NaN where it is UNLABELLED."""
    labelled = labels != UNLABELLED if labels.dtype.kind in "ifO" else np.ones(len(labels), dtype=bool)
    classes, places = np.unique(labels[labelled], return_inverse=True)
    if len(classes) < 2 and not labelled.all():
        raise ValueError(
            f"y: expected two classes or more beside {UNLABELLED}, which marks rows of unknown class, got "
            f"{classes.tolist()!r:.40}; name a class otherwise than {UNLABELLED}"
        )
    codes = np.full(len(labels), np.nan)
    codes[labelled] = places
    return classes, codes
