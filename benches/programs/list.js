// Linked lists and deep recursion: the Takeuchi function on lengths of lists, n times.
class Cell {
  constructor(next) {
    this.next = next;
  }
}

function listOf(length) {
  return length === 0 ? null : new Cell(listOf(length - 1));
}

function shorter(a, b) {
  while (b !== null) {
    if (a === null) return true;
    a = a.next;
    b = b.next;
  }
  return false;
}

function tail(a, b, c) {
  if (shorter(b, a)) {
    return tail(tail(a.next, b, c), tail(b && b.next, c, a), tail(c && c.next, a, b));
  }
  return c;
}

function length(list) {
  let total = 0;
  while (list !== null) {
    total += 1;
    list = list.next;
  }
  return total;
}

function run(rounds) {
  let total = 0;
  for (let round = 0; round < rounds; round++) {
    total += length(tail(listOf(15), listOf(10), listOf(6)));
  }
  return total;
}

console.log(run(Number(process.argv[2])));
