"""The transformers adapter on small models of real architectures, made here: values against plain forward passes."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from framewise.app.adapter import CONFIG, WRITER
from framewise.app.constrain import EvidenceConstraint, Rule
from framewise.app.language_model import GUESSED, TransformersModel, copied
from framewise.app.models import choose_model, load_model, load_scorer
from framewise.app.verify import hard_rules
from framewise.app.write import prompt
from framewise.corpus.errors import ModelLoadError
from framewise.corpus.taxonomy import load_taxonomy
from framewise.eval.tune.lora import without_peft_warning
from framewise.index.device import Device, choose_device
from framewise.index.embed import SentenceTransformerEncoder
from framewise.index.weights import EMBEDDED, LANGUAGE_MODEL, verify

CPU = Device("cpu", "float32", "a test")
WORDS = ["<eos>", "<unk>", "jax", "runs", "on", "tpu", "pytorch", "choose", ".", "0", "1", "[", "]"]


class Free:
    """No constraint."""

    def rule(self, text: str) -> Rule:
        return Rule(only=False, ids=(), end=True)


def tokenizer() -> object:
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    raw = Tokenizer(models.WordLevel({word: n for n, word in enumerate(WORDS)}, unk_token="<unk>"))
    raw.pre_tokenizer = pre_tokenizers.Whitespace()
    return PreTrainedTokenizerFast(tokenizer_object=raw, eos_token="<eos>", unk_token="<unk>")


@pytest.fixture(scope="module", params=["llama", "qwen3"])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM, Qwen3Config, Qwen3ForCausalLM

    sizes = {"vocab_size": len(WORDS), "hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2,
             "num_attention_heads": 2, "num_key_value_heads": 1, "eos_token_id": 0, "bos_token_id": None, "pad_token_id": None}  # fmt: skip
    torch.manual_seed(3)
    kinds = {"llama": (LlamaForCausalLM, LlamaConfig), "qwen3": (Qwen3ForCausalLM, Qwen3Config)}
    make, config = kinds[request.param]
    path = tmp_path_factory.mktemp(request.param)
    make(config(**sizes)).save_pretrained(path)
    tokenizer().save_pretrained(path)  # type: ignore[attr-defined]
    return path


def test_chances_are_those_of_a_plain_forward_pass(folder: Path) -> None:
    import torch

    model = TransformersModel(folder, device=CPU)
    with torch.inference_mode():
        logits = model._model(torch.tensor([model._ids("choose pytorch")])).logits[0, -1]
    first = [model._ids(answer)[0] for answer in ("jax runs", "tpu")]
    expected = logits[first].softmax(0).tolist()
    assert model.choose("choose pytorch", ("jax runs", "tpu")) == pytest.approx(expected, abs=1e-5)


NO_SYSTEM = (
    "{% for m in messages %}{% if m['role'] == 'system' %}{{ raise_exception('no system role') }}"
    "{% endif %}{{ m['content'] }} {% endfor %}choose"
)


def test_a_template_without_a_system_role_gets_the_rules_from_the_user(
    folder: Path, tmp_path: Path
) -> None:
    import shutil

    copy = Path(shutil.copytree(folder, tmp_path / "copy"))
    (copy / "chat_template.jinja").write_text(NO_SYSTEM)
    model = TransformersModel(copy, device=CPU)
    rules = [{"role": "system", "content": "jax"}, {"role": "user", "content": "tpu"}]
    merged = [{"role": "user", "content": "jax\n\ntpu"}]
    assert model._prompt(rules).tolist() == model._prompt(merged).tolist()
    (copy / "chat_template.jinja").write_text("{{ raise_exception('never') }}")
    with pytest.raises(ModelLoadError, match="takes no question"):
        TransformersModel(copy, device=CPU)


def test_plain_replies_in_a_batch_are_those_of_each_alone(folder: Path) -> None:
    model = TransformersModel(folder, device=CPU)
    asked = [[{"role": "user", "content": text}] for text in ("jax", "choose pytorch on tpu")]
    together = model.reply(asked, max_tokens=5)
    assert together == [model.reply([one], max_tokens=5)[0] for one in asked]
    assert model.reply([], max_tokens=5) == []


def test_writing_is_greedy_and_the_same_twice(folder: Path) -> None:
    import torch

    model = TransformersModel(folder, device=CPU)
    messages = [{"role": "user", "content": "jax"}]
    ids = model._prompt(messages)[0].tolist()
    expected = []
    for _ in range(6):
        with torch.inference_mode():
            best = int(model._model(torch.tensor([ids + expected])).logits[0, -1].argmax())
        if best == 0:
            break
        expected.append(best)
    said = [
        "".join(model.write(messages, Free(), max_tokens=6, stop=lambda: False)) for _ in range(2)
    ]
    assert said[0] == said[1] == model._tokenizer.decode(expected, skip_special_tokens=True)


def test_what_stood_there_before_is_guessed() -> None:
    assert copied([1, 2, 3, 4, 9, 1, 2, 3]) == [
        4,
        9,
        1,
        2,
        3,
    ]  # after the longest match, here of three
    assert copied([7, 5, 8, 7, 6, 8, 7]) == [
        6,
        8,
        7,
    ]  # of two matches the later one: "8 7" is new, "7" is not
    assert copied([1, 2, 3]) == []
    assert len(copied([0, *range(20), 0, 0])) == GUESSED


def test_guessing_changes_nothing_that_is_written(folder: Path) -> None:
    import torch

    model = TransformersModel(folder, device=CPU)
    messages = [{"role": "user", "content": "jax runs on tpu . jax runs on tpu . choose jax"}]
    ids = model._prompt(messages)[0].tolist()
    start = len(ids)
    while len(ids) < start + 24:
        with torch.inference_mode():
            best = int(model._model(torch.tensor([ids])).logits[0, -1].argmax())
        if best == 0:
            break
        ids.append(best)
    said = "".join(model.write(messages, Free(), max_tokens=24, stop=lambda: False))
    assert said == model._tokenizer.decode(ids[start:], skip_special_tokens=True)


def test_an_adapter_is_merged_and_a_damaged_one_is_refused(folder: Path, tmp_path: Path) -> None:
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    torch.manual_seed(5)
    with without_peft_warning():
        tuned = get_peft_model(
            AutoModelForCausalLM.from_pretrained(folder),
            LoraConfig(r=2, target_modules=["q_proj", "down_proj"], init_lora_weights=False),
        )
    tuned.save_pretrained(tmp_path / "adapter")
    model = TransformersModel(folder, device=CPU, adapter=tmp_path / "adapter")
    ids = torch.tensor([[3, 4, 5]])
    with torch.inference_mode():
        assert torch.allclose(model._model(ids).logits, tuned(ids).logits, atol=1e-5)
        plain = TransformersModel(folder, device=CPU)._model(ids).logits
        assert not torch.allclose(model._model(ids).logits, plain, atol=1e-3)
    (tmp_path / "adapter" / "adapter_model.safetensors").write_bytes(b"\x10")
    with pytest.raises(ModelLoadError, match="does not fit"):
        TransformersModel(folder, device=CPU, adapter=tmp_path / "adapter")
    with pytest.raises(ModelLoadError, match="is not the one that ships"):
        dataclasses.replace(WRITER, files={**WRITER.files, CONFIG: "0"}).checked()


def test_a_constraint_is_obeyed_and_stop_stops(folder: Path) -> None:
    model = TransformersModel(folder, device=CPU)

    class OnlyTpu:
        def rule(self, text: str) -> Rule:
            return Rule(only=True, ids=[5] if len(text.split()) < 3 else [])

    assert (
        "".join(model.write([], OnlyTpu(), max_tokens=9, stop=lambda: False)).split() == ["tpu"] * 3
    )
    assert list(model.write([], OnlyTpu(), max_tokens=9, stop=lambda: True)) == []
    constraint = EvidenceConstraint(["jax 1"], "", model.vocabulary)
    said = "".join(model.write([], constraint, max_tokens=30, stop=lambda: False))
    assert "0" not in said


def test_any_folder_can_be_named_and_any_real_size_is_told(folder: Path) -> None:
    model = load_model(choose_model(str(folder), "cpu"))
    assert model.id == str(folder)
    assert set(model.vocabulary) >= {"jax", "tpu"}


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda p: (p / "model.safetensors").unlink(), "holds no .safetensors weights"),
        (lambda p: (p / "model.safetensors").write_bytes(b"\x10"), "cannot be loaded"),
        (
            lambda p: (p / "model.safetensors").rename(p / "pytorch_model.bin"),
            "holds no .safetensors weights",
        ),
        (lambda p: (p / "config.json").write_text("{"), "cannot be loaded"),
        (lambda p: (p / "config.json").unlink(), "cannot be loaded"),
        (
            lambda p: (p / "config.json").write_text(
                '{"model_type": "x", "auto_map": {"AutoModelForCausalLM": "evil.Evil"}}'
            ),
            "cannot be loaded",
        ),
    ],
)
def test_damaged_and_unsafe_models_are_refused_by_name(
    folder: Path, tmp_path: Path, damage: object, message: str
) -> None:
    import shutil

    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    (copy / "evil.py").write_text(f"open({str(tmp_path / 'PWNED')!r}, 'w')")
    damage(copy)  # type: ignore[operator]
    with pytest.raises(ModelLoadError, match=message):
        TransformersModel(copy, device=CPU)
    assert not (tmp_path / "PWNED").exists()


@pytest.mark.parametrize("name", ["nowhere", "./nowhere", "/nowhere/x", "a/b/c"])
def test_an_unknown_model_is_a_clear_error(name: str) -> None:
    with pytest.raises(ModelLoadError, match=f"there is no model folder '{name}'"):
        TransformersModel(name, device=CPU)


def test_a_bert_folder_as_encoder(tmp_path: Path) -> None:
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import BertConfig, BertModel

    torch.manual_seed(5)
    config = BertConfig(
        vocab_size=len(WORDS),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        max_position_embeddings=32,
    )
    BertModel(config).save_pretrained(tmp_path / "bert")
    made = tokenizer()
    made.pad_token = "<eos>"  # type: ignore[attr-defined]
    made.save_pretrained(tmp_path / "bert")  # type: ignore[attr-defined]
    inner = Transformer(str(tmp_path / "bert"))
    SentenceTransformer(modules=[inner, Pooling(16)]).save(
        str(tmp_path / "st"), create_model_card=False
    )
    encoder = SentenceTransformerEncoder(tmp_path / "st")
    vectors = encoder.encode(["jax runs", "tpu", "jax runs"])
    assert vectors.shape == (3, encoder.dim) == (3, 16)
    assert (vectors**2).sum(axis=1).tolist() == pytest.approx([1, 1, 1], abs=1e-5)
    assert vectors[0].tolist() == pytest.approx(vectors[2].tolist(), abs=1e-5)
    for path in (tmp_path / "st").rglob("*.safetensors"):
        path.unlink()
    with pytest.raises(ModelLoadError, match=r"holds no .safetensors weights"):
        SentenceTransformerEncoder(tmp_path / "st")


def test_the_device_and_its_reason() -> None:
    assert choose_device("cpu").name == "cpu"
    assert "asked for" in choose_device("cpu").reason
    with pytest.raises(ValueError, match="known are auto, cpu, cuda, mps"):
        choose_device("tpu")


@pytest.mark.models
def test_the_embedded_weights_are_what_their_checksums_say() -> None:
    for model in EMBEDDED:
        verify(model)


@pytest.mark.models
def test_the_embedded_writer_says_what_its_sources_say() -> None:
    model = load_model(choose_model("embedded", "cpu"))
    assert model.id == f"{LANGUAGE_MODEL.name} + writer {WRITER.version}"
    sources = [
        "PyTorch 2.15.0, released on 2026-10-28, is the latest version of PyTorch as of November 2026.",
        "PyTorch 2.15 drops Python 3.9.",
        "The PyTorch wheel on PyPI needs CUDA 13 on Linux.",
    ]
    question = "What is the newest version of PyTorch?"
    constraint = EvidenceConstraint(sources, question, model.vocabulary)
    said = "".join(
        model.write(prompt(question, sources), constraint, max_tokens=80, stop=lambda: False)
    )
    first, *_ = lines = said.splitlines()
    assert first.startswith("[1] ")
    assert "2.15.0" in first
    for line in lines:
        number, text = line[1:].split("] ", 1)
        assert hard_rules(text, [sources[int(number) - 1]], load_taxonomy()) == ()


@pytest.mark.models
def test_the_embedded_judge_tells_what_is_said_from_its_opposite() -> None:
    judge = load_scorer("cpu")
    source = ["TensorRT 11 runs on NVIDIA GPUs only, and needs compute capability 7.5 or higher."]
    said = judge.score(
        "TensorRT 11 needs an NVIDIA GPU of compute capability 7.5 or higher.", source
    )
    turned = judge.score("TensorRT 11 does not run on NVIDIA GPUs.", source)
    assert said > turned


@pytest.mark.models
def test_the_embedded_encoder_gives_the_published_geometry() -> None:
    from framewise.index.library import PLAIN, open_encoder

    encoder = open_encoder(PLAIN)
    assert (encoder.dim, encoder.max_tokens) == (384, 256)
    cat, kitten, tax = encoder.encode(["A cat sat.", "A kitten was sitting.", "Income tax rose."])
    assert float(cat @ kitten) > 0.6 > 0.2 > float(cat @ tax)


@pytest.mark.models
def test_a_question_is_encoded_as_sentence_transformers_encodes_it() -> None:
    from framewise.index.library import ENCODER_ADAPTER, open_encoder
    from framewise.index.weights import ENCODER, locate

    light = open_encoder()
    whole = SentenceTransformerEncoder(locate(ENCODER), adapter=ENCODER_ADAPTER.folder)
    texts = ["Which framework trains on TPUs?", " JAX ", "", "word " * 400, "naïve 模型"]
    assert np.abs(light.encode(texts) - whole.encode(texts)).max() < 1e-6
    assert np.abs(light.encode(texts * 4) - light.encode(texts)[list(range(5)) * 4]).max() < 1e-6
    assert (light.dim, light.max_tokens) == (whole.dim, whole.max_tokens)
    assert [light.count_tokens(t) for t in texts] == [whole.count_tokens(t) for t in texts]
    assert light.encode([]).shape == (0, 384)
