// Objects in linked stacks: moves a tower of thirteen disks, n times.
class Disk {
  constructor(size, below) {
    this.size = size;
    this.below = below;
  }
}

class Towers {
  constructor(disks) {
    this.piles = [null, null, null];
    this.moves = 0;
    for (; disks > 0; disks--) this.push(new Disk(disks, null), 0);
  }

  push(disk, pile) {
    const top = this.piles[pile];
    if (top !== null && disk.size >= top.size) {
      throw new Error("a large disk on a small one");
    }
    disk.below = top;
    this.piles[pile] = disk;
  }

  pop(pile) {
    const top = this.piles[pile];
    this.piles[pile] = top.below;
    return top;
  }

  move(count, from, to) {
    if (count === 1) {
      this.push(this.pop(from), to);
      this.moves += 1;
    } else {
      const other = 3 - from - to;
      this.move(count - 1, from, other);
      this.move(1, from, to);
      this.move(count - 1, other, to);
    }
  }
}

function run(rounds) {
  let total = 0;
  for (let round = 0; round < rounds; round++) {
    const towers = new Towers(13);
    towers.move(13, 0, 1);
    total += towers.moves;
  }
  return total;
}

console.log(run(Number(process.argv[2])));
