"""Independent PyTorch implementations of the networks, with random weights."""

import math

import torch
from torch import nn
from torch.nn import functional as F

LITE0 = (
    *((1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80)),
    *((3, 5, 1, 6, 112), (4, 5, 2, 6, 192), (1, 3, 1, 6, 320)),
)


def randomize(module, seed=0):
    """Statistics and weights as unequal as trained ones, activations of order one."""
    generator = torch.Generator().manual_seed(seed)
    for name, value in module.state_dict().items():
        if "num_batches" in name:
            continue
        noise = torch.randn(value.shape, generator=generator)
        if value.ndim > 1:
            value.copy_(noise * math.sqrt(2 / value[0].numel()))
        elif name.endswith("running_var"):
            value.copy_(noise.abs() + 0.5)
        else:
            value.copy_(0.2 * noise + float("weight" in name))
    return module.eval()


class SameConv(nn.Conv2d):
    """TensorFlow's SAME: what is odd is padded at the bottom and right."""

    def forward(self, x):
        kernel, stride = self.kernel_size[0], self.stride[0]
        pads = []
        for size in (x.shape[-1], x.shape[-2]):
            total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
            pads += [total // 2, total - total // 2]
        x = F.pad(x, pads)
        return F.conv2d(x, self.weight, self.bias, self.stride, 0, 1, self.groups)


class Lite0Block(nn.Module):
    def __init__(self, width, kernel, stride, expansion, channels):
        super().__init__()
        middle = width * expansion
        self.keep = stride == 1 and width == channels
        if expansion > 1:
            self._expand_conv = SameConv(width, middle, 1, bias=False)
            self._bn0 = nn.BatchNorm2d(middle, 1e-3)
        self._depthwise_conv = SameConv(
            middle, middle, kernel, stride, groups=middle, bias=False
        )
        self._bn1 = nn.BatchNorm2d(middle, 1e-3)
        self._project_conv = SameConv(middle, channels, 1, bias=False)
        self._bn2 = nn.BatchNorm2d(channels, 1e-3)

    def forward(self, inputs):
        x = inputs
        if hasattr(self, "_expand_conv"):
            x = F.relu6(self._bn0(self._expand_conv(x)))
        x = F.relu6(self._bn1(self._depthwise_conv(x)))
        x = self._bn2(self._project_conv(x))
        return x + inputs if self.keep else x


class Lite0(nn.Module):
    """EfficientNet-Lite0 with the names of its published state dict."""

    def __init__(self):
        super().__init__()
        self._conv_stem = SameConv(3, 32, 3, 2, bias=False)
        self._bn0 = nn.BatchNorm2d(32, 1e-3)
        self._blocks = nn.ModuleList()
        width = 32
        for count, kernel, stride, expansion, channels in LITE0:
            for i in range(count):
                block = (width, kernel, stride if i == 0 else 1, expansion, channels)
                self._blocks.append(Lite0Block(*block))
                width = channels
        self._conv_head = SameConv(320, 1280, 1, bias=False)
        self._bn1 = nn.BatchNorm2d(1280, 1e-3)
        self._fc = nn.Linear(1280, 1000)

    @torch.no_grad()
    def forward(self, frames):
        """Outputs of all blocks, and the logits; frames `(N, 3, H, W)` in [0, 1]."""
        x = (frames * 255 - 127) / 128
        x = F.relu6(self._bn0(self._conv_stem(x)))
        outputs = []
        for block in self._blocks:
            x = block(x)
            outputs.append(x)
        x = F.relu6(self._bn1(self._conv_head(x)))
        return outputs, self._fc(x.mean((2, 3)))


class Vgg16(nn.Module):
    """The convolutions of VGG16 with the numbers of torchvision's `features`."""

    def __init__(self):
        super().__init__()
        layers, width = [], 3
        for channels in (
            64,
            64,
            0,
            128,
            128,
            0,
            *3 * [256],
            0,
            *3 * [512],
            0,
            *3 * [512],
        ):
            if channels:
                layers += [nn.Conv2d(width, channels, 3, padding=1), nn.ReLU()]
                width = channels
            else:
                layers.append(nn.MaxPool2d(2))
        self.features = nn.Sequential(*layers, nn.MaxPool2d(2))


@torch.no_grad()
def resnet50_logits(frames, layer):
    """ResNet-50 as Caffe had it: the stride stands in the first 1x1 convolution.

    Args:
        frames: `(N, 3, H, W)`, preprocessed.
        layer: function of a Keras layer's name that gives its arrays as tensors.
    """

    def norm(x, name):
        gamma, beta, mean, variance = layer(f"{name}_bn")
        return F.batch_norm(x, mean, variance, gamma, beta, eps=1.001e-5)

    def convolve(x, name, stride=1, padding=0):
        kernel, bias = layer(f"{name}_conv")
        return F.conv2d(x, kernel.permute(3, 2, 0, 1), bias, stride, padding)

    x = F.relu(norm(convolve(frames, "conv1", 2, 3), "conv1"))
    x = F.max_pool2d(F.pad(x, (1, 1, 1, 1)), 3, 2)
    for stage, count in enumerate((3, 4, 6, 3), start=2):
        for block in range(1, count + 1):
            name = f"conv{stage}_block{block}"
            stride = 2 if block == 1 and stage > 2 else 1
            shortcut = x
            if block == 1:
                shortcut = norm(convolve(x, f"{name}_0", stride), f"{name}_0")
            y = F.relu(norm(convolve(x, f"{name}_1", stride), f"{name}_1"))
            y = F.relu(norm(convolve(y, f"{name}_2", 1, 1), f"{name}_2"))
            x = F.relu(norm(convolve(y, f"{name}_3"), f"{name}_3") + shortcut)
    kernel, bias = layer("predictions")
    return x.mean((2, 3)) @ kernel + bias


class C3D(nn.Module):
    """C3D with the names of its Chainer file; `(B, 3, 16, H, W)` RGB in [-1, 1]."""

    def __init__(self, filters=64, units=4096):
        super().__init__()
        widths = [3, *(filters * n for n in (1, 2, 4, 4, 8, 8, 8, 8))]
        names = ("1a", "2a", "3a", "3b", "4a", "4b", "5a", "5b")
        for name, inputs, outputs in zip(names, widths, widths[1:], strict=False):
            self.add_module(f"conv{name}", nn.Conv3d(inputs, outputs, 3, padding=1))
        self.fc6 = nn.Linear(8 * filters * 16, units)
        self.fc7 = nn.Linear(units, units)
        self.fc8 = nn.Linear(units, 101)

    @torch.no_grad()
    def forward(self, video, mean):
        batch, _, frames, height, width = video.shape
        x = 128 * video.flip(1).transpose(1, 2).reshape(-1, 3, height, width)
        x = F.interpolate(x, (112, 112), mode="bilinear", align_corners=True)
        x = x.reshape(batch, frames, 3, 112, 112).transpose(1, 2) + 128 - mean
        x = F.max_pool3d(self.conv1a(x).relu(), (1, 2, 2))
        x = F.max_pool3d(self.conv2a(x).relu(), 2)
        x = F.max_pool3d(self.conv3b(self.conv3a(x).relu()).relu(), 2)
        x = F.max_pool3d(self.conv4b(self.conv4a(x).relu()).relu(), 2)
        x = self.conv5b(self.conv5a(x).relu()).relu()
        x = F.max_pool3d(x, 2, ceil_mode=True).flatten(1)
        return self.fc8(self.fc7(self.fc6(x).relu()).relu())
