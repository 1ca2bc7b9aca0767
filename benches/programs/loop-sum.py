# Small ints in a loop: the sum of the numbers below n.
import sys


def sum_below(n):
    total = 0
    i = 0
    while i < n:
        total += i
        i += 1
    return total


print(sum_below(int(sys.argv[1])))
