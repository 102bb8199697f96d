import io
import tracemalloc
import zipfile

import numpy as np
import pytest

from spncore.files.archive import ArchiveError, read_arrays, write_arrays

MANY = 1_000_000


def archive_of(**members):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(f"{name}.npy", content)
    return io.BytesIO(file.getvalue())


def bytes_of(array):
    file = io.BytesIO()
    np.save(file, array, allow_pickle=True)
    return file.getvalue()


def claiming(shape, dtype="<f8", held=8):
    """The bytes of an array whose header claims more than there is."""
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(file, {"descr": dtype, "fortran_order": False, "shape": shape})
    return file.getvalue() + b"\0" * held


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6).reshape(2, 3),
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        np.array("words"),
        np.array(7),
        np.zeros((0, 3)),
        np.array([True]),
    ],
)
def test_arrays_come_back_as_they_were(tmp_path, array):
    write_arrays(tmp_path / "some.npz", {"one": array, "two": np.ones(2)})
    read = read_arrays(tmp_path / "some.npz", MANY)
    assert list(read) == ["one", "two"]
    assert read["one"].dtype == array.dtype and np.array_equal(read["one"], array)


class Payload:
    """Would raise if it were ever unpickled."""

    def __reduce__(self):
        return pytest.fail, ("unpickled",)


@pytest.mark.fault("A23")
@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (bytes_of(np.array([Payload()], dtype=object)), "bad.npy.: an array of plain numbers or text is needed"),
        (bytes_of(np.zeros(1, dtype=[("a", "f8")])), "plain numbers or text is needed"),
        (claiming((10**12,)), r"'bad.npy': claims shape \(1000000000000,\) of float64, but holds 8 bytes"),
        (claiming((2**62, 4)), "claims shape"),
        (claiming((-1,)), "claims shape"),
        (claiming((10**12,), "<U0", 0), "plain numbers or text is needed"),
        (claiming((1,), held=9), "claims shape"),
        (b"nothing", "'bad.npy': not an array"),
    ],
)
def test_what_is_no_array_of_plain_values_is_refused_by_name(content, sentence):
    with pytest.raises(ArchiveError, match=sentence):
        read_arrays(archive_of(bad=content), MANY)


@pytest.mark.fault("A23")
def test_a_small_file_of_many_zeros_is_refused_before_anything_is_unpacked():
    bomb = archive_of(bad=claiming((2_500_000,), held=20_000_000))
    assert len(bomb.getvalue()) < 30_000
    tracemalloc.start()
    with pytest.raises(ArchiveError, match="1 arrays of 200001\\d\\d bytes together; at most 10000 of 1000000"):
        read_arrays(bomb, MANY)
    assert tracemalloc.get_traced_memory()[1] < 1_000_000
    tracemalloc.stop()


@pytest.mark.fault("J15")
def test_broken_content_is_refused():
    whole = archive_of(bad=bytes_of(np.arange(1000.0))).getvalue()
    for content in (b"", b"PK\x03\x04nonsense", whole[:-40], whole[:100] + b"\xff" * 50 + whole[150:]):
        with pytest.raises(ArchiveError, match="not an archive of arrays"):
            read_arrays(io.BytesIO(content), MANY)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_stands_twice_is_refused():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for _ in range(2):
            archive.writestr("one.npy", bytes_of(np.ones(1)))
    with pytest.raises(ArchiveError, match="stands there twice"):
        read_arrays(io.BytesIO(file.getvalue()), MANY)
