"""Holds `fourthroot train` to the networks, optimizers and Shampoo in PyTorch: the same batches from the same checkpoint."""
import copy
import subprocess
import tempfile

import h5py
import numpy as np
import torch

from cases import VOCABULARY, Case, loss_of
from shampoo import Shampoo

# Every batch is the whole data set, so that the order of its samples changes nothing.


def write_data(case, folder, generator, context):
    """-> (options, batches as candidates, samples of a batch)"""
    if case.is_text:
        # Training gets 16 windows behind an offset below the context that a step draws.
        tokens = generator.integers(0, VOCABULARY, -(-17 * context * 10 // 9)).astype("<u2")
        tokens[:VOCABULARY] = np.arange(VOCABULARY)
        tokens.tofile(f"{folder}/tokens.bin")

        def window(offset):
            return torch.from_numpy(tokens[offset : offset + 16 * context].astype(np.int64)).view(16, context)

        batches = [(window(offset), window(offset + 1)) for offset in range(context)]
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
    """The batch whose loss is ours: another is that near once in some ten thousand, and its gradient would tell."""
    if len(batches) == 1:
        return batches[0]
    with torch.no_grad():
        return next(batch for batch in batches if abs(loss_of(case.model, *batch).item() / loss - 1) < 1e-6)


def check(arguments):
    columns = "case step loss loss_difference gradient_difference worst_gradient_difference worst_gradient"
    columns += " our_gradient_error torch_gradient_error parameter_difference update_difference"
    print(columns.replace(" ", ","))
    case = Case(arguments.case, channels=1, intervals=(2, 4), context=arguments.context)
    with tempfile.TemporaryDirectory() as folder:
        data, batches, size = write_data(case, folder, np.random.default_rng(1), arguments.context)
        losses = train_ours(arguments.program, case, folder, data, size, arguments.steps)
        for step in range(2, arguments.steps + 1):
            before, after = Checkpoint(folder, step - 1), Checkpoint(folder, step)
            # Afresh: rectifiers and batch normalization make of a rounding ten times as much in every step.
            load(case, before, step - 1)
            batch = find_batch(case, batches, losses[step - 1])
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
            numbers = [abs(loss / losses[step - 1] - 1), gradient[0], gradient[2]]
            print(f"{arguments.case},{step},{losses[step - 1]:.7g}", *(f"{x:.1e}" for x in numbers), gradient[1],
                  *(f"{x:.1e}" for x in [*errors, parameter[0], update[0]]), sep=",", flush=True)
