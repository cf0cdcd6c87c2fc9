"""The page at the front of a token cache: what it was made of, and what it holds."""

import dataclasses
import hashlib
import json
import os
from pathlib import Path
from typing import Any

from keras_magvit.data.token_cache import identity
from keras_magvit.data.token_cache.records import RecordLayout

FORMAT = 1
NAME = "manifest.json"

# A manifest is a page of text, and at most a line for each shard and skipped video.
_MAX_BYTES = 2**28


class TokenCacheError(ValueError):
    """A token cache that is damaged, unfinished, or made of something else.

    Example:
        >>> issubclass(km.data.TokenCacheError, Exception)
        True
    """


@dataclasses.dataclass(frozen=True)
class Shard:
    """One finished file.

    Args:
        name: of the file.
        count: its records.
        num_bytes: its length.
        sha256: of its bytes.
        unreadable: video -> why it gave no clip.
        short: video -> how it was too short for one.
    """

    name: str
    count: int
    num_bytes: int
    sha256: str
    unreadable: dict[str, str] = dataclasses.field(default_factory=dict)
    short: dict[str, str] = dataclasses.field(default_factory=dict)

    def verify(self, folder: Path, content: bool = True) -> None:
        """Raises TokenCacheError unless the file is there, whole and unchanged."""
        path = folder / self.name
        if Path(self.name).name != self.name or not path.is_file():
            raise TokenCacheError(f"The shard is missing. Received: {str(path)!r}")
        if path.stat().st_size != self.num_bytes:
            raise TokenCacheError(
                f"The shard is damaged: {self.num_bytes} bytes were written and "
                f"{path.stat().st_size} are there. Received: {str(path)!r}"
            )
        if content and file_hash(path) != self.sha256:
            raise TokenCacheError(
                f"The shard is damaged: its checksum differs. Received: {str(path)!r}"
            )


@dataclasses.dataclass(frozen=True)
class Manifest:
    """What a cache was made of, and its shards.

    Args:
        tokenizer: `identity.of_tokenizer`.
        dataset: `identity.of_dataset`.
        latent_shape: `(t, h, w)`.
        codebook_size: K.
        conditions: `identity.of_condition` of each condition video, in their order.
        tasks: name of a task -> its place in `conditions`.
        epochs: passes over a training dataset.
        num_clips: clips asked for; unreadable ones are missing.
        clips_per_shard: as many but in the last shard.
        shards: empty until all are finished.
        format: version of the layout.
    """

    tokenizer: dict[str, Any]
    dataset: dict[str, Any]
    latent_shape: tuple[int, int, int]
    codebook_size: int
    conditions: tuple[str, ...]
    tasks: dict[str, int]
    epochs: int
    num_clips: int
    clips_per_shard: int
    shards: tuple[Shard, ...] = ()
    format: int = FORMAT

    @property
    def layout(self) -> RecordLayout:
        return RecordLayout(self.latent_shape, len(self.conditions))

    @property
    def num_shards(self) -> int:
        return -(-self.num_clips // self.clips_per_shard)

    def numbers(self, shard: int) -> range:
        """The clips of a shard."""
        first = shard * self.clips_per_shard
        return range(first, min(first + self.clips_per_shard, self.num_clips))

    def shard_name(self, shard: int) -> str:
        return f"tokens-{shard:05d}-of-{self.num_shards:05d}.array_record"

    def to_json(self) -> str:
        return json.dumps(dataclasses.asdict(self), indent=1) + "\n"

    def changes(self, other: "Manifest") -> list[str]:
        """What `other` would be made of instead, one line each."""
        old, new = (json.loads(m.to_json()) for m in (self, other))
        keys = [key for key in sorted(old) if key != "shards"]
        return identity.differences(old, new, keys)


def read(folder: Path) -> Manifest:
    """Reads the manifest of a cache, finished or not.

    Raises:
        TokenCacheError: if there is none, or it cannot be understood.
    """
    path = folder / NAME
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise ValueError("it is too long")
        data = json.loads(path.read_text())
        version = data["format"]
        if version == FORMAT:
            shards = tuple(Shard(**shard) for shard in data.pop("shards"))
            for key in ("latent_shape", "conditions"):
                data[key] = tuple(data[key])
            return Manifest(**data, shards=shards)
    except FileNotFoundError as error:
        raise TokenCacheError(
            "There is no token cache here; `tokenize_dataset` makes one. "
            f"Received: folder={str(folder)!r}"
        ) from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TokenCacheError(
            f"The manifest cannot be read: {error}. Received: {str(path)!r}"
        ) from error
    raise TokenCacheError(
        f"This version reads token caches of format {FORMAT}; tokenize again. "
        f"Received: format={version!r} in {str(path)!r}"
    )


def write(folder: Path, manifest: Manifest) -> None:
    """Writes the manifest, whole or not at all."""
    write_text(folder / NAME, manifest.to_json())


def write_text(path: Path, text: str) -> None:
    """Writes a text file, whole or not at all."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    temporary.write_text(text)
    os.replace(temporary, path)


def file_hash(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
