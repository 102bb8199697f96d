"""How parameters move: objectives, evaluation, parametrisations, learners."""
