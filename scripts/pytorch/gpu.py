#!/usr/bin/env python3
"""PyTorch's side of scripts/gpu-check: what its user would write, timed on the same device in the same run.

    gpu.py copy      --device D [--order N]              a copy of an N × N float32 matrix
    gpu.py optimizer --device D [sizes of the gpt]       4-bit Shampoo as published, for the blocks of every weight
    gpu.py gpt       --device D [sizes] [--precision P]  steps of AdamW
    gpu.py resnet34  --device D [--precision P]          steps of SGD, channels last

Lines of `what,seconds,peak_bytes`: medians, and the most bytes that PyTorch's tensors took of the device (empty on a CPU).
Everything is eager. Shampoo goes block by block and side by side, with linalg.qr for the eigenvectors' step.
"""
import argparse
import contextlib
import sys
import time

import torch

# The repository stays as it is.
sys.dont_write_bytecode = True
from cases import first_order, loss_of
from networks import GenerativeTransformer, ResidualNetwork
from shampoo import Shampoo


def synchronize():
    if torch.get_default_device().type == "cuda":
        torch.cuda.synchronize()


def seconds(function):
    synchronize()
    start = time.perf_counter()
    function()
    synchronize()
    return time.perf_counter() - start


def median(values):
    values = sorted(values)
    return (values[(len(values) - 1) // 2] + values[len(values) // 2]) / 2


def report(what, times):
    peak = torch.cuda.max_memory_allocated() if torch.get_default_device().type == "cuda" else ""
    print(f"{what},{median(times)},{peak}", flush=True)


def copy(arguments):
    source = torch.rand(arguments.order, arguments.order)
    target = torch.empty_like(source)
    passes = max(1, int(0.05 / max(seconds(lambda: target.copy_(source)), 1e-6)))
    times = [seconds(lambda: [target.copy_(source) for _ in range(passes)]) / passes for _ in range(5)]
    report("copy", times)


def language_model(arguments):
    model = GenerativeTransformer(
        arguments.vocabulary, arguments.context, arguments.layers, arguments.width, arguments.heads)
    model.head.weight = model.tokens.weight
    return model


def optimizer(arguments):
    model = language_model(arguments)
    # Tables of tokens have no preconditioners.
    model.tokens = model.head = None
    for parameter in model.parameters():
        parameter.grad = torch.rand_like(parameter) * 2 - 1
    shampoo = Shampoo(model, "eigenvector", statistics_interval=2, root_interval=4)
    # Step 1 only uses the roots, 2 updates the statistics, 4 takes the roots too; the first cycle is not counted.
    times = {1: [], 2: [], 0: []}
    for step in range(1, 4 * (1 + arguments.repeat) + 1):
        elapsed = seconds(shampoo.precondition)
        if step > 4 and step % 4 in times:
            times[step % 4].append(elapsed)
    for what, remainder in (("direction", 1), ("update", 2), ("update_and_root", 0)):
        report(what, times[remainder])


@contextlib.contextmanager
def products(precision, device):
    allows = precision != "float32"
    torch.backends.cuda.matmul.allow_tf32 = allows
    torch.backends.cudnn.allow_tf32 = allows
    with torch.autocast(device, torch.bfloat16, enabled=precision == "bfloat16"):
        yield


def steps(model, rule, batches, arguments):
    """-> the seconds of every step behind the warm-up"""
    times = []
    optimizer = first_order(model, rule)
    device = torch.get_default_device().type
    for number in range(arguments.warm_up + arguments.steps):
        inputs, targets = batches(number)

        def step():
            optimizer.zero_grad()
            with products(arguments.precision, device):
                loss = loss_of(model, inputs, targets)
            loss.backward()
            optimizer.step()
            # The log of a training has the loss of every step.
            loss.item()

        elapsed = seconds(step)
        if number >= arguments.warm_up:
            times.append(elapsed)
    report("step", times)


def gpt(arguments):
    def batch(_):
        tokens = torch.randint(arguments.vocabulary, (arguments.batch_size, arguments.context + 1))
        return tokens[:, :-1], tokens[:, 1:]

    steps(language_model(arguments), "adamw", batch, arguments)


def resnet34(arguments):
    def batch(_):
        images = torch.randn(arguments.batch_size, 3, 32, 32).contiguous(memory_format=torch.channels_last)
        return images, torch.randint(10, (arguments.batch_size,))

    model = ResidualNetwork(width=arguments.width, stages=(3, 4, 6, 3), projects=True)
    steps(model.to(memory_format=torch.channels_last), "sgdm", batch, arguments)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for function in (copy, optimizer, gpt, resnet34):
        command = commands.add_parser(function.__name__)
        command.set_defaults(function=function)
        command.add_argument("--device", required=True)
        if function is copy:
            command.add_argument("--order", type=int, default=8192)
        if function in (optimizer, gpt):
            for name, default in (("layers", 12), ("width", 768), ("heads", 12), ("context", 1024), ("vocabulary", 50304)):
                command.add_argument(f"--{name}", type=int, default=default)
        if function is optimizer:
            command.add_argument("--repeat", type=int, default=3)
        if function is resnet34:
            command.add_argument("--width", type=int, default=64)
        if function in (gpt, resnet34):
            command.add_argument("--batch-size", type=int, required=True)
            command.add_argument("--steps", type=int, default=20)
            command.add_argument("--warm-up", type=int, default=5)
            command.add_argument("--precision", choices=("float32", "tf32", "bfloat16"), default="float32")
    arguments = parser.parse_args()
    torch.set_default_device(arguments.device)
    torch.manual_seed(0)
    arguments.function(arguments)


if __name__ == "__main__":
    main()
