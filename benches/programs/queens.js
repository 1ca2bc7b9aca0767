// Arrays of flags: counts the ways to place eight queens, n times.
function flags(count) {
  const items = [];
  for (let i = 0; i < count; i++) items.push(true);
  return items;
}

class Board {
  constructor(size) {
    this.size = size;
    this.rows = flags(size);
    this.rising = flags(size * 2);
    this.falling = flags(size * 2);
    this.ways = 0;
  }

  place(column) {
    if (column === this.size) {
      this.ways += 1;
      return;
    }
    for (let row = 0; row < this.size; row++) {
      const up = row + column;
      const down = row - column + this.size;
      if (this.rows[row]) {
        if (this.rising[up]) {
          if (this.falling[down]) {
            this.set(row, up, down, false);
            this.place(column + 1);
            this.set(row, up, down, true);
          }
        }
      }
    }
  }

  set(row, up, down, free) {
    this.rows[row] = free;
    this.rising[up] = free;
    this.falling[down] = free;
  }
}

function run(rounds) {
  let total = 0;
  for (let round = 0; round < rounds; round++) {
    const board = new Board(8);
    board.place(0);
    total += board.ways;
  }
  return total;
}

console.log(run(Number(process.argv[2])));
