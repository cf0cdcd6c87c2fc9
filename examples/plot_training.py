"""Draws the curves of a run's log.csv: python examples/plot_training.py RUN_DIR OUT.png"""

import argparse
import os

from keras_magvit.training.csv_log import read_log

# Title of a panel -> columns; those that the log lacks are left out.
PANELS = {
    "PSNR (dB)": ("psnr", "val_psnr"),
    "tokenizer's losses": (
        *("reconstruction_loss", "generator_loss", "perceptual_loss"),
        *("commitment_loss", "codebook_loss", "entropy_loss"),
    ),
    "logits": ("real_logit", "fake_logit"),
    "discriminator's losses": ("discriminator_loss", "r1_penalty", "lecam_loss"),
    "codebook perplexity": ("codebook_perplexity", "val_codebook_perplexity"),
    "gradient norms": ("generator_gradient_norm", "discriminator_gradient_norm"),
    "loss": ("loss", "val_loss"),
    "loss of the parts": ("refine_loss", "mask_loss", "recons_loss"),
    "accuracy on [MASK]": ("masked_accuracy", "val_masked_accuracy"),
}


def plot(run_dir, out):
    """Draws the curves of a run into a picture."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    rows = read_log(os.path.join(run_dir, "log.csv"))
    columns = {name for row in rows for name in row}
    panels = {
        title: [name for name in names if name in columns]
        for title, names in PANELS.items()
    }
    panels = {title: names for title, names in panels.items() if names}
    lines = -(-len(panels) // 3)
    figure, axes = pyplot.subplots(
        lines, 3, figsize=(11, 2.8 * lines), squeeze=False, layout="constrained"
    )
    for place in axes.flat[len(panels) :]:
        place.set_visible(False)
    for place, (title, names) in zip(axes.flat, panels.items(), strict=False):
        for name in names:
            points = [(row["step"], row[name]) for row in rows if name in row]
            place.plot(*zip(*points, strict=True), label=name, linewidth=1.2)
        place.set_title(title, fontsize=9)
        place.tick_params(labelsize=7)
        place.legend(fontsize=7, frameon=False)
        place.grid(alpha=0.3)
    figure.savefig(out, dpi=80)
    pyplot.close(figure)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run_dir")
    parser.add_argument("out")
    arguments = parser.parse_args()
    plot(arguments.run_dir, arguments.out)


if __name__ == "__main__":
    main()
