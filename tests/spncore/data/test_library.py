"""The registry and the way to each data set: found, verified or refused, and never replaced by another."""

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest

from experiments import make_twin
from spncore.data import library
from spncore.data.library import (
    DATASETS,
    SPLITS,
    DataError,
    DatasetInfo,
    TimeLimit,
    available,
    empirical_llh,
    fetch,
    known_mixture,
    load,
    product_of_marginals_llh,
)
from tests.closeness import assert_close

SHIPPED = [name for name, info in DATASETS.items() if info.synthetic]
REAL = [name for name, info in DATASETS.items() if not info.synthetic]
CONTENT = {split: f"0,1\n1,{d}\n0,1\n".encode() for d, split in enumerate(["train", "valid"])}
CONTENT["test"] = b"1,1\n1,0\n0,1\n"
BLOCKED = "http://127.0.0.1:9"  # the discard port: nobody answers


def needs_real(name: str) -> None:
    if available(name) is None:
        pytest.skip(f"needs the real {name}: set SPNLAB_DATA_DIR, or python -m spncore data fetch {name}")


def table(urls: Mapping[str, str]) -> DatasetInfo:
    """Return a registry row for the 3 x 2 table in CONTENT."""
    return DATASETS["nltcs"]._replace(
        urls=urls,
        sha256={split: hashlib.sha256(data).hexdigest() for split, data in CONTENT.items()},
        shapes=dict.fromkeys(SPLITS, (3, 2)),
        variables=DATASETS["plants"].variables[:2],
    )


def put(folder: Path, content: Mapping[str, bytes] = CONTENT) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for split, data in content.items():
        (folder / f"nltcs.{split}.data").write_bytes(data)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "folder"


