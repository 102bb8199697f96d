"""The one notation, Trapp, Peharz & Pernkopf (TPM 2019): what each quantity is called, in words and in symbols.

N rows, K components, L sum layers, S seeds, T steps. Log-likelihoods are in nats per row.
"""

from collections.abc import Mapping
from typing import NamedTuple


class Symbol(NamedTuple):
    """A quantity: its name in words, its symbol, its shape, its unit and its equation, where it has them."""

    name: str
    symbol: str
    shape: str
    unit: str
    equation: str

    @property
    def label(self) -> str:
        """The label of a control or an axis: the name, then the symbol."""
        return f"{self.name} ({self.symbol})"


_TABLE = """
num_components     | components                  | K       |        |              |
depth              | sum layers                  | L       |        |              | consecutive ones
topology           | topology                    | φ       | (L, K) |              | weight of layer l that k uses
effective_weights  | effective weight            | w_k     | (K,)   |              | eq. (3): ∏_l w^[l]_φ(k,l)
layer_weights      | weight of sum layer l       | w^[l]   | (n_l,) |              | 0 is the root's
init_scale         | starting weight             | w0      |        |              | of a weight, or of a product
log_partition      | log partition function      | log Z   |        | nats         |
objective          | objective                   | 𝓛       |        | nats per row | eq. (1): mean log f(x_n) − log Z
effective_gradient | gradient in that weight     | ∇_{w_k} | (K,)   |              | eq. (2)
flow               | flow                        | a_k     | (K,)   |              | w_k ∇_{w_k}: posterior − share of Z
layer_flows        | flow through a layer weight | A_l     | (n_l,) |              | Σ a_k of the components below
learning_rate      | learning rate               | η       |        |              |
rho                | adaptive rate               | ρ       | (K,)   |              | eq. (13): η ∏_{l<L−1} (w^[l])²
lam                | multiplicative term         | λ       | (K,)   |              | eq. (14): what other layers add
momentum_kernel    | momentum coefficient        | μ(t,τ)  | (T, T) |              |
num_trees          | induced trees               | κ       |        |              |
tree_weights       | weight of an induced tree   | w_T     | (κ,)   |              | ∏_{e∈T} w_e
tree_flows         | flow of an induced tree     | a_T     | (κ,)   |              | w_T ∇_{w_T}
init_noise         | leaf noise                  | ε       |        |              | relative, on the leaf weights
train_components   | train components            | θ       |        |              | the leaf weights
num_repetitions    | repetitions                 | R       |        |              |
class_variable     | class column                | y       |        |              |
momentum           | momentum                    | β       |        |              |
batch_size         | rows per step               | B       |        | rows         |
iterations         | iterations                  | T       |        | steps        |
step               | step                        | t       |        | steps        |
"""
SYMBOLS: Mapping[str, Symbol] = {
    name: Symbol(*rest)
    for name, *rest in ([part.strip() for part in row.split("|")] for row in _TABLE.strip().splitlines())
}
LABELS: Mapping[str, str] = {name: symbol.label for name, symbol in SYMBOLS.items()}
