"""Articles in scripts without spaces are kept, cut and found by their words. The texts were made up for this."""

import json
import shutil
from html import escape
from pathlib import Path

import pytest
from conftest import ROOT, article
from hypothesis import given
from hypothesis import strategies as st

from corpus.cleaning.clean import clean
from corpus.passages import sentence_spans, split_passages
from corpus.reading.files import read_articles
from corpus.scripts import UNSPACED_LETTER, count_words, ends_sentence, separate_letters
from corpus.store.database import Store
from corpus.store.integrity import check_integrity
from corpus.store.listing import list_articles
from corpus.store.schema import FILE_NAME
from corpus.words import content_bigrams, content_stems, words
from embeddings.encoder import Encoder
from embeddings.ingest import ingest_bytes
from embeddings.library import PASSAGE_TOKENS, Library
from rag.retrieval.search import Retriever

# A headline and a text in each language, and words and a question that only this article answers.
ARTICLES = {
    "Chinese": (
        "新渡轮周五首航",
        "新渡轮周五中午首航，船上载有八十辆汽车。市议会表示，渡轮造价五千六百万克朗。“我们等了两年。”市长说。",
        ("渡轮", "市议会", "汽车", "两年"),
        "渡轮的造价是多少？",
    ),
    "Japanese": (
        "新しい橋が開通",
        "港の新しい橋が金曜日の正午に開通した。トラックも通行できる。「二年待った」と町長は述べた。",
        ("開通", "金曜日", "トラック", "町長"),
        "橋はいつ開通したか。",
    ),
    "Thai": (
        "เปิดโรงพยาบาลใหม่ที่ท่าเรือ",
        "โรงพยาบาลแห่งใหม่เปิดให้บริการเมื่อวันศุกร์ นายกเทศมนตรีกล่าวว่าค่าก่อสร้างห้าสิบหกล้านบาท",
        ("โรงพยาบาล", "วันศุกร์", "ล้านบาท"),
        "โรงพยาบาลเปิดเมื่อไร",
    ),
    "Burmese": (
        "ကျောင်းအသစ် ဖွင့်လှစ်",
        "ဆိပ်ကမ်းမြို့တွင် ကျောင်းအသစ်ကို သောကြာနေ့က ဖွင့်လှစ်ခဲ့သည်။ ကျောင်းသား ရှစ်ဆယ် တက်ရောက်သည်။",
        ("ကျောင်း", "သောကြာနေ့"),
        "ကျောင်းကို ဘယ်နေ့က ဖွင့်လှစ်ခဲ့သလဲ။",
    ),
    "Korean": (
        "새 도서관 개관",
        "항구의 새 도서관이 금요일 정오에 문을 열었다. 시장은 도서관에 책이 팔만 권 있다고 말했다.",
        ("도서관", "금요일", "팔만"),
        "도서관은 언제 문을 열었나?",
    ),
    "Hindi": (
        "नया बाज़ार खुला",
        "बंदरगाह का नया बाज़ार शुक्रवार को खुला। महापौर ने कहा कि इसमें अस्सी दुकानें हैं।",
        ("बाज़ार", "शुक्रवार", "दुकानें"),
        "बाज़ार कब खुला?",
    ),
    "English": (
        "Ferry sails at last",
        "The new ferry sailed at noon on Friday with eighty cars on board. It cost 56 million crowns.",
        ("ferry", "cars", "crowns"),
        "How much did the ferry cost?",
    ),
}
ENDS = ["。", "！", "？", "။", "។", "।", "؟", "。」", "！”", "？（", ".", "…"]


@pytest.fixture
def library(tmp_path: Path, encoder: Encoder) -> Library:
    library = Library(Store(tmp_path / "data"), encoder)
    lines = [
        json.dumps({"format": "dateline-1", "title": title, "body": body, "publisher": language})
        for language, (title, body, _, _) in ARTICLES.items()
    ]
    reports = list(ingest_bytes(library, Path("a.jsonl"), "\n".join(lines).encode()))
    assert [report.status for report in reports] == ["added"] * len(ARTICLES)
    return library


PAGE_LANGUAGES = ["Chinese", "Japanese", "Thai", "Burmese"]


