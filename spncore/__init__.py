"""SPN Lab's engine: overparametrised sum-product networks and their exact training dynamics, in NumPy.

One notation everywhere (Trapp, Peharz & Pernkopf, TPM 2019; N rows, K components, L sum layers, S seeds, T steps):

| symbol           | meaning                                             | name                        | shape   |
|------------------|-----------------------------------------------------|-----------------------------|---------|
| K, L             | components; consecutive sum layers                  | `num_components`, `depth`   |         |
| w_k              | effective weight, eq. (3): ∏_l w^[l]_φ(k,l)         | `effective_weights`         | (K,)    |
| w^[l]_j          | weight j of sum layer l, 0 is the root's            | `layer_weights[l]`          | (n_l,)  |
| φ(k,l)           | the weight of layer l that component k goes through | `phi`                       | (L, K)  |
| log Z            | partition function                                  | `log_partition`             |         |
| 𝓛                | mean log f(x_n) − log Z, eq. (1), nats per row      | `llh`                       |         |
| ∇_{w_k}          | gradient in the effective weight, eq. (2)           | `effective_gradient`        | (K,)    |
| a_k = w_k∇_{w_k} | flow: mean posterior minus share of Z               | `flow`                      | (K,)    |
| A_l              | flow through a weight of layer l                    | `layer_flows`               | (n_l,)  |
| η, ρ_k, λ_k      | learning and adaptive rate; multiplicative term     | `learning_rate`, `rho`, `lam` | (K,)  |
| μ_k(t,τ)         | momentum coefficient                                | `dynamics.momentum_kernel`  | (T, T)  |
| κ                | number of induced trees, E weighted edges           | `num_trees`                 |         |
| w_T              | weight of an induced tree, ∏_{e∈T} w_e              | `tree_weights`              | (κ,)    |
| a_T = w_T∇_{w_T} | its flow, as a_k                                    | `tree_flows`                | (κ,)    |
"""

__version__ = "0.1.0"

from spncore.data.library import Dataset, load
from spncore.runs.experiment import Experiment, ExperimentError
from spncore.runs.fitting import fit
from spncore.runs.trace import Recorder, Trace
from spncore.runs.training import DivergenceError, StepInfo, Trainer, TrainState, run

__all__ = [
    "Dataset",
    "DivergenceError",
    "Experiment",
    "ExperimentError",
    "Recorder",
    "StepInfo",
    "Trace",
    "TrainState",
    "Trainer",
    "fit",
    "load",
    "run",
]
