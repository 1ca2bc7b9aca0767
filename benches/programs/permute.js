// Array swaps and recursion: visits every order of seven numbers, n times.
function swap(items, i, j) {
  const kept = items[i];
  items[i] = items[j];
  items[j] = kept;
}

// Visits the orders of the first `count` items; returns how many there are,
// weighted by what then stands in front.
function visit(items, count) {
  if (count === 0) return items[0] + 1;
  let total = visit(items, count - 1);
  const last = count - 1;
  for (let i = 0; i < last; i++) {
    swap(items, i, last);
    total += visit(items, count - 1);
    swap(items, i, last);
  }
  return total;
}

function run(rounds) {
  let total = 0;
  for (let round = 0; round < rounds; round++) {
    total += visit([0, 1, 2, 3, 4, 5, 6], 7);
  }
  return total;
}

console.log(run(Number(process.argv[2])));
