// Closures: a pipeline of mapped, filtered and folded functions, n times.
function compose(f, g) {
  return (x) => g(f(x));
}

function adder(amount) {
  return (x) => x + amount;
}

function scaler(factor) {
  return (x) => x * factor;
}

function counter() {
  let count = 0;
  return (step) => {
    count += step;
    return count;
  };
}

function run(rounds) {
  const numbers = [];
  for (let i = 1; i <= 100; i++) numbers.push(i);
  const change = compose(compose(adder(3), scaler(5)), adder(-7));
  const count = counter();
  let total = 0;
  for (let round = 0; round < rounds; round++) {
    const kept = numbers.map(change).filter((x) => x % 3 !== round % 3);
    total += kept.reduce((sum, x) => sum + x, 0);
    kept.forEach((x) => count(x % 2));
  }
  return total + count(0);
}

console.log(run(Number(process.argv[2])));
