"""Both players' losses and gradients on this process's backend.

python -m tests.training.one_step_worker INPUTS.npz OUTPUTS.npz
"""

import sys

import numpy as np
from keras import ops

import keras_magvit as km
from keras_magvit.training.perceptual import PerceptualLoss
from tests.training.conftest import FULL, SHAPE, TOKENIZER, compiled_step, frame_network

KINDS = ("non-saturating", "hinge")
LECAM = (0.7, -0.3)


def build(kind):
    return km.VideoTokenizerTrainer(
        km.VideoTokenizer(**TOKENIZER),
        km.VideoDiscriminator(4, (2,), video_shape=SHAPE),
        FULL.replace(adversarial=kind),
        PerceptualLoss(frame_network()),
    )


def weights_of(trainer):
    """What any backend can be given."""
    players = (trainer.tokenizer, trainer.discriminator)
    return [v for player in players for v in player.trainable_variables]


def run(trainer, video):
    """`{name: array}`: every loss and every gradient."""
    for variable, value in zip(trainer.lecam_averages, LECAM, strict=True):
        variable.assign(value)
    totals, aux, gradients = compiled_step(trainer)(ops.convert_to_tensor(video))
    results = {"generator": totals[0], "discriminator": totals[1], **aux["terms"]}
    results = {f"loss {name}": value for name, value in results.items()}
    for i, gradient in enumerate([*gradients[0], *gradients[1]]):
        results[f"gradient {i}"] = gradient
    return {name: ops.convert_to_numpy(value) for name, value in results.items()}


def main(inputs, outputs):
    with np.load(inputs) as file:
        arrays = dict(file)
    results = {}
    for kind in KINDS:
        trainer = build(kind)
        for i, variable in enumerate(weights_of(trainer)):
            variable.assign(arrays[f"weight_{i}"])
        found = run(trainer, arrays["video"])
        results |= {f"{kind}/{name}": value for name, value in found.items()}
    np.savez(outputs, **results)


if __name__ == "__main__":
    main(*sys.argv[1:])
