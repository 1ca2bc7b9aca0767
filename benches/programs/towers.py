# Objects in linked stacks: moves a tower of thirteen disks, n times.
import sys


class Disk:
    def __init__(self, size, below):
        self.size = size
        self.below = below


class Towers:
    def __init__(self, disks):
        self.piles = [None, None, None]
        self.moves = 0
        while disks > 0:
            self.push(Disk(disks, None), 0)
            disks -= 1

    def push(self, disk, pile):
        top = self.piles[pile]
        if top is not None and disk.size >= top.size:
            raise ValueError("a large disk on a small one")
        disk.below = top
        self.piles[pile] = disk

    def pop(self, pile):
        top = self.piles[pile]
        self.piles[pile] = top.below
        return top

    def move(self, count, source, target):
        if count == 1:
            self.push(self.pop(source), target)
            self.moves += 1
        else:
            other = 3 - source - target
            self.move(count - 1, source, other)
            self.move(1, source, target)
            self.move(count - 1, other, target)


def run(rounds):
    total = 0
    for _ in range(rounds):
        towers = Towers(13)
        towers.move(13, 0, 1)
        total += towers.moves
    return total


print(run(int(sys.argv[1])))
