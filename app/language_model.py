"""A causal language model as Framewise needs it: score continuations, write under a constraint.

Knows nothing of evidence or citations. The only module that loads an LLM.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from framewise.app.constrain import Rule
from framewise.corpus.errors import ModelLoadError
from framewise.index.device import Device, choose_device

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

Message = Mapping[str, str]
Stop = Callable[[], bool]
MAX_SCORED_TOKENS = 96  # our sentences have up to 40 words, about 70 tokens
SMALL_PARAMETERS = 1_000_000_000  # below this a model selects and orders; it does not phrase


_SYSTEM_AND_USER: tuple[Message, ...] = (
    {"role": "system", "content": "Answer."},
    {"role": "user", "content": "Which one?"},
)


class Constraint(Protocol):
    """Which tokens may come next."""

    def rule(self, text: str) -> Rule:
        """What may follow the text written so far."""


class LanguageModel(Protocol):
    """Scores and writes text."""

    @property
    def id(self) -> str:
        """Names the weights."""

    @property
    def is_small(self) -> bool:
        """Whether it should select sentences rather than phrase them."""

    @property
    def vocabulary(self) -> Mapping[str, int]:
        """Each token's text and id."""

    def score(self, messages: Sequence[Message], continuations: Sequence[str]) -> list[float]:
        """The mean log-probability per token of each continuation as the reply to the messages."""

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

    Raises:
        ModelLoadError: no such model, damaged, not a causal LM, or weights in an unsafe format.
    """

    def __init__(self, name: str | Path, *, id: str = "", device: Device | None = None) -> None:
        self.device = device or choose_device()
        self._id = id or str(name)
        self._model, self._tokenizer = _load(name, self.device)
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
    def is_small(self) -> bool:
        """Whether it should select sentences rather than phrase them."""
        return bool(self._model.num_parameters() < SMALL_PARAMETERS)

    @property
    def vocabulary(self) -> Mapping[str, int]:
        """Each token's text and id; a leading space is a space."""
        if self._vocabulary is None:
            marks = str.maketrans({"Ġ": " ", "▁": " ", "Ċ": "\n"})
            raw = self._tokenizer.get_vocab()
            self._vocabulary = {token.translate(marks): id for token, id in raw.items()}
        return self._vocabulary

    def score(self, messages: Sequence[Message], continuations: Sequence[str]) -> list[float]:
        """The mean log-probability per token of each continuation as the reply to the messages."""
        import torch

        if not continuations:
            return []
        prompt = self._prompt(messages)  # (1, n)
        # Long continuations are judged by their beginning: the logits of a batch bound the memory.
        texts = [self._ids(text)[:MAX_SCORED_TOKENS] for text in continuations]
        width = max(len(text) for text in texts)
        pad = self._eos[0]
        padded = torch.tensor(
            [text + [pad] * (width - len(text)) for text in texts], device=self._model.device
        )  # (n_texts, width)
        with torch.inference_mode():
            head = self._model(prompt, use_cache=True)
            cache = head.past_key_values
            cache.batch_repeat_interleave(len(texts))
            first = head.logits[:, -1:, :].expand(len(texts), -1, -1)
            rest = (
                self._model(padded[:, :-1], past_key_values=cache).logits
                if width > 1
                else first[:, :0]
            )
            logits = torch.cat([first, rest], dim=1).float()  # (n_texts, width, vocabulary)
            chosen = logits.gather(2, padded[:, :, None])[:, :, 0] - logits.logsumexp(dim=2)
        return [float(row[: len(text)].mean()) for row, text in zip(chosen, texts, strict=True)]

    def write(
        self, messages: Sequence[Message], constraint: Constraint, *, max_tokens: int, stop: Stop
    ) -> Iterator[str]:
        """The greedy reply, piece by piece; ends within one token when `stop` says so."""
        import torch

        ids = self._prompt(messages)
        cache, written, text = None, [], ""
        for _ in range(max_tokens):
            if stop():
                return
            with torch.inference_mode():
                out = self._model(ids, past_key_values=cache, use_cache=True, logits_to_keep=1)
            cache = out.past_key_values
            token = self._pick(out.logits[0, -1].float(), constraint, text)
            if token is None or token in self._eos:
                return
            written.append(token)
            # Whole-text decoding: a character may be spread over several tokens.
            longer = self._tokenizer.decode(written, skip_special_tokens=True)
            if not longer.endswith("\ufffd"):
                yield longer[len(text) :]
                text = longer
            ids = torch.tensor([[token]], device=self._model.device)

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
        import torch

        if not bool(torch.isfinite(logits).any()):
            return None
        logits = torch.nan_to_num(logits, nan=-torch.inf)
        rule = constraint.rule(text)
        ids = torch.tensor(list(rule.ids), dtype=torch.long, device=logits.device)
        if rule.only:
            return int(ids[logits[ids].argmax()]) if len(ids) else None
        logits[ids] = -torch.inf
        return int(logits.argmax())

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
