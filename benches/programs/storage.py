# Allocation: builds trees of arrays, n of them, and counts their nodes.
import sys


class Random:
    def __init__(self):
        self.seed = 74755

    def next(self):
        self.seed = self.seed * 16807 % 2147483647
        return self.seed


def grow(depth, random):
    if depth == 1:
        return [random.next()]
    return [
        grow(depth - 1, random),
        grow(depth - 1, random),
        grow(depth - 1, random),
        grow(depth - 1, random),
    ]


def count(tree):
    if len(tree) == 1:
        return tree[0] % 2
    total = 1
    for branch in tree:
        total += count(branch)
    return total


def run(rounds):
    random = Random()
    total = 0
    for _ in range(rounds):
        total += count(grow(7, random))
    return total


print(run(int(sys.argv[1])))
