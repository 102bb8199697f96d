"""What a gradient step does to the effective weights: rates, kernels, residuals, preconditioner, invariants.

Plain functions on recorded arrays; leading axes (seeds, steps) are free. `layer_weights` (..., n) and `flow` (..., K)
are as `StepInfo` holds them. Relative steps are those of gradient ascent: linear weights move by s = ηA/w² relative to
themselves, log-weights multiply by exp(ηA).
"""

from typing import Protocol

import numpy as np

from spncore.arrays import Bools, Floats
from spncore.circuits.overparam import SumStack, effective_weights, layer_flows

Rate = float | Floats  # η: one number, or what broadcasts against weights and flows where it changes
FIRST_ORDER = 0.1  # relative step of a weight up to which w + ρ∇ + λw is taken to describe what happens


class Paths(Protocol):
    """What multiplies weights: a `SumStack` along each component's path, or `Trees` over each tree's edges."""

    def over(self, combine: np.ufunc, values: Floats) -> Floats:
        """Sum or product of a quantity of every weight, (..., n) -> (..., K)."""

    def through(self, flow: Floats) -> Floats:
        """Flow of every weight, (..., n)."""


def weight_steps(
    weights: Floats, flow: Floats, paths: Paths, learning_rate: Rate, parametrisation: str = "linear"
) -> Floats:
    """s, the relative step of every weight, (..., n).

    Linear: η A/w². Log: η A, the first-order part of exp(η A).
    """
    steps = learning_rate * paths.through(flow)
    return steps if parametrisation == "log" else steps / weights**2


def relative_steps(
    layer_weights: Floats, flow: Floats, sums: SumStack, learning_rate: Rate, parametrisation: str = "linear"
) -> Floats:
    """s_l(k), the relative step of the weight of layer l that component k passes through: (..., L, K)."""
    return weight_steps(layer_weights, flow, sums, learning_rate, parametrisation).take(sums.paths, axis=-1)


def beyond_first_order(
    layer_weights: Floats, flow: Floats, sums: SumStack, learning_rate: Rate, parametrisation: str = "linear"
) -> Bools:
    """Whether the step of any weight passes `FIRST_ORDER` relative to it, (...,): first order does not describe it."""
    steps = np.abs(weight_steps(layer_weights, flow, sums, learning_rate, parametrisation))
    return np.asarray(~(steps.max(axis=-1) <= FIRST_ORDER))  # also where there is no number


def adaptive_rate(
    layer_weights: Floats, sums: SumStack, learning_rate: Rate, parametrisation: str = "linear"
) -> Floats:
    """ρ_k (..., K): linear η ∏_{l<L−1} (w^[l])², Trapp et al. (2019), eq. (13) in its general form; log η w_k²."""
    if parametrisation == "log":
        return learning_rate * effective_weights(layer_weights, sums) ** 2
    above = layer_weights[..., sums.paths[:-1]]
    return np.asarray(learning_rate * np.prod(above**2, axis=-2))


def adaptive_rate_as_printed(layer_weights: Floats, sums: SumStack, learning_rate: Rate) -> Floats:
    """ρ_k as the paper prints it for every depth: η (w^[0])², Trapp et al. (2019), eq. (13). Right for L = 2 only."""
    if sums.depth == 1:
        return np.broadcast_to(np.float64(learning_rate), layer_weights[..., sums.paths[-1]].shape).copy()
    return learning_rate * layer_weights[..., sums.paths[0]] ** 2


def multiplicative_term(
    layer_weights: Floats, flow: Floats, sums: SumStack, learning_rate: Rate, parametrisation: str = "linear"
) -> Floats:
    """λ_k (..., K) = Σ_{l<L−1} s_l(k), Trapp et al. (2019), eq. (12): the steps of the layers above the last."""
    steps = relative_steps(layer_weights, flow, sums, learning_rate, parametrisation)
    return np.asarray(np.sum(steps[..., :-1, :], axis=-2))


def exact_factors(
    weights: Floats, flow: Floats, paths: Paths, learning_rate: Rate, parametrisation: str = "linear"
) -> Floats:
    """w_k(t+1)/w_k(t) to all orders, (..., K): ∏ (1 + s), or exp(Σ s) in log-weights; no floor active."""
    steps = weight_steps(weights, flow, paths, learning_rate, parametrisation)
    return np.exp(paths.over(np.add, steps)) if parametrisation == "log" else paths.over(np.multiply, 1.0 + steps)


def second_order_term(
    weights: Floats, flow: Floats, paths: Paths, learning_rate: Rate, parametrisation: str = "linear"
) -> Floats:
    """What first order leaves of a step up to O(η³), (..., K): w_k Σ_{l<m} s_l s_m; in log-weights w_k (Σ_l s_l)²/2."""
    steps = weight_steps(weights, flow, paths, learning_rate, parametrisation)
    squares = paths.over(np.add, steps) ** 2
    if parametrisation == "linear":
        squares = squares - paths.over(np.add, steps**2)
    return paths.over(np.multiply, weights) * squares / 2.0


def first_order_step(weights: Floats, gradient: Floats, rho: Floats, lam: Floats) -> Floats:
    """w + ρ∇ + λw, Trapp et al. (2019), eq. (11); elementwise."""
    return weights + rho * gradient + lam * weights


def first_order_residual(
    layer_weights: Floats, flow: Floats, sums: SumStack, learning_rate: Rate, parametrisation: str = "linear"
) -> Floats:
    """What ρ∇ + λw leaves of an exact step, relative to the weight, (..., K); of order η²."""
    rho = adaptive_rate(layer_weights, sums, learning_rate, parametrisation)
    return _residual(layer_weights, flow, sums, learning_rate, parametrisation, rho)


