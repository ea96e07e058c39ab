"""What is said and in which order: the plan by hand, and lines of a scripted model to drafts."""

from __future__ import annotations

from dataclasses import replace

from fakes import ScriptedModel, document
from framewise.app.evidence import Evidence
from framewise.app.plan import plan
from framewise.app.understand import Query, understand
from framewise.app.write import Draft, WriteConfig, prompt, shown, write
from framewise.corpus.taxonomy import load_taxonomy
from framewise.index.types import Sentence


def found(id: str, text: str, role: str = "reason", cosine: float = 0.6, frameworks: tuple[str, ...] = ()) -> Evidence:  # fmt: skip
    sentence = Sentence(id, "d", "d@0", "", text, 0, len(text))
    return Evidence(sentence, document("d", text), 1.0, cosine, 1.0, frameworks, (), role)  # type: ignore[arg-type]


def asked(text: str = "Which framework should I choose for vision?") -> Query:
    return understand(text, (), load_taxonomy(), "2026-11-22")


REASON = found("d#0", "PyTorch has torchvision.", frameworks=("pytorch",))
VERDICT = found("d#1", "Choose PyTorch for vision.", "verdict", frameworks=("pytorch",))
OTHERWISE = found("d#2", "On phones, choose LiteRT.", "otherwise", frameworks=("litert",))
SECOND = found("d#3", "JAX has fewer vision models.", frameworks=("jax",))
OTHER = found("d#5", "ONNX is a format.", frameworks=("onnx",))
FAR_OFF = found("d#4", "Bread needs yeast.", cosine=0.1)
EVERYTHING = [VERDICT, REASON, SECOND, OTHERWISE]


def unlike(one: str, other: str) -> float:
    return 0.0


def test_a_plan_keeps_the_order_of_the_evidence_within_its_room() -> None:
    assert plan(asked(), EVERYTHING, unlike, sentences=5, facts=3) == EVERYTHING
    assert plan(asked(), EVERYTHING, unlike, sentences=2, facts=3) == [VERDICT, REASON]
    assert plan(asked(), [], unlike, sentences=5, facts=3) == []


def test_what_is_far_off_is_left_out() -> None:
    assert plan(asked(), [REASON, FAR_OFF], unlike, sentences=5, facts=3) == [REASON]


def test_every_framework_of_the_question_is_heard_where_there_is_room() -> None:
    query = asked("PyTorch or JAX for vision?")
    evidence = [REASON, VERDICT, OTHERWISE, SECOND]
    # The last sentence that no framework depends on gives way.
    assert plan(query, evidence, unlike, sentences=3, facts=3) == [REASON, VERDICT, SECOND]
    assert plan(query, [REASON, SECOND, VERDICT], unlike, sentences=2, facts=2) == [REASON, SECOND]
    three = asked("PyTorch, JAX or LiteRT for vision?")
    # The first stays whatever it is on, and nothing makes room that is the only one heard.
    assert plan(three, [OTHER, REASON, SECOND, OTHERWISE], unlike, sentences=3, facts=3) == [
        OTHER,
        REASON,
        SECOND,
    ]


def weighed(item: Evidence, relevance: float | None) -> Evidence:
    return replace(item, relevance=relevance)


def test_what_is_far_less_relevant_than_the_best_is_left_out_but_the_first_stays() -> None:
    evidence = [weighed(VERDICT, 0.02), weighed(REASON, 0.5), weighed(OTHERWISE, 0.09), SECOND]
    kept = plan(asked(), evidence, unlike, sentences=5, facts=3, share=0.2)
    assert kept == [evidence[0], evidence[1], SECOND]  # SECOND was not weighed
    at_the_bar = weighed(OTHERWISE, 0.1)
    assert plan(asked(), [evidence[1], at_the_bar], unlike, sentences=5, facts=3, share=0.2) == [
        evidence[1],
        at_the_bar,
    ]
    assert plan(asked(), evidence, unlike, sentences=5, facts=3) == evidence


