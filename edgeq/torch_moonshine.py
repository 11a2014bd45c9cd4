"""Moonshine of the transformers library as an encoder and a decoder's step with static caches:

    from edgeq.torch_moonshine import save_moonshine

    save_moonshine(model, "asr.pt2", samples=96000, longest=24, labels=words)

`model` is a MoonshineForConditionalGeneration (N. Jeffries et al., "Moonshine: Speech Recognition for Live
Transcription and Voice Commands", 2024); only its sub-modules and their weights are used, so the library is not
imported here. Greedy generation by the two modules gives the tokens of `model.generate`.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from edgeq.errors import EdgeqError
from edgeq.torch_operators import attend, save_encoder_decoder


class Rotation(nn.Module):
    """Rotary positions for heads of `width`, of which the first channels are rotated pair by pair: x cos + swapped(x)
    sin, where channels that stay have a cosine of 1 and a sine of 0. Tables [positions, width]."""

    def __init__(self, rotary: Any, positions: int, width: int) -> None:
        super().__init__()
        cos, sin = (part[0].detach() for part in rotary(torch.zeros(1), torch.arange(positions)[None]))
        half = cos.shape[-1] // 2
        stays = width - 2 * half
        sign = torch.tensor([-1.0, 1.0]).repeat(half)
        self.cos = nn.Buffer(functional.pad(cos[:, :half].repeat_interleave(2, -1), (0, stays), value=1.0))
        self.sin = nn.Buffer(functional.pad(sin[:, :half].repeat_interleave(2, -1) * sign, (0, stays)))
        order = torch.arange(width)
        order[: 2 * half] = order[: 2 * half].reshape(half, 2).flip(-1).reshape(-1)
        self.order = nn.Buffer(order)

    def forward(self, x: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor) -> torch.Tensor:
        """`x` [1, positions, heads, width], rotated by tables that broadcast over it."""
        return x * cos + x.index_select(-1, self.order) * sin


def heads_of(projection: nn.Module, x: torch.Tensor, width: int) -> torch.Tensor:
    """[1, positions, heads, width] of `x` [1, positions, channels]."""
    y: torch.Tensor = projection(x)
    return y.unflatten(-1, (-1, width))


def joined(attended: torch.Tensor, projection: nn.Module) -> torch.Tensor:
    """The heads [1, heads, positions, width] as [1, positions, channels], projected."""
    y: torch.Tensor = projection(attended.transpose(1, 2).flatten(2))
    return y


class Encoder(nn.Module):
    """A recording [1, samples] -> keys and values [1, heads, moments, width] of every layer of the decoder."""

    def __init__(self, model: Any, samples: int) -> None:
        super().__init__()
        self.encoder, self.decoder_layers = model.model.encoder, model.model.decoder.layers
        self.width = model.model.encoder.layers[0].self_attn.head_dim
        with torch.no_grad():
            moments = self._heard(torch.zeros(1, samples)).shape[1]
        self.rotation = Rotation(self.encoder.rotary_emb, moments, self.width)

    def _heard(self, recording: torch.Tensor) -> torch.Tensor:
        """[1, moments, channels]."""
        own = self.encoder
        x = own.groupnorm(torch.tanh(own.conv1(recording[:, None])))
        y: torch.Tensor = functional.gelu(own.conv3(functional.gelu(own.conv2(x)))).transpose(1, 2)
        return y

    def _attended(self, attention: Any, x: torch.Tensor) -> torch.Tensor:
        cos, sin = (table[None, :, None] for table in (self.rotation.cos, self.rotation.sin))
        query, key = (
            self.rotation(heads_of(part, x, self.width), cos, sin).transpose(1, 2)
            for part in (attention.q_proj, attention.k_proj)
        )
        value = heads_of(attention.v_proj, x, self.width).transpose(1, 2)
        y = functional.scaled_dot_product_attention(query, key, value, scale=attention.scaling)
        return joined(y, attention.o_proj)

    def forward(self, recording: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Keys and values, layer by layer."""
        x = self._heard(recording)
        for layer in self.encoder.layers:
            x = x + self._attended(layer.self_attn, layer.input_layernorm(x))
            x = x + layer.mlp(layer.post_attention_layernorm(x))
        x = self.encoder.layer_norm(x)
        projections = [
            part for layer in self.decoder_layers for part in (layer.encoder_attn.k_proj, layer.encoder_attn.v_proj)
        ]
        return tuple(heads_of(part, x, self.width).transpose(1, 2) for part in projections)


