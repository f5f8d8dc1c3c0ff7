"""What is drawn to be sent: characters, cells and beginnings that have broken readers."""

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

NASTY = "ab é日\"',;\t|\n\r\\01.5-?{}[]:<&=\x00\u200b\u00a0\ud800"
CELL = st.one_of(
    st.text(st.sampled_from(NASTY), max_size=8),
    st.sampled_from(["yes", "no", "0", "1", "4,5", "nan", "A dog runs.", "Is it so?", "", " "]),
    st.text(max_size=12),
)
STARTS = [b"PAR1", b"\x1f\x8b\x08\x00", b"PK\x03\x04", b"\xff\xfe", b"\xfe\xff", b"{"]
FUZZ = settings(deadline=None, max_examples=50, suppress_health_check=list(HealthCheck))
