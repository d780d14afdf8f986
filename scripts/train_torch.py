#!/usr/bin/env python3
"""The work of `fourthroot train` as a user of PyTorch writes it: the other side of scripts/benchmark-train.

    train_torch.py steps    --case NAME [--steps N] [--threads N]      milliseconds of every step, one a line
    train_torch.py check    --program PATH --case NAME [--steps N]     the same batch to both sides, differences as CSV
    train_torch.py settings [--threads N]                              milliseconds of the settings that there are to choose from
    train_torch.py version                                             versions, libraries and threads

The cases are gpt-adamw and resnet20-sgdm (whole steps) and gpt-eigenvector, gpt-offdiagonal and gpt-cholesky (what coded Shampoo
adds to a step: statistics, roots and their use). Channels last and the optimizers' fused forms are the fastest settings
on the processors tried (`settings` shows them); torch.compile is not used.
"""
import argparse
import copy
import subprocess
import sys
import tempfile
import time

try:
    import numpy as np
    import torch
    import torch.nn.functional as F
    from torch import nn
except ImportError as error:
    print(f"train_torch.py: {error.name} is missing: pip install torch==2.13.0+cpu numpy h5py", file=sys.stderr)
    sys.exit(69)


# Models, with the names and initial distributions of `fourthroot train`.


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
    def __init__(self, inputs, outputs, stride=1):
        super().__init__()
        self.convolution = nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False)
        self.normalization = nn.BatchNorm2d(outputs)
        nn.init.kaiming_normal_(self.convolution.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, x):
        return self.normalization(self.convolution(x))


class ResidualBlock(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.added = outputs - inputs
        self.stride = stride
        self.first = NormalizedConvolution(inputs, outputs, stride)
        self.second = NormalizedConvolution(outputs, outputs)

    def forward(self, x):
        y = self.second(F.relu(self.first(x)))
        if self.stride > 1:
            x = F.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, 0, self.added))
        return F.relu(y + x)


class ResidualNetwork(nn.Module):
    def __init__(self, channels=3, classes=10, width=16):
        super().__init__()
        self.stem = NormalizedConvolution(channels, width)
        sizes = [width, width, 2 * width, 4 * width]
        self.stages = nn.ModuleList(
            nn.ModuleList(
                ResidualBlock(sizes[stage if block == 0 else stage + 1], sizes[stage + 1], 2 if stage and not block else 1)
                for block in range(3))
            for stage in range(3))
        self.head = nn.Linear(4 * width, classes)

    def forward(self, x):
        x = F.relu(self.stem(x))
        for stage in self.stages:
            for block in stage:
                x = block(x)
        return self.head(x.mean((2, 3)))


def loss_of(model, inputs, targets):
    logits = model(inputs)
    return F.cross_entropy(logits.reshape(-1, logits.shape[-1]), targets.reshape(-1))


def first_order(model, name):
    if name == "sgdm":
        return torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=5e-4, fused=True)
    return torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.05, fused=True)


# Codes: four bits, two a byte, blocks of 64 along the last dimension.

BLOCK = 64


class Codec:
    def __init__(self):
        u = torch.linspace(-1, 1, 16, dtype=torch.float64)
        u[7] = 0
        values = (u.sign() * u * u).float()
        self.midpoints = (values[1:] + values[:-1]) / 2
        codes = torch.arange(256)
        # Both values of a byte at once.
        self.pairs = torch.stack((values[codes & 15], values[codes >> 4]), 1)

    def encode(self, matrix):
        """-> (packed codes, block maxima); columns past the last are zeros."""
        rows, columns = matrix.shape
        x = F.pad(matrix, (0, -columns % BLOCK)).view(rows, -1, BLOCK)
        maxima = x.abs().amax(2, keepdim=True)
        scaled = (x * torch.where(maxima > 0, 1 / maxima, 0)).contiguous()
        codes = torch.bucketize(scaled, self.midpoints, out_int32=True)
        codes = codes.to(torch.uint8).view(rows, -1, 2)
        return codes[:, :, 0] | codes[:, :, 1] << 4, maxima

    def decode(self, coded, columns):
        codes, maxima = coded
        values = F.embedding(codes.int(), self.pairs).view(len(codes), -1, BLOCK)
        return values.mul_(maxima).view(len(codes), -1)[:, :columns]


