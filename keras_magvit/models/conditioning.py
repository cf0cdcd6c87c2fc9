"""How a condition enters the model: COMMIT and the rivals of the paper's Table 5."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Conditioning:
    """One way to condition.

    Args:
        name: its name.
        mask_mode: `mode` of `ops.masking.commit_mask`.
        prefix: whether the condition's ids stand before the latents.
        causal: whether the model is autoregressive.
    """

    name: str
    mask_mode: str
    prefix: bool = False
    causal: bool = False


CONDITIONINGS = {
    c.name: c
    for c in (
        # The paper's: condition ids replace masked ids, inside the grid.
        Conditioning("commit", "commit"),
        # MaskGIT's: cells of the condition are known from the start.
        Conditioning("latent", "latent"),
        # Condition ids before the latents, all of which are generated.
        Conditioning("prefix", "none", prefix=True),
        # The same sequence, one id after the other.
        Conditioning("autoregressive", "none", prefix=True, causal=True),
    )
}


def get(name):
    """Looks a conditioning up by name; ValueError lists them."""
    if name not in CONDITIONINGS:
        raise ValueError(
            f"`conditioning` must be one of {list(CONDITIONINGS)}. "
            f"Received: conditioning={name!r}"
        )
    return CONDITIONINGS[name]
