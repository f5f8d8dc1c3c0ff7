"""The measure of growth can tell a line from a square."""

from tests.growth import growth


def test_pairs_of_all_with_all_grow_beyond_what_is_allowed() -> None:
    def compare(count: int) -> int:
        return sum(a < b for a in range(count) for b in range(count))

    def read(count: int) -> int:
        return sum(range(100 * count))

    assert growth(read, 300, 1_200) < 8 < growth(compare, 300, 1_200)
