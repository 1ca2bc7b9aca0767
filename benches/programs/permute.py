# Array swaps and recursion: visits every order of seven numbers, n times.
import sys


def swap(items, i, j):
    kept = items[i]
    items[i] = items[j]
    items[j] = kept


def visit(items, count):
    """Visits the orders of the first `count` items; returns how many there are,
    weighted by what then stands in front."""
    if count == 0:
        return items[0] + 1
    total = visit(items, count - 1)
    last = count - 1
    i = 0
    while i < last:
        swap(items, i, last)
        total += visit(items, count - 1)
        swap(items, i, last)
        i += 1
    return total


def run(rounds):
    total = 0
    for _ in range(rounds):
        total += visit([0, 1, 2, 3, 4, 5, 6], 7)
    return total


print(run(int(sys.argv[1])))
