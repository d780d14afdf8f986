"""What is compared: a network, its optimizer, and the options of `fourthroot train` for both."""
import time

import torch
import torch.nn.functional as F

from networks import GenerativeTransformer, ResidualNetwork
from shampoo import SIDES, Shampoo


def loss_of(model, inputs, targets):
    logits = model(inputs)
    return F.cross_entropy(logits.reshape(-1, logits.shape[-1]), targets.reshape(-1))


def first_order(model, name):
    if name == "sgdm":
        return torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=5e-4, fused=True)
    return torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.05, fused=True)


CASES = ["gpt-adamw", "resnet20-sgdm", "gpt-eigenvector", "gpt-offdiagonal", "gpt-cholesky"]
VOCABULARY, CONTEXT = 65, 128
OPTIONS = {
    "gpt": "--model gpt --layers 4 --width 384 --heads 6",
    "resnet20": "--model resnet20",
    # As first_order has it, whatever is usual for the network.
    "adamw": "--optimizer adamw --weight-decay 0.05 --second-decay 0.999 --decay-all --clip 0 --warm-up 0",
    "sgdm": "--optimizer sgdm --weight-decay 5e-4 --decay-all",
    "eigenvector": "--statistic eigenvector --root offdiagonal",
    "offdiagonal": "--statistic offdiagonal --root offdiagonal",
    "cholesky": "--statistic cholesky --error-feedback-decay 0.95 --root offdiagonal",
}


class Case:
    def __init__(self, name, channels=3, intervals=(5, 10), context=CONTEXT):
        self.is_text = name.startswith("gpt")
        work = name.split("-")[1]
        self.options = f"{OPTIONS['gpt' if self.is_text else 'resnet20']} {OPTIONS[work]}".split()
        self.rule = work
        if self.is_text:
            self.options += ["--context", str(context)]
        if work in SIDES:
            self.rule = "adamw"
            self.options += f"{OPTIONS['adamw']} --statistics-interval {intervals[0]} --root-interval {intervals[1]}".split()
        self.model = GenerativeTransformer(VOCABULARY, context) if self.is_text else ResidualNetwork(channels)
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
