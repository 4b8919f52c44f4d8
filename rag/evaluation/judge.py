"""A second opinion on a kept run: a model that says right or wrong, several times, or an NLI model on written statements. Knows runs as they are kept.

Its figures stand beside the run's own and never enter them: a judge is wrong too, and says otherwise when it is asked again.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from string import Template
from typing import Any

from langchain_core.messages import HumanMessage
from sklearn.metrics import cohen_kappa_score

from rag.evaluation.gold import EvaluationError
from rag.generation.prompts import PROMPTS_FOLDER
from rag.generation.registry import AnswerModel

_PROMPT = PROMPTS_FOLDER / "judge/question.txt"
_THOUGHT = re.compile(r"<think>.*?</think>", re.DOTALL)
_VERDICT = re.compile(r"\W*(right|wrong)\b", re.IGNORECASE)
# At 0 a judge repeats itself, and several times tell nothing of how sure it is.
_TEMPERATURE = 0.7
Summary = dict[str, float | int | None]


@dataclass(frozen=True, slots=True)
class Opinion:
    """What was said of one answer each time: True for right; `unclear` counts what was neither right nor wrong. `measured` is the run's own word."""

    id: str
    measured: bool
    votes: tuple[bool, ...]
    unclear: int = 0

    @property
    def majority(self) -> bool:
        """True if more than half of the votes say right."""
        return 2 * sum(self.votes) > len(self.votes)

    @property
    def share(self) -> float:
        """The share of the votes that the more frequent verdict has.

        >>> Opinion("a", True, (True, True, False, True)).share
        0.75
        """
        return max(self.votes.count(verdict) for verdict in (True, False)) / len(self.votes)


def judgeable_results(run: dict[str, Any]) -> list[dict[str, Any]]:
    """The results that can be judged: those that say something and have a gold answer."""
    return [result for result in run["results"] if result["shown"]["answers"] and not result["refused"]]


def collect_opinions(results: Iterable[dict[str, Any]], reader: AnswerModel, times: int) -> Iterator[Opinion]:
    """Each answer judged so many times, in order.

    Raises:
        GoldError: there is no model to judge, or it cannot answer.
    """
    if reader.chat is None:
        raise EvaluationError(
            "no model is no judge; give one, such as --model openai:NAME@http://host/v1 or a GGUF file"
        )
    template = Template(_PROMPT.read_text(encoding="utf-8"))
    for result in results:
        gold = "; ".join(" or ".join(wordings) for wordings in result["shown"]["answers"])
        asked = template.substitute(question=result["question"], gold=gold, answer=result["text"])
        try:
            said = [
                reader.chat.invoke([HumanMessage(asked)], temperature=_TEMPERATURE).text for _ in range(times)
            ]
        except reader.errors as error:
            raise EvaluationError(
                f"the judge {reader.name} cannot answer ({error}); check --model and try again"
            ) from error
        votes = tuple(vote for text in said if (vote := parse_verdict(text)) is not None)
        yield Opinion(result["id"], bool(result["right"]), votes, times - len(votes))


def parse_verdict(text: str) -> bool | None:
    """What a reply begins with, after a model's thoughts; None where that is neither word.

    >>> parse_verdict("**Right**, it is."), verdict("<think>Right?</think> WRONG"), verdict("It is right.")
    (True, False, None)
    """
    found = _VERDICT.match(_THOUGHT.sub("", text))
    return found[1].lower() == "right" if found else None


def summarise_opinions(opinions: Sequence[Opinion]) -> Summary:
    """How often the judge says right beside the run, how sure it is, and how far the two agree; questions without any verdict are counted alone.

    Kappa is Cohen's: agreement above that of two who say right as often, but of other questions; None where both always say the same.

    >>> summarise_opinions([Opinion("a", True, (True, True)), Opinion("b", False, (False, True)), Opinion("c", False, (), 2)])["agreement"]
    1.0
    """
    clear = [opinion for opinion in opinions if opinion.votes]
    found: Summary = {
        "questions judged": len(clear),
        "replies without a verdict": sum(opinion.unclear for opinion in opinions),
    }
    if not clear:
        return found
    ours, theirs = [opinion.measured for opinion in clear], [opinion.majority for opinion in clear]
    alike = len({*ours, *theirs}) == 1
    return found | {
        "right by the run": round(mean(map(float, ours)), 3),
        "right by the judge": round(mean(map(float, theirs)), 3),
        "share of the majority": round(mean(opinion.share for opinion in clear), 3),
        "agreement": round(mean(float(a == b) for a, b in zip(ours, theirs, strict=True)), 3),
        "kappa": None if alike else round(float(cohen_kappa_score(ours, theirs)), 3),
    }


EntailmentModel = Callable[[Sequence[tuple[str, str]]], Sequence[bool]]


def measure_entailment(run: dict[str, Any], entails: EntailmentModel) -> Summary:
    """Whether the quotes that a written statement cites entail it; statements in the articles' own words need no opinion."""
    pairs = [
        (
            " ".join(
                source["quote"] for source in shown["citations"] if source["number"] in statement["citations"]
            ),
            statement["text"],
        )
        for shown in (result["shown"] for result in run["results"])
        for statement in shown.get("written", ())
    ]
    held = entails(pairs) if pairs else []
    return {"written statements": len(pairs), "entailed": round(mean(map(float, held)), 3) if pairs else None}


def load_nli_model(folder: Path) -> EntailmentModel:
    """The judgement of an NLI cross-encoder in a local folder; nothing is fetched.

    Raises:
        GoldError: the folder holds none, or none of its labels is "entailment".
    """
    from sentence_transformers import CrossEncoder

    if not (folder / "config.json").is_file():
        raise EvaluationError(
            f"{folder} holds no model; give the folder of an NLI cross-encoder (config.json, weights and tokenizer)"
        )
    model = CrossEncoder(str(folder), local_files_only=True, trust_remote_code=False, device="cpu")
    labels = {int(n): str(name).lower() for n, name in model.config.id2label.items()}
    wanted = [n for n, name in labels.items() if name.startswith("entail")]
    if len(wanted) != 1:
        raise EvaluationError(
            f'{folder}: its labels are {", ".join(labels.values())}; an NLI model has one named "entailment"'
        )

    def entails(pairs: Sequence[tuple[str, str]]) -> list[bool]:
        return [
            int(scores.argmax()) == wanted[0]
            for scores in model.predict(list(pairs), show_progress_bar=False)
        ]

    return entails