class Symmetric:
    """Diagonal in float32, the rest coded along rows: a root, and a statistic of the naive scheme."""

    def __init__(self, codec, matrix):
        self.codec = codec
        self.diagonal = matrix.diagonal().clone()
        rest = matrix.clone()
        rest.fill_diagonal_(0)
        self.coded = codec.encode(rest)

    def decoded(self):
        matrix = self.codec.decode(self.coded, len(self.diagonal))
        matrix.diagonal().copy_(self.diagonal)
        return matrix


class Exact:
    """Below order 64 nothing is coded."""

    def __init__(self, codec, matrix):
        self.matrix = matrix

    def decoded(self):
        return self.matrix.clone()


def stored(codec, matrix):
    return (Symmetric if len(matrix) >= 64 else Exact)(codec, matrix)


def rectified(v, steps):
    for _ in range(steps):
        v = torch.addmm(v, v, v.T @ v, beta=1.5, alpha=-0.5)
    return v


def largest_eigenvalue(a):
    product = torch.rand(len(a)) * 2 - 1
    estimate = 0.0
    for _ in range(10):
        vector = product / product.norm()
        product = a @ vector
        following = float(vector @ product)
        if abs(following - estimate) <= 1e-6 * abs(following):
            return following
        estimate = following
    return estimate


def schur_newton(a, shift):
    """(A + shift·I)^(-1/4), ten steps of the coupled iteration (Guo and Higham 2006)."""
    a = a.clone()
    a.diagonal().add_(shift)
    z = 5 / (2 * a.norm())
    x = torch.eye(len(a)) * z**0.25
    m = a * z

    def error(m):
        m = m.clone()
        m.diagonal().sub_(1)
        return float(m.abs().max())

    residual = error(m)
    for _ in range(10):
        if residual <= 1e-6:
            break
        t = m * -0.25
        t.diagonal().add_(1.25)
        square = t @ t
        following = square @ square @ m
        new = error(following)
        if not new <= 1.2 * residual:
            break
        x, m, residual = x @ t, following, new
    return x


# The sides of a preconditioner: `update` takes GGᵀ, `power` gives A^(-1/4).

DECAY, DAMPING = 0.95, 1e-6


class EigenvectorSide:
    """Eigenvalues in float32 and coded eigenvectors: PU and PIRU of Wang et al. 2024."""

    def __init__(self, codec, order):
        self.codec = codec
        self.keep(torch.full((order,), DAMPING), torch.eye(order))

    def keep(self, eigenvalues, vectors):
        self.eigenvalues = eigenvalues
        self.is_coded = len(eigenvalues) >= 64
        # Blocks lie inside one eigenvector.
        self.vectors = self.codec.encode(vectors.T) if self.is_coded else vectors

    def decoded(self, steps):
        if not self.is_coded:
            return self.vectors
        return rectified(self.codec.decode(self.vectors, len(self.eigenvalues)).T, steps)

    def update(self, moment):
        v = self.decoded(1)
        a = torch.addmm(moment, v * self.eigenvalues, v.T, beta=1 - DECAY, alpha=DECAY)
        p = torch.linalg.qr(a @ v).Q
        self.keep((p * (a @ p)).sum(0), p)

    def power(self):
        v = self.decoded(4)
        half = v * (self.eigenvalues + DAMPING * self.eigenvalues.max()) ** -0.125
        return half @ half.T


class OffdiagonalSide:
    """The naive scheme: the statistic itself, its diagonal in float32."""

    def __init__(self, codec, order):
        self.codec = codec
        self.statistic = stored(codec, torch.eye(order) * DAMPING)

    def update(self, moment):
        self.statistic = stored(self.codec, torch.lerp(moment, self.statistic.decoded(), DECAY))

    def power(self):
        a = self.statistic.decoded()
        return schur_newton(a, DAMPING * largest_eigenvalue(a))