def residual_as_printed(layer_weights: Floats, flow: Floats, sums: SumStack, learning_rate: Rate) -> Floats:
    """The same for a linear step with ρ as printed in eq. (13), (..., K); of order η from three layers on."""
    rho = adaptive_rate_as_printed(layer_weights, sums, learning_rate)
    return _residual(layer_weights, flow, sums, learning_rate, "linear", rho)


def _residual(
    layer_weights: Floats, flow: Floats, sums: SumStack, learning_rate: Rate, parametrisation: str, rho: Floats
) -> Floats:
    weights = effective_weights(layer_weights, sums)
    lam = multiplicative_term(layer_weights, flow, sums, learning_rate, parametrisation)
    factors = exact_factors(layer_weights, flow, sums, learning_rate, parametrisation)
    return factors - first_order_step(weights, flow / weights, rho, lam) / weights


def momentum_kernel(rho: Floats, lam: Floats) -> Floats:
    """μ(t,τ) = λ(t) ρ(τ) ∏_{s=τ+1}^{t−1} (1+λ(s)) for τ < t, else 0.  rho, lam (T,) of one component -> (T, T).

    Trapp et al. (2019), eq. (14): signed, and not a decaying kernel in general.
    """
    kernel = np.zeros((len(lam), len(lam)))
    for t in range(len(lam)):
        kernel[t, :t] = momentum_row(rho, lam, t)
    return kernel


def momentum_row(rho: Floats, lam: Floats, t: int) -> Floats:
    """μ(t,τ) for τ = 0..t−1, (t,): one row of `momentum_kernel`."""
    products = np.append(np.multiply.accumulate(1.0 + lam[1:t][::-1])[::-1], 1.0)[:t]
    return np.asarray(lam[t] * rho[:t] * products)


def start_term(initial_weight: float, lam: Floats) -> Floats:
    """w(0) ∏_{s<t} (1+λ(s)) for t = 0..T, (T+1,): the part of w_k(t) that stems from the start.

    The paper drops it for near-zero starts; in practice it can dominate.
    """
    return initial_weight * np.concatenate([[1.0], np.multiply.accumulate(1.0 + lam)])


def unrolled_weight(initial_weight: float, rho: Floats, gradient: Floats, lam: Floats) -> Floats:
    """First-order w_k(t) for t = 0..T from recorded ρ, ∇, λ (T,): start term plus Σ ρ∇∏(1+λ)."""
    weights = [initial_weight]
    for t in range(len(lam)):
        weights.append(weights[-1] * (1.0 + lam[t]) + rho[t] * gradient[t])
    return np.array(weights)


def preconditioner(layer_weights: Floats, sums: SumStack, parametrisation: str = "linear") -> Floats:
    """M (..., K, K): in log-weights a step is Δ log w = η M a + O(η²).

    M_kj = Σ_l [φ(k,l)=φ(j,l)] / (w^[l]_φ(k,l))²; of log-weights the constant Σ_l [φ(k,l)=φ(j,l)].
    """
    together = sums.phi[:, :, None] == sums.phi[:, None, :]  # (L, K, K)
    if parametrisation == "log":
        return np.broadcast_to(together.sum(axis=0).astype(float), (*layer_weights.shape[:-1], *together.shape[1:]))
    inverse = layer_weights[..., sums.paths] ** -2.0  # (..., L, K)
    return np.asarray(np.einsum("lkj,...lk->...kj", together, inverse))


def preconditioner_eigenvalues(layer_weights: Floats, sums: SumStack, parametrisation: str = "linear") -> Floats:
    """Eigenvalues of M in ascending order, (..., K): large where siblings agree, small where they compete."""
    return np.asarray(np.linalg.eigvalsh(preconditioner(layer_weights, sums, parametrisation)))


def layer_norms(layer_weights: Floats, sums: SumStack) -> Floats:
    """‖w^[l]‖² of every layer, (..., L)."""
    ends = np.concatenate([[0], np.cumsum(sums.sizes)[:-1]])
    return np.add.reduceat(layer_weights**2, ends, axis=-1)


def norm_growth(layer_weights: Floats, flow: Floats, sums: SumStack, learning_rate: Rate) -> Floats:
    """η²‖∂𝓛/∂w^[l]‖² of every layer, (..., L).

    What one linear step adds to a layer's squared norm, exactly, while no floor is active: 𝓛 does not change when all
    weights of a layer are scaled (Σ_i A_l(i) = Σ_k a_k = 0), so the layer is orthogonal to its gradient.
    """
    gradient = layer_flows(flow, sums) / layer_weights
    return learning_rate**2 * layer_norms(gradient, sums)


def balancedness(layer_weights: Floats, sums: SumStack) -> Floats:
    """u² − Σ_i v_i² for every weight u that is not in the last layer, v_i the weights below it: (..., n − K).

    Conserved by gradient flow; a step of size η drifts by O(η²).
    """
    parts = np.split(layer_weights**2, np.cumsum(sums.sizes)[:-1], axis=-1)
    result = []
    for layer in range(sums.depth - 1):
        below = np.zeros((*layer_weights.shape[:-1], int(sums.sizes[layer])))
        parents = np.zeros(sums.sizes[layer + 1], dtype=int)
        parents[sums.phi[layer + 1]] = sums.phi[layer]
        np.add.at(below.T, parents, parts[layer + 1].T)
        result.append(parts[layer] - below)
    return np.concatenate(result, axis=-1) if result else np.zeros((*layer_weights.shape[:-1], 0))
