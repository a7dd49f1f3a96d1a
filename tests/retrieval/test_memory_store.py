import pytest

from fourfold.retrieval.stores.memory import MemoryStore
from fourfold.testing.stores import LexicalStoreContract, StoreContract


class TestMemoryStore(StoreContract, LexicalStoreContract):
    @pytest.fixture
    def store(self) -> MemoryStore:
        return MemoryStore()

    @pytest.fixture
    def lexical_store(self, store: MemoryStore) -> MemoryStore:
        return store
