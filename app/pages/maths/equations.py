"""The equations of the maths page: how each is written, what in the engine computes it, which test checks it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from spncore.circuits import overparam
from spncore.dynamics import steps as dynamics
from spncore.inference import flows, forward
from spncore.learning import objectives, parametrisation
from spncore.linear import network
from spncore.linear import steps as linear_dynamics
from spncore.runs import replay as replaying
from spncore.trees import induced, models, steps


class Equation(NamedTuple):
    """One displayed equation; `source` is what the paper calls it, `functions` what computes it here."""

    source: str
    latex: str
    functions: tuple[Callable[..., Any], ...]
    test: str  # file::function under tests/spncore

    @property
    def computed_by(self) -> list[str]:
        """The functions' full names."""
        return [f"{function.__module__}.{function.__qualname__}" for function in self.functions]

    @property
    def code(self) -> str:
        """The source of the functions."""
        return "\n\n".join(inspect.getsource(function) for function in self.functions)


_SLOPES = (
    "dynamics/test_steps.py::test_the_product_form_leaves_order_eta_squared_"
    "the_printed_form_order_eta_from_three_layers_on"
)
EQUATIONS: Mapping[str, Equation] = {
    "mixture": Equation(
        "the network",
        r"f(x)=\sum_{k=1}^{K} w_k\,C_k(x)\qquad Z=f(*)=\sum_{k=1}^{K} w_k\,C_k(*)",
        (forward.forward,),
        "circuits/test_circuit.py::test_values_equal_enumeration_on_full_partial_and_no_evidence",
    ),
    "objective": Equation(
        "Eq. 1",
        r"\mathcal L=\frac1N\sum_{n=1}^{N}\log f(x_n)-\log Z",
        (objectives.data_and_partition,),
        "runs/test_training.py::test_distinct_rows_with_counts_equal_the_full_rows",
    ),
    "gradient": Equation(
        "Eq. 2",
        r"\nabla_{w_k}=\frac{\partial\mathcal L}{\partial w_k}="
        r"\frac1N\sum_{n=1}^{N}\frac{C_k(x_n)}{f(x_n)}-\frac{C_k(*)}{Z}",
        (flows.backward,),
        "dynamics/test_steps.py::test_the_recorded_gradient_is_the_gradient_of_the_likelihood_in_the_effective_weights",
    ),
    "flow": Equation(
        "flow",
        r"a_k=w_k\nabla_{w_k}=\overline r_k-z_k\qquad\sum_k a_k=0",
        (flows.backward,),
        "circuits/test_circuit.py::test_flows_are_weight_times_finite_difference",
    ),
    "product": Equation(
        "Eq. 3",
        r"w_k=\prod_{l=0}^{L-1}w^{[l]}_{\varphi(k,l)}",
        (overparam.effective_weights,),
        "circuits/test_overparam.py::test_effective_weights_are_products_along_paths_and_flows_are_sums_below",
    ),
    "layer_gradient": Equation(
        "Eq. 5–7",
        r"\frac{\partial\mathcal L}{\partial w^{[l]}_i}=\frac{A_l(i)}{w^{[l]}_i}\qquad "
        r"A_l(i)=\sum_{k:\,\varphi(k,l)=i}a_k",
        (overparam.layer_flows,),
        "circuits/test_overparam.py::test_flow_over_weight_is_the_gradient_in_a_layer_weight",
    ),
    "exact": Equation(
        "behind Eq. 8–13",
        r"w_k(t{+}1)=w_k\prod_{l=0}^{L-1}\bigl(1+s_l(k)\bigr)\qquad "
        r"s_l(k)=\frac{\eta\,A_l(k)}{\bigl(w^{[l]}\bigr)^2}",
        (dynamics.relative_steps, dynamics.exact_factors),
        "dynamics/test_steps.py::test_exact_factors_carry_the_effective_weights_from_step_to_step",
    ),
    "first_order": Equation(
        "Eq. 11",
        r"w_k(t{+}1)=w_k+\rho_k\nabla_{w_k}+\lambda_k w_k+O(\eta^2)",
        (dynamics.first_order_step,),
        "dynamics/test_steps.py::test_the_shallow_network_with_rho_and_lambda_repeats_the_deep_curve_up_to_the_square_of_the_rate",
    ),
    "lam": Equation("Eq. 12", r"\lambda_k=\sum_{l<L-1}s_l(k)", (dynamics.multiplicative_term,), _SLOPES),
    "rho": Equation(
        "Eq. 13, for every depth",
        r"\rho_k=\eta\prod_{l<L-1}\bigl(w^{[l]}_{\varphi(k,l)}\bigr)^2",
        (dynamics.adaptive_rate, dynamics.adaptive_rate_as_printed),
        _SLOPES,
    ),
    "second_order": Equation(
        "what is left",
        r"w_k\sum_{l<m}s_l(k)\,s_m(k)+O(\eta^3)",
        (dynamics.second_order_term,),
        "dynamics/test_steps.py::test_the_second_order_term_is_what_first_order_leaves",
    ),
    "momentum": Equation(
        "Eq. 14",
        r"\begin{aligned}w_k(t{+}1)\approx\;&w_k(t)+\rho_k(t)\nabla_{w_k}(t)"
        r"\\&+\sum_{\tau<t}\mu_k(t,\tau)\,\nabla_{w_k}(\tau)"
        r"\\&+\lambda_k(t)\,w_k(0)\prod_{s<t}\bigl(1+\lambda_k(s)\bigr)\end{aligned}",
        (dynamics.unrolled_weight, dynamics.start_term),
        "dynamics/test_steps.py::test_the_unrolled_recursion_is_start_term_plus_momentum_sum",
    ),
    "kernel": Equation(
        "coefficient of Eq. 14",
        r"\mu_k(t,\tau)=\lambda_k(t)\,\rho_k(\tau)\prod_{s=\tau+1}^{t-1}"
        r"\bigl(1+\lambda_k(s)\bigr)\qquad\tau<t",
        (dynamics.momentum_kernel,),
        "dynamics/test_steps.py::test_the_unrolled_recursion_is_start_term_plus_momentum_sum",
    ),
    "replay": Equation(
        "Observation 1",
        r"w\leftarrow w+\rho(t)\,\nabla_{w}+\lambda(t)\,w\quad\text{in the shallow network}",
        (replaying.replay,),
        "dynamics/test_steps.py::test_the_shallow_network_with_the_exact_factors_repeats_the_deep_curve",
    ),
    "preconditioner": Equation(
        "not in the paper",
        r"\Delta\log w=\eta\,M\,a+O(\eta^2)\qquad M_{kj}=\sum_{l}"
        r"\frac{[\varphi(k,l)=\varphi(j,l)]}{\bigl(w^{[l]}_{\varphi(k,l)}\bigr)^2}",
        (dynamics.preconditioner,),
        "dynamics/test_steps.py::test_a_step_in_log_weights_is_the_preconditioner_times_the_flow",
    ),
    "norm": Equation(
        "not in the paper",
        r"\lVert w^{[0]}(t{+}1)\rVert^2=\lVert w^{[0]}\rVert^2+"
        r"\eta^2\,\Bigl\lVert\frac{\partial\mathcal L}{\partial w^{[0]}}\Bigr\rVert^2",
        (dynamics.norm_growth,),
        "dynamics/test_steps.py::test_every_layer_s_squared_norm_grows_by_the_squared_step_and_by_nothing_else",
    ),
    "scale": Equation(
        "not in the paper",
        r"(\eta,\;s)\;\text{and}\;(c^2\eta,\;c\,s)\;\text{give the same run}",
        (overparam.initial_layer_weights,),
        "runs/test_training.py::test_only_the_learning_rate_over_the_start_squared_matters",
    ),
    "balance": Equation(
        "not in the paper",
        r"u^2-\sum_i v_i^2=\text{const}+O(\eta^2)\ \text{per step}",
        (dynamics.balancedness,),
        "dynamics/test_steps.py::test_balancedness_drifts_by_the_square_of_the_step",
    ),
    "log_step": Equation(
        "the later update",
        r"w^{[l]}=e^{v^{[l]}}\qquad\Delta v^{[l]}=\eta\,A_l",
        (parametrisation.log,),
        "runs/test_training.py::test_log_weights_step_by_exponentiated_flows",
    ),
    "private": Equation(
        "not in the paper",
        r"\Delta\log w=L\,\eta\,a\qquad\text{private chains in log-weights}",
        (overparam.private_phi,),
        "runs/test_training.py::test_private_chains_in_log_weights_are_the_shallow_network_at_l_times_the_rate",
    ),
    "kappa": Equation(
        "Definition 1",
        r"\kappa(\text{leaf})=1\qquad\kappa(\text{product})=\prod_{c}\kappa(c)\qquad"
        r"\kappa(\text{sum})=\sum_{c}\kappa(c)",
        (induced.num_trees, induced.node_trees),
        "trees/test_induced.py::test_the_count_of_a_deep_circuit_is_exact_however_large",
    ),
    "trees": Equation(
        "Definition 1",
        r"f(x)=\sum_{T}w_T\prod_{\text{leaves}\,\in\,T}p(x)\qquad w_T=\prod_{e\in T}w_e",
        (steps.tree_weights, models.component_log_values),
        "trees/test_models.py::test_the_network_is_the_sum_of_its_trees",
    ),
    "tree_gradient": Equation(
        "Eq. 7, for every edge",
        r"\frac{\partial\mathcal L}{\partial w_e}=\sum_{T\ni e}\frac{w_T}{w_e}\nabla_{w_T}",
        (steps.edge_flow_of, models.tree_flows),
        "trees/test_steps.py::test_the_flow_of_an_edge_is_the_flow_of_all_trees_through_it",
    ),
    "tree_step": Equation(
        "Claim 1",
        r"w_T(t{+}1)=w_T\prod_{e\in T}\Bigl(1+\frac{\eta\,g_e}{w_e}\Bigr)\qquad"
        r"g_e=\frac{\partial\mathcal L}{\partial w_e}",
        (dynamics.exact_factors, steps.first_order_factors),
        "trees/test_steps.py::test_a_step_of_all_edges_multiplies_every_tree_by_the_product_of_its_factors",
    ),
    "tree_matrix": Equation(
        "not in the paper",
        r"\Delta\log w_T=\eta\sum_{T'}M_{TT'}\,a_{T'}+O(\eta^2)\qquad "
        r"M_{TT'}=\sum_{e\in T\cap T'}\frac1{w_e^2}",
        (steps.preconditioner, steps.precondition),
        "trees/test_steps.py::test_the_preconditioner_of_all_trees_turns_their_flows_into_the_step_of_their_log_weights",
    ),
    "discriminative": Equation(
        "Objectives with a class",
        r"\frac1N\sum_n\log f(x_n,y_n)-\log f(x_n,\cdot)\qquad"
        r"\frac1N\sum_{\text{known}}\log f(x_n,y_n)+\frac1N\sum_{\text{unknown}}\log f(x_n,\cdot)-\log Z",
        (objectives.discriminative, objectives.semi_supervised),
        "runs/test_training.py::test_a_step_is_the_learning_rate_times_the_gradient_found_by_enumeration",
    ),
    "em": Equation(
        "Dempster, Laird, Rubin 1977",
        r"w_i\leftarrow\frac{\overline r_i}{\sum_{j}\overline r_j}"
        r"\qquad j\text{ among the children of one sum}",
        (parametrisation.expectation,),
        "learning/test_trainer.py::test_em_does_not_see_consecutive_sum_layers",
    ),
    "exponentiated": Equation(
        "Kivinen, Warmuth 1997",
        r"w_i\leftarrow\frac{w_i\,e^{\eta\,\partial\mathcal L/\partial w_i}}"
        r"{\sum_j w_j\,e^{\eta\,\partial\mathcal L/\partial w_j}}",
        (parametrisation.exponentiated,),
        "learning/test_parametrisation.py::test_exponentiated_gradient_multiplies_by_exp_of_rate_times_gradient_and_normalises",
    ),
    "linear": Equation(
        "Section 2.1",
        r"w(t{+}1)=w-\rho\,\nabla_w-\lambda\,w+\eta^2\,\nabla_{w_1}\nabla_{w_2}\qquad"
        r"\rho=\eta\,w_2^2\qquad\lambda=\eta\,\nabla_{w_2}/w_2",
        (network.adaptive_terms, linear_dynamics.step_terms),
        "linear/test_network.py::test_two_layer_step_is_the_paper_s_identity_to_rounding",
    ),
}
