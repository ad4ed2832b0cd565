"""Speed: what is timed is what runs, and a service is started, used and stopped."""

import sys
import time
from collections.abc import Sequence
from pathlib import Path

import psutil
import pytest
import sentencepiece

from app.core.errors import ResourceError
from app.evaluation import speed
from app.evaluation.speed import Contender, Throughput
from app.seq2seq.echo import EchoGenerator
from tests.evaluation.fakes import ReplacingRepairer

# Answers /readyz with 503 twice before it is ready, and counts nothing but what it is sent.
SERVICE = """
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    asked = 0
    def answer(self, status):
        self.send_response(status); self.send_header("Content-Length", "0"); self.end_headers()
    def do_GET(self):
        Handler.asked += 1
        self.answer(200 if Handler.asked > 2 else 503)
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"])); self.answer(200 if self.path == "/repair" else 404)
    def log_message(self, *_): pass
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


def test_contenders_take_turns_and_get_the_same_sentences() -> None:
    calls: list[tuple[str, int]] = []

    def contender(name: str) -> Contender:
        return Contender(name, lambda sentences: calls.append((name, len(sentences))))

    found = speed.measure_throughput([contender("a"), contender("b")], ["x"] * 20, rounds=2)
    assert calls == [("a", 2), ("b", 2), ("a", 20), ("b", 20), ("a", 20), ("b", 20)]
    assert [(t.name, len(t.rounds)) for t in found] == [("a", 2), ("b", 2)]


def test_the_slower_contender_is_slower() -> None:
    def work(steps: int) -> Contender:
        return Contender(str(steps), lambda sentences: speed.void([sum(range(steps)) for _ in sentences]))

    fast, slow = speed.measure_throughput([work(10), work(100_000)], ["x"] * 30)
    assert fast.sentences_per_s > 10 * slow.sentences_per_s
    assert Throughput("m", (1.0, 9.0, 3.0)).sentences_per_s == 3.0


def test_the_product_gets_pages_and_a_network_sentences() -> None:
    pages: list[str] = []

    class Listening(ReplacingRepairer):
        def repair(self, text: str, options: object) -> object:  # type: ignore[override]
            pages.append(text)
            return None

    speed.product(Listening({})).run([f"S {i}." for i in range(90)])  # type: ignore[arg-type]
    assert [p.count("\n\n") + 1 for p in pages] == [40, 40, 10]
    speed.network("echo", EchoGenerator()).run(["a", "b"])


def test_sentences_near_a_length_are_single_and_different() -> None:
    pool = ["one two three four", "one two three", "One. Two three four five", "one two three", "one"]
    assert speed.sentences_of_length(pool, words=3, count=5, slack=1) == ["one two three", "one two three four"]


def test_pages_are_different() -> None:
    pages = speed.make_pages([str(i) for i in range(100)], 2)
    assert [p.split("\n\n")[0] for p in pages] == ["0", "40"]


def test_a_service_is_timed_from_start_to_stop() -> None:
    command = [sys.executable, "-c", SERVICE, "{port}"]
    figures = speed.measure_service(command, ["a sentence"] * 12, ["a page"] * 2)
    assert 0 < figures.ready_s < 60
    assert 0 < figures.sentence.p50_s <= figures.sentence.p95_s
    assert (figures.sentence.requests, figures.page.requests) == (7, 1)  # the first five warm it up
    assert figures.idle_rss_bytes > 2**20
    tables = speed.speed_tables([Throughput("a", (8.0,)), Throughput("b", (2.0,))], figures, 10)
    assert [row[3] for row in tables[0][2]] == ["1.00×", "4.00×"]


def test_a_service_is_stopped_even_when_measuring_fails() -> None:
    command = [sys.executable, "-c", SERVICE, "{port}"]
    seen: list[int] = []

    def fail(pid: int) -> None:
        seen.append(pid)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), speed.running_service(command) as (_, process, _seconds):
        fail(process.pid)
    assert not psutil.pid_exists(seen[0])


@pytest.mark.parametrize("command", [[sys.executable, "-c", "raise SystemExit(3)"]])
def test_a_service_that_ends_early_is_an_error_at_once(command: Sequence[str]) -> None:
    start = time.perf_counter()
    with pytest.raises(ResourceError, match="not ready"), speed.running_service(command):
        pass
    assert time.perf_counter() - start < 30


def test_harper_runs_where_it_is_installed() -> None:
    pytest.importorskip("harper")
    speed.harper().run(["This are an test.", ""])


def test_our_network_does_the_same_work_through_transformers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    from app.seq2seq.calibrate import FEATURES, READ_AGAIN, Calibration, NameCalibration
    from app.seq2seq.ctranslate import NGRAMS, WORDS
    from app.seq2seq.export import convert, write_manifest
    from app.seq2seq.lexicon import write_lexicon
    from app.seq2seq.network import REPLACE, RepairNetwork, bart_config
    from app.seq2seq.ngrams import write_ngrams
    from app.seq2seq.tokenizer import CONTROLS, Tokenizer

    even = Calibration((0.0,) * len(FEATURES), (0.0,) * len(READ_AGAIN))
    corpus = tmp_path / "corpus.txt"
    corpus.write_text("He go to school with us today.\nWe saw the big grey sea.\n" * 20)
    sentencepiece.SentencePieceTrainer.train(
        input=str(corpus), model_prefix=str(tmp_path / "tokenizer"), vocab_size=340, byte_fallback=True,
        control_symbols=list(CONTROLS), hard_vocab_limit=False, remove_extra_whitespaces=False,
        normalization_rule_name="identity", minloglevel=2,
    )  # fmt: skip
    tokenizer = Tokenizer(tmp_path / "tokenizer.model")
    torch.manual_seed(1)
    config = bart_config(tokenizer, encoder_layers=1, decoder_layers=1, d_model=32, ffn_dim=32, heads=2)
    network = RepairNetwork(config)
    with torch.no_grad():  # every word is in doubt, and no gap
        network.head.weight.zero_()
        network.head.bias.copy_(torch.tensor([5.0 if i == REPLACE else -5.0 for i in range(2)]))
    convert(network, tokenizer, tmp_path)
    write_lexicon(tmp_path / WORDS, {"school": 9}, {})
    write_ngrams(tmp_path / NGRAMS, {"<all>": 9, "school": 9})
    generated: list[int] = []
    generate = transformers.BartForConditionalGeneration.generate

    def count(self: object, **kwargs: object) -> object:
        generated.append(len(kwargs["decoder_input_ids"]))  # type: ignore[arg-type]
        return generate(self, **kwargs)

    monkeypatch.setattr(transformers.BartForConditionalGeneration, "generate", count)
    for threshold, least, prune, expected in (
        (0.5, 0.0, True, [1, 2]),
        (1.1, 0.0, True, []),
        (0.5, 0.6, True, []),
        (0.5, 0.6, False, [1, 2]),
    ):
        generated.clear()
        manifest = {
            "name": "tiny",
            "version": "0",
            "detect_threshold": threshold,
            "operating_points": {"minimal": least, "fluent": least},
            "calibration_of_names": NameCalibration.never().to_json(),
            "calibration": even.to_json(),  # a confidence of one half, whatever is asked
        }
        write_manifest(tmp_path, manifest)
        sentences = ["He go to school.", "He go to school.", "We saw the sea"]
        speed.repair_network(tmp_path, batch=2, prune=prune).run(sentences)
        assert generated == expected


def test_our_network_without_its_export_is_a_resource_error(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    with pytest.raises(ResourceError):
        speed.repair_network(tmp_path)