class Step(nn.Module):
    """One token: (token [1, 1], position [1], the encoder's tensors, keys and values [1, heads, slots, width] of every
    layer) -> (scores [1, 1, tokens], the caches with the token's own keys and values)."""

    def __init__(self, model: Any, slots: int) -> None:
        super().__init__()
        self.decoder, self.head = model.model.decoder, model.proj_out
        self.width = self.decoder.layers[0].self_attn.head_dim
        self.rotation = Rotation(self.decoder.rotary_emb, slots, self.width)

    def forward(self, token: torch.Tensor, position: torch.Tensor, *kept: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Scores, then the caches."""
        layers = list(self.decoder.layers)
        memory, caches = kept[: 2 * len(layers)], list(kept[2 * len(layers) :])
        cos, sin = (
            functional.embedding(position, table)[:, None, None] for table in (self.rotation.cos, self.rotation.sin)
        )
        x = self.decoder.embed_tokens(token)
        for at, layer in enumerate(layers):
            own, other = layer.self_attn, layer.encoder_attn
            y = layer.input_layernorm(x)
            query, key = (
                self.rotation(heads_of(part, y, self.width), cos, sin).transpose(1, 2)
                for part in (own.q_proj, own.k_proj)
            )
            made = (key, heads_of(own.v_proj, y, self.width).transpose(1, 2))
            keys, values = (
                cache.index_copy(2, position, row) for cache, row in zip(caches[2 * at : 2 * at + 2], made, strict=True)
            )
            caches[2 * at : 2 * at + 2] = keys, values
            x = x + joined(attend(query, keys, values, position, own.scaling), own.o_proj)
            query = heads_of(other.q_proj, layer.post_attention_layernorm(x), self.width).transpose(1, 2)
            keys, values = memory[2 * at : 2 * at + 2]
            y = functional.scaled_dot_product_attention(query, keys, values, scale=other.scaling)
            x = x + joined(y, other.o_proj)
            x = x + layer.mlp(layer.final_layernorm(x))
        return self.head(self.decoder.norm(x)), *caches


def modules(model: Any, samples: int, longest: int) -> tuple[Encoder, Step]:
    """The encoder of recordings of that many samples, and the step of texts of at most `longest` tokens. Raises
    EdgeqError for a model whose keys and values are shared by several heads."""
    encoder, decoder = model.model.encoder.layers, model.model.decoder.layers
    attentions = [layer.self_attn for layer in (*encoder, *decoder)] + [layer.encoder_attn for layer in decoder]
    for queries, keys in {(own.q_proj.out_features, own.k_proj.out_features) for own in attentions}:
        if queries != keys:
            raise EdgeqError(
                f"the model's queries have {queries} channels and its keys {keys}; give every head keys of its own"
            )
    return Encoder(model, samples).eval(), Step(model, longest).eval()


def examples(encoder: Encoder, step: Step, samples: int) -> tuple[tuple[torch.Tensor, ...], tuple[torch.Tensor, ...]]:
    """Inputs of the two."""
    recording = torch.zeros(1, samples)
    with torch.no_grad():
        memory = encoder(recording)
    slots, width = step.rotation.cos.shape
    caches = tuple(torch.zeros(1, part.shape[1], slots, width) for part in memory)
    token, position = torch.zeros(1, 1, dtype=torch.int64), torch.zeros(1, dtype=torch.int64)
    return (recording,), (token, position, *memory, *caches)


def save_moonshine(
    model: Any,
    path: str | os.PathLike[str],
    samples: int,
    longest: int,
    labels: Sequence[str] = (),
    rate: int = 16000,
) -> None:
    """Writes the model into a .pt2 file for `edgeq build`. Recordings have `samples` at `rate` a second, shorter ones
    end in silence; texts have at most `longest` tokens, the one that ends them included. `labels`: texts of the first
    tokens. Raises EdgeqError as `modules`."""
    encoder, step = modules(model.eval(), samples, longest)
    save_encoder_decoder(
        encoder,
        step,
        examples(encoder, step, samples),
        path,
        start=model.config.decoder_start_token_id,
        end=model.config.eos_token_id,
        longest=longest,
        labels=labels,
        rate=rate,
    )
