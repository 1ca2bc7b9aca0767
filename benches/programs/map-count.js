// Maps: counts n words made of three syllables.
class Random {
  constructor() {
    this.seed = 74755;
  }
  below(limit) {
    this.seed = (this.seed * 16807) % 2147483647;
    return this.seed % limit;
  }
}

function run(words) {
  const syllables = ["ka", "lo", "mi", "ne", "pu", "ra", "so", "ti", "vu", "xe"];
  const random = new Random();
  const counts = new Map();
  for (let i = 0; i < words; i++) {
    const first = syllables[random.below(10)];
    const second = syllables[random.below(10)];
    const third = syllables[random.below(10)];
    const word = first + second + third;
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  let top = "";
  let most = 0;
  for (const [word, count] of counts) {
    if (count > most) {
      top = word;
      most = count;
    }
  }
  return `${top} ${most} ${counts.size}`;
}

console.log(run(Number(process.argv[2])));
