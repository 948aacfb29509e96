"""The Python libraries under measurement: as bench-peers/harness does it for those in Rust.

Usage: peer.py LIBRARY MODE VOCABULARY FOLDER …, with the modes and the output of the harness.
"""

import gc
import resource
import struct
import sys
import time

UNSUPPORTED = 3
DOCUMENT = 64 << 10


class Unsupported(Exception):
    """The library has no such vocabulary."""


class Tiktoken:
    """tiktoken, with its own patterns and the rank file in place of a download."""

    def __init__(self, vocab, folder):
        import tiktoken
        import tiktoken.load
        from tiktoken_ext import openai_public

        ranks = f"{folder}/{vocab}.tiktoken"
        known = {
            "r50k": openai_public.r50k_base,
            "cl100k": openai_public.cl100k_base,
            "o200k": openai_public.o200k_base,
        }
        openai_public.load_tiktoken_bpe = lambda *_, **__: tiktoken.load.load_tiktoken_bpe(ranks)
        if vocab in known:
            self.encoding = tiktoken.Encoding(**known[vocab]())
        else:
            with open(f"{folder}/{vocab}.pattern", encoding="utf-8") as file:
                pattern = file.read()
            self.encoding = tiktoken.Encoding(
                vocab,
                pat_str=pattern,
                mergeable_ranks=tiktoken.load.load_tiktoken_bpe(ranks),
                special_tokens={},
            )

    def encode(self, text):
        return self.encoding.encode_to_numpy(text, disallowed_special=())

    def decode(self, ids):
        return self.encoding.decode_bytes(ids)

    def batch(self, texts, threads):
        return self.encoding.encode_ordinary_batch(texts, num_threads=threads)


class Gigatoken:
    """gigatoken, from the rank file, or from a tokenizer.json where that says more."""

    def __init__(self, vocab, folder):
        import gigatoken

        if vocab == "qwen2":
            with open(f"{folder}/{vocab}.json", "rb") as file:
                self.tokenizer = gigatoken.Tokenizer.from_json(file.read())
        else:
            ranks = f"{folder}/{vocab}.tiktoken"
            self.tokenizer = gigatoken.Tokenizer.from_tiktoken(ranks, pretokenizer=vocab)

    def encode(self, text):
        return self.tokenizer.encode(text)

    def decode(self, ids):
        return self.tokenizer.decode(ids)

    def batch(self, texts, threads):
        # Its threads are as many as RAYON_NUM_THREADS says.
        return self.tokenizer.encode_batch(texts, parallel=threads > 1)


class Quicktok:
    """quicktok-v1, with the vocabularies that it brings along."""

    def __init__(self, vocab, _folder):
        import quicktok

        names = {"cl100k": "cl100k_base", "o200k": "o200k_base", "qwen2": "qwen3"}
        if vocab not in names:
            raise Unsupported
        self.tokenizer = quicktok.get_encoding(names[vocab])

    def encode(self, text):
        # The call that makes no list of Python integers.
        return self.tokenizer.encode_batch([text], 1)[0]

    def decode(self, ids):
        return self.tokenizer.decode_bytes(ids)

    def batch(self, texts, threads):
        return self.tokenizer.encode_batch(texts, threads)


class Sentencepiece:
    """sentencepiece, the C++ library, with the .model file. Its array of ids is no list."""

    def __init__(self, vocab, folder):
        path = given(folder, vocab, "model")
        import sentencepiece

        self.processor = sentencepiece.SentencePieceProcessor(model_file=path)

    def encode(self, text):
        return self.processor.encode_as_numpy(text)

    def decode(self, ids):
        return self.processor.decode(ids.tolist()).encode()

    def batch(self, texts, threads):
        return self.processor.parallel_encode_as_numpy(texts, num_threads=threads)


class Ids(list):
    """A list of ids that can be written like an array."""

    def astype(self, _):
        return self

    def tobytes(self):
        return struct.pack(f"<{len(self)}I", *self)


class FlashTokenizer:
    """flash-tokenizer, with the vocab.txt. It always adds two tokens, and has no call without a list."""

    def __init__(self, vocab, folder):
        path = given(folder, vocab, "txt")
        from flash_tokenizer import BertTokenizerFlash

        lower = "uncased" in vocab
        self.tokenizer = BertTokenizerFlash(path, do_lower_case=lower).tokenizer

    def encode(self, text):
        return Ids(self.tokenizer.encode(text, "longest", 1 << 30)[1:-1])

    def batch(self, texts, threads):
        return self.tokenizer.batch_encode(texts, "longest", 1 << 30, threads > 1)