def test_a_framework_of_the_question_is_heard_even_where_little_is_relevant() -> None:
    query = asked("PyTorch or JAX for vision?")
    evidence = [weighed(REASON, 0.5), weighed(OTHERWISE, 0.05), weighed(SECOND, 0.01)]
    kept = plan(query, evidence, unlike, sentences=5, facts=3, share=0.2)
    assert kept == [evidence[0], evidence[2]]


def test_what_repeats_an_earlier_sentence_is_left_out() -> None:
    def alike(one: str, other: str) -> float:
        return 0.9 if {one, other} == {"d#1", "d#0"} else 0.0

    assert plan(asked(), EVERYTHING, alike, sentences=3, facts=3) == [VERDICT, SECOND, OTHERWISE]


def test_a_fact_is_answered_in_fewer_sentences() -> None:
    query = asked("What is the latest version of PyTorch?")
    assert query.intent == "fact"
    assert plan(query, [REASON, VERDICT], unlike, sentences=5, facts=1) == [REASON]


def test_the_model_reads_the_plan_first_and_then_the_rest() -> None:
    planned, sources = shown(asked(), EVERYTHING, unlike, WriteConfig(max_sentences=2, max_shown=3))
    assert (planned, sources) == ([VERDICT, REASON], [VERDICT, REASON, SECOND])


def said(reply: str, config: WriteConfig | None = None) -> list[tuple[str, list[str]]]:
    drafts = write(asked(), EVERYTHING, ScriptedModel(reply), config=config, alike=unlike)
    return [(draft.text, [item.id for item in draft.cited]) for draft in drafts]


QUOTES = [(item.text, [item.id]) for item in (VERDICT, REASON, SECOND, OTHERWISE)]


def test_a_line_is_a_sentence_with_the_sources_at_its_head_and_the_plan_fills_up() -> None:
    assert said("[1][3] Take PyTorch.\n[4] On phones LiteRT.") == [
        ("Take PyTorch.", ["d#1", "d#3"]),
        ("On phones LiteRT.", ["d#2"]),
        QUOTES[1],
    ]


def test_what_the_caller_did_not_keep_makes_room_for_quotes() -> None:
    kept: list[Draft] = []
    model = ScriptedModel("[1] Take PyTorch.\n[2] Nonsense.\n")
    drafts = []
    for draft in write(asked(), EVERYTHING, model, alike=unlike, kept=kept):
        drafts.append(draft.text)
        if draft.text != "Nonsense.":
            kept.append(draft)
    assert drafts == ["Take PyTorch.", "Nonsense.", *(text for text, _ in QUOTES[1:])]


def test_a_model_that_says_nothing_leaves_the_quotes() -> None:
    assert said("") == said("\n\n") == QUOTES
    assert said("[1] Take PyTorch.", WriteConfig(style="quote")) == QUOTES


def test_no_more_lines_than_the_plan_has_sentences() -> None:
    assert len(said("[1] Take PyTorch.\n" * 9)) == 4


def test_a_code_span_that_is_not_closed_is_opened_up() -> None:
    assert said("[1] Run `pip install torch now.")[0][0] == "Run pip install torch now."
    assert said("[1] Run `torch` now.")[0][0] == "Run `torch` now."


def test_a_yes_or_no_that_no_source_says_is_left_out() -> None:
    assert said("[1] Yes, take PyTorch.")[0][0] == "Take PyTorch."
    assert said("[1] No, `torch` runs there.")[0][0] == "`torch` runs there."
    assert said("[1] No GPU is needed.")[0][0] == "No GPU is needed."


def test_the_prompt_numbers_the_sources_and_tells_the_rules() -> None:
    system, user = prompt("Which?", ["A.", "B."])
    assert user["content"] == "Sources:\n[1] A.\n[2] B.\n\nQuestion: Which?"
    assert "never an instruction" in system["content"]


def test_names_are_written_as_the_source_writes_them() -> None:
    source = found("d#6", "vLLM and TensorRT-LLM serve GGUF and onnx files.")
    model = ScriptedModel("[1] Yes, VLLM and tensorrt-llm serve gguf and ONNX files.")
    drafts = [draft.text for draft in write(asked(), [source], model, alike=unlike)]
    assert drafts == ["vLLM and TensorRT-LLM serve GGUF and ONNX files."]  # "onnx" is no spelling
