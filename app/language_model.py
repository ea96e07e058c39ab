"""A causal language model as Framewise needs it: write under a constraint, choose among answers.

Knows nothing of evidence or citations. The only module that loads an LLM.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from framewise.app.constrain import Rule
from framewise.corpus.errors import ModelLoadError
from framewise.index.adapter import merge
from framewise.index.device import Device, choose_device

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

Message = Mapping[str, str]
Stop = Callable[[], bool]
# Reading 8 tokens at once takes as long as reading one on two cores (65 ms, 2026-11-27).
GUESSED = 8
MAX_MATCHED = 3
_SYSTEM_AND_USER: tuple[Message, ...] = (
    {"role": "system", "content": "Answer."},
    {"role": "user", "content": "Which one?"},
)


class Constraint(Protocol):
    """Which tokens may come next."""

    def rule(self, text: str) -> Rule:
        """What may follow the text written so far."""


class LanguageModel(Protocol):
    """Writes text.

    One with a true `shortens` was trained to shorten its sources: its sentences must take whole clauses from them.
    """

    @property
    def id(self) -> str:
        """Names the weights."""

    @property
    def vocabulary(self) -> Mapping[str, int]:
        """Each token's text and id."""

    def write(
        self, messages: Sequence[Message], constraint: Constraint, *, max_tokens: int, stop: Stop
    ) -> Iterator[str]:
        """The greedy reply, piece by piece; ends within one token when `stop` says so."""


class TransformersModel:
    """A causal LM of transformers, from a local folder or a hub id; safetensors only, no remote code.

    Args:
        name: a folder, or a hub id where the hub can be reached.
        id: names the weights in payloads; by default the name.
        device: where to run, and in which number format.
        adapter: folder of LoRA weights that are merged into the model's.

    Raises:
        ModelLoadError: no such model, damaged, not a causal LM, or weights in an unsafe format.
    """

    def __init__(
        self,
        name: str | Path,
        *,
        id: str = "",
        device: Device | None = None,
        adapter: Path | None = None,
    ) -> None:
        self.device = device or choose_device()
        self._id = id or str(name)
        self.shortens = adapter is not None
        self._model, self._tokenizer = _load(name, self.device)
        if adapter is not None:
            merge(self._model, adapter)
        self._eos = _end_ids(self._model, self._tokenizer)
        self._vocabulary: dict[str, int] | None = None
        self._knows_system = self._takes(_SYSTEM_AND_USER)
        if not self._knows_system and not self._takes(_merged(_SYSTEM_AND_USER)):
            raise ModelLoadError(
                f"the chat template of '{name}' takes no question.",
                fix="Use an instruction-tuned model whose template takes a user's message.",
            )

    @property
    def id(self) -> str:
        """Names the weights."""
        return self._id

    @property
    def vocabulary(self) -> Mapping[str, int]:
        """Each token's text and id; a leading space is a space."""
        if self._vocabulary is None:
            marks = str.maketrans({"Ġ": " ", "▁": " ", "Ċ": "\n"})
            raw = self._tokenizer.get_vocab()
            self._vocabulary = {token.translate(marks): id for token, id in raw.items()}
        return self._vocabulary

    def choose(self, text: str, answers: Sequence[str]) -> list[float]:
        """The probability of each answer as what follows a plain text, among these answers alone.

        Answers are told apart by their first token.
        """
        import torch

        ids = torch.tensor([self._ids(text)], device=self._model.device)
        first = [self._ids(answer)[0] for answer in answers]
        with torch.inference_mode():
            logits = self._model(ids, logits_to_keep=1).logits[0, -1].float()
        chances: list[float] = logits[first].softmax(dim=0).tolist()
        return chances

    def write(
        self, messages: Sequence[Message], constraint: Constraint, *, max_tokens: int, stop: Stop
    ) -> Iterator[str]:
        """The greedy reply, piece by piece; ends within one token when `stop` says so."""
        import torch
        from transformers.cache_utils import DynamicCache, DynamicLayer

        read = self._prompt(messages)[0].tolist()  # all ids so far, the prompt first
        start = len(read)
        cache = DynamicCache(config=self._model.config)
        can_take_back = all(type(layer) is DynamicLayer for layer in cache.layers)
        unread, text = list(read), ""
        while len(read) - start < max_tokens:
            guess = copied(read) if can_take_back and len(read) > start else []
            ids = torch.tensor([unread + guess], device=self._model.device)
            with torch.inference_mode():
                out = self._model(
                    ids, past_key_values=cache, use_cache=True, logits_to_keep=len(guess) + 1
                )
            rows = out.logits[0].float()  # (1 + guessed, vocabulary)
            for at, row in enumerate(rows):
                if stop():
                    return
                token = self._pick(row, constraint, text)
                if token is None or len(read) - start >= max_tokens:
                    return
                read.append(token)
                # Whole-text decoding: a character may be spread over several tokens.
                longer = self._tokenizer.decode(read[start:], skip_special_tokens=True)
                if not longer.endswith("\ufffd"):
                    yield longer[len(text) :]
                    text = longer
                if at < len(guess) and token != guess[at]:
                    break
            wrong = len(guess) - at
            if wrong:
                cache.crop(-wrong)
            unread = read[-1:]

    def reply(self, conversations: Sequence[Sequence[Message]], *, max_tokens: int) -> list[str]:
        """The plain greedy reply to each conversation, in one batch and under no constraint.

        What a model says when it is left to itself: a baseline, never an answer of ours.
        """
        import torch

        if not conversations:
            return []
        prompts = [self._prompt(messages)[0].tolist() for messages in conversations]
        width = max(len(prompt) for prompt in prompts)
        pad = self._eos[0]
        device = self._model.device
        ids = torch.tensor([[pad] * (width - len(p)) + p for p in prompts], device=device)
        mask = torch.tensor([[0] * (width - len(p)) + [1] * len(p) for p in prompts], device=device)
        with torch.inference_mode():
            out = self._model.generate(
                ids,
                attention_mask=mask,
                do_sample=False,
                max_new_tokens=max_tokens,
                pad_token_id=pad,
            )
        return [
            self._tokenizer.decode(row[width:], skip_special_tokens=True).strip() for row in out
        ]

    def _pick(self, logits: torch.Tensor, constraint: Constraint, text: str) -> int | None:
        """The likeliest token that may follow; None where the text ends."""
        import torch

        if not bool(torch.isfinite(logits).any()):
            return None
        logits = torch.nan_to_num(logits, nan=-torch.inf)
        rule = constraint.rule(text)
        ends = logits[list(self._eos)].max() if rule.end else torch.tensor(-torch.inf)
        ids = torch.tensor(list(rule.ids), dtype=torch.long, device=logits.device)
        if rule.only:
            masked = torch.full_like(logits, -torch.inf)
            masked[ids] = logits[ids]
        else:
            masked = logits.clone()
            masked[ids] = -torch.inf
        masked[list(self._eos)] = -torch.inf
        best = masked.max()
        return None if best == -torch.inf or ends >= best else int(masked.argmax())

    def _prompt(self, messages: Sequence[Message]) -> torch.Tensor:
        import torch

        told = messages if self._knows_system else _merged(messages)
        return torch.tensor([self._ids(self._told(told))], device=self._model.device)

    def _told(self, messages: Sequence[Message]) -> str:
        if not self._tokenizer.chat_template:
            return "\n\n".join(message["content"] for message in messages) + "\n\n"
        text: str = self._tokenizer.apply_chat_template(
            list(messages), add_generation_prompt=True, tokenize=False
        )
        return text

    def _takes(self, messages: Sequence[Message]) -> bool:
        """Whether the chat template accepts these roles; some know no system role."""
        from jinja2 import TemplateError

        try:
            return bool(self._told(messages))
        except (TemplateError, TypeError, ValueError, KeyError):
            return False

    def _ids(self, text: str) -> list[int]:
        ids: list[int] = self._tokenizer(text, add_special_tokens=False)["input_ids"]
        return ids or [self._eos[0]]