def given(folder, vocab, extension):
    import os

    path = f"{folder}/{vocab}.{extension}"
    if not os.path.isfile(path):
        raise Unsupported
    return path


LIBRARIES = {
    "tiktoken-py": Tiktoken,
    "gigatoken": Gigatoken,
    "quicktok-v1": Quicktok,
    "sentencepiece": Sentencepiece,
    "flash-tokenizer": FlashTokenizer,
}


def cut(text, how):
    """The documents of a text (bytes): as harness/src/corpus.rs."""
    if how == "whole":
        parts = [text]
    elif how == "twice":
        parts = [text * 2]
    elif how == "lines":
        lines = (line.removesuffix(b"\r") for line in text.split(b"\n"))
        parts = [line for line in lines if line]
    else:
        parts, at = [], 0
        while at < len(text):
            end = at + DOCUMENT
            if end < len(text):
                while text[end] & 0xC0 == 0x80:
                    end -= 1
                newline = text.rfind(b"\n", at, end)
                end = newline + 1 if newline >= 0 else end
            parts.append(text[at:end])
            at = end
    return [part.decode("utf-8") for part in parts], [len(part) for part in parts]


def status_kib(field):
    with open("/proc/self/status", encoding="ascii") as status:
        for line in status:
            if line.startswith(field + ":"):
                return int(line.split()[1])
    return 0


def faults():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_minflt + usage.ru_majflt


def report(**fields):
    import json

    print(json.dumps(fields, separators=(",", ":")), flush=True)


def one_pass(peer, documents, sizes, enough=lambda: False):
    """Encodes everything, or as much as there is time for."""
    done = size = ids = failed = 0
    encode = peer.encode
    for document, length in zip(documents, sizes):
        try:
            ids += len(encode(document))
            size += length
        except Exception:  # noqa: BLE001: whatever it is, it is counted
            failed += 1
        done += 1
        if (length > 4096 or done % 64 == 0) and enough():
            break
    return {"documents": done, "failed": failed, "bytes": size, "ids": ids}


def timed(name, run):
    wall, cpu = time.perf_counter_ns(), time.process_time_ns()
    result = run()
    cpu, wall = time.process_time_ns() - cpu, time.perf_counter_ns() - wall
    report(**{"pass": name}, **result, cpu_ns=cpu, wall_ns=wall)
    return result


def speed(load, documents, sizes, warm, seconds):
    anonymous, start = status_kib("RssAnon"), time.perf_counter_ns()
    peer = load()
    load_ns = time.perf_counter_ns() - start
    anonymous = status_kib("RssAnon") - anonymous
    load_peak, before, file_kib = (status_kib(field) for field in ("VmHWM", "VmRSS", "RssFile"))
    try:
        with open("/proc/self/clear_refs", "w", encoding="ascii") as file:
            file.write("5")
    except OSError:
        pass
    faults_before = faults()
    until = time.process_time() + seconds
    enough = lambda: time.process_time() > until  # noqa: E731
    first = timed("first", lambda: one_pass(peer, documents, sizes, enough))
    peak = status_kib("VmHWM")
    # Pages of the program's own files are no memory of the library's.
    read = max(0, status_kib("RssFile") - file_kib)
    report(
        memory=True,
        load_ns=load_ns,
        heap_bytes=anonymous * 1024,
        anonymous_kib=anonymous,
        load_peak_kib=load_peak,
        peak_kib=max(peak, load_peak),
        extra_kib=max(0, peak - before - read),
        faults=faults() - faults_before,
    )
    documents = documents[: first["documents"]]
    slow = time.process_time() > until
    for _ in range(1 if slow else warm):
        timed("warm", lambda: one_pass(peer, documents, sizes))


def each(load, documents, sizes, warm):
    peer = load()
    clock = time.perf_counter_ns
    costs = sorted(-(clock() - clock()) for _ in range(1001))
    for number in range(warm + 1):
        rates = []
        for document, length in zip(documents, sizes):
            start = clock()
            peer.encode(document)
            spent = max(0, clock() - start - costs[500])
            if length >= 64:
                rates.append(spent / length)
        rates.sort()
        p50, p90, p99 = (
            round(rates[int(len(rates) * share)], 3) if rates else 0 for share in (0.5, 0.9, 0.99)
        )
        name = "warm" if number else "first"
        report(**{"pass": name}, messages=len(rates), p50=p50, p90=p90, p99=p99)


