"""Reads cases as JSON, trains each with rustbpe from PyPI, and writes the tokens by rank, in hexadecimal."""
import json
import sys

import rustbpe

answers = []
for case in json.load(sys.stdin):
    trained = rustbpe.Tokenizer()
    trained.train_from_iterator(iter(case["texts"]), case["size"], pattern=case["pattern"])
    answers.append([bytes(token).hex() for token, _ in trained.get_mergeable_ranks()])
json.dump(answers, sys.stdout)
