"""The one table of limits; engine, command line, links and server all read it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """What a run or a file may ask for; sizes in bytes, times in seconds."""

    upload_bytes: int = 10_000_000
    rows: int = 200_000
    columns: int = 256
    cells: int = 20_000_000  # of the different rows of a table
    cell_characters: int = 32
    name_characters: int = 64
    iterations: int = 5_000
    run_seconds: float = 600.0
    num_components: int = 64
    depth: int = 8
    num_seeds: int = 64
    changes: int = 5  # of η or of weights, on the way of one run
    seed: int = 4_294_967_295
    smallest_rate: float = 1e-6
    largest_rate: float = 10.0
    smallest_floor: float = 1e-12
    largest_floor: float = 1e-2
    largest_noise: float = 0.1
    split_depth: int = 8
    num_repetitions: int = 32
    largest_momentum: float = 0.999
    run_bytes: int = 1_000_000_000
    trees: int = 100_000  # induced trees that are listed; more are sampled
    live_trees: int = 2_000  # components of the shallow mixture that is trained beside a circuit
    live_edges: int = 600  # weighted edges of a circuit that is trained and drawn live
    circuit_nodes: int = 200_000
    circuit_edges: int = 2_000_000
    grid_axes: int = 3  # settings that a grid varies
    grid_cells: int = 1_000  # of a grid that a visitor of the lab starts; a command's has as many as a sweep
    grid_updates: int = 5_000_000  # of all its cells and seeds together
    model_bytes: int = 200_000_000
    model_layers: int = 2_000
    bundle_bytes: int = 256_000_000  # of a .spnlab file
    bundle_runs: int = 1_000  # in it
    bundle_characters: int = 1_000_000  # of what it says of all runs, and of each of them
    handin_bytes: int = 4_000_000  # of a hand-in, which has its runs inside
    handin_runs: int = 40  # in it
    handin_name: int = 80  # characters of the name in it


LIMITS = Limits()
