#!/usr/bin/env python3
"""The work of `fourthroot train` as a user of PyTorch writes it: the other side of scripts/benchmark-train.

    train.py steps    --case NAME [--steps N] [--threads N]      milliseconds of every step, one a line
    train.py check    --program PATH --case NAME [--steps N]     the same batch to both sides, differences as CSV
    train.py settings [--threads N]                              milliseconds of the settings that there are to choose from
    train.py version                                             versions, libraries and threads

The cases are gpt-adamw and resnet20-sgdm (whole steps) and gpt-eigenvector, gpt-offdiagonal and gpt-cholesky (what coded Shampoo
adds to a step: statistics, roots and their use). Convolutions run channels last and the optimizers in their fused forms;
`settings` times the other settings there are. torch.compile is not used.
"""
import argparse
import sys
import time

try:
    import h5py, numpy, torch
except ImportError as error:
    print(
        f"train.py: {error.name} is missing: pip install torch==2.13.0+cpu numpy h5py", file=sys.stderr)
    sys.exit(69)

# The repository stays as it is.
sys.dont_write_bytecode = True
from cases import CASES, Case
from check import check


def steps(arguments):
    torch.manual_seed(0)
    case = Case(arguments.case)
    for _ in range(arguments.steps):
        batch = case.random_batch(arguments.batch_size or (16 if case.is_text else 128))
        start = time.perf_counter()
        _, preconditioners = case.step(*batch)
        seconds = preconditioners if case.shampoo else time.perf_counter() - start
        print(f"{seconds * 1e3:.4f}")


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
    for function in (steps, check, settings, version):
        command = commands.add_parser(function.__name__)
        command.set_defaults(function=function)
        command.add_argument("--threads", type=int, default=2)
        if function in (steps, check):
            command.add_argument("--case", choices=CASES, required=True)
            command.add_argument("--steps", type=int, default=20 if function is steps else 5)
        if function is steps:
            command.add_argument("--batch-size", type=int)
        if function is check:
            command.add_argument("--context", type=int, default=32)
            command.add_argument("--program", required=True)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    arguments.function(arguments)


if __name__ == "__main__":
    main()