@pytest.fixture
def cache(tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Make 'nltcs' the small table, with a folder and a cache of its own and no server."""
    monkeypatch.setattr(library, "user_cache_dir", lambda *_, **__: str(tmp_path / "cache"))
    monkeypatch.setenv("SPNLAB_DATA_DIR", str(folder))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    small = {**DATASETS, "nltcs": table({split: f"{BLOCKED}/{split}" for split in SPLITS})}
    monkeypatch.setattr(library, "DATASETS", small)
    yield tmp_path / "cache"


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Replace the transfer by one that always succeeds; return the list of addresses asked."""
    asked: list[str] = []

    def download(url: str, target: Path, *_: object) -> None:
        asked.append(url)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(CONTENT[url.rsplit("/", 1)[-1]])

    monkeypatch.setattr(library, "download", download)
    return asked


def test_the_folder_comes_before_the_cache(folder: Path, cache: Path) -> None:
    put(folder)
    put(cache, {"train": b"wrong"})
    assert available("nltcs") == "Read from the folder named by SPNLAB_DATA_DIR."
    dataset = load("nltcs")
    assert dataset.source == "Read from the folder named by SPNLAB_DATA_DIR."
    assert dataset.rows.tolist() == [[0, 1], [1, 0]] and dataset.counts.tolist() == [2, 1]
    assert dataset.title == "NLTCS (real)" and not dataset.synthetic


def test_the_cache_comes_before_the_download(cache: Path) -> None:
    put(cache)
    assert available("nltcs") == load("nltcs", "test").source
    assert load("nltcs", "test").source == "Read from this computer's cache of downloaded data."


def test_a_missing_file_is_downloaded_once_and_the_source_says_so(cache: Path, sent: list[str]) -> None:
    assert available("nltcs") is None
    assert load("nltcs").source == f"Downloaded from {BLOCKED}/train."
    assert load("nltcs", "valid").source == "Read from this computer's cache of downloaded data."
    assert sent == [f"{BLOCKED}/{split}" for split in SPLITS]


def test_a_wrong_file_in_the_folder_is_refused_although_the_cache_is_right(
    folder: Path, cache: Path, sent: list[str]
) -> None:
    put(folder, {"train": CONTENT["valid"]})
    put(cache)
    with pytest.raises(DataError, match=r"^nltcs.train.data in the folder named by SPNLAB_DATA_DIR is refused"):
        load("nltcs")
    assert not sent


@pytest.mark.parametrize("content", [b"", CONTENT["train"][:-1], CONTENT["train"] * 1000])
def test_a_wrong_file_in_the_cache_is_refused_until_it_is_fetched_again(
    content: bytes, cache: Path, sent: list[str]
) -> None:
    put(cache, {**CONTENT, "train": content})
    with pytest.raises(DataError, match="python -m spncore data fetch nltcs"):
        load("nltcs")
    assert [file.name for file in fetch("nltcs")] == [f"nltcs.{split}.data" for split in SPLITS]
    assert sent == [f"{BLOCKED}/train"]
    assert load("nltcs").num_rows == 3


def test_a_folder_in_place_of_the_file_is_refused(folder: Path, cache: Path) -> None:
    (folder / "nltcs.train.data").mkdir(parents=True)
    with pytest.raises(DataError, match="is refused"):
        load("nltcs")


@pytest.mark.fault("I07")
def test_offline_the_error_is_one_sentence_that_says_what_to_do_and_shows_no_path(tmp_path: Path, cache: Path) -> None:
    with pytest.raises(DataError) as caught:
        load("nltcs", time_limit=TimeLimit(silence=1.0, total=2.0))
    message = str(caught.value)
    assert "the server cannot be reached" in message
    assert "which does not exist" in message  # SPNLAB_DATA_DIR is set, to a folder that is not there
    assert "nltcs-twin" in message
    assert str(tmp_path) not in message and "\n" not in message


@pytest.mark.fault("F04")
def test_a_cache_that_cannot_be_written_is_named(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def download(*_: object) -> None:
        raise PermissionError(13, "denied", "/secret/path")

    monkeypatch.setattr(library, "download", download)
    with pytest.raises(DataError, match="the cache folder cannot be written") as caught:
        load("nltcs")
    assert "secret" not in str(caught.value)


@pytest.mark.fault("C07")
@pytest.mark.parametrize("name", ["", "NLTCS", "../../data/history.db", "file:///etc/passwd", "x" * 10_000])
@pytest.mark.parametrize("ask", [load, available, fetch, known_mixture])
def test_only_registered_names_are_looked_up(name: str, ask: Callable[[str], object]) -> None:
    with pytest.raises(DataError, match="choose one of nltcs, plants, baudio, nltcs-twin, two-clusters") as caught:
        ask(name)
    assert len(str(caught.value)) < 150


def test_an_unknown_split_is_refused() -> None:
    with pytest.raises(DataError, match="choose one of train, valid, test"):
        load("two-clusters", "../train")


@pytest.mark.parametrize("info", DATASETS.values(), ids=DATASETS)
def test_every_registry_row_is_complete(info: DatasetInfo) -> None:
    assert DATASETS[info.name] is info
    assert info.title.endswith("(synthetic)" if info.synthetic else "(real)")
    assert ("ynthetic" in info.description) == info.synthetic
    assert tuple(info.sha256) == tuple(info.shapes) == SPLITS
    assert all(re.fullmatch("[0-9a-f]{64}", sha256) for sha256 in info.sha256.values())
    assert all(shape[1] == len(info.variables) for shape in info.shapes.values())
    assert all(variable.name and variable.meaning for variable in info.variables)
    assert all(url.startswith("https://") and url.endswith(info.file_name(s)) for s, url in info.urls.items())
    assert info.licence


@pytest.mark.parametrize("split", SPLITS)
@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_split_is_the_registered_file_and_fits_its_mixture(name: str, split: str) -> None:
    info, mixture, dataset = DATASETS[name], known_mixture(name), load(name, split)
    content = (library.SHIPPED / info.file_name(split)).read_bytes()
    assert hashlib.sha256(content).hexdigest() == info.sha256[split]
    assert (dataset.num_rows, dataset.num_variables) == info.shapes[split]
    assert dataset.synthetic and dataset.source == available(name) == "Ships with the lab."
    expected = mixture.weights @ mixture.probabilities
    error = np.sqrt(expected * (1 - expected) / dataset.num_rows)
    assert np.all(abs(dataset.counts @ dataset.rows / dataset.num_rows - expected) < 4 * error)
    log_values = make_twin.log_probability(dataset.rows, mixture.weights, mixture.probabilities)
    assert_close(dataset.counts @ log_values / dataset.num_rows, mixture.llh[split])
    assert abs(mixture.llh[split] - mixture.expected_llh) < 4 * log_values.std() / np.sqrt(dataset.num_rows)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_known_mixture_is_a_distribution_with_its_exact_expected_llh(name: str) -> None:
    mixture = known_mixture(name)
    assert_close(mixture.weights.sum(), 1.0)
    assert np.all((mixture.probabilities > 0) & (mixture.probabilities < 1))
    assert_close(make_twin.expected_llh(mixture.weights, mixture.probabilities), mixture.expected_llh)
    assert not mixture.weights.flags.writeable and not mixture.probabilities.flags.writeable


def test_the_two_clusters_are_the_written_answer() -> None:
    mixture = known_mixture("two-clusters")
    assert mixture.weights.tolist() == make_twin.TWO_CLUSTERS["weights"]
    assert mixture.probabilities.tolist() == make_twin.TWO_CLUSTERS["probabilities"]


def test_the_mixture_behind_real_data_is_not_known() -> None:
    with pytest.raises(DataError, match="real data"):
        known_mixture("nltcs")


def test_a_changed_shipped_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "two-clusters.train.npy").write_bytes(b"\x93NUMPY")
    monkeypatch.setattr(library, "SHIPPED", tmp_path)
    with pytest.raises(DataError, match="data/two-clusters.train.npy is missing or was changed"):
        load("two-clusters")


def test_what_ships_is_not_said_to_be_there_when_it_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "SHIPPED", tmp_path)
    assert available("two-clusters") is None and library.remedy("two-clusters") == "install spnlab again"


