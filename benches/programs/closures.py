# Closures: a pipeline of mapped, filtered and folded functions, n times.
import sys
from functools import reduce


def compose(f, g):
    return lambda x: g(f(x))


def adder(amount):
    return lambda x: x + amount


def scaler(factor):
    return lambda x: x * factor


def counter():
    count = 0

    def add(step):
        nonlocal count
        count += step
        return count

    return add


def run(rounds):
    numbers = list(range(1, 101))
    change = compose(compose(adder(3), scaler(5)), adder(-7))
    count = counter()
    total = 0
    round = 0
    while round < rounds:
        kept = list(filter(lambda x: x % 3 != round % 3, map(change, numbers)))
        total += reduce(lambda sum, x: sum + x, kept, 0)
        for x in kept:
            count(x % 2)
        round += 1
    return total + count(0)


print(run(int(sys.argv[1])))
