"""Write which word follows which in AN4's training part as an ARPA file, for `--stream beam=8,lm=words.arpa`.

python examples/asr/language.py --data AN4 -o words.arpa
"""

from __future__ import annotations

import argparse
import math
import sys
from collections import Counter
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

from dataset import DataMissingError, load
from vocabulary import WORDS

START = "<s>"
#: how many words weigh as much as what single words say: smoothing by a Dirichlet prior (D. MacKay and L. Peto, "A
#: hierarchical Dirichlet language model", 1995)
PRIOR = 8.0
#: added to the count of every word
SEEN = 0.5


def arpa(texts: Iterable[str]) -> str:
    """Probabilities of words, and of words behind others, of those texts and WORDS."""
    pairs: Counter[tuple[str, str]] = Counter()
    for text in texts:
        pairs.update(pairwise((START, *text.split())))
    singles, before = Counter[str](), Counter[str]()
    for (first, second), count in pairs.items():
        singles[second] += count
        before[first] += count
    whole = sum(singles.values()) + SEEN * len(WORDS)
    share = {word: (singles[word] + SEEN) / whole for word in WORDS}
    lines = ["\\data\\", f"ngram 1={len(WORDS) + 1}", f"ngram 2={len(pairs)}", "", "\\1-grams:"]
    back = {word: math.log10(PRIOR / (before[word] + PRIOR)) for word in (START, *WORDS)}
    lines.append(f"-99\t{START}\t{back[START]:.4f}")
    lines += [f"{math.log10(share[word]):.4f}\t{word}\t{back[word]:.4f}" for word in WORDS]
    lines += ["", "\\2-grams:"]
    for (first, second), count in sorted(pairs.items()):
        likely = (count + PRIOR * share[second]) / (before[first] + PRIOR)
        lines.append(f"{math.log10(likely):.4f}\t{first} {second}")
    return "\n".join([*lines, "", "\\end\\", ""])


def main() -> int:
    """Writes the file; 2 when the data set is missing."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="AN4, see README.md")
    parser.add_argument("-o", "--out", type=Path, required=True)
    args = parser.parse_args()
    try:
        training, _, _ = load(args.data).split()
    except DataMissingError as error:
        print(f"language.py: {error}", file=sys.stderr)
        return 2
    args.out.write_text(arpa(training.texts), encoding="utf-8")
    print(f"wrote {args.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
