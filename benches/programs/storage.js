// Allocation: builds trees of arrays, n of them, and counts their nodes.
class Random {
  constructor() {
    this.seed = 74755;
  }
  next() {
    this.seed = (this.seed * 16807) % 2147483647;
    return this.seed;
  }
}

function grow(depth, random) {
  if (depth === 1) return [random.next()];
  return [
    grow(depth - 1, random),
    grow(depth - 1, random),
    grow(depth - 1, random),
    grow(depth - 1, random),
  ];
}

function count(tree) {
  if (tree.length === 1) return tree[0] % 2;
  let total = 1;
  for (const branch of tree) total += count(branch);
  return total;
}

function run(rounds) {
  const random = new Random();
  let total = 0;
  for (let round = 0; round < rounds; round++) {
    total += count(grow(7, random));
  }
  return total;
}

console.log(run(Number(process.argv[2])));