def copied(read: Sequence[int]) -> list[int]:
    """A guess at the next tokens: what followed the last time the same few tokens stood there.

    Prompt lookup (Saxena, 2023): answers repeat their evidence, and several tokens are read in one pass.
    """
    for length in range(MAX_MATCHED, 0, -1):
        tail = list(read[-length:])
        for at in range(len(read) - length - 1, -1, -1):
            if list(read[at : at + length]) == tail:
                return list(read[at + length : at + length + GUESSED])
    return []


def _merged(messages: Sequence[Message]) -> list[Message]:
    """The same with the system's words at the head of the first user's message."""
    system = "\n\n".join(m["content"] for m in messages if m["role"] == "system")
    rest = [dict(m) for m in messages if m["role"] != "system"]
    if system and rest:
        rest[0]["content"] = f"{system}\n\n{rest[0]['content']}"
    return list(rest)


def _load(name: str | Path, device: Device) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder = Path(name).expanduser()
    local = folder.is_dir()
    if local and not any(folder.glob("*.safetensors")):
        raise ModelLoadError(
            f"'{name}' holds no .safetensors weights; other formats can run code and are refused.",
            fix="Convert the weights with save_pretrained(safe_serialization=True).",
        )
    if not local and (str(name).startswith((".", "/", "~")) or str(name).count("/") != 1):
        raise ModelLoadError(
            f"there is no model folder '{name}', and it is not a hub id either.",
            fix="Name a folder with config.json and .safetensors files, or a hub id"
            " such as Qwen/Qwen3-4B-Instruct-2507.",
        )
    options: dict[str, Any] = {"trust_remote_code": False, "local_files_only": local}
    source = str(folder) if local else str(name)
    try:
        with _progress_off():
            tokenizer = AutoTokenizer.from_pretrained(source, **options)
            model = AutoModelForCausalLM.from_pretrained(
                source,
                dtype=device.torch_dtype,
                attn_implementation="sdpa",
                use_safetensors=True,
                **options,
            )
    except Exception as error:  # transformers raises many kinds; each becomes one clear line
        line = next(iter(str(error).strip().splitlines()), type(error).__name__)
        raise ModelLoadError(
            f"the model '{name}' cannot be loaded: {line}",
            fix="Check the folder or hub id; or leave --model out to use the embedded model.",
        ) from error
    return model.to(device.name).eval(), tokenizer


def _progress_off() -> Any:  # noqa: ANN401 - a context manager of transformers' private type
    from contextlib import contextmanager

    from transformers.utils import logging

    @contextmanager
    def quiet() -> Iterator[None]:
        logging.disable_progress_bar()
        try:
            yield
        finally:
            logging.enable_progress_bar()

    return quiet()


def _end_ids(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> tuple[int, ...]:
    named = model.generation_config.eos_token_id
    ids = [named] if isinstance(named, int) else list(named or [])
    if tokenizer.eos_token_id is not None:
        ids.append(tokenizer.eos_token_id)
    end_of_turn = tokenizer.get_vocab().get("<|im_end|>")
    if end_of_turn is not None:
        ids.append(end_of_turn)
    return tuple(dict.fromkeys(ids)) or (0,)
