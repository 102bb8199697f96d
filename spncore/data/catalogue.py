"""What is known of each data set: shape, SHA-256, address, licence, and the meaning of its columns.

The hashes are those of the files, so a file is recognised before it is read. The page's dictionary, the
command line and the loader all read this one table.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

from spncore.data.dataset import default_names

SPLITS = ("train", "valid", "test")
SERVER = "https://raw.githubusercontent.com/UCLA-StarAI/Density-Estimation-Datasets/master/datasets"
TERMS_UNKNOWN = "Redistribution terms are not established, so the rows do not ship with the lab."
TERMS_OWN = "Made by this project; under the licence of the code (MIT)."
COLUMN_ORDER = (
    "The columns (Y16 to Y1) have the names of a published table of the same people, whose counts they repeat."
)


class Variable(NamedTuple):
    """A column's name and what a 1 in it means."""

    name: str
    meaning: str


class DatasetInfo(NamedTuple):
    """A registry row: what a data set is, where its files come from and how they are recognised.

    `urls`, `sha256` (of the file) and `shapes` (N, D) have one entry per split; `urls` is empty for data that
    ships with the lab.
    """

    name: str
    title: str
    description: str
    urls: Mapping[str, str]
    sha256: Mapping[str, str]
    shapes: Mapping[str, tuple[int, int]]
    licence: str
    variables: tuple[Variable, ...]
    synthetic: bool

    def file_name(self, split: str) -> str:
        """Return the name of the split's file: text as published, packed bits as shipped."""
        return f"{self.name}.{split}.{'data' if self.urls else 'npy'}"

    def num_bytes(self, split: str) -> int:
        """Return the size of a published file, whose cells are a digit and a comma or line end each."""
        num_rows, num_variables = self.shapes[split]
        return 2 * num_rows * num_variables


# Column order of the published files: Y16 … Y1. See COLUMN_ORDER, and data/README.md for the table.
_NLTCS = """
telephoning           | difficulty using the telephone (Y16, IADL)
taking_medicine       | difficulty taking medicine (Y15, IADL)
managing_money        | difficulty managing money (Y14, IADL)
travelling            | difficulty travelling (Y13, IADL)
getting_about_outside | difficulty getting about outside (Y12, IADL)
grocery_shopping      | difficulty shopping for groceries (Y11, IADL)
cooking               | difficulty cooking (Y10, IADL)
laundry               | difficulty doing laundry (Y9, IADL)
light_housework       | difficulty with light housework (Y8, IADL)
heavy_housework       | difficulty with heavy housework (Y7, IADL)
toilet                | difficulty getting to the bathroom or using the toilet (Y6, ADL)
bathing               | difficulty bathing (Y5, ADL)
dressing              | difficulty dressing (Y4, ADL)
getting_around_inside | difficulty getting around inside (Y3, ADL)
in_out_of_bed         | difficulty getting in and out of bed (Y2, ADL)
eating                | difficulty eating (Y1, ADL)
"""
NLTCS_VARIABLES = tuple(Variable(*re.split(r" +\| ", row)) for row in _NLTCS.strip().splitlines())


def _numbered(num_variables: int, meaning: str) -> tuple[Variable, ...]:
    return tuple(Variable(name, meaning) for name in default_names(num_variables))


def _row(
    name: str,
    title: str,
    description: str,
    sha256: tuple[str, str, str],
    num_rows: tuple[int, int, int],
    variables: tuple[Variable, ...],
    *,
    synthetic: bool = False,
) -> DatasetInfo:
    """Return a registry row; `sha256` and `num_rows` follow SPLITS. Only real data has addresses."""
    addresses = {} if synthetic else {split: f"{SERVER}/{name}/{name}.{split}.data" for split in SPLITS}
    hashes = dict(zip(SPLITS, sha256, strict=True))
    shapes = {split: (n, len(variables)) for split, n in zip(SPLITS, num_rows, strict=True)}
    terms = TERMS_OWN if synthetic else TERMS_UNKNOWN
    return DatasetInfo(name, title, description, addresses, hashes, shapes, terms, variables, synthetic)


