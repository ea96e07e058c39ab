"""Merging an adapter, against peft's own merge on a small BERT made here."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from fakes import small_bert
from framewise.corpus.errors import ModelLoadError
from framewise.index.adapter import CONFIG, WEIGHTS, Adapter, checksums, merge
from framewise.index.embed import EmbeddedEncoder, SentenceTransformerEncoder

TEXTS = ["jax runs", "on tpu .", "pytorch choose 0 1"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A BERT, pooled by the mean, and beside it an adapter of rank 2 that changes it."""
    import torch
    from framewise.eval.tune.lora import without_peft_warning
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModel

    small_bert(tmp_path / "bert")
    torch.manual_seed(6)
    config = LoraConfig(
        r=2, lora_alpha=6, target_modules=["query", "output.dense"], init_lora_weights=False
    )
    with without_peft_warning():
        tuned = get_peft_model(AutoModel.from_pretrained(tmp_path / "bert"), config)
        tuned.save_pretrained(tmp_path / "adapter")
        tuned.merge_and_unload().save_pretrained(tmp_path / "merged")
    return tmp_path


def test_it_is_what_peft_makes_of_it(folder: Path) -> None:
    from transformers import AutoModel

    model, merged = (AutoModel.from_pretrained(folder / name) for name in ("bert", "merged"))
    wanted = dict(merged.named_parameters())
    changed = [n for n, p in model.named_parameters() if not p.equal(wanted[n])]
    assert len(changed) == 3  # query, attention.output.dense and output.dense of its one layer
    merge(model, folder / "adapter")
    for name, found in model.named_parameters():
        assert found.allclose(wanted[name], atol=1e-6), name


def test_few_and_many_texts_are_encoded_with_it_alike(folder: Path) -> None:
    bert, adapter = folder / "bert", folder / "adapter"
    light = EmbeddedEncoder(bert, id="m", adapter=adapter)
    whole = SentenceTransformerEncoder(bert, adapter=adapter)
    few = light.encode(TEXTS)
    assert np.abs(few - whole.encode(TEXTS)).max() < 1e-6
    assert np.abs(few - light.encode(TEXTS * 6)[: len(TEXTS)]).max() < 1e-6
    assert np.abs(few - EmbeddedEncoder(bert, id="m").encode(TEXTS)).max() > 1e-3


def test_a_damaged_or_foreign_one_is_refused(folder: Path) -> None:
    bert, adapter = folder / "bert", folder / "adapter"
    shipped = Adapter(adapter, checksums(adapter))
    assert (shipped.name, shipped.checked()) == ("adapter", adapter)
    assert set(shipped.files) == {WEIGHTS, CONFIG}
    before = (adapter / WEIGHTS).read_bytes()
    small_bert(folder / "wide", hidden_size=24)
    with pytest.raises(ModelLoadError, match="the adapter 'adapter' does not fit"):
        EmbeddedEncoder(folder / "wide", id="m", adapter=adapter)
    (adapter / WEIGHTS).write_bytes(before[:-1])
    with pytest.raises(ModelLoadError, match="does not fit"):
        EmbeddedEncoder(bert, id="m", adapter=adapter)
    with pytest.raises(ModelLoadError, match="is not the one that ships"):
        shipped.checked()
    (adapter / WEIGHTS).unlink()
    with pytest.raises(ModelLoadError, match="cannot be read"):
        shipped.checked()
