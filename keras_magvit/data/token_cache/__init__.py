"""Videos tokenized once: shards of ids on disk, and the stream that trains from them."""

from keras_magvit.data.token_cache.manifest import TokenCacheError
from keras_magvit.data.token_cache.reading import TokenCache
from keras_magvit.data.token_cache.writing import tokenize_dataset

__all__ = ["TokenCache", "TokenCacheError", "tokenize_dataset"]