NLTCS = _row(
    "nltcs",
    "NLTCS (real)",
    "National Long-Term Care Survey: 16 difficulties in daily life of elderly people, 1 = difficulty. " + COLUMN_ORDER,
    (
        "e547a7aedad1dd2f7177030881ab1b92c7e24ae5464c71a0f1f89daecaf52b30",
        "93bbbf5c6febdc9bc6e5b5bfab636f4dc0685ab2896d24b23dd267794c3bfcf6",
        "f9ffa6b74b27dc03bee3203d157ee31079e80b13be40d0c0093d635c25aed523",
    ),
    (16_181, 2_157, 3_236),
    NLTCS_VARIABLES,
)
PLANTS = _row(
    "plants",
    "Plants (real)",
    "Plants by the regions of North America in which they grow, 1 = present.",
    (
        "1fb1219ff94068d12a563f9e81f8889a1885f41e867884cff608669300c6848f",
        "47834ed318b2d74f48e4b083226ef47fd446d41986012ceae19d230574821b34",
        "95f53c033cd1d86467aec2610dc5bfe014534206c2da4919f73bcab246ab8755",
    ),
    (17_412, 2_321, 3_482),
    _numbered(69, "the plant grows in this state or province; the files do not say which one it is"),
)
BAUDIO = _row(
    "baudio",
    "Audio (real)",
    "Listeners by the artists they have played, 1 = played.",
    (
        "b1ec73f4aa9d4ce48b465ded865cc3d22b3f68cf6258f9e15fbef8902138add1",
        "7164d8a4943f74953f0e982002d84693fdf483e17f69e7407dc939c5ce5622fe",
        "1474f3206f1f35e099803a0f40b0cd209bdc8d787825095ef6cb23fd87ed0d05",
    ),
    (15_000, 2_000, 3_000),
    _numbered(100, "the listener has played this artist; the files do not say which one it is"),
)
NLTCS_TWIN = _row(
    "nltcs-twin",
    "NLTCS twin (synthetic)",
    "Synthetic stand-in for NLTCS: rows drawn from a mixture fitted to the real data; no row is a person.",
    (
        "3db29dd19a185bb5934bab8e844cc75eec0a63ed179c9a2adf7133c514289a09",
        "8402668f4ae5a4a380175ee26299ddc36d19114caa3e8be9afc15cc7e2d031b4",
        "6555ee7375aa1d01dd180d29b04ef96b5bc1dc7e8833ad49ee501032b45fa85c",
    ),
    (16_181, 2_157, 3_236),
    NLTCS_VARIABLES,
    synthetic=True,
)
TWO_CLUSTERS = _row(
    "two-clusters",
    "Two clusters (synthetic)",
    "Synthetic, with a known answer: two groups with their own frequencies of eight independent variables.",
    (
        "5c219fa21f76d179b392b83e3d92a2cb20eb63904b47937cc4c75e8e2957ec87",
        "b736f5b57b31c20eff9edf74d4872de618d73a8f7b0f00c16164884ad88bf457",
        "6d00c1a1b4c67d86c69a91eca26183b1aff8a767e886f6cb63ba3970559946af",
    ),
    (2_000, 500, 500),
    _numbered(8, "no meaning; synthetic"),
    synthetic=True,
)
LABELLED_CLUSTERS = _row(
    "labelled-clusters",
    "Labelled clusters (synthetic)",
    "Synthetic, with a class in the last column: eight columns tell which of four groups a row is of, which says "
    "nothing of its class; four others tell the class.",
    (
        "35b42445fbadc39d5286f4807ae4ca516176404b7bcffde2052541e267d40bbb",
        "dc753fee17263c30a8d8024512bd20416718237982dcedb923a9d3f98b2f8055",
        "44220b66f6ba9e949dc0ce0a8a867650c0b0e5f8d70a56cc591896332fd3202e",
    ),
    (1_000, 400, 600),
    (
        *(Variable(f"x{d}", "tells the group; synthetic") for d in range(1, 9)),
        *(Variable(f"x{d}", "tells the class; synthetic") for d in range(9, 13)),
        Variable("class", "the class; synthetic"),
    ),
    synthetic=True,
)

DATASETS: Mapping[str, DatasetInfo] = {
    info.name: info for info in (NLTCS, PLANTS, BAUDIO, NLTCS_TWIN, TWO_CLUSTERS, LABELLED_CLUSTERS)
}
