"""Where transformers run: on a GPU where there is one, else on the CPU.

Only the transformer and what it is given lie there. Hidden states come back to the CPU, and
pooling, heads, losses and all that is shown are the same sums on every machine. Never in half
precision: what the lab shows is taken apart to the last digit, and tuned weights are compared.
"""

import os
from collections.abc import Mapping

import torch

from encoder.errors import EncoderError

DEVICE = "LAB_DEVICE"
AUTO = "auto"


def chosen_device(env: Mapping[str, str] = os.environ) -> torch.device:
    """LAB_DEVICE: "auto" (CUDA, else MPS, else the CPU), or cpu, cuda, cuda:1, mps.

    Raises EncoderError for one that is not there.
    """
    name = env.get(DEVICE) or AUTO
    there = available_devices()
    if name == AUTO:
        return torch.device(there[0])
    if name not in there:
        raise EncoderError(
            f"{DEVICE} is {name!r}, which this machine does not have. Leave it out, or set it to "
            f"one of: {AUTO}, {', '.join(there)}."
        )
    return torch.device(name)


def available_devices() -> list[str]:
    """Names of the devices here, the fastest first; the CPU is always the last."""
    cuda = torch.cuda.device_count() if torch.cuda.is_available() else 0
    names = ["cuda", *(f"cuda:{number}" for number in range(cuda))] if cuda else []
    return [*names, *(["mps"] if torch.backends.mps.is_available() else []), "cpu"]
