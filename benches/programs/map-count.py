# Maps: counts n words made of three syllables.
import sys


class Random:
    def __init__(self):
        self.seed = 74755

    def below(self, limit):
        self.seed = self.seed * 16807 % 2147483647
        return self.seed % limit


def run(words):
    syllables = ["ka", "lo", "mi", "ne", "pu", "ra", "so", "ti", "vu", "xe"]
    random = Random()
    counts = {}
    for _ in range(words):
        first = syllables[random.below(10)]
        second = syllables[random.below(10)]
        third = syllables[random.below(10)]
        word = first + second + third
        counts[word] = counts.get(word, 0) + 1
    top = ""
    most = 0
    for word, count in counts.items():
        if count > most:
            top = word
            most = count
    return f"{top} {most} {len(counts)}"


print(run(int(sys.argv[1])))