def test_the_twin_is_as_close_to_the_real_data_as_it_promises() -> None:
    needs_real("nltcs")
    gaps = make_twin.gaps(load("nltcs"), load("nltcs-twin"))
    assert gaps["marginals"] <= 0.01
    assert gaps["pairwise marginals"] <= 0.02
    assert abs(product_of_marginals_llh(load("nltcs-twin")) + 9.27) <= 0.05


def test_the_twin_is_made_of_groups_of_persons_only() -> None:
    weights = known_mixture("nltcs-twin").weights
    assert weights.min() * DATASETS["nltcs"].shapes["train"][0] >= make_twin.SMALLEST_GROUP


@pytest.mark.parametrize("split", SPLITS)
@pytest.mark.parametrize("name", REAL)
def test_real_data_has_the_registered_shape_and_its_rows_are_as_published(name: str, split: str) -> None:
    needs_real(name)
    dataset, info = load(name, split), DATASETS[name]
    assert (dataset.num_rows, dataset.num_variables) == info.shapes[split]
    assert dataset.variables == tuple(variable.name for variable in info.variables)
    assert not dataset.synthetic


def test_nltcs_has_the_published_number_of_distinct_rows_and_bounds() -> None:
    needs_real("nltcs")
    dataset = load("nltcs")
    assert dataset.num_distinct == 2_671
    assert round(product_of_marginals_llh(dataset), 4) == -9.2703
    assert round(empirical_llh(dataset), 4) == -5.7354


def test_nltcs_repeats_the_counts_of_a_published_table_whose_columns_have_names() -> None:
    """Data README, "what the columns mean": every count that is printed with the table, over all three splits."""
    needs_real("nltcs")
    splits = [load("nltcs", split) for split in SPLITS]
    rows = np.concatenate([np.repeat(each.rows, each.counts.astype(int), axis=0) for each in splits]).astype(bool)
    item = {16 - column: rows[:, column] for column in range(16)}  # Y16 stands first
    assert len(rows) == 21_574 and len(np.unique(rows, axis=0)) == 3_152
    assert [int(item[y].sum()) for y in (7, 12)] == [14_577, 11_965]
    assert [int((item[7] & item[y]).sum()) for y in (12, 11, 13)] == [10_237, 9_607, 9_397]
    alone = [(), (1,), (2,), (3,), (1, 3), (2, 3)]
    found = [int((rows == [16 - column in ones for column in range(16)]).all(axis=1).sum()) for ones in alone]
    assert found == [3_853, 4, 9, 19, 1, 8]


@pytest.mark.parametrize("info", DATASETS.values(), ids=DATASETS)
def test_the_data_readme_states_every_checksum_of_the_registry(info: DatasetInfo) -> None:
    readme = (library.SHIPPED / "README.md").read_text(encoding="utf-8")
    assert all(f"{info.sha256[split]}  {info.file_name(split)}\n" in readme for split in SPLITS)
