"""The tests; a package, so that `tests.closeness` and `tests.oracles` import by name in every worker."""
