"""Second opinions on a finished run, by a chat model that votes or by an NLI model.

Their figures are shown beside the run's own and never enter them: a judge is wrong too, and answers
differently when it is asked again.
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

from rag.evaluation.gold.questions import EvaluationError
from rag.evaluation.runs.summary import Summary
from rag.generation.prompts import PROMPTS_FOLDER
from rag.generation.registry import AnswerModel

_PROMPT = PROMPTS_FOLDER / "judge/question.txt"
_THOUGHTS = re.compile(r"<think>.*?</think>", re.DOTALL)
_VERDICT = re.compile(r"\W*(right|wrong)\b", re.IGNORECASE)
# At 0 a judge repeats itself, and several votes say nothing about how sure it is.
_TEMPERATURE = 0.7
EntailmentModel = Callable[[Sequence[tuple[str, str]]], Sequence[bool]]


@dataclass(frozen=True, slots=True)
class Opinion:
    """The judge's votes on one answer, True for right.

    `unclear` counts replies that were neither right nor wrong; `measured` is the run's own measure.
    """

    id: str
    measured: bool
    votes: tuple[bool, ...]
    unclear: int = 0

    @property
    def majority(self) -> bool:
        """True if more than half of the votes are for right."""
        return 2 * sum(self.votes) > len(self.votes)

    @property
    def share(self) -> float:
        """The share of the votes that the more frequent verdict has.

        >>> Opinion("a", True, (True, True, False, True)).share
        0.75
        """
        return max(self.votes.count(verdict) for verdict in (True, False)) / len(self.votes)


def judgeable_results(run: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the results that can be judged: those that were answered and have a gold answer."""
    return [result for result in run["results"] if result["shown"]["answers"] and not result["refused"]]


def collect_opinions(results: Iterable[dict[str, Any]], model: AnswerModel, times: int) -> Iterator[Opinion]:
    """Ask the model `times` times about each answer, and yield its opinions in order.

    Raises:
        EvaluationError: there is no model, or it cannot answer.
    """
    if model.chat is None:
        raise EvaluationError(
            "no model is no judge; give one, such as --model openai:NAME@http://host/v1 or a GGUF file"
        )
    template = Template(_PROMPT.read_text(encoding="utf-8"))
    for result in results:
        gold = "; ".join(" or ".join(wordings) for wordings in result["shown"]["answers"])
        prompt = template.substitute(question=result["question"], gold=gold, answer=result["text"])
        try:
            replies = [
                model.chat.invoke([HumanMessage(prompt)], temperature=_TEMPERATURE).text for _ in range(times)
            ]
        except model.errors as error:
            raise EvaluationError(
                f"the judge {model.name} cannot answer ({error}); check --model and try again"
            ) from error
        votes = tuple(vote for reply in replies if (vote := parse_verdict(reply)) is not None)
        yield Opinion(result["id"], bool(result["right"]), votes, times - len(votes))


def parse_verdict(reply: str) -> bool | None:
    """Return True if a reply begins with "right" after any thoughts, False for "wrong", else None.

    >>> parse_verdict("**Right**, it is."), parse_verdict("<think>Right?</think> WRONG")
    (True, False)
    >>> parse_verdict("It is right.") is None
    True
    """
    match = _VERDICT.match(_THOUGHTS.sub("", reply))
    return match[1].lower() == "right" if match else None


def summarise_opinions(opinions: Sequence[Opinion]) -> Summary:
    """Return how often the judge says right beside the run, how sure it is, and how far the two agree.

    Answers without any clear vote are left out and counted alone. Kappa is Cohen's, the agreement beyond
    chance: (agreement - expected) / (1 - expected); None where both always say the same.

    >>> clear, unclear = Opinion("a", True, (True, True)), Opinion("c", False, (), 2)
    >>> summarise_opinions([clear, Opinion("b", False, (False, True)), unclear])["agreement"]
    1.0
    """
    clear = [opinion for opinion in opinions if opinion.votes]
    summary: Summary = {
        "questions judged": len(clear),
        "replies without a verdict": sum(opinion.unclear for opinion in opinions),
    }
    if not clear:
        return summary
    ours, theirs = [opinion.measured for opinion in clear], [opinion.majority for opinion in clear]
    constant = len({*ours, *theirs}) == 1
    return summary | {
        "right by the run": round(mean(map(float, ours)), 3),
        "right by the judge": round(mean(map(float, theirs)), 3),
        "share of the majority": round(mean(opinion.share for opinion in clear), 3),
        "agreement": round(mean(float(a == b) for a, b in zip(ours, theirs, strict=True)), 3),
        "kappa": None if constant else round(float(cohen_kappa_score(ours, theirs)), 3),
    }


def measure_entailment(run: dict[str, Any], entails: EntailmentModel) -> Summary:
    """Return the share of written statements that the quotes they cite entail.

    Statements in the articles' own words need no opinion.
    """
    pairs = [
        (
            " ".join(
                citation["quote"]
                for citation in shown["citations"]
                if citation["number"] in statement["citations"]
            ),
            statement["text"],
        )
        for shown in (result["shown"] for result in run["results"])
        for statement in shown.get("written", ())
    ]
    entailed = entails(pairs) if pairs else []
    share = round(mean(map(float, entailed)), 3) if pairs else None
    return {"written statements": len(pairs), "entailed": share}


def load_nli_model(folder: Path) -> EntailmentModel:
    """Return the judgement of an NLI cross-encoder in a local folder; nothing is downloaded.

    Raises:
        EvaluationError: the folder holds none, or none of its labels is "entailment".
    """
    from sentence_transformers import CrossEncoder

    if not (folder / "config.json").is_file():
        raise EvaluationError(
            f"{folder} holds no model; "
            "give the folder of an NLI cross-encoder (config.json, weights and tokenizer)"
        )
    model = CrossEncoder(str(folder), local_files_only=True, trust_remote_code=False, device="cpu")
    labels = {int(n): str(name).lower() for n, name in model.config.id2label.items()}
    entailment = [n for n, name in labels.items() if name.startswith("entail")]
    if len(entailment) != 1:
        raise EvaluationError(
            f'{folder}: its labels are {", ".join(labels.values())}; an NLI model has one named "entailment"'
        )

    def entails(pairs: Sequence[tuple[str, str]]) -> list[bool]:
        rows = model.predict(list(pairs), show_progress_bar=False)
        return [int(scores.argmax()) == entailment[0] for scores in rows]

    return entails