class CholeskySide:
    """A Cholesky factor with error feedback (Li et al., arXiv 2412.10663), both coded in rows of full length."""

    def __init__(self, codec, order):
        self.codec = codec
        self.factor = stored(codec, torch.eye(order) * DAMPING**0.5)
        self.error = stored(codec, torch.zeros(order, order))

    def decoded(self):
        factor = self.factor.decoded()
        return factor @ factor.T

    def update(self, moment):
        a = torch.lerp(moment, self.decoded(), DECAY)
        a.diagonal().add_(DAMPING * largest_eigenvalue(a))
        error = self.error.decoded()
        target = torch.linalg.cholesky(a) + error
        self.factor = stored(self.codec, target)
        self.error = stored(self.codec, torch.lerp(target - self.factor.decoded(), error, DECAY))

    def power(self):
        return schur_newton(self.decoded(), 0)


SIDES = {"eigenvector": EigenvectorSide, "offdiagonal": OffdiagonalSide, "cholesky": CholeskySide}


class Shampoo:
    """Replaces every gradient by the preconditioned, grafted one; the rule underneath then makes its step."""

    def __init__(self, model, scheme, statistics_interval, root_interval, max_order=1200):
        self.intervals = statistics_interval, root_interval
        self.codec = Codec()
        self.step_number = 0
        self.parameters = []
        for parameter in model.parameters():
            matrix = self.matrix(parameter)
            if matrix.dim() != 2:
                continue
            blocks = []
            for rows in matrix.split(max_order, 0):
                for block in rows.split(max_order, 1):
                    sides = [SIDES[scheme](self.codec, order) for order in block.shape]
                    roots = [stored(self.codec, torch.eye(order)) for order in block.shape]
                    blocks.append((sides, roots))
            self.parameters.append((parameter, max_order, blocks))

    @staticmethod
    def matrix(tensor):
        shape = [size for size in tensor.shape if size != 1]
        return tensor.reshape(shape[0], -1) if len(shape) > 1 else tensor.reshape(-1)

    @torch.no_grad()
    def precondition(self):
        self.step_number += 1
        updates, takes_roots = (self.step_number % interval == 0 for interval in self.intervals)
        for parameter, max_order, blocks in self.parameters:
            gradient = self.matrix(parameter.grad)
            pieces = [block for rows in gradient.split(max_order, 0) for block in rows.split(max_order, 1)]
            results = []
            for g, (sides, roots) in zip(pieces, blocks):
                if updates:
                    sides[0].update(g @ g.T)
                    sides[1].update(g.T @ g)
                if takes_roots:
                    roots[:] = [stored(self.codec, side.power()) for side in sides]
                results.append(roots[0].decoded() @ g @ roots[1].decoded())
            across = -(-gradient.shape[1] // max_order)
            rows = [torch.cat(results[i : i + across], 1) for i in range(0, len(results), across)]
            result = torch.cat(rows) if len(rows) > 1 else rows[0]
            result.mul_(gradient.norm() / (result.norm() + 1e-12))
            parameter.grad.copy_(result.view_as(parameter.grad))


# Cases

VOCABULARY, CONTEXT = 65, 128
OPTIONS = {
    "gpt": "--model gpt --layers 4 --width 384 --heads 6 --context 128",
    "resnet20": "--model resnet20",
    "adamw": "--optimizer adamw",
    "sgdm": "--optimizer sgdm",
    "eigenvector": "--statistic eigenvector --root offdiagonal",
    "offdiagonal": "--statistic offdiagonal --root offdiagonal",
    "cholesky": "--statistic cholesky --error-feedback-decay 0.95 --root offdiagonal",
}


class Case:
    def __init__(self, name, channels=3, intervals=(10, 50)):
        self.is_text = name.startswith("gpt")
        work = name.split("-")[1]
        self.options = f"{OPTIONS['gpt' if self.is_text else 'resnet20']} {OPTIONS[work]}".split()
        self.rule = work
        if work in SIDES:
            self.rule = "adamw"
            self.options += f"{OPTIONS['adamw']} --statistics-interval {intervals[0]} --root-interval {intervals[1]}".split()
        self.model = GenerativeTransformer() if self.is_text else ResidualNetwork(channels)
        if not self.is_text:
            self.model = self.model.to(memory_format=torch.channels_last)
        self.optimizer = first_order(self.model, self.rule)
        self.shampoo = Shampoo(self.model, work, *intervals) if work in SIDES else None

    def random_batch(self, size):
        if self.is_text:
            tokens = torch.randint(VOCABULARY, (size, CONTEXT + 1))
            return tokens[:, :-1], tokens[:, 1:]
        images = torch.randn(size, 3, 32, 32).contiguous(memory_format=torch.channels_last)
        return images, torch.randint(10, (size,))

    def step(self, inputs, targets):
        """-> (loss, seconds of the preconditioners)"""
        self.optimizer.zero_grad()
        loss = loss_of(self.model, inputs, targets)
        loss.backward()
        start = time.perf_counter()
        if self.shampoo:
            self.shampoo.precondition()
        seconds = time.perf_counter() - start
        self.optimizer.step()
        return loss.item(), seconds


def steps(arguments):
    torch.manual_seed(0)
    case = Case(arguments.case)
    for _ in range(arguments.steps):
        batch = case.random_batch(arguments.batch_size or (16 if case.is_text else 128))
        start = time.perf_counter()
        _, preconditioners = case.step(*batch)
        seconds = preconditioners if case.shampoo else time.perf_counter() - start
        print(f"{seconds * 1e3:.4f}")


# The check: a data set of which every batch is the whole, so that the order of its samples changes nothing.


def write_data(case, folder, generator):
    """-> (options, batches as candidates, samples of a batch)"""
    if case.is_text:
        # Training gets 16 windows behind an offset that a step draws from 0 … 127.
        tokens = generator.integers(0, VOCABULARY, 2418).astype("<u2")
        tokens[:VOCABULARY] = np.arange(VOCABULARY)
        tokens.tofile(f"{folder}/tokens.bin")

        def window(offset):
            return torch.from_numpy(tokens[offset : offset + 16 * CONTEXT].astype(np.int64)).view(16, CONTEXT)

        batches = [(window(offset), window(offset + 1)) for offset in range(CONTEXT)]
        return f"--dataset tokens --vocabulary {VOCABULARY}".split() + ["--data", f"{folder}/tokens.bin"], batches, 16
    coarse = generator.integers(0, 256, (128, 8, 8))
    images = np.clip(coarse.repeat(4, 1).repeat(4, 2) + generator.integers(-40, 40, (128, 32, 32)), 0, 255).astype(np.uint8)
    labels = generator.integers(0, 10, 128).astype(np.uint8)
    for prefix in ("train", "t10k"):
        with open(f"{folder}/{prefix}-images-idx3-ubyte", "wb") as file:
            file.write(bytes([0, 0, 8, 3]) + np.array(images.shape, ">u4").tobytes() + images.tobytes())
        with open(f"{folder}/{prefix}-labels-idx1-ubyte", "wb") as file:
            file.write(bytes([0, 0, 8, 1]) + np.array(labels.shape, ">u4").tobytes() + labels.tobytes())
    x = images.astype(np.float64)
    x = torch.from_numpy((x - x.mean()) / x.std()).float()[:, None].contiguous(memory_format=torch.channels_last)
    return ["--dataset", "mnist", "--data", folder], [(x, torch.from_numpy(labels.astype(np.int64)))], 128


def train_ours(program, case, folder, data, batch_size, count):
    """-> the losses of the steps"""
    command = [program, "train", *case.options, *data, "--batch-size", str(batch_size), "--steps", str(count), "--quiet"]
    command += "--schedule constant --threads 2 --checkpoint-every 1".split()
    command += ["--keep-checkpoints", str(count), "--checkpoint", folder, "--log", f"{folder}/log.csv"]
    subprocess.run(command, check=True)
    with open(f"{folder}/log.csv") as log:
        header, *rows = [line.rstrip("\n").split(",") for line in log]
    return [float(row[header.index("loss")]) for row in rows]


class Checkpoint:
    """Ours, with PyTorch's words for the parameters."""

    def __init__(self, folder, step):
        import h5py

        self.file = h5py.File(f"{folder}/step-{step:08d}.h5")
        self.parameters = {name: torch.from_numpy(data[()]) for name, data in self.file["parameters"].items()}
        self.statistics = {name: torch.from_numpy(data[()]) for name, data in self.file["running_statistics"].items()} \
            if "running_statistics" in self.file else {}

    @staticmethod
    def ours(name):
        words = {"weight": "gain", "running_mean": "runningMean", "running_var": "runningVariance"}
        *path, last = name.split(".")
        isNormalization = path and path[-1] == "normalization"
        return ".".join([*path, words.get(last, last)]) if isNormalization else name

    def moment(self, name, word):
        """A buffer of the optimizer, which is kept column by column."""
        group = self.file[f"optimizer/{name}"]
        flat = torch.from_numpy((group["base"] if "base" in group else group)[word][()])
        shape = self.parameters[name].shape
        matrix = Shampoo.matrix(self.parameters[name])
        if matrix.dim() == 2:
            flat = flat.view(matrix.shape[1], matrix.shape[0]).T
        return flat.reshape(shape)


def like(parameter, values):
    """In the parameter's order of memory, which the fused optimizers rely on."""
    return torch.empty_like(parameter).copy_(values).detach()


def load(case, checkpoint, step):
    state = case.model.state_dict()
    for name, value in state.items():
        ours = Checkpoint.ours(name)
        if name.endswith("num_batches_tracked"):
            continue
        source = checkpoint.parameters if ours in checkpoint.parameters else checkpoint.statistics
        value.copy_(source[ours])
    for name, parameter in case.model.named_parameters():
        ours = Checkpoint.ours(name)
        if case.rule == "sgdm":
            case.optimizer.state[parameter] = {"momentum_buffer": like(parameter, checkpoint.moment(ours, "momentum"))}
        else:
            case.optimizer.state[parameter] = {
                "step": torch.tensor(float(step)), "exp_avg": like(parameter, checkpoint.moment(ours, "first")),
                "exp_avg_sq": like(parameter, checkpoint.moment(ours, "second"))}
    if case.shampoo:
        case.shampoo.step_number = step


def gradient_in(case, name, before, after):
    """The gradient that moved our first moment (for Shampoo, the preconditioned one)."""
    if case.rule == "sgdm":
        moved = after.moment(name, "momentum") - 0.9 * before.moment(name, "momentum")
        return moved - 5e-4 * before.parameters[name]
    return (after.moment(name, "first") - 0.9 * before.moment(name, "first")) / 0.1


def distance(pairs):
    """‖theirs − ours‖/‖ours‖ over all pairs, and of the worst pair."""
    squares = {name: ((a.double() - b.double()).square().sum().item(), b.double().square().sum().item()) for name, (a, b) in pairs.items()}
    worst = max(squares, key=lambda name: squares[name][0] / max(squares[name][1], 1e-300))
    total = [sum(column) for column in zip(*squares.values())]
    return (total[0] / total[1]) ** 0.5, worst, (squares[worst][0] / max(squares[worst][1], 1e-300)) ** 0.5


def gradients_in_double(case, inputs, targets):
    """Of the same model and batch: tells rounding from a mistake where the two sides differ."""
    model = copy.deepcopy(case.model).double()
    loss_of(model, inputs.double() if inputs.is_floating_point() else inputs, targets).backward()
    return {name: parameter.grad for name, parameter in model.named_parameters()}


def find_batch(case, batches, loss):
    """-> (the batch whose loss is ours, relative distance of the second best)"""
    if len(batches) == 1:
        return batches[0], float("nan")
    with torch.no_grad():
        distances = [abs(loss_of(case.model, *batch).item() / loss - 1) for batch in batches]
    best, second = sorted(range(len(batches)), key=distances.__getitem__)[:2]
    return batches[best], distances[second]


def check(arguments):
    columns = "case step loss loss_difference next_best_batch gradient_difference worst_gradient_difference worst_gradient"
    columns += " our_gradient_error torch_gradient_error parameter_difference update_difference"
    print(columns.replace(" ", ","))
    case = Case(arguments.case, channels=1, intervals=(2, 4))
    with tempfile.TemporaryDirectory() as folder:
        data, batches, size = write_data(case, folder, np.random.default_rng(1))
        losses = train_ours(arguments.program, case, folder, data, size, arguments.steps)
        for step in range(2, arguments.steps + 1):
            before, after = Checkpoint(folder, step - 1), Checkpoint(folder, step)
            # Rectifiers and batch normalization make of a rounding ten times as much in every step.
            if step == 2 or not case.is_text:
                load(case, before, step - 1)
            batch, next_best = find_batch(case, batches, losses[step - 1])
            double = None if case.shampoo else gradients_in_double(case, *batch)
            loss, _ = case.step(*batch)
            theirs = {name: (Checkpoint.ours(name), parameter) for name, parameter in case.model.named_parameters()}
            ours = {name: gradient_in(case, name, before, after) for name, _ in theirs.values()}
            gradient = distance({name: (p.grad, ours[name]) for name, p in theirs.values()})
            errors = [
                distance({name: (x(ours[name], p), double[n]) for n, (name, p) in theirs.items()})[0] if double else float("nan")
                for x in (lambda ours, _: ours, lambda _, p: p.grad)]
            parameter = distance({name: (p.data, after.parameters[name]) for name, p in theirs.values()})
            start = before.parameters
            update = distance({
                name: (p.data - start[name], after.parameters[name] - start[name]) for name, p in theirs.values()})
            numbers = [abs(loss / losses[step - 1] - 1), next_best, gradient[0], gradient[2]]
            print(f"{arguments.case},{step},{losses[step - 1]:.7g}", *(f"{x:.1e}" for x in numbers), gradient[1],
                  *(f"{x:.1e}" for x in [*errors, parameter[0], update[0]]), sep=",", flush=True)


# Settings


def milliseconds(function, count=15):
    for _ in range(3):
        function()
    times = []
    for _ in range(count):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return sorted(times)[count // 2] * 1e3


def settings(arguments):
    for name in ("gpt-adamw", "resnet20-sgdm"):
        case = Case(name)
        batch = case.random_batch(16 if case.is_text else 128)
        print(f"{name}: step {milliseconds(lambda: case.step(*batch)):.1f} ms as benchmarked")
        kind = torch.optim.AdamW if case.is_text else torch.optim.SGD
        for form in ("foreach", "fused"):
            optimizer = kind(case.model.parameters(), lr=1e-3, **{form: True}, **({} if case.is_text else {"momentum": 0.9}))
            print(f"{name}: optimizer, {form} {milliseconds(optimizer.step):.2f} ms")
        if not case.is_text:
            case.model.to(memory_format=torch.contiguous_format)
            plain = batch[0].contiguous(memory_format=torch.contiguous_format), batch[1]
            print(f"{name}: step, channels first {milliseconds(lambda: case.step(*plain)):.1f} ms")
            case.model.to(memory_format=torch.channels_last)
        try:
            case.model = torch.compile(case.model)
            print(f"{name}: step, torch.compile {milliseconds(lambda: case.step(*batch)):.1f} ms")
        except Exception as error:
            print(f"{name}: torch.compile does not work here: {str(error).splitlines()[0]}")


def version(arguments):
    print(f"PyTorch {torch.__version__}, {torch.backends.cpu.get_cpu_capability()}")
    print(torch.__config__.parallel_info().strip())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    names = ["gpt-adamw", "resnet20-sgdm", "gpt-eigenvector", "gpt-offdiagonal", "gpt-cholesky"]
    for function in (steps, check, settings, version):
        command = commands.add_parser(function.__name__)
        command.set_defaults(function=function)
        command.add_argument("--threads", type=int, default=2)
        if function in (steps, check):
            command.add_argument("--case", choices=names, required=True)
            command.add_argument("--steps", type=int, default=20 if function is steps else 5)
        if function is steps:
            command.add_argument("--batch-size", type=int)
        if function is check:
            command.add_argument("--program", required=True)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    arguments.function(arguments)


if __name__ == "__main__":
    main()
