"""What a pooling may be called, and what the refusal of any other name says."""

import pytest

from encoder import EncoderError, IdfWeights, UnknownName
from encoder.pooling import POOLINGS, resolve_pooling


@pytest.mark.parametrize(
    "name",
    ["average", "", "MEAN", "mean ", "mean:3", "mean:", "cls+", "+", "max+median", "soft4", ":4",
     None, 3, ["mean"]],
)  # fmt: skip
def test_unknown_pooling_lists_the_valid_ones(name):
    with pytest.raises(UnknownName) as error:
        resolve_pooling(name)
    message = str(error.value)
    assert "Unknown pooling" in message
    for valid in POOLINGS:
        assert valid in message


@pytest.mark.parametrize(
    "name",
    ["soft:", "soft:nan", "soft:inf", "soft:-1001", "soft:hot", "soft:1:2", "mean_with_padding:",
     "mean_with_padding:0", "mean_with_padding:-3", "mean_with_padding:4097",
     "mean_with_padding:2.5", "mean_with_padding:x", "mean_with_padding:nan", "cls+soft:nan"],
)  # fmt: skip
def test_a_parameter_out_of_range_is_refused_by_name_with_the_range(name):
    with pytest.raises(EncoderError) as error:
        resolve_pooling(name)
    assert repr(name.rpartition("+")[2]) in str(error.value)
    assert "1000" in str(error.value) or "4096" in str(error.value)


def test_idf_mean_without_weights_says_how_to_make_them():
    with pytest.raises(EncoderError, match="fit_idf"):
        resolve_pooling("idf_mean")


def key(name, idf=None):
    return resolve_pooling(name, lambda: idf).key


def test_equal_settings_have_equal_keys():
    assert key("soft") == key("soft:1") == key("soft:1.0")
    assert key("mean_with_padding") == key("mean_with_padding:64")
    assert key("cls+mean") == key("cls+mean")


def test_different_settings_have_different_keys():
    names = [*POOLINGS, "soft:4", "soft:4.0000001", "soft:-4", "mean_with_padding:63",
             "cls+mean", "mean+cls", "mean+max"]  # fmt: skip
    few = IdfWeights.from_ids([[1, 2]], 4)
    keys = [key(name, few) for name in names]
    assert len(set(keys)) == len(keys)
    assert key("idf_mean", few) != key("idf_mean", IdfWeights.from_ids([[1, 2], [1]], 4))