@pytest.mark.parametrize("language", PAGE_LANGUAGES)
@pytest.mark.parametrize("suffix", [".html", ".txt", ".md", ".csv", ".rss"])
def test_a_file_is_read_whole(tmp_path: Path, language: str, suffix: str) -> None:
    title, body, _, _ = ARTICLES[language]
    paragraphs = [body, f"{title}{body}", f"{body}{title}{body}"]
    blocks = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
    text = "\n\n".join([title, *paragraphs])
    content = {
        ".html": f"<html><head><title>{title}</title></head><body><nav><a>Home</a></nav><article><h1>{title}</h1>{blocks}"
        "</article><footer>© 2024</footer></body></html>",
        ".txt": text,
        ".md": text,
        ".csv": f'title,body\n{title},"{text.partition(chr(10))[2].strip()}"',
        ".rss": f"<rss><channel><item><title>{title}</title><description>{escape(blocks)}</description></item></channel></rss>",
    }
    file = tmp_path / f"a{suffix}"
    file.write_text(content[suffix], encoding="utf-8")
    (raw,) = read_articles(file, file.read_bytes())
    found = clean(raw)
    if language == "Thai" and suffix in (".txt", ".md"):  # nothing tells its headline from a sentence
        assert (found.title, found.body.split("\n\n")) == (None, [title, *paragraphs])
    else:
        assert (found.title, found.body.split("\n\n")) == (title, paragraphs)


@pytest.mark.parametrize("language", ARTICLES)
def test_an_article_is_found_by_its_words_and_by_a_question(library: Library, language: str) -> None:
    _, body, terms, question = ARTICLES[language]
    for term in terms:
        found = library.store.passages(number for number, _ in library.search_by_words(f'"{term}"', 9))
        assert {passage.article.publisher for passage in found.values()} == {language}, term
        assert library.passage_frequency(term) == 1
        (listed,) = list_articles(library.store, term).lines
        assert listed.article.publisher == language
    best = Retriever(library=library).search_text(question)[0]
    assert best.passage.article.body == body
    assert list(check_integrity(library.store)) == []


def test_words_that_differ_in_a_vowel_are_told_apart(library: Library) -> None:
    assert words("กิน") != words("กัน") and words("की") != words("का")
    assert library.search_by_words('"บริการ"', 9) != []
    assert library.search_by_words('"บรการ"', 9) == []


def test_text_with_spaces_has_the_words_it_had() -> None:
    text = "NATO’s 5,200 troops, the naïve café-owner_1 и Москва."
    assert words(text) == ["nato’s", "5,200", "troops", "the", "naïve", "café", "owner_1", "и", "москва"]
    assert separate_letters(text) == text and count_words(text) == len(text.split())
    assert content_bigrams("新渡轮 sails at noon, Harbour News") == ["harbour news"]
    assert content_stems("COVID疫苗") == ["covid", "疫苗"]


@pytest.mark.parametrize("end", ENDS[:9])
def test_a_sentence_may_end_in_any_script(end: str) -> None:
    assert ends_sentence(f"渡轮{end}")
    assert not ends_sentence("渡轮") and not ends_sentence("渡轮，")


LETTERS = st.lists(
    st.sampled_from(["渡", "轮", "กิ", "นี้", "မြို့", "，", "。", " ", "ferry ", "\n\n"]),
    min_size=1,
    max_size=400,
)


@given(LETTERS.map("".join), st.integers(8, 60))
def test_passages_cover_the_text_within_the_budget_and_cut_no_letter(text: str, budget: int) -> None:
    passages = split_passages(article(body=text), budget, lambda texts: [1] * len(texts))
    assert "".join("".join(passage.text.split()) for passage in passages) == "".join(text.split())
    for passage in passages:
        assert len(UNSPACED_LETTER.findall(passage.text)) <= budget
    letters = [match.span() for match in UNSPACED_LETTER.finditer(text)]
    cuts = {passage.start for passage in passages}
    assert not any(start < cut < end for start, end in letters for cut in cuts)


@pytest.mark.parametrize("language", ["Chinese", "Japanese", "Thai", "Burmese"])
def test_a_long_text_is_cut_to_what_the_encoder_reads(encoder: Encoder, language: str) -> None:
    body = "".join(ARTICLES[language][1].replace(" ", "") for _ in range(30))
    passages = split_passages(article(body=body), PASSAGE_TOKENS, encoder.count_tokens)
    assert "".join(passage.text for passage in passages) == body
    counts = [len(UNSPACED_LETTER.findall(passage.text)) for passage in passages]
    assert max(counts) <= PASSAGE_TOKENS and min(counts[:-1]) > PASSAGE_TOKENS // 3
    if language != "Thai":
        assert len(sentence_spans(body)) >= 30


def test_a_collection_of_version_4_is_indexed_again(tmp_path: Path, encoder: Encoder) -> None:
    shutil.copy(ROOT / "tests/fixtures/store-v4.sqlite", tmp_path / FILE_NAME)
    library = Library(Store(tmp_path), encoder)
    for term, headline in (
        ("渡轮", "新渡轮周五首航"),
        ("linnet", "Council backs 34 million plan to replace the Grey Linnet"),
    ):
        (passage,) = library.store.passages(n for n, _ in library.search_by_words(f'"{term}"', 9)).values()
        assert passage.article.headline == headline
    assert list(check_integrity(library.store)) == []
