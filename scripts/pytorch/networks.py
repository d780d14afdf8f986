"""The networks of `fourthroot train` in PyTorch, with the same names and initial distributions."""
import torch.nn.functional as F
from torch import nn


class Attention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.normalization = nn.LayerNorm(width)
        self.projections = nn.Linear(width, 3 * width)
        self.output = nn.Linear(width, width)

    def forward(self, x):
        batch, length, width = x.shape
        projected = self.projections(self.normalization(x)).view(batch, length, 3, self.heads, width // self.heads)
        q, k, v = projected.permute(2, 0, 3, 1, 4).unbind(0)
        attended = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return x + self.output(attended.transpose(1, 2).reshape(batch, length, width))


class FeedForward(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.normalization = nn.LayerNorm(width)
        self.expansion = nn.Linear(width, 4 * width)
        self.contraction = nn.Linear(4 * width, width)

    def forward(self, x):
        return x + self.contraction(F.gelu(self.expansion(self.normalization(x)), approximate="tanh"))


class TransformerBlock(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.attention = Attention(width, heads)
        self.feedForward = FeedForward(width)

    def forward(self, x):
        return self.feedForward(self.attention(x))


class GenerativeTransformer(nn.Module):
    def __init__(self, vocabulary=65, context=128, layers=4, width=384, heads=6):
        super().__init__()
        self.tokens = nn.Embedding(vocabulary, width)
        self.positions = nn.Embedding(context, width)
        self.blocks = nn.ModuleList(TransformerBlock(width, heads) for _ in range(layers))
        self.normalization = nn.LayerNorm(width)
        self.head = nn.Linear(width, vocabulary, bias=False)
        for name, parameter in self.named_parameters():
            if "normalization" in name:
                continue
            residual = name.endswith(("output.weight", "contraction.weight"))
            nn.init.zeros_(parameter) if name.endswith("bias") else nn.init.normal_(
                parameter, std=0.02 / (2 * layers) ** 0.5 if residual else 0.02)

    def forward(self, tokens):
        x = self.tokens(tokens) + self.positions.weight[: tokens.shape[1]]
        for block in self.blocks:
            x = block(x)
        return self.head(self.normalization(x))


class NormalizedConvolution(nn.Module):
    def __init__(self, inputs, outputs, stride=1, kernel=3):
        super().__init__()
        self.convolution = nn.Conv2d(inputs, outputs, kernel, stride, padding=kernel // 2, bias=False)
        self.normalization = nn.BatchNorm2d(outputs)
        nn.init.kaiming_normal_(self.convolution.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, x):
        return self.normalization(self.convolution(x))


class ResidualBlock(nn.Module):
    """`projects`: a shortcut of another size is a 1×1 convolution with normalization, else a subsampling padded with zeros."""

    def __init__(self, inputs, outputs, stride, projects):
        super().__init__()
        self.added = outputs - inputs
        self.stride = stride
        self.first = NormalizedConvolution(inputs, outputs, stride)
        self.second = NormalizedConvolution(outputs, outputs)
        if projects and (stride > 1 or inputs != outputs):
            self.shortcut = NormalizedConvolution(inputs, outputs, stride, kernel=1)

    def forward(self, x):
        y = self.second(F.relu(self.first(x)))
        if hasattr(self, "shortcut"):
            x = self.shortcut(x)
        elif self.stride > 1:
            x = F.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, 0, self.added))
        return F.relu(y + x)


class ResidualNetwork(nn.Module):
    def __init__(self, channels=3, classes=10, width=16, stages=(3, 3, 3), projects=False):
        super().__init__()
        self.stem = NormalizedConvolution(channels, width)
        sizes = [width] + [width << stage for stage in range(len(stages))]
        self.stages = nn.ModuleList(
            nn.ModuleList(
                ResidualBlock(
                    sizes[stage if block == 0 else stage + 1], sizes[stage + 1], 2 if stage and not block else 1, projects)
                for block in range(count))
            for stage, count in enumerate(stages))
        self.head = nn.Linear(sizes[-1], classes)

    def forward(self, x):
        x = F.relu(self.stem(x))
        for stage in self.stages:
            for block in stage:
                x = block(x)
        return self.head(x.mean((2, 3)))
