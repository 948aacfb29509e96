"""Trains with another library: python train.py RIVAL MODEL SIZE THREADS FILE... and prints the seconds of
training alone, without the start of Python."""
import sys
import time

rival, model, size, threads = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
files = sys.argv[5:]
GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"


def lines():
    for file in files:
        # A line is a text, with its newline.
        with open(file, newline="\n") as text:
            yield from text


def tokenizers():
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    if model == "bpe":
        tokenizer = Tokenizer(models.BPE())
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        alphabet = pre_tokenizers.ByteLevel.alphabet()
        trainer = trainers.BpeTrainer(vocab_size=size, initial_alphabet=alphabet, show_progress=False)
    else:
        tokenizer = Tokenizer(models.Unigram())
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
        trainer = trainers.UnigramTrainer(vocab_size=size, unk_token="<unk>", show_progress=False)
    return lambda: tokenizer.train(files, trainer)


def rustbpe():
    import rustbpe as library

    tokenizer = library.Tokenizer()
    return lambda: tokenizer.train_from_iterator(lines(), size, pattern=GPT2)


def bpeasy():
    import bpeasy as library

    return lambda: library.train_bpe(lines(), GPT2, 1 << 20, size)


def gigatoken():
    import gigatoken as library

    # Its own pattern, which is GPT-2's; the newline belongs to no text.
    source = library.TextFileSource(files, separator="\n")
    return lambda: library.train_bpe(source, size, [])


def sentencepiece():
    import io

    import sentencepiece as library

    def train():
        library.SentencePieceTrainer.train(
            input=",".join(files),
            model_writer=io.BytesIO(),
            model_type=model,
            vocab_size=size,
            num_threads=threads,
            minloglevel=2,
            max_sentence_length=1 << 20,
        )

    return train


train = globals()[rival]()
start = time.perf_counter()
train()
print(time.perf_counter() - start)
