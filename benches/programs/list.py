# Linked lists and deep recursion: the Takeuchi function on lengths of lists, n times.
import sys


class Cell:
    def __init__(self, next):
        self.next = next


def list_of(length):
    return None if length == 0 else Cell(list_of(length - 1))


def shorter(a, b):
    while b is not None:
        if a is None:
            return True
        a = a.next
        b = b.next
    return False


def tail(a, b, c):
    if shorter(b, a):
        return tail(
            tail(a.next, b, c),
            tail(b and b.next, c, a),
            tail(c and c.next, a, b),
        )
    return c


def length(list):
    total = 0
    while list is not None:
        total += 1
        list = list.next
    return total


def run(rounds):
    total = 0
    for _ in range(rounds):
        total += length(tail(list_of(15), list_of(10), list_of(6)))
    return total


print(run(int(sys.argv[1])))