def parts(load, documents, sizes, warm, seconds):
    peer = load()
    until = time.process_time() + seconds
    first = one_pass(peer, documents, sizes, lambda: time.process_time() > until)
    documents = documents[: first["documents"]]
    all_ids = [peer.encode(document) for document in documents]

    def decode():
        size = sum(len(peer.decode(ids)) for ids in all_ids)
        ids = sum(len(ids) for ids in all_ids)
        return {"documents": len(all_ids), "failed": 0, "bytes": size, "ids": ids}

    for _ in range(warm):
        timed("encode", lambda: one_pass(peer, documents, sizes))
        timed("decode", decode)
    pairs = zip(documents, all_ids)
    wrong = sum(peer.decode(ids) != document.encode() for document, ids in pairs)
    report(**{"pass": "decoded"}, wrong=wrong)


def threads(load, documents, sizes, passes, count):
    peer = load()
    if len(documents) == 1:
        return
    for number in range(passes + 1):

        def batch():
            peer.batch(documents, count)
            return {"documents": len(documents), "failed": 0, "bytes": sum(sizes), "ids": 0}

        timed("batch" if number else "batch first", batch)


def head(load, documents, sizes, seconds):
    """The first text after the load, with its page faults, and how long such text takes later."""
    peer = load()
    text = documents[0].encode()[:4096].decode("utf-8", "ignore")
    length = len(text.encode())
    before, cpu = faults(), time.process_time_ns()
    peer.encode(text)
    cpu, found = time.process_time_ns() - cpu, faults() - before
    until = time.process_time() + seconds
    first = one_pass(peer, documents, sizes, lambda: time.process_time() > until)
    documents, rates = documents[: first["documents"]], []
    for _ in range(3):
        start = time.process_time_ns()
        done = one_pass(peer, documents, sizes)
        rates.append((time.process_time_ns() - start) / max(1, done["bytes"]))
    report(
        **{"pass": "head"},
        bytes=length,
        ns_per_byte=round(cpu / max(1, length), 3),
        steady_ns_per_byte=round(sorted(rates)[1], 3),
        faults=found,
    )


def paced(load, documents, sizes, seconds):
    peer = load()
    until = time.monotonic() + seconds
    one_pass(peer, documents, sizes, lambda: time.monotonic() > until)
    print("ready", flush=True)
    sys.stdin.buffer.read(1)
    until = time.monotonic() + seconds

    def run():
        total = {"documents": 0, "failed": 0, "bytes": 0, "ids": 0}
        while time.monotonic() < until:
            for field, value in one_pass(peer, documents, sizes, lambda: time.monotonic() > until).items():
                total[field] += value
        return total

    timed("paced", run)


def ids(load, documents, out):
    peer = load()
    with open(out, "wb") as file:
        for document in documents:
            try:
                found = peer.encode(document)
            except Exception:  # noqa: BLE001: whatever it is, it is counted
                file.write(struct.pack("<I", 0xFFFFFFFF))
                continue
            file.write(struct.pack("<I", len(found)))
            file.write(found.astype("<u4").tobytes())


def main(library, mode, vocab, folder, *rest):
    gc.disable()

    def load():
        return LIBRARIES[library](vocab, folder)

    if mode == "start":
        print(load().encode(rest[0])[0])
        return
    if mode == "load":
        if rest[0] != "own":
            raise Unsupported
        wall, cpu = time.perf_counter_ns(), time.process_time_ns()
        count = len(load().encode("a"))
        cpu, wall = time.process_time_ns() - cpu, time.perf_counter_ns() - wall
        report(load=count, cpu_ns=cpu, wall_ns=wall)
        return
    if mode == "full":
        raise Unsupported
    file, how, *numbers = rest
    with open(file, "rb") as corpus:
        documents, sizes = cut(corpus.read(), how)
    modes = {
        "speed": speed,
        "each": each,
        "parts": parts,
        "threads": threads,
        "paced": paced,
        "head": head,
    }
    if mode == "ids":
        ids(load, documents, numbers[0])
    elif mode == "each":
        each(load, documents, sizes, int(numbers[0]))
    else:
        modes[mode](load, documents, sizes, *map(int, numbers))


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except Unsupported:
        sys.exit(UNSUPPORTED)
