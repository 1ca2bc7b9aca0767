# Arrays of flags: counts the ways to place eight queens, n times.
import sys


class Board:
    def __init__(self, size):
        self.size = size
        self.rows = [True] * size
        self.rising = [True] * (size * 2)
        self.falling = [True] * (size * 2)
        self.ways = 0

    def place(self, column):
        if column == self.size:
            self.ways += 1
            return
        row = 0
        while row < self.size:
            up = row + column
            down = row - column + self.size
            if self.rows[row]:
                if self.rising[up]:
                    if self.falling[down]:
                        self.set(row, up, down, False)
                        self.place(column + 1)
                        self.set(row, up, down, True)
            row += 1

    def set(self, row, up, down, free):
        self.rows[row] = free
        self.rising[up] = free
        self.falling[down] = free


def run(rounds):
    total = 0
    for _ in range(rounds):
        board = Board(8)
        board.place(0)
        total += board.ways
    return total


print(run(int(sys.argv[1])))
