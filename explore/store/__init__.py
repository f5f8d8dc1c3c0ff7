"""Where vectors are kept: one small interface, exact in memory or in Milvus.

>>> import numpy as np
>>> store = open_store(None)
>>> name = sample_collection("topics", "all-MiniLM-L6-v2", "mean")
>>> store.put(name, np.eye(3, dtype=np.float32))
>>> store.search(name, np.eye(3, dtype=np.float32)[:1], k=2).indices
array([[0, 1]])
"""

from explore.store.interface import (
    SETTING,
    NotStored,
    StoreUnavailable,
    VectorStore,
    owner,
    sample_collection,
    visitor_collection,
)
from explore.store.open import open_store

__all__ = [
    "SETTING",
    "NotStored",
    "StoreUnavailable",
    "VectorStore",
    "open_store",
    "owner",
    "sample_collection",
    "visitor_collection",
]
