"""Multiply in bfloat16 where the processor can: three times as fast as float32, and nearly as exact."""

import torch

# Processors that multiply bfloat16; on others it is emulated and slower than float32.
_BFLOAT16 = ("avx512_bf16", "amx_bf16")


class Bfloat16Linear(torch.nn.Module):
    """A linear layer that multiplies in bfloat16; what goes in and comes out is float32.

    All other layers stay as they are. `benchmarks/speed/precisions.py` compares it with other precisions: a
    cosine of at least 0.9999 with float32's vectors, 0.77 with torch's dynamic int8 (docs/performance.md).
    """

    weight: torch.Tensor
    bias: torch.Tensor

    def __init__(self, linear: torch.nn.Linear) -> None:
        super().__init__()
        self.register_buffer("weight", linear.weight.detach().bfloat16())
        self.register_buffer("bias", linear.bias.detach().bfloat16())

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        """Return the layer's output, shape (..., outputs)."""
        return torch.nn.functional.linear(states.bfloat16(), self.weight, self.bias).float()


def multiply_in_bfloat16(module: torch.nn.Module) -> None:
    """Do what `replace_layers` does, if the processor multiplies bfloat16."""
    capabilities = torch.cpu.get_capabilities()
    if any(capabilities.get(name) for name in _BFLOAT16):
        replace_layers(module)


def replace_layers(module: torch.nn.Module) -> None:
    """Replace the linear layers inside a module in place."""
    for name, child in module.named_children():
        if isinstance(child, torch.nn.Linear):
            setattr(module, name, Bfloat16Linear(child))
        else:
            replace_layers(child)
