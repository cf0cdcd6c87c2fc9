"""PyTorch."""

import torch
from torch.nn import functional


def wait(values):
    """Returns when `values` are there."""
    del values
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def device():
    """Name of the device that computes."""
    return torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu"


def peak_device_bytes():
    """The most memory of an accelerator that was in use; None on a CPU."""
    return torch.cuda.max_memory_allocated() if torch.cuda.is_available() else None


def tensor(array, dtype):
    """An array on the device."""
    place = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.from_numpy(array).to(place, getattr(torch, dtype))


def products(dtype, a, b):
    """Formulations of a product of two matrices, by name."""
    a, b = tensor(a, dtype), tensor(b, dtype)
    return {
        "plain": _bound(torch.matmul, a, b),
        "transposed": _bound(functional.linear, a, b.t().contiguous()),
    }


def convolutions(dtype, video, kernel):
    """Formulations of a convolution of `(B, T, H, W, C)`, by name."""
    video = tensor(video, dtype).permute(0, 4, 1, 2, 3)
    kernel = tensor(kernel, dtype).permute(4, 3, 0, 1, 2)

    def laid_out(layout):
        return [x.contiguous(memory_format=layout) for x in (video, kernel)]

    return {
        "3D": _bound(_whole, *laid_out(torch.contiguous_format)),
        "3D, channels last": _bound(_whole, *laid_out(torch.channels_last_3d)),
        "2D over shifted frames": _bound(_split, *laid_out(torch.channels_last_3d)),
    }


def _bound(function, *arguments):
    @torch.inference_mode()
    def run():
        wait(function(*arguments))

    return run


def _whole(video, kernel):
    return functional.conv3d(video, kernel, padding="same")


def _split(video, kernel):
    length, reach = video.shape[2], kernel.shape[2] // 2
    padded = functional.pad(video, (0, 0, 0, 0, reach, reach))

    def convolved(start):
        frames = padded[:, :, start : start + length].transpose(1, 2).flatten(0, 1)
        frames = frames.contiguous(memory_format=torch.channels_last)
        taps = kernel[:, :, start].contiguous(memory_format=torch.channels_last)
        return functional.conv2d(frames, taps, padding="same")

    return sum(convolved(start) for start in range(kernel.shape[2]))
