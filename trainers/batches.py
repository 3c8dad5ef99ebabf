"""Generated batches as TRL passes them on: a dict of tensors with a row a completion.

Prompts are padded on the left, completions on the right; scalars are of the batch.
"""

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

Batch = dict[str, Tensor]
LEFT = ("prompt_ids", "prompt_mask")


def take_rows(batch: Batch, rows: Tensor) -> Batch:
    """The rows that a mask or an index names."""
    return {
        name: value[rows] if value.dim() else value for name, value in batch.items()
    }


def take_groups(batch: Batch, groups: Tensor, size: int) -> Batch:
    """The rows of the groups that are true in `groups`, each of `size` rows."""
    return take_rows(batch, groups.repeat_interleave(size))


def keep_strongest(batch: Batch, size: int, share: float) -> Batch:
    """The rows of each group with the largest |advantage| (CPPO), in their order."""
    strength = batch["advantages"].abs().view(-1, size)
    count = max(1, round(size * share))
    best = strength.topk(count, dim=1).indices.sort(1).values
    first = torch.arange(len(best), device=best.device)[:, None] * size
    return take_rows(batch, (best + first).flatten())


def join(batches: list[Batch], padding: int) -> Batch:
    """One batch of several; `padding` is the token that fills up `*_ids`."""
    return {
        name: _join_column(name, [batch[name] for batch in batches], padding)
        for name in batches[0]
    }


def _join_column(name: str, parts: list[Tensor], padding: int) -> Tensor:
    if not parts[0].dim():
        return parts[0]
    if parts[0].dim() == 1:
        return torch.cat(parts)
    return pad_sequence(
        [row for part in parts for row in part],
        batch_first=True,
        padding_value=padding if name.endswith("_ids") else 0,
        padding_side="left" if name in LEFT else "right",
    )
