// Small ints in a loop: the sum of the numbers below n.
function sumBelow(n) {
  let total = 0;
  let i = 0;
  while (i < n) {
    total += i;
    i += 1;
  }
  return total;
}

console.log(sumBelow(Number(process.argv[2])));
